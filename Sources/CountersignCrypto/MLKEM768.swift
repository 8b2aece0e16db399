// SPDX-License-Identifier: Apache-2.0

import CMLKEM

/// ML-KEM-768 (FIPS 203): a key pair to whose public half anyone can send a fresh secret, and which no known quantum computation
/// breaks.
///
/// It is the same code on hosts and devices, our own: nothing allocates, and time depends on no secret.
public enum MLKEM768 {
  /// Length of a public (encapsulation) key, in bytes.
  public static let publicKeyLength = 1184
  /// Length of a private (decapsulation) key, in bytes; it holds the public one.
  public static let privateKeyLength = 2400
  /// Length of a ciphertext, in bytes.
  public static let ciphertextLength = 1088
  /// Length of the secret that a ciphertext carries, in bytes.
  public static let sharedSecretLength = 32
  /// Length of the seed that a private key follows from (`d` and `z` of FIPS 203), in bytes.
  public static let seedLength = 64

  /// A private key, which holds its public one. It takes 2,400 bytes.
  public struct PrivateKey: ~Copyable, Sendable {
    @usableFromInline var secret: SecretBytes<2400>

    /// An empty key: a place for ``generate()`` or ``load(seed:)``, so that the secret is never moved.
    public init() { secret = SecretBytes() }

    /// Replaces this key by a new random one, in place.
    public mutating func generate() {
      var seed = SecretBytes<64>()
      defer { seed.wipe() }
      seed.fillWithRandom()
      derive(from: seed.bytes)
    }

    /// Replaces this key, in place, by the one that follows from 64 bytes of seed.
    ///
    /// - Throws: ``CryptoError/wrongLength(expected:actual:)``.
    public mutating func load(seed: RawSpan) throws(CryptoError) {
      guard seed.byteCount == MLKEM768.seedLength else {
        throw .wrongLength(expected: MLKEM768.seedLength, actual: seed.byteCount)
      }
      derive(from: seed)
    }

    /// Replaces this key, in place, by one in the long form of FIPS 203, 2,400 bytes.
    ///
    /// - Throws: ``CryptoError/wrongLength(expected:actual:)``, or ``CryptoError/invalidKey`` when the hash in it is not that of its
    ///   public key (section 7.3) or a coefficient is not below the modulus.
    public mutating func load(_ bytes: RawSpan) throws(CryptoError) {
      guard bytes.byteCount == MLKEM768.privateKeyLength else {
        throw .wrongLength(expected: MLKEM768.privateKeyLength, actual: bytes.byteCount)
      }
      guard bytes.withUnsafeBytes({ mlkem768_check_private_key($0.u8) }) == 0 else { throw .invalidKey }
      secret.copy(from: bytes)
    }

    /// The public key, 1,184 bytes.
    @inlinable
    public var publicKey: RawSpan {
      @_lifetime(borrow self)
      borrowing get { secret.bytes.extracting(1152..<2336) }
    }

    /// The key in its long form, for storage in a place that is itself protected.
    @inlinable
    public var secretBytes: RawSpan {
      @_lifetime(borrow self)
      borrowing get { secret.bytes }
    }

    /// The place of the key, for a party that has none and keeps a peer's public key there instead.
    @_spi(Place)
    @inlinable
    public var place: MutableRawSpan {
      @_lifetime(&self)
      mutating get { secret.mutableBytes }
    }

    /// Writes the secret that `ciphertext` carries into `shared`. A ciphertext that was not made for this key gives another secret,
    /// which only this key leads to: no error says so, and whatever is encrypted under it will not verify.
    ///
    /// - Throws: ``CryptoError/wrongLength(expected:actual:)``.
    public borrowing func decapsulate(
      _ ciphertext: RawSpan, into shared: inout SecretBytes<32>
    ) throws(CryptoError) {
      guard ciphertext.byteCount == MLKEM768.ciphertextLength else {
        throw .wrongLength(expected: MLKEM768.ciphertextLength, actual: ciphertext.byteCount)
      }
      var output = shared.mutableBytes
      output.withUnsafeMutableBytes { result in
        secret.bytes.withUnsafeBytes { key in
          ciphertext.withUnsafeBytes { mlkem768_decapsulate(result.u8, key.u8, $0.u8) }
        }
      }
    }

    /// Overwrites the key.
    @inlinable
    public mutating func wipe() { secret.wipe() }

    private mutating func derive(from seed: RawSpan) {
      var output = secret.mutableBytes
      output.withUnsafeMutableBytes { key in
        seed.withUnsafeBytes { mlkem768_generate(key.u8, $0.u8, $0.u8 + 32) }
      }
    }
  }

  /// Whether these are the bytes of a public key: of the right length, and every coefficient below the modulus (section 7.2).
  public static func isPublicKey(_ bytes: RawSpan) -> Bool {
    bytes.byteCount == publicKeyLength && bytes.withUnsafeBytes { mlkem768_check_public_key($0.u8) } == 0
  }

  /// Writes a new random secret into `shared`, and what carries it to the owner of `publicKey` to the start of `ciphertext`.
  ///
  /// - Throws: ``CryptoError/wrongLength(expected:actual:)``, ``CryptoError/bufferTooSmall(needed:available:)``, or
  ///   ``CryptoError/invalidKey`` when a coefficient of the key is not below the modulus (section 7.2).
  public static func encapsulate(
    to publicKey: RawSpan, ciphertext: inout MutableRawSpan, into shared: inout SecretBytes<32>
  ) throws(CryptoError) {
    var randomness = SecretBytes<32>()
    defer { randomness.wipe() }
    randomness.fillWithRandom()
    try encapsulate(to: publicKey, ciphertext: &ciphertext, into: &shared, randomness: randomness.bytes)
  }

  /// The same with 32 bytes from the caller in place of random ones. Who knows them knows the secret: for test vectors only.
  @_spi(Testing)
  public static func encapsulate(
    to publicKey: RawSpan, ciphertext: inout MutableRawSpan, into shared: inout SecretBytes<32>, randomness: RawSpan
  ) throws(CryptoError) {
    guard publicKey.byteCount == publicKeyLength else {
      throw .wrongLength(expected: publicKeyLength, actual: publicKey.byteCount)
    }
    guard randomness.byteCount == 32 else { throw .wrongLength(expected: 32, actual: randomness.byteCount) }
    guard ciphertext.byteCount >= ciphertextLength else {
      throw .bufferTooSmall(needed: ciphertextLength, available: ciphertext.byteCount)
    }
    var output = shared.mutableBytes
    let status = output.withUnsafeMutableBytes { result in
      ciphertext.withUnsafeMutableBytes { carrier in
        publicKey.withUnsafeBytes { key in
          randomness.withUnsafeBytes { mlkem768_encapsulate(carrier.u8, result.u8, key.u8, $0.u8) }
        }
      }
    }
    guard status == 0 else { throw .invalidKey }
  }
}
