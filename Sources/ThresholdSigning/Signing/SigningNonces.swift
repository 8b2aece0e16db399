// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// The two secret nonces of one signature. Whoever learns two signatures under the same nonces learns the share.
///
/// The type allows one use: it cannot be copied, signing consumes it, and it has no encoding, so that no crash, no snapshot and no backup
/// brings it back. Moving it moves a reference; the numbers stay where they were drawn.
public struct SigningNonces: ~Copyable, Sendable {
  public let commitments: NonceCommitments
  let hiding: SecretScalar
  let binding: SecretScalar

  /// New nonces for one signature with `share`, hedged as RFC 9591, section 4.1 says: hashed from random bytes and the share, so that a
  /// weak generator alone does not give them away.
  public init(for share: KeyShare) throws(ThresholdError) {
    var random = SecretBytes<64>.random()
    defer { random.wipe() }
    try self.init(
      for: share, hidingRandom: random.bytes.extracting(0..<32), bindingRandom: random.bytes.extracting(32..<64))
  }

  /// Nonces from random bytes that are given, 32 each. For test vectors only.
  @_spi(Testing)
  public init(for share: KeyShare, hidingRandom: RawSpan, bindingRandom: RawSpan) throws(ThresholdError) {
    hiding = SecretScalar()
    binding = SecretScalar()
    Self.draw(hidingRandom, share, into: hiding)
    Self.draw(bindingRandom, share, into: binding)
    do {
      commitments = NonceCommitments(
        participant: share.participant, hiding: try Edwards25519.Point(base: hiding.value),
        binding: try Edwards25519.Point(base: binding.value))
    } catch { throw .degenerate }
  }

  /// Puts together what ``NonceBatch`` has kept apart.
  init(_ commitments: NonceCommitments, hiding: SecretScalar, binding: SecretScalar) {
    self.commitments = commitments
    self.hiding = hiding
    self.binding = binding
  }

  private static func draw(_ random: RawSpan, _ share: KeyShare, into nonce: SecretScalar) {
    var hash = Ciphersuite.nonce()
    hash.update(random)
    hash.update(share.secret.value)
    hash.finalize(reducedInto: &nonce.value)
  }
}
