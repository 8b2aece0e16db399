// SPDX-License-Identifier: Apache-2.0

/// The two digits of a byte.
func hexadecimalDigits(_ byte: UInt8) -> [UInt8] {
  [digit(byte >> 4), digit(byte & 15)]
}

/// Bytes as lower-case hexadecimal digits.
func hexadecimal(_ bytes: RawSpan) -> String {
  bytes.withUnsafeBytes { bytes in
    String(decoding: bytes.flatMap { hexadecimalDigits($0) }, as: UTF8.self)
  }
}

/// The bytes that hexadecimal digits stand for, or nil when there is anything else.
func bytes(hexadecimal text: some StringProtocol) -> [UInt8]? {
  let digits = Array(text.utf8)
  guard digits.count.isMultiple(of: 2) else { return nil }
  var result = [UInt8]()
  result.reserveCapacity(digits.count / 2)
  for index in stride(from: 0, to: digits.count, by: 2) {
    guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
    result.append(high << 4 | low)
  }
  return result
}

private func digit(_ nibble: UInt8) -> UInt8 {
  nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
}

private func value(_ digit: UInt8) -> UInt8? {
  switch digit {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
  default: nil
  }
}

/// A number as hexadecimal digits, as many as its type holds.
func hexadecimal<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: Value.bitWidth / 4 - digits.count) + digits
}
