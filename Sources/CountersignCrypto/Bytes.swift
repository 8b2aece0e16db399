// SPDX-License-Identifier: Apache-2.0

/// A public byte string of fixed length: comparable, hashable, stored in line.
///
/// For secrets use ``SecretBytes``, which cannot be copied and wipes itself.
public struct Bytes<let count: Int>: Equatable, Hashable, Sendable {
  @usableFromInline var storage: InlineArray<count, UInt8>

  /// All bytes zero.
  @inlinable
  public init() {
    storage = InlineArray(repeating: 0)
  }

  /// The bytes of `source`, which must be exactly `count` long.
  @inlinable
  public init(copying source: RawSpan) throws(CryptoError) {
    guard source.byteCount == count else {
      throw .wrongLength(expected: count, actual: source.byteCount)
    }
    storage = InlineArray(repeating: 0)
    var target = mutableBytes
    copyBytes(source, to: &target)
  }

  // Both are transparent, not merely inlinable: Swift 6.3 specialises a generic getter by passing self as a value, and the
  // span would then point into a temporary that is gone.

  /// The bytes, for as long as this value is borrowed.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    @_transparent
    borrowing get { storage.span.bytes }
  }

  /// The bytes, for writing.
  public var mutableBytes: MutableRawSpan {
    @_lifetime(&self)
    @_transparent
    mutating get { storage.mutableSpan.intoBytes() }
  }

  @inlinable
  public subscript(index: Int) -> UInt8 {
    get { storage[index] }
    set { storage[index] = newValue }
  }

  @inlinable
  public static func == (a: Self, b: Self) -> Bool {
    for index in a.storage.indices where a.storage[index] != b.storage[index] { return false }
    return true
  }

  @inlinable
  public func hash(into hasher: inout Hasher) {
    for index in storage.indices { hasher.combine(storage[index]) }
  }
}
