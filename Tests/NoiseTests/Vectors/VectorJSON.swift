// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Why a vector could not be read: a fault of the file, which fails the test.
struct MalformedVector: Error, CustomStringConvertible {
  let description: String
}

/// One JSON object of a vector file, with the lookups that vectors need.
struct VectorObject {
  let fields: [String: Any]

  subscript(name: String) -> Any? { fields[name] }

  func text(_ name: String) -> String? { fields[name] as? String }
  func number(_ name: String) -> Int? { fields[name] as? Int }

  func objects(_ name: String) -> [VectorObject] {
    (fields[name] as? [[String: Any]] ?? []).map(VectorObject.init)
  }

  /// The bytes of a hexadecimal field, nil when the field is absent.
  func bytes(_ name: String) throws -> [UInt8]? {
    guard let value = fields[name] else { return nil }
    guard let text = value as? String else { throw MalformedVector(description: "\(name) is not a string") }
    return try bytes(hexadecimal: text, of: name)
  }

  func need(_ name: String) throws -> [UInt8] {
    guard let bytes = try bytes(name) else { throw MalformedVector(description: "\(name) is missing") }
    return bytes
  }

  func needText(_ name: String) throws -> String {
    guard let text = text(name) else { throw MalformedVector(description: "\(name) is missing") }
    return text
  }

  /// A nonce: a decimal string, as it needs all 64 bits.
  func nonce(_ name: String = "n") throws -> UInt64 {
    guard let value = UInt64(try needText(name)) else { throw MalformedVector(description: "\(name) is no nonce") }
    return value
  }

  /// The keys of a list or, in older sets, of a single field.
  func psks(_ party: String) throws -> [[UInt8]] {
    if let list = fields["\(party)_psks"] as? [String] {
      return try list.map { try bytes(hexadecimal: $0, of: "\(party)_psks") }
    }
    return try bytes("\(party)_psk").map { [$0] } ?? []
  }

  /// This object with the fields of another one in place of its own.
  func replacing(with other: VectorObject?) -> VectorObject {
    VectorObject(fields: fields.merging(other?.fields ?? [:]) { $1 })
  }

  private func bytes(hexadecimal text: String, of name: String) throws -> [UInt8] {
    guard let bytes = [UInt8](hexadecimal: text) else {
      throw MalformedVector(description: "\(name) is not hexadecimal")
    }
    return bytes
  }
}

extension [UInt8] {
  /// The bytes that pairs of hexadecimal digits stand for.
  init?(hexadecimal text: String) {
    let digits = text.utf8.map { UInt8(exactly: Character(UnicodeScalar($0)).hexDigitValue ?? 255)! }
    guard digits.count.isMultiple(of: 2), digits.allSatisfy({ $0 < 16 }) else { return nil }
    self = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  var hexadecimal: String { map { String(format: "%02x", $0) }.joined() }
}
