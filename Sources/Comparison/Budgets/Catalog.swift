// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The devices, radios, batteries, operation costs and whole budgets that ship with the tool.
public struct Catalog: Sendable {
  public private(set) var devices: [DeviceBudget] = []
  public private(set) var radios: [RadioBudget] = []
  public private(set) var batteries: [BatteryBudget] = []
  private(set) var cores: [CoreCosts] = []
  private var budgets: [(name: String, value: JSONValue)] = []

  /// The catalog in the program. It is data of ours, checked by the tests like anybody's.
  public static func shipped() throws(BudgetError) -> Catalog {
    try Catalog(JSONValue.parse(Data(PackageResources.catalog_json), file: "catalog.json"))
  }

  init(_ value: JSONValue) throws(BudgetError) {
    var reader = try FieldReader(value, path: "")
    for (path, entry) in try Self.list(&reader, "cores") { cores.append(try CoreCosts(entry, path: path)) }
    for (path, entry) in try Self.list(&reader, "devices") {
      devices.append(try DeviceBudget(entry, path: path, cores: cores))
    }
    for (path, entry) in try Self.list(&reader, "radios") { radios.append(try RadioBudget(entry, path: path)) }
    for (path, entry) in try Self.list(&reader, "batteries") { batteries.append(try BatteryBudget(entry, path: path)) }
    if case .object(let entries) = try reader.required("budgets", allowed: "an object") {
      budgets = entries.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
    try reader.finish()
  }

  private static func list(
    _ reader: inout FieldReader, _ field: String
  ) throws(BudgetError) -> [(String, JSONValue)] {
    let value = try reader.required(field, allowed: "a list")
    guard case .array(let entries) = value else {
      throw .field(field, problem: "is \(value.typeName)", allowed: "a list")
    }
    return entries.enumerated().map { ("\(field)[\($0.offset)]", $0.element) }
  }

  public var budgetNames: [String] { budgets.map(\.name) }

  public func device(_ id: String, field: String = "device") throws(BudgetError) -> DeviceBudget {
    guard let found = devices.first(where: { $0.id == id }) else {
      throw .field(field, problem: "\"\(id)\" is unknown", allowed: devices.map(\.id).joined(separator: ", "))
    }
    return found
  }

  public func radio(_ id: String, field: String = "radio") throws(BudgetError) -> RadioBudget {
    guard let found = radios.first(where: { $0.id == id }) else {
      throw .field(field, problem: "\"\(id)\" is unknown", allowed: radios.map(\.id).joined(separator: ", "))
    }
    return found
  }

  public func battery(_ id: String, field: String = "battery") throws(BudgetError) -> BatteryBudget {
    guard let found = batteries.first(where: { $0.id == id }) else {
      throw .field(field, problem: "\"\(id)\" is unknown", allowed: batteries.map(\.id).joined(separator: ", "))
    }
    return found
  }

  /// The value of a shipped budget, or nil when no budget has that name.
  func budget(_ name: String) -> JSONValue? { budgets.first { $0.name == name }?.value }
}
