// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Numbers in options. Declare these options with `parsing: .unconditional`, so that `-1` gets an error with the range instead of
/// being taken for another option.
func number<Number: FixedWidthInteger & Sendable>(
  _ range: ClosedRange<Number>
) -> @Sendable (String) throws -> Number {
  { text in
    guard let value = decimal(text, as: Number.self), range.contains(value) else {
      let end = range.upperBound == .max && Number.bitWidth >= 32 ? "" : " to \(range.upperBound)"
      throw ValidationError("it takes a whole number from \(range.lowerBound)\(end).")
    }
    return value
  }
}

func number<Number: FixedWidthInteger & Sendable>(
  _ range: PartialRangeFrom<Number>
) -> @Sendable (String) throws -> Number {
  number(range.lowerBound...Number.max)
}

/// A number in decimal digits, and nothing else that Swift would accept: no sign, no `0x`.
func decimal<Number: FixedWidthInteger>(_ text: some StringProtocol, as type: Number.Type = Number.self) -> Number? {
  text.utf8.allSatisfy(isDigit) ? Number(text) : nil
}

func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

/// A time in seconds, as options give it.
struct Seconds: CustomStringConvertible {
  let duration: Duration

  init(_ duration: Duration) { self.duration = duration }

  /// For options: whoever waits for longer than a day wants to wait for ever.
  static func parse(_ text: String) throws -> Seconds {
    guard !text.utf8.contains(where: { !isDigit($0) && $0 != UInt8(ascii: ".") }), let value = Double(text),
      value >= 0.001, value <= 86_400
    else {
      throw ValidationError("it takes a number of seconds from 0.001 to 86400.")
    }
    return Seconds(.milliseconds(Int64(value * 1000)))
  }

  var description: String { "\(duration.components.seconds)" }
}
