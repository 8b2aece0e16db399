// SPDX-License-Identifier: Apache-2.0

import CSodium

/// Diffie-Hellman on Curve25519 (RFC 7748, section 5), the Noise DH function `25519`.
public enum X25519 {
  /// Length of a private key, a public key and a shared secret, in bytes.
  public static let keyLength = 32

  /// A public key: the 32-byte u-coordinate.
  public typealias PublicKey = Bytes<32>

  /// A private key and its public key. The private half never leaves except by ``secretBytes``.
  public struct PrivateKey: ~Copyable, Sendable {
    @usableFromInline var secret: SecretBytes<32>
    public private(set) var publicKey: PublicKey

    /// An empty key: a place for ``generate()`` or ``load(_:)``, so that the secret is never moved.
    public init() {
      secret = SecretBytes()
      publicKey = PublicKey()
    }

    /// The key with these 32 private bytes. They are clamped in use, as RFC 7748 says, not in storage.
    public init(copying bytes: RawSpan) throws(CryptoError) {
      self.init()
      try load(bytes)
    }

    /// A new key from the system's random generator.
    public static func random() -> PrivateKey {
      var key = PrivateKey()
      key.generate()
      return key
    }

    /// Replaces this key by a new random one, in place.
    public mutating func generate() {
      secret.fillWithRandom()
      derivePublicKey()
    }

    /// Replaces this key, in place, by the one with these 32 private bytes.
    public mutating func load(_ bytes: RawSpan) throws(CryptoError) {
      guard bytes.byteCount == X25519.keyLength else {
        throw .wrongLength(expected: X25519.keyLength, actual: bytes.byteCount)
      }
      secret.copy(from: bytes)
      derivePublicKey()
    }

    /// Replaces this key, in place, by the one with these 32 private bytes, whose public key is known: nothing is computed or checked.
    public mutating func load(_ bytes: RawSpan, publicKey: PublicKey) throws(CryptoError) {
      guard bytes.byteCount == X25519.keyLength else {
        throw .wrongLength(expected: X25519.keyLength, actual: bytes.byteCount)
      }
      secret.copy(from: bytes)
      self.publicKey = publicKey
    }

    /// Replaces this key, in place, by a copy of `other`, without recomputing its public key.
    public mutating func copy(from other: borrowing PrivateKey) {
      secret.copy(from: other.secret.bytes)
      publicKey = other.publicKey
    }

    /// Overwrites the private half and forgets the public one.
    public mutating func clear() {
      wipe()
      publicKey = PublicKey()
    }

    /// Overwrites the private half.
    public mutating func wipe() {
      secret.wipe()
    }

    /// The 32 private bytes, for storage in a place that is itself protected.
    public var secretBytes: RawSpan {
      @_lifetime(borrow self)
      borrowing get { secret.bytes }
    }

    /// Writes the shared secret with `peer` into `shared`.
    ///
    /// - Throws: ``CryptoError/lowOrderPoint`` when the result would be all zero.
    public borrowing func agree(
      with peer: PublicKey, into shared: inout SecretBytes<32>
    ) throws(CryptoError) {
      var output = shared.mutableBytes
      let status = output.withUnsafeMutableBytes { result in
        secret.bytes.withUnsafeBytes { scalar in
          peer.bytes.withUnsafeBytes { point in
            crypto_scalarmult_curve25519(result.u8, scalar.u8, point.u8)
          }
        }
      }
      guard status == 0 else { throw .lowOrderPoint }
    }

    private mutating func derivePublicKey() {
      var output = publicKey.mutableBytes
      output.withUnsafeMutableBytes { result in
        secret.bytes.withUnsafeBytes { scalar in
          _ = crypto_scalarmult_curve25519_base(result.u8, scalar.u8)
        }
      }
    }
  }
}

extension Bytes<32> {
  /// Whether this is the canonical encoding of a u-coordinate of Curve25519: below 2^255 - 19. Every key that ``X25519`` computes
  /// is; RFC 7748 accepts other encodings of the same key.
  public var isCanonical: Bool {
    guard self[31] == 0x7f else { return self[31] < 0x7f }
    for index in 1..<31 where self[index] != 0xff { return true }
    return self[0] < 0xed
  }
}
