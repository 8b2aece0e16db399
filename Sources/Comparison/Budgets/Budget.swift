/// One situation to decide in: a device on a radio with a battery, how it is used, and what it must keep to.
public struct Budget: Codable, Equatable, Sendable {
  public var device: DeviceBudget
  public var radio: RadioBudget
  public var battery: BatteryBudget
  public var usage: Usage
  public var limits: Limits

  /// The shipped budget that is used when nothing is said.
  public static let standardName = "sensor-802154"

  /// Reads the budget that `name` means: a shipped one by name, else a file.
  public static func load(_ name: String, _ catalog: Catalog) throws(BudgetError) -> Budget {
    if let value = catalog.budget(name) { return try Budget(value, catalog, path: "") }
    do {
      return try Budget(try JSONValue.read(name), catalog, path: "")
    } catch BudgetError.unreadable(let file, let reason) {
      throw .unreadable(
        file: file, reason: "\(reason); shipped budgets: \(catalog.budgetNames.joined(separator: ", "))")
    } catch { throw error }
  }

  /// Checks a budget. `device`, `radio` and `battery` are ids out of the catalog or objects of their own.
  init(_ value: JSONValue, _ catalog: Catalog, path: String) throws(BudgetError) {
    var reader = try FieldReader(value, path: path)
    let names = (
      catalog.devices.map(\.id).joined(separator: ", "), catalog.radios.map(\.id).joined(separator: ", "),
      catalog.batteries.map(\.id).joined(separator: ", ")
    )
    switch try reader.required("device", allowed: "\(names.0), or an object") {
    case .string(let id): device = try catalog.device(id)
    case let object: device = try DeviceBudget(object, path: "device")
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

  /// Checks again what options may have changed.
  public func validate() throws(BudgetError) {
    for (name, value, range, unit) in [
      ("handshakes-per-day", usage.handshakesPerDay, Usage.handshakesRange, "a day"),
      ("messages-per-day", usage.messagesPerDay, Usage.messagesRange, "a day"),
      ("message-bytes", usage.messageBytes, Usage.messageBytesRange, "bytes"),
      ("fleet-size", usage.fleetSize, Usage.fleetRange, "devices"),
      ("memory-share", limits.memoryShare, Limits.shareRange, "of the memory"),
      ("first-message-seconds", limits.firstMessageSeconds, Limits.secondsRange, "s"),
      ("battery-days", limits.batteryDays, Limits.daysRange, "days"),
      ("readmission-seconds", limits.readmissionSeconds, Limits.secondsRange, "s"),
    ] {
      _ = try FieldReader.check(value, name: name, in: range, allowed: FieldReader.describe(range, unit))
    }
    for (name, value) in [("message-bytes", usage.messageBytes), ("fleet-size", usage.fleetSize)]
    where value != value.rounded() {
      throw .field(name, problem: "\(value) is not a whole number", allowed: "a whole number")
    }
  }
}
