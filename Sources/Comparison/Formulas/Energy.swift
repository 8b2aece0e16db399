// SPDX-License-Identifier: Apache-2.0

/// Energy and life. Pure formulas; docs/reference/formulas.md gives their sources.
enum Energy {
  /// Charge times voltage, in mJ: V * mA * ms / 1000.
  static func millijoules(volts: Formula, milliamperes: Formula, milliseconds: Formula) -> Formula {
    volts * milliamperes * milliseconds / 1_000
  }

  /// Processor time in ms for a number of cycles.
  static func milliseconds(cycles: Formula, clockMhz: Formula) -> Formula { cycles / (clockMhz * 1_000) }

  /// A battery's content in mJ: C[mAh] * 3.6 C/mAh * V, times 1000.
  static func content(capacityMah: Formula, volts: Formula) -> Formula { capacityMah * 3.6 * volts * 1_000 }
}
