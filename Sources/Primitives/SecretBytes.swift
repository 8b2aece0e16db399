import CSodium

/// A secret byte string of fixed length. It cannot be copied by accident and overwrites itself when it ends.
///
/// A move leaves the old place as it was, so a long-term secret belongs where it never moves: make it empty in its final
/// place and fill it there.
public struct SecretBytes<let count: Int>: ~Copyable {
  @usableFromInline var storage: InlineArray<count, UInt8>

  /// All bytes zero.
  @inlinable
  public init() {
    storage = InlineArray(repeating: 0)
  }

  /// The bytes of `source`, which must be exactly `count` long.
  @inlinable
  public init(copying source: RawSpan) throws(PrimitivesError) {
    guard source.byteCount == count else {
      throw .wrongLength(expected: count, actual: source.byteCount)
    }
    storage = InlineArray(repeating: 0)
    copy(from: source)
  }

  /// Bytes from the system's random generator.
  @inlinable
  public static func random() -> SecretBytes {
    var secret = SecretBytes()
    secret.fillWithRandom()
    return secret
  }

  deinit { erase() }

  /// Overwrites the storage when it ends. deinit may only borrow self, but a span of an InlineArray is the storage itself,
  /// never a copy of it.
  private borrowing func erase() {
    bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      sodium_memzero(UnsafeMutableRawPointer(mutating: base), count)
    }
  }

  @inlinable
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get { storage.span.bytes }
  }

  @inlinable
  public var mutableBytes: MutableRawSpan {
    @_lifetime(&self)
    mutating get { storage.mutableSpan.intoBytes() }
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
    Primitives.wipe(&target)
  }
}

/// A 256-bit key of a cipher or of a key-derivation function, and a Noise pre-shared key.
public typealias SymmetricKey = SecretBytes<32>
