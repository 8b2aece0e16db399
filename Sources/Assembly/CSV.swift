// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Comma-separated values (RFC 4180): quoted fields, doubled quotation marks, CRLF or LF, an optional byte order mark. Empty
/// lines are skipped.
public struct CSV: Equatable, Sendable {
  public struct Row: Equatable, Sendable {
    /// Where the row begins, counted from 1.
    public let line: Int
    public let fields: [String]
  }

  public var rows: [Row]

  /// Parses any bytes.
  public init(parsing bytes: [UInt8]) throws(AssemblyError) {
    var parser = CSVParser(bytes)
    rows = []
    while let row = try parser.next() { rows.append(row) }
  }

  /// One row as a line, without its end.
  public static func line(_ fields: [String]) -> String {
    fields.map(quoted).joined(separator: ",")
  }

  private static func quoted(_ field: String) -> String {
    // By bytes: to Swift CR LF is one character.
    guard field.utf8.contains(where: { $0 == .quote || $0 == .comma || $0 == .lineFeed || $0 == .carriageReturn })
    else {
      return field
    }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }
}

/// Reads the bytes row by row.
private struct CSVParser {
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  mutating func next() throws(AssemblyError) -> CSV.Row? {
    while skipLineEnd() {}
    guard position < bytes.count else { return nil }
    let start = line
    var fields = [String]()
    repeat { fields.append(try field(from: start)) } while skip(.comma)
    guard position == bytes.count || skipLineEnd() else { throw .csv(line: start, .strayQuote) }
    return CSV.Row(line: start, fields: fields)
  }

  private mutating func field(from start: Int) throws(AssemblyError) -> String {
    var content = [UInt8]()
    if skip(.quote) {
      while true {
        guard position < bytes.count else { throw .csv(line: start, .unterminatedQuote) }
        if skip(.quote) {
          guard skip(.quote) else { break }
          content.append(.quote)
          continue
        }
        if bytes[position] == .lineFeed { line += 1 }
        content.append(bytes[position])
        position += 1
      }
    } else {
      while position < bytes.count, bytes[position] != .comma, !isLineEnd {
        guard bytes[position] != .quote else { throw .csv(line: start, .strayQuote) }
        content.append(bytes[position])
        position += 1
      }
    }
    guard let text = String(validating: content, as: UTF8.self) else { throw .csv(line: start, .invalidUTF8) }
    return text
  }

  private var isLineEnd: Bool {
    bytes[position] == .lineFeed
      || (bytes[position] == .carriageReturn && position + 1 < bytes.count && bytes[position + 1] == .lineFeed)
  }

  private mutating func skipLineEnd() -> Bool {
    guard position < bytes.count, isLineEnd else { return false }
    position += bytes[position] == .carriageReturn ? 2 : 1
    line += 1
    return true
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }
}

extension UInt8 {
  fileprivate static let quote = UInt8(ascii: "\"")
  fileprivate static let comma = UInt8(ascii: ",")
  fileprivate static let lineFeed = UInt8(ascii: "\n")
  fileprivate static let carriageReturn = UInt8(ascii: "\r")
}
