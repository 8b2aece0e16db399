// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Writes big-endian fields into a buffer that the caller has made large enough.
public struct ByteWriter: ~Copyable, ~Escapable {
  private var target: MutableRawSpan
  public private(set) var offset = 0

  @_lifetime(&target)
  public init(_ target: inout MutableRawSpan) {
    self.target = target.prefix(target.byteCount)
  }

  /// Writes one byte.
  public mutating func uint8(_ value: UInt8) {
    target.storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
    offset += 1
  }

  /// Writes 2 bytes, the most significant first.
  public mutating func uint16(_ value: UInt16) {
    target.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    offset += 2
  }

  /// Writes 4 bytes, the most significant first.
  public mutating func uint32(_ value: UInt32) {
    target.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
    offset += 4
  }

  /// Writes 8 bytes, the most significant first.
  public mutating func uint64(_ value: UInt64) {
    target.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt64.self)
    offset += 8
  }

  /// Writes bytes as they are.
  public mutating func bytes(_ bytes: RawSpan) {
    copyBytes(bytes, to: &target, at: offset)
    offset += bytes.byteCount
  }
}
