/// Energy and life. Pure functions; docs/reference/formulas.md gives their sources.
public enum Energy {
  /// Charge times voltage, in mJ: V * mA * ms / 1000.
  public static func millijoules(volts: Double, milliamperes: Double, milliseconds: Double) -> Double {
    volts * milliamperes * milliseconds / 1_000
  }

  /// Processor time in ms for a number of cycles.
  public static func milliseconds(cycles: Double, clockMhz: Double) -> Double {
    cycles / (clockMhz * 1_000)
  }

  /// A battery's content in mJ: C[mAh] * 3.6 C/mAh * V, times 1000.
  public static func content(capacityMah: Double, volts: Double) -> Double {
    capacityMah * 3.6 * volts * 1_000
  }

  /// Days until `content` mJ are spent at `perDay` mJ a day.
  public static func days(content: Double, perDay: Double) -> Double {
    content / perDay
  }
}
