// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto

/// What an object says, ready to be printed: in words, as JSON, and as bytes with their boundaries.
struct Inspection: Encodable {
  enum Value: Encodable, Equatable {
    case text(String)
    case number(Int)
    case flag(Bool)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .text(let text): try container.encode(text)
      case .number(let number): try container.encode(number)
      case .flag(let flag): try container.encode(flag)
      }
    }

    var words: String {
      switch self {
      case .text(let text): text
      case .number(let number): "\(number)"
      case .flag(let flag): flag ? "yes" : "no"
      }
    }
  }

  /// A run of bytes that belongs together.
  struct Field: Encodable, Equatable {
    let name: String
    let offset: Int
    let length: Int
    let hex: String
  }

  private(set) var values: [(name: String, value: Value)] = []
  private(set) var fields: [Field] = []

  /// Whether a signature was checked and does not verify.
  var hasInvalidSignature: Bool { values.contains { $0.value == SignatureCheck.invalid } }

  init(kind: String) {
    add("kind", .text(kind))
  }

  mutating func add(_ name: String, _ value: Value) {
    values.append((name, value))
  }

  /// Cuts `bytes` at the boundaries that `layout` names, in order.
  mutating func cut(_ bytes: [UInt8], _ layout: [(name: String, length: Int)]) {
    var offset = 0
    for (name, length) in layout {
      let hex = hexadecimal(bytes.bytes.extracting(offset..<offset + length))
      fields.append(Field(name: name, offset: offset, length: length, hex: hex))
      offset += length
    }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    for (name, value) in values { try container.encode(value, forKey: Key(stringValue: name)) }
    if !fields.isEmpty { try container.encode(fields, forKey: Key(stringValue: "fields")) }
  }

  /// The words, then a line for each run of bytes.
  var text: String {
    let width = values.map(\.name.count).max() ?? 0
    var lines = values.map { name, value in
      name.replacing("_", with: " ") + String(repeating: " ", count: width - name.count + 2) + value.words
    }
    if !fields.isEmpty {
      let width = fields.map(\.name.count).max() ?? 0
      lines.append("")
      for field in fields {
        let offset = String(repeating: " ", count: 4 - "\(field.offset)".count) + "\(field.offset)"
        lines.append(
          "\(offset)  \(field.name)\(String(repeating: " ", count: width - field.name.count))  \(field.hex)")
      }
    }
    return lines.joined(separator: "\n")
  }
}
