// SPDX-License-Identifier: Apache-2.0

@_spi(Place) @_spi(Testing) import CountersignCrypto

/// What the modifier `hfs` adds to a handshake: the functions of a KEM, and the one key of it that a party holds.
///
/// The party that sends `e1` holds its own key pair; the other one holds the key that it received, until it sends `ekem1`.
public protocol KEM: ~Copyable, Sendable {
  /// Whether there is a KEM at all.
  static var isPresent: Bool { get }
  /// The section of the protocol's name that names the Diffie-Hellman function and the KEM, with the lines around it.
  static var nameSection: StaticString { get }
  /// Length of a public key, in bytes.
  static var publicKeyLength: Int { get }
  /// Length of a ciphertext, in bytes.
  static var ciphertextLength: Int { get }

  /// Without a key.
  init()
  /// Makes a key pair and writes its public key to the start of `output`.
  mutating func makeKey(into output: inout MutableRawSpan)
  /// Takes the other party's public key.
  ///
  /// - Throws: ``NoiseError/malformedKEMKey``.
  mutating func setPeerKey(_ key: RawSpan) throws(NoiseError)
  /// Writes a new secret into `shared`, and to the start of `ciphertext` what carries it to the other party.
  mutating func encapsulate(
    into ciphertext: inout MutableRawSpan, _ shared: inout SecretBytes<32>
  ) throws(NoiseError)
  /// Writes the secret that a ciphertext of the right length carries into `shared`.
  borrowing func decapsulate(_ ciphertext: RawSpan, into shared: inout SecretBytes<32>)
  /// Undoes ``makeKey(into:)`` or ``setPeerKey(_:)``, for a message that came to nothing.
  mutating func forget()
  /// Overwrites the key.
  mutating func wipe()
  /// What it would otherwise draw: all of it for the key pair, or for the ciphertext. For test vectors only.
  @_spi(Testing) mutating func fix(_ randomness: RawSpan)
}

extension KEM where Self: ~Copyable {
  @_spi(Testing) public mutating func fix(_ randomness: RawSpan) {}
}

/// No KEM: the handshakes of the specification. It takes no memory.
public struct NoKEM: KEM, ~Copyable {
  @inlinable public static var isPresent: Bool { false }
  @inlinable public static var nameSection: StaticString { "_25519_" }
  @inlinable public static var publicKeyLength: Int { 0 }
  @inlinable public static var ciphertextLength: Int { 0 }

  @inlinable public init() {}
  @inlinable public mutating func makeKey(into output: inout MutableRawSpan) {}
  @inlinable public mutating func setPeerKey(_ key: RawSpan) throws(NoiseError) {}
  @inlinable
  public mutating func encapsulate(
    into ciphertext: inout MutableRawSpan, _ shared: inout SecretBytes<32>
  ) throws(NoiseError) {}
  @inlinable public borrowing func decapsulate(_ ciphertext: RawSpan, into shared: inout SecretBytes<32>) {}
  @inlinable public mutating func forget() {}
  @inlinable public mutating func wipe() {}
}

/// ML-KEM-768, `25519+MLKEM768` in a protocol's name. It takes 2,401 bytes.
public struct MLKEM768State: KEM, ~Copyable {
  @inlinable public static var isPresent: Bool { true }
  @inlinable public static var nameSection: StaticString { "_25519+MLKEM768_" }
  @inlinable public static var publicKeyLength: Int { MLKEM768.publicKeyLength }
  @inlinable public static var ciphertextLength: Int { MLKEM768.ciphertextLength }

  /// The own key pair; or, in the same place, the other party's public key, followed by what a test has fixed.
  @usableFromInline var key = MLKEM768.PrivateKey()
  @usableFromInline var isFixed = false

  public init() {}

  public mutating func makeKey(into output: inout MutableRawSpan) {
    if !isFixed { key.generate() }
    copyBytes(key.publicKey, to: &output)
  }

  public mutating func setPeerKey(_ bytes: RawSpan) throws(NoiseError) {
    guard MLKEM768.isPublicKey(bytes) else { throw .malformedKEMKey }
    var place = key.place
    copyBytes(bytes, to: &place)
  }

  public mutating func encapsulate(
    into ciphertext: inout MutableRawSpan, _ shared: inout SecretBytes<32>
  ) throws(NoiseError) {
    let length = MLKEM768.publicKeyLength
    let peerKey = key.secretBytes.extracting(0..<length)
    do {
      if isFixed {
        let randomness = key.secretBytes.extracting(length..<length + 32)
        try MLKEM768.encapsulate(to: peerKey, ciphertext: &ciphertext, into: &shared, randomness: randomness)
      } else {
        try MLKEM768.encapsulate(to: peerKey, ciphertext: &ciphertext, into: &shared)
      }
    } catch { throw .malformedKEMKey }
  }

  public borrowing func decapsulate(_ ciphertext: RawSpan, into shared: inout SecretBytes<32>) {
    do { try key.decapsulate(ciphertext, into: &shared) } catch { preconditionFailure("the length is checked before") }
  }

  public mutating func forget() {
    if !isFixed { key.wipe() }
  }

  public mutating func wipe() { key.wipe() }

  @_spi(Testing)
  public mutating func fix(_ randomness: RawSpan) {
    isFixed = true
    if randomness.byteCount == MLKEM768.seedLength {
      do { try key.load(seed: randomness) } catch { preconditionFailure("the length is right") }
    } else {
      precondition(randomness.byteCount == 32, "64 bytes for a key pair, 32 for a ciphertext")
      var place = key.place
      copyBytes(randomness, to: &place, at: MLKEM768.publicKeyLength)
    }
  }
}
