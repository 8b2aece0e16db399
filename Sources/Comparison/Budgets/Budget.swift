// SPDX-License-Identifier: Apache-2.0

/// One situation to decide in: a device on a radio with a battery, how it is used, and what it must keep to.
public struct Budget: Codable, Equatable, Sendable {
  /// The shipped budget's name or the file's.
  public var name: String
  public var device: DeviceBudget
  public var radio: RadioBudget
  public var battery: BatteryBudget
  public var usage: Usage
  public var limits: Limits

  /// The shipped budget that is used when nothing is said.
  public static let standardName = "sensor-802154"

  /// Reads the budget that `name` means: a shipped one by name, else a file.
  public static func load(_ name: String, _ catalog: Catalog) throws(BudgetError) -> Budget {
    if let value = catalog.budget(name) { return try Budget(value, catalog, name: name) }
    do {
      return try Budget(try JSONValue.read(name), catalog, name: name)
    } catch BudgetError.unreadable(let file, let reason) {
      throw .unreadable(
        file: file, reason: "\(reason); shipped budgets: \(catalog.budgetNames.joined(separator: ", "))")
    } catch { throw error }
  }

  /// Checks a budget. `device`, `radio` and `battery` are ids out of the catalog or objects of their own.
  init(_ value: JSONValue, _ catalog: Catalog, name: String) throws(BudgetError) {
    var reader = try FieldReader(value, path: "")
    self.name = name == "-" ? "standard input" : name
    let names = (
      catalog.devices.map(\.id).joined(separator: ", "), catalog.radios.map(\.id).joined(separator: ", "),
      catalog.batteries.map(\.id).joined(separator: ", ")
    )
    switch try reader.required("device", allowed: "\(names.0), or an object") {
    case .string(let id): device = try catalog.device(id)
    case let object: device = try DeviceBudget(object, path: "device", cores: catalog.cores)
    }
    switch try reader.required("radio", allowed: "\(names.1), or an object") {
    case .string(let id): radio = try catalog.radio(id)
    case let object: radio = try RadioBudget(object, path: "radio")
    }
    switch try reader.required("battery", allowed: "\(names.2), or an object") {
    case .string(let id): battery = try catalog.battery(id)
    case let object: battery = try BatteryBudget(object, path: "battery")
    }
    usage = .standard
    limits = .standard
    if let value = reader.optional("usage") { try usage.read(value, path: "usage") }
    if let value = reader.optional("limits") { try limits.read(value, path: "limits") }
    try reader.finish()
  }

  /// Replaces the cycles of X25519 by those that `text` names, or is.
  public mutating func setCurve(_ text: String, _ catalog: Catalog) throws(BudgetError) {
    let field = "curve"
    guard let cycles = Double(text) else {
      device.x25519Cycles = try DeviceBudget.curve(text, on: device.core, catalog.cores, field: field)
      return
    }
    let range = DeviceBudget.curveRange
    let allowed = FieldReader.describe(range, "cycles")
    device.x25519Cycles = Constant(
      try FieldReader.check(cycles, name: field, in: range, allowed: allowed), source: "option")
  }
}
