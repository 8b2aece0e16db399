// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

extension SigningPackage {
  /// This signer's part: z = d + e rho + lambda s c (RFC 9591, section 5.2). The nonces are gone afterwards, also after an error.
  ///
  /// - Throws: ``ThresholdError/foreignShare``; ``ThresholdError/foreignCommitment(_:)`` when the package does not name exactly these
  ///   nonces for this signer; ``ThresholdError/invalidCommitment(_:)``.
  public mutating func sign(
    with share: KeyShare, _ nonces: consuming SigningNonces
  ) throws(ThresholdError) -> SignatureShare {
    let (hiding, binding, own) = (nonces.hiding, nonces.binding, nonces.commitments)
    defer {
      hiding.value.wipe()
      binding.value.wipe()
    }
    guard share.group == group else { throw .foreignShare }
    guard let index = commitments.firstIndex(of: own), own.participant == share.participant else {
      throw .foreignCommitment(share.participant)
    }
    var z = Edwards25519.Scalar()
    var factor = Edwards25519.Scalar()
    var secret = Edwards25519.Scalar()
    defer {
      z.wipe()
      secret.wipe()
    }
    try loadBindingFactor(index, into: &factor)
    z.copy(from: binding.value)
    z.multiply(by: factor)
    z.add(hiding.value)
    let contribution: Edwards25519.Point
    do { contribution = try Edwards25519.Point(base: z) } catch { throw .degenerate }
    let commitment = try groupCommitment(knowing: (index, contribution))

    secret.copy(from: share.secret.value)
    try Lagrange.coefficient(of: share.participant, among: signers, into: &factor)
    secret.multiply(by: factor)
    challenge(commitment, into: &factor)
    secret.multiply(by: factor)
    z.add(secret)
    return SignatureShare(share.participant, z)
  }
}
