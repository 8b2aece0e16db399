// SPDX-License-Identifier: Apache-2.0

/// A byte string cut into named fields, as a table in Markdown.
struct Layout {
  private var rows: [(offset: Int, length: Int, name: String, value: [UInt8])] = []
  private let bytes: [UInt8]

  /// - Parameter fields: names and lengths, which together are the length of `bytes`.
  init(_ bytes: [UInt8], _ fields: [(String, Int)]) {
    self.bytes = bytes
    var offset = 0
    for (name, length) in fields {
      guard offset + length <= bytes.count else { preconditionFailure("\(name) lies beyond \(bytes.count) bytes") }
      rows.append((offset, length, name, Array(bytes[offset..<offset + length])))
      offset += length
    }
    precondition(offset == bytes.count, "fields of \(offset) bytes for \(bytes.count)")
  }

  var table: String {
    var lines = ["| Offset | Bytes | Field | Example |", "|---:|---:|---|---|"]
    for row in rows { lines.append("| \(row.offset) | \(row.length) | \(row.name) | \(Self.cell(row.value)) |") }
    lines.append("| | \(bytes.count) | | |")
    return lines.joined(separator: "\n")
  }

  private static func cell(_ value: [UInt8]) -> String {
    if value.isEmpty { return "" }
    if value.count > 4 && value.allSatisfy({ $0 == 0 }) { return "zeros" }
    return "`\(hex(value))`"
  }
}

func hex(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
