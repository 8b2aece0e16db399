// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Any JSON value, so that a file can be checked field by field with errors that name the field.
enum JSONValue: Decodable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// What kind of value it is, for error messages.
  var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }

  static let maximumFileSize = 1 << 20

  /// Parses bytes; `file` is only what an error calls them.
  static func parse(_ bytes: Data, file: String) throws(BudgetError) -> JSONValue {
    guard bytes.count <= maximumFileSize else {
      throw .unreadable(file: file, reason: "larger than \(maximumFileSize) bytes")
    }
    do {
      return try JSONDecoder().decode(JSONValue.self, from: bytes)
    } catch let DecodingError.dataCorrupted(context) {
      let reason = (context.underlyingError as NSError?)?.userInfo["NSDebugDescription"] as? String
      throw .notJSON(file: file, reason: reason ?? context.debugDescription)
    } catch {
      throw .notJSON(file: file, reason: "it does not parse")
    }
  }

  /// Reads a file, or standard input for `-`, of at most 1 MiB: a budget is far smaller, and what has no end must not fill memory.
  static func read(_ path: String) throws(BudgetError) -> JSONValue {
    let name = path == "-" ? "standard input" : path
    let bytes: Data
    do {
      let file = path == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(filePath: path))
      bytes = try file.read(upToCount: 1 << 20) ?? Data()
    } catch {
      throw .unreadable(file: name, reason: "no such file, or no permission to read it")
    }
    return try parse(bytes, file: name)
  }
}
