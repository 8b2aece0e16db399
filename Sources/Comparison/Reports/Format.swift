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

  /// A number with the letter of its kind, and a question mark when a constant in it is unverified.
  static func marked(_ quantity: Quantity?) -> String {
    guard let quantity else { return "-" }
    return "\(short(quantity.value)) \(quantity.kind.letter)\(quantity.verified ? "" : "?")"
  }

  static let legend =
    "m measured in this run, t taken from the firmware results, c computed by a formula of docs/reference/formulas.md,"
    + " k a constant with its source; ? uses a constant that was not verified"
}
