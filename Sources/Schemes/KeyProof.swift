// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto

/// A device's proof that it has the private half of a key that it asks to have certified.
///
/// HMAC-SHA256 under DH(new key, the server's ephemeral key of this session), over a label, the handshake hash and the new public key,
/// cut to 16 bytes. Without it a device could have somebody else's key certified as its own, and whoever holds that key would be
/// let in under its name. The proof holds for this session alone.
public enum KeyProof {
  /// Bytes of a proof.
  public static let length = 16

  /// Proves `key` in a session.
  ///
  /// - Parameters:
  ///   - serverEphemeral: the server's ephemeral key, from its answer to the first frame.
  ///   - handshakeHash: the handshake's hash, 32 bytes.
  /// - Throws: ``SchemesError/malformed`` when the server's key is of low order.
  public static func make(
    for key: borrowing X25519.PrivateKey, serverEphemeral: X25519.PublicKey, handshakeHash: RawSpan
  ) throws(SchemesError) -> Bytes<16> {
    var proof = Bytes<16>()
    try compute(key, serverEphemeral, proving: key.publicKey, handshakeHash, into: &proof)
    return proof
  }

  /// Whether a proof is that of `key`, in the session whose answer was made with `ephemeral`.
  public static func isValid(
    _ proof: Bytes<16>, for key: X25519.PublicKey, ephemeral: borrowing X25519.PrivateKey, handshakeHash: RawSpan
  ) -> Bool {
    var expected = Bytes<16>()
    do { try compute(ephemeral, key, proving: key, handshakeHash, into: &expected) } catch { return false }
    return constantTimeEquals(expected.bytes, proof.bytes)
  }

  /// Not inlined: the space it takes on a small device's stack must be free again afterwards.
  @inline(never)
  private static func compute(
    _ mine: borrowing X25519.PrivateKey, _ other: X25519.PublicKey, proving key: X25519.PublicKey,
    _ handshakeHash: RawSpan, into proof: inout Bytes<16>
  ) throws(SchemesError) {
    var shared = SecretBytes<32>()
    defer { shared.wipe() }
    do { try mine.agree(with: other, into: &shared) } catch { throw .malformed }
    var whole = SecretBytes<64>()
    defer { whole.wipe() }
    var mac = Hash.HMAC<Hash.SHA256>(key: shared.bytes)
    let label: StaticString = "countersign-v1 key proof"
    label.withUTF8Buffer { mac.update(RawSpan(_unsafeBytes: UnsafeRawBufferPointer($0))) }
    mac.update(handshakeHash)
    mac.update(key.bytes)
    var code = whole.mutableBytes
    mac.finalize(into: &code)
    var target = proof.mutableBytes
    copyBytes(code.bytes.extracting(0..<length), to: &target)
  }
}

/// What the server keeps of a handshake, so that it can check a ``KeyProof``: its ephemeral key and the hash. As secret as the
/// session's keys, and wiped with them.
public struct ProofContext: ~Copyable {
  private var ephemeral = X25519.PrivateKey()
  private var handshakeHash = Bytes<32>()
  /// Whether the session's scheme has an ephemeral key of the server, so that a key can be proved in it.
  public private(set) var isPresent = false

  public init() {}

  /// Takes what a handshake leaves. The first 32 bytes of its hash count.
  public mutating func keep(_ ephemeral: borrowing X25519.PrivateKey, _ hash: RawSpan) {
    self.ephemeral.copy(from: ephemeral)
    var target = handshakeHash.mutableBytes
    copyBytes(hash.extracting(0..<32), to: &target)
    isPresent = true
  }

  /// Whether `proof` is that of `key` in this session; always false if the scheme has no ephemeral key of the server.
  public func accepts(_ proof: Bytes<16>, for key: X25519.PublicKey) -> Bool {
    isPresent
      && KeyProof.isValid(proof, for: key, ephemeral: ephemeral, handshakeHash: handshakeHash.bytes)
  }

  public mutating func wipe() {
    ephemeral.wipe()
    isPresent = false
  }
}
