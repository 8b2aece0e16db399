// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a person sees. Others' words, such as messages, names in tables and what a peer says of itself, must neither look like a line of
/// this program's own nor steer the terminal: they are escaped here, where things are printed.
enum Terminal {
  /// Characters of a line on standard output, or what COLUMNS says; 80 where that is no terminal, or does not say.
  static var width: Int {
    if let columns = environment("COLUMNS").flatMap({ Int($0) }), columns > 0 { return columns }
    var size = winsize()
    guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return 80
    }
    return Int(size.ws_col)
  }

  /// Others' text, all of it on one line.
  static func onOneLine(_ text: String) -> String { escaped(text) { _ in false } }

  /// Others' bytes on one line: as text when they are that.
  static func onOneLine(_ bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return onOneLine(text) }
    return bytes.map { (0x20..<0x7f).contains($0) ? String(UnicodeScalar($0)) : "\\x" + hexadecimal($0) }.joined()
  }

  /// Text that this program has put together: its lines and columns stay.
  static func printable(_ text: String) -> String { escaped(text) { $0 == "\n" || $0 == "\t" } }

  /// JSON that no string in it steers the terminal by, and that means the same.
  static func printable(json: String) -> String {
    // Between its strings there may be lines; in them there are none.
    let isKept: (Unicode.Scalar) -> Bool = { $0 == "\n" || !steers($0) }
    guard !json.unicodeScalars.allSatisfy(isKept) else { return json }
    var text = ""
    for scalar in json.unicodeScalars {
      guard !isKept(scalar) else {
        text.unicodeScalars.append(scalar)
        continue
      }
      for unit in String(scalar).utf16 { text += "\\u" + hexadecimal(unit) }
    }
    return text
  }

  private static func escaped(_ text: String, except isKept: (Unicode.Scalar) -> Bool) -> String {
    guard text.unicodeScalars.contains(where: { steers($0) && !isKept($0) }) else { return text }
    var line = ""
    for scalar in text.unicodeScalars {
      if !steers(scalar) || isKept(scalar) {
        line.unicodeScalars.append(scalar)
      } else {
        line += scalar == "\n" ? "\\n" : "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return line
  }

  private static func steers(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20..<0x7f: return false
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    // The joiner of letters and emoji is in this category too, and harmless.
    case .format: return scalar != "\u{200d}"
    default: return false
    }
  }
}
