// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Reads big-endian fields from a byte string; running out of bytes is an error, never a trap.
public struct ByteReader: ~Escapable {
  private let source: RawSpan
  public private(set) var offset = 0

  @_lifetime(copy source)
  public init(_ source: RawSpan) {
    self.source = source
  }

  public var remaining: Int { source.byteCount - offset }

  /// The next byte.
  ///
  /// - Throws: ``WireError/wrongLength(expected:actual:)`` where the bytes end.
  public mutating func uint8() throws(WireError) -> UInt8 {
    try take(1)
    return source.unsafeLoad(fromByteOffset: offset - 1, as: UInt8.self)
  }

  /// The next 2 bytes as a number, the most significant first.
  ///
  /// - Throws: ``WireError/wrongLength(expected:actual:)`` where the bytes end.
  public mutating func uint16() throws(WireError) -> UInt16 {
    try take(2)
    return UInt16(bigEndian: source.unsafeLoadUnaligned(fromByteOffset: offset - 2, as: UInt16.self))
  }

  /// The next 4 bytes as a number, the most significant first.
  ///
  /// - Throws: ``WireError/wrongLength(expected:actual:)`` where the bytes end.
  public mutating func uint32() throws(WireError) -> UInt32 {
    try take(4)
    return UInt32(bigEndian: source.unsafeLoadUnaligned(fromByteOffset: offset - 4, as: UInt32.self))
  }

  /// The next 8 bytes as a number, the most significant first.
  ///
  /// - Throws: ``WireError/wrongLength(expected:actual:)`` where the bytes end.
  public mutating func uint64() throws(WireError) -> UInt64 {
    try take(8)
    return UInt64(bigEndian: source.unsafeLoadUnaligned(fromByteOffset: offset - 8, as: UInt64.self))
  }

  /// The next `count` bytes.
  @_lifetime(copy self)
  public mutating func bytes(_ count: Int) throws(WireError) -> RawSpan {
    try take(count)
    return source.extracting(offset - count..<offset)
  }

  /// Everything that is left.
  @_lifetime(copy self)
  public mutating func rest() -> RawSpan {
    let start = offset
    offset = source.byteCount
    return source.extracting(start..<offset)
  }

  /// Refuses bytes beyond the last field.
  public func finish() throws(WireError) {
    guard remaining == 0 else { throw .wrongLength(expected: offset, actual: source.byteCount) }
  }

  private mutating func take(_ count: Int) throws(WireError) {
    guard count >= 0, remaining >= count else {
      throw .wrongLength(expected: offset &+ count, actual: source.byteCount)
    }
    offset += count
  }
}

extension Bytes {
  /// The next `count` bytes of a reader.
  public init(_ reader: inout ByteReader) throws(WireError) {
    self.init()
    var target = mutableBytes
    copyBytes(try reader.bytes(count), to: &target)
  }
}
