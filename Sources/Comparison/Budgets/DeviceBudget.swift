// SPDX-License-Identifier: Apache-2.0

/// The processor whose firmware results, or operation costs, stand for a device.
public enum Core: String, Codable, Sendable, CaseIterable {
  /// Cortex-M0 and M0+.
  case m0
  /// Cortex-M4 and M4F.
  case m4
  /// RV32IMC.
  case rv32
  /// This machine: its own time is measured instead of being computed.
  case host
}

/// What a device has to spend.
public struct DeviceBudget: Codable, Equatable, Sendable {
  public var id: String
  public var title: String
  public var core: Core
  public var clockMhz: Constant
  /// Current while the processor computes, radio off.
  public var activeMa: Constant
  /// Current while it sleeps with its state kept and a timer running.
  public var sleepUa: Constant
  public var volts: Constant
  public var flashKib: Constant?
  public var ramKib: Constant?
  /// Cycles of one X25519 where the device has another library for it than the firmware that was measured.
  public var x25519Cycles: Constant?

  /// - Parameter cores: what the names that `x25519_cycles` may have stand for.
  init(_ value: JSONValue, path: String, cores: [CoreCosts]) throws(BudgetError) {
    var reader = try FieldReader(value, path: path)
    id = try reader.string("id")
    title = try reader.string("title")
    core = try reader.choice("core")
    clockMhz = try reader.constant("clock_mhz", in: 0.1...10_000, unit: "MHz")
    activeMa = try reader.constant("active_ma", in: 0.001...10_000, unit: "mA")
    sleepUa = try reader.constant("sleep_ua", in: 0...10_000_000, unit: "uA")
    volts = try reader.constant("volts", in: 0.5...60, unit: "V")
    flashKib = try reader.optionalConstant("flash_kib", in: 1...1_000_000_000, unit: "KiB")
    ramKib = try reader.optionalConstant("ram_kib", in: 1...1_000_000_000, unit: "KiB")
    if case .string(let name)? = reader.optional("x25519_cycles") {
      x25519Cycles = try Self.curve(name, on: core, cores, field: "\(path).x25519_cycles")
    } else {
      x25519Cycles = try reader.optionalConstant("x25519_cycles", in: Self.curveRange, unit: "cycles")
    }
    try reader.finish()
  }

  static let curveRange = 1_000.0...1e12
  /// The name of the firmware's own X25519, whose cycles are in the results already.
  static let ownCurve = "own"

  /// The cycles of the X25519 of that name on a core; nil for ``ownCurve``.
  static func curve(
    _ name: String, on core: Core, _ cores: [CoreCosts], field: String
  ) throws(BudgetError) -> Constant? {
    if name == ownCurve { return nil }
    let named = cores.first { $0.core == core }?.curves ?? []
    guard let curve = named.first(where: { $0.name == name }) else {
      throw .field(
        field, problem: "\"\(name)\" is unknown for \(core.rawValue)",
        allowed: ([ownCurve] + named.map(\.name)).joined(separator: ", ")
          + ", or \(FieldReader.describe(curveRange, "cycles"))")
    }
    return curve.cycles
  }
}
