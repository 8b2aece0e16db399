// SPDX-License-Identifier: Apache-2.0

import CSodium

/// The prime-order group of Edwards25519 (RFC 8032, section 5.1): what identity-based credentials are made of. Its points map
/// to X25519 public keys, so that any X25519 works with the keys.
public enum Edwards25519 {
  /// Length of an encoded point and of a scalar, in bytes.
  public static let encodedLength = 32

  /// A point of the prime-order group other than the neutral one.
  public struct Point: Equatable, Hashable, Sendable {
    /// The encoding of RFC 8032, section 5.1.2.
    public private(set) var bytes: Bytes<32>

    private init() { bytes = Bytes() }

    /// Decodes strictly.
    ///
    /// - Throws: ``CryptoError/invalidPoint`` for bytes that are not canonical, not on the curve, of low order, or outside
    ///   the prime-order group.
    public init(decoding bytes: Bytes<32>) throws(CryptoError) {
      // Firmware for certificates only stores the master public key as it arrived, and never computes with it.
      #if !COUNTERSIGN_CERTIFICATES_ONLY
        let isValid = bytes.bytes.withUnsafeBytes { crypto_core_ed25519_is_valid_point($0.u8) == 1 }
        guard isValid else { throw .invalidPoint }
      #endif
      self.bytes = bytes
    }

    /// The base point times `scalar`, in constant time.
    ///
    /// - Throws: ``CryptoError/invalidPoint`` when the scalar is 0.
    public init(base scalar: borrowing Scalar) throws(CryptoError) {
      self.init()
      try write { result in
        scalar.bytes.withUnsafeBytes { crypto_scalarmult_ed25519_base_noclamp(result, $0.u8) }
      }
    }

    /// This point times `scalar`, in constant time.
    ///
    /// - Throws: ``CryptoError/invalidPoint`` when the scalar is 0.
    public func multiplied(by scalar: borrowing Scalar) throws(CryptoError) -> Point {
      var product = Point()
      try product.write { result in
        scalar.bytes.withUnsafeBytes { scalar in
          bytes.bytes.withUnsafeBytes { crypto_scalarmult_ed25519_noclamp(result, scalar.u8, $0.u8) }
        }
      }
      return product
    }

    /// The sum of two points.
    ///
    /// - Throws: ``CryptoError/invalidPoint`` when it is the neutral point.
    public func adding(_ other: Point) throws(CryptoError) -> Point {
      var sum = Point()
      try sum.write { result in
        bytes.bytes.withUnsafeBytes { left in
          other.bytes.bytes.withUnsafeBytes { crypto_core_ed25519_add(result, left.u8, $0.u8) }
        }
      }
      // Two points of the group add up to a point of the group: only the neutral one must be excluded.
      var difference = sum.bytes[0] ^ 1
      for index in 1..<Edwards25519.encodedLength { difference |= sum.bytes[index] }
      guard difference != 0 else { throw .invalidPoint }
      return sum
    }

    /// The u-coordinate on Curve25519 (RFC 7748, section 4.1), which is this point's X25519 public key. A point and its
    /// negative share it.
    public var montgomery: X25519.PublicKey {
      var key = X25519.PublicKey()
      var target = key.mutableBytes
      target.withUnsafeMutableBytes { result in
        bytes.bytes.withUnsafeBytes { _ = crypto_sign_ed25519_pk_to_curve25519(result.u8, $0.u8) }
      }
      return key
    }

    private mutating func write(_ body: (UnsafeMutablePointer<UInt8>) -> Int32) throws(CryptoError) {
      var target = bytes.mutableBytes
      guard target.withUnsafeMutableBytes({ body($0.u8) }) == 0 else { throw .invalidPoint }
    }
  }

  /// A number modulo the group's order L, little-endian; secret unless its owner says otherwise. Whoever made it calls
  /// ``wipe()`` before it ends.
  public struct Scalar: ~Copyable, Sendable {
    private var storage = SecretBytes<32>()

    /// 0: a place for a scalar.
    public init() {}

    public var bytes: RawSpan {
      @_lifetime(borrow self)
      borrowing get { storage.bytes }
    }

    /// Becomes the number in these 32 bytes, which must be below L.
    ///
    /// - Throws: ``CryptoError/invalidPoint`` when it is not.
    public mutating func load(_ canonical: RawSpan) throws(CryptoError) {
      guard canonical.byteCount == 32 else { throw .wrongLength(expected: 32, actual: canonical.byteCount) }
      var wide = SecretBytes<64>()
      defer { wide.wipe() }
      wide.copy(from: canonical)
      reduce(wide.bytes)
      guard constantTimeEquals(bytes, canonical) else { throw .invalidPoint }
    }

    /// Becomes a 64-byte number modulo L.
    public mutating func reduce(_ wide: RawSpan) {
      precondition(wide.byteCount == 64, "a scalar is reduced from 64 bytes")
      write { result in wide.withUnsafeBytes { crypto_core_ed25519_scalar_reduce(result, $0.u8) } }
    }

    /// Becomes a random number, never 0 in practice.
    public mutating func fillWithRandom() {
      var wide = SecretBytes<64>()
      defer { wide.wipe() }
      wide.fillWithRandom()
      reduce(wide.bytes)
    }

    public mutating func copy(from other: borrowing Scalar) { storage.copy(from: other.bytes) }

    public mutating func add(_ other: borrowing Scalar) {
      write { result in other.bytes.withUnsafeBytes { crypto_core_ed25519_scalar_add(result, result, $0.u8) } }
    }

    public mutating func multiply(by other: borrowing Scalar) {
      write { result in other.bytes.withUnsafeBytes { crypto_core_ed25519_scalar_mul(result, result, $0.u8) } }
    }

    public mutating func wipe() { storage.wipe() }

    /// libsodium works on copies on the stack and leaves them there: they are overwritten.
    mutating func write(_ body: (UnsafeMutablePointer<UInt8>) -> Void) {
      var target = storage.mutableBytes
      target.withUnsafeMutableBytes { body($0.u8) }
      sodium_stackzero(1024)
    }
  }
}
