// SPDX-License-Identifier: Apache-2.0

/// What feeds a device.
public struct BatteryBudget: Codable, Equatable, Sendable {
  public var id: String
  public var title: String
  /// Nil is a supply that does not run out.
  public var capacityMah: Constant?
  public var volts: Constant
  /// What a battery loses by itself.
  public var selfDischargePercent: Constant?

  init(_ value: JSONValue, path: String) throws(BudgetError) {
    var reader = try FieldReader(value, path: path)
    id = try reader.string("id")
    title = try reader.string("title")
    capacityMah = try reader.optionalConstant("capacity_mah", in: 0.1...10_000_000, unit: "mAh")
    volts = try reader.constant("volts", in: 0.5...1_000, unit: "V")
    selfDischargePercent = try reader.optionalConstant("self_discharge_percent", in: 0...1_000, unit: "% a year")
    try reader.finish()
  }
}
