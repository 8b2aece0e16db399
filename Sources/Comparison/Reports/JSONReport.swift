// SPDX-License-Identifier: Apache-2.0

import Schemes
import Foundation

/// The comparison for programs.
extension Report {
  struct Output: Encodable {
    struct Scheme: Encodable {
      var scheme: SchemeID
      var title: String
      var values: [String: Quantity]
      /// `yes`, `no`, or `open` where what is doubtful decides.
      var fits: Fit
      var binding: Limit?
      /// How much of each limit is used, 1 being all of it, and between which bounds that is sure.
      var use: [String: Bounds]
      /// For each need, whether the executed matrix has it met.
      var needs: [String: String]
      var serverKeys: [String]
      var why: String
      var security: String
    }

    struct Bounds: Encodable {
      var value: Double
      var low: Double
      var high: Double
      var doubts: [Doubt]
    }

    var budget: Budget
    var needs: [Need]
    var schemes: [Scheme]
    var choice: Choice
    var reason: String
    /// What verdicts are held to, in words.
    var limits: String
    var advice: [String]
    var maximumHandshakesPerDay: Double?
    /// What turns the verdict, the nearest first.
    var turns: [Turn]
    var measurements: Measurements
    var onTarget: OnTargetResults?
  }

  /// A scheme, or that there is none: never left out.
  struct Choice: Encodable {
    var scheme: SchemeID?

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      if let scheme { try container.encode(scheme) } else { try container.encodeNil() }
    }
  }

  struct Turn: Encodable {
    var constant: String
    var value: Double
    var factor: Double
  }

  var output: Output {
    let sensitivity = advice.choice.map(Sensitivity.init)
    return Output(
      budget: budget, needs: advice.needs, schemes: rows.map(scheme),
      choice: Choice(scheme: advice.choice?.profile.scheme),
      reason: advice.reason, limits: limits, advice: sentences, maximumHandshakesPerDay: sensitivity?.mostHandshakes(),
      turns: (sensitivity?.turns() ?? []).map {
        Turn(constant: $0.name, value: $0.constant.value, factor: $0.factor)
      },
      measurements: measurements, onTarget: onTarget)
  }

  private func scheme(_ row: Row) -> Output.Scheme {
    var values: [String: Quantity] = [:]
    for column in Column.allCases { values[column.rawValue] = row[column] }
    var use: [String: Output.Bounds] = [:]
    for (limit, bounds) in row.verdict.uses {
      use[limit.rawValue] = Output.Bounds(
        value: bounds.value, low: bounds.low, high: bounds.high, doubts: bounds.doubts.sorted())
    }
    return Output.Scheme(
      scheme: row.profile.scheme, title: row.profile.title, values: values, fits: row.verdict.fit,
      binding: row.verdict.binding, use: use,
      needs: Dictionary(uniqueKeysWithValues: Need.allCases.map { ($0.rawValue, cell($0, row)) }),
      serverKeys: row.profile.serverKeys, why: advice.why(row), security: matrix.paragraph(on: row.profile.scheme))
  }

  public func json() throws -> String {
    String(decoding: try Self.encoder().encode(output), as: UTF8.self) + "\n"
  }

  static func encoder() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
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
