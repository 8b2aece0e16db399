// SPDX-License-Identifier: Apache-2.0

import Schemes
import Foundation

/// Results of the firmware images: what a scheme costs on an emulated microcontroller, counted to the instruction.
public struct OnTargetResults: Codable, Equatable, Sendable {
  public struct Record: Codable, Equatable, Sendable {
    public var core: Core
    public var scheme: String
    public var role: String
    public var flashBytes: Double?
    public var ramBytes: Double?
    public var cycles: Double?
  }

  /// What kind of measurement it is, when it was made, and by which command.
  public var source: String
  public var records: [Record]

  /// The results in the program: those that its repository held when it was built.
  public static func shipped() throws(BudgetError) -> OnTargetResults {
    let file = "firmware.json"
    return try OnTargetResults(JSONValue.parse(Data(PackageResources.firmware_json), file: file), file: file)
  }

  public static func read(_ path: String) throws(BudgetError) -> OnTargetResults {
    try OnTargetResults(try JSONValue.read(path), file: path)
  }

  /// A list of records, as Benchmarks/Firmware/run writes it. Every record says where it comes from, and fields that this
  /// tool does not use are ignored: the file belongs to the firmware runs.
  init(_ value: JSONValue, file: String) throws(BudgetError) {
    guard case .array(let entries) = value else {
      throw .field(file, problem: "is \(value.typeName)", allowed: "a list of records")
    }
    source = Self.source(entries.first) ?? file
    records = []
    for (index, entry) in entries.enumerated() {
      if let record = try Self.record(entry, path: "\(file)[\(index)]") { records.append(record) }
    }
  }

  private static func source(_ value: JSONValue?) -> String? {
    guard case .object(let fields)? = value else { return nil }
    let words = ["kind", "date", "command"].compactMap { key in
      if case .string(let text)? = fields[key] { text } else { nil }
    }
    return words.isEmpty ? nil : words.joined(separator: ", ")
  }

  private static func record(_ value: JSONValue, path: String) throws(BudgetError) -> Record? {
    guard case .object(let fields) = value else {
      throw .field(path, problem: "is \(value.typeName)", allowed: "an object")
    }
    func text(_ key: String) throws(BudgetError) -> String? {
      switch fields[key] {
      case nil, .null: return nil
      case .string(let text): return text
      case .some(let other): throw .field("\(path).\(key)", problem: "is \(other.typeName)", allowed: "a string")
      }
    }
    func number(_ key: String) throws(BudgetError) -> Double? {
      switch fields[key] {
      case nil, .null: return nil
      case .number(let number) where number >= 0 && number < 1e15: return number
      default: throw .field("\(path).\(key)", problem: "is not a count", allowed: "a number from 0")
      }
    }
    guard let scheme = try text("scheme") else { return nil }
    guard let name = try text("core"), let core = Core(rawValue: name) else {
      throw .field("\(path).core", problem: "is not a known core", allowed: "m0, m4, rv32")
    }
    let memory = (try number("static_ram_bytes"), try number("peak_stack_bytes"))
    return Record(
      core: core, scheme: scheme, role: try text("role") ?? "device", flashBytes: try number("flash_bytes"),
      ramBytes: memory.0.flatMap { fixed in memory.1.map { fixed + $0 } }, cycles: try number("model_cycles"))
  }

  /// The handshake's image of a scheme on a core.
  public func record(_ scheme: SchemeID, on core: Core) -> Record? {
    records.first { $0.core == core && $0.scheme == scheme.name && $0.role == "device" }
  }
}
