// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// A pattern's name with its modifiers, for example `XXfallback+psk0`: ASCII, stored in line.
public struct PatternName: Sendable {
  /// Room for the longest name with every modifier.
  public static let capacity = 48

  private var storage = Bytes<48>()
  private var count: UInt8 = 0

  init(_ name: StaticString) {
    append(name)
  }

  /// A name from at most ``capacity`` bytes of ASCII.
  init(bytes: some Sequence<UInt8>) {
    for byte in bytes { append(byte: byte) }
  }

  /// The name's bytes.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get { storage.bytes.extracting(0..<Int(count)) }
  }

  /// Adds a modifier; the first one follows the base name directly, later ones a plus sign (section 8.1).
  mutating func appendModifier(_ modifier: StaticString, digit: UInt8?, isFirst: Bool) {
    if !isFirst { append("+") }
    append(modifier)
    if let digit { append(byte: UInt8(ascii: "0") + digit) }
  }

  private mutating func append(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { append(byte: text.utf8Start[index]) }
  }

  private mutating func append(byte: UInt8) {
    precondition(Int(count) < Self.capacity, "a pattern name has at most 48 bytes")
    storage[Int(count)] = byte
    count += 1
  }
}
