// SPDX-License-Identifier: Apache-2.0

import Builtin
import CSodium

/// A secret byte string of fixed length that cannot be copied by accident.
///
/// A move leaves the old place as it was, so a secret belongs where it never moves: make it empty in its final place and
/// fill it there. Whoever made it calls ``wipe()`` before it ends. The deinit does not replace that: the compiler (Swift 6.3) may
/// hand it the value in a new place, and the bytes stay in the old one.
///
/// The storage is raw memory, which gives the type an address instead of a value: the compiler can neither spread the bytes
/// over registers nor put a temporary copy of them (or of any struct that holds them) on the stack.
@_rawLayout(likeArrayOf: UInt8, count: count)
public struct SecretBytes<let count: Int>: ~Copyable, @unchecked Sendable {
  @usableFromInline
  var start: UnsafeMutableRawPointer {
    @_transparent get { UnsafeMutableRawPointer(Builtin.addressOfRawLayout(self)) }
  }

  /// All bytes zero.
  @inlinable
  public init() {
    start.initializeMemory(as: UInt8.self, repeating: 0, count: count)
  }

  /// The bytes of `source`, which must be exactly `count` long.
  @inlinable
  public init(copying source: RawSpan) throws(CryptoError) {
    guard source.byteCount == count else {
      throw .wrongLength(expected: count, actual: source.byteCount)
    }
    self.init()
    copy(from: source)
  }

  /// Bytes from the system's random generator.
  @inlinable
  public static func random() -> SecretBytes {
    var secret = SecretBytes()
    secret.fillWithRandom()
    return secret
  }

  #if hasFeature(Embedded)
    /// Embedded Swift cannot end a value of raw storage without one.
    deinit {}
  #else
    /// A second chance for a value that nobody wiped. Inlinable, because what is not is called with the type's metadata: the
    /// runtime makes that at the first call and may have the dynamic linker save all vector registers on the stack, with what a
    /// hash has left in them.
    @inlinable
    deinit { wipeMemory(start, count) }
  #endif

  @inlinable
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get { _overrideLifetime(RawSpan(_unsafeStart: start, byteCount: count), borrowing: self) }
  }

  @inlinable
  public var mutableBytes: MutableRawSpan {
    @_lifetime(&self)
    mutating get { _overrideLifetime(MutableRawSpan(_unsafeStart: start, byteCount: count), mutating: &self) }
  }

  /// Replaces the content in place. `source` may be shorter; the rest keeps its bytes.
  @inlinable
  public mutating func copy(from source: RawSpan) {
    var target = mutableBytes
    copyBytes(source, to: &target)
  }

  @inlinable
  public mutating func fillWithRandom() {
    var target = mutableBytes
    fillWithRandomBytes(&target)
  }

  /// Overwrites the content with zeros.
  @inlinable
  public mutating func wipe() {
    var target = mutableBytes
    CountersignCrypto.wipe(&target)
  }
}

@usableFromInline
func wipeMemory(_ start: UnsafeMutableRawPointer, _ count: Int) { sodium_memzero(start, count) }
