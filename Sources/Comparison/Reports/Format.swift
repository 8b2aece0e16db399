// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Numbers as people read them.
public enum Format {
  /// Three significant digits, no exponent, no trailing zeros; whole numbers from 100 on.
  public static func short(_ value: Double) -> String {
    guard value.isFinite else { return "-" }
    if value == 0 { return "0" }
    let magnitude = Int(log10(abs(value)).rounded(.down))
    let digits = max(0, min(9, 2 - magnitude))
    var text = String(format: "%.\(digits)f", value)
    if digits > 0 {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
    return text
  }

  /// A number with the letter of its kind, and a mark for each doubt.
  static func marked(_ quantity: Quantity?) -> String {
    quantity.map { "\(short($0.value)) \($0.mark)" } ?? "-"
  }

  static let legend =
    "m measured in this run, t taken from the firmware results, c computed by a formula of docs/reference/formulas.md,"
    + " k a constant with its source; rests on "
    + Doubt.allCases.map { "\($0.words): \($0.mark)" }.joined(separator: ", ")
}
