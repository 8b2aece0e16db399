import Schemes
import Foundation

/// The comparison for programs.
extension Report {
  struct Output: Encodable {
    struct Scheme: Encodable {
      var scheme: SchemeID
      var title: String
      var values: [String: Quantity]
      var fits: Bool
      var binding: Limit?
      /// How much of each limit is used, 1 being all of it.
      var use: [String: Double]
      var serverKeys: [String]
      var advice: String
    }

    var budget: Budget
    var schemes: [Scheme]
    var choice: SchemeID?
    var advice: [String]
    var measurements: Measurements
    var onTarget: OnTargetResults?
  }

  public func json() throws -> String {
    let schemes = rows.map { row in
      Output.Scheme(
        scheme: row.profile.scheme, title: row.profile.title, values: row.values, fits: row.verdict.fits,
        binding: row.verdict.binding, use: row.verdict.named, serverKeys: row.profile.serverKeys,
        advice: Advice.sentence(row))
    }
    let output = Output(
      budget: budget, schemes: schemes, choice: Advice.choice(rows)?.profile.scheme,
      advice: Advice.summary(rows, budget),
      measurements: measurements, onTarget: onTarget)
    return String(decoding: try Self.encoder().encode(output), as: UTF8.self) + "\n"
  }

  static func encoder() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }
}

extension Verdict {
  var named: [String: Double] {
    Dictionary(uniqueKeysWithValues: use.map { ($0.key.rawValue, $0.value) })
  }
}

extension Measurements {
  /// Reads the measurements out of an earlier run's JSON output.
  public static func read(_ path: String) throws(BudgetError) -> Measurements {
    struct Earlier: Decodable { var measurements: Measurements }
    let bytes: Data
    do { bytes = try Data(contentsOf: URL(filePath: path)) } catch {
      throw .unreadable(file: path, reason: "no such file, or no permission to read it")
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      let earlier = try decoder.decode(Earlier.self, from: bytes).measurements
      return earlier
    } catch let DecodingError.keyNotFound(key, context) {
      let path = (context.codingPath + [key]).map(\.stringValue).joined(separator: ".")
      throw .field(path, problem: "is missing", allowed: "the output of compare --output json")
    } catch let DecodingError.typeMismatch(_, context), let DecodingError.valueNotFound(_, context) {
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw .field(path, problem: "has the wrong type", allowed: "the output of compare --output json")
    } catch let DecodingError.dataCorrupted(context) where !context.codingPath.isEmpty {
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw .field(path, problem: context.debugDescription, allowed: "the output of compare --output json")
    } catch {
      throw .notJSON(file: path, reason: "it does not parse")
    }
  }
}
