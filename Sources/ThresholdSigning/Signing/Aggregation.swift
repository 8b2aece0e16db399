// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

extension SigningPackage {
  /// Whether one signer's part is right: zB = D + rho E + c lambda Y (RFC 9591, section 5.4).
  ///
  /// - Throws: ``ThresholdError/unknownParticipant(_:)`` for one who does not sign; ``ThresholdError/invalidCommitment(_:)``.
  public mutating func isValid(_ share: SignatureShare) throws(ThresholdError) -> Bool {
    guard let index = signers.firstIndex(of: share.participant) else { throw .unknownParticipant(share.participant) }
    let commitment = try groupCommitment()
    let nonce = try contribution(index)
    let verifyingShare = try group.verifyingShare(of: share.participant)
    var factor = Edwards25519.Scalar()
    var challenge = Edwards25519.Scalar()
    var z = Edwards25519.Scalar()
    try Lagrange.coefficient(of: share.participant, among: signers, into: &factor)
    self.challenge(commitment, into: &challenge)
    factor.multiply(by: challenge)
    // What cannot be computed (0, the neutral point) is no honest signer's part.
    guard (try? z.load(share.z.bytes)) != nil, let left = try? Edwards25519.Point(base: z),
      let right = try? nonce.adding(verifyingShare.multiplied(by: factor))
    else { return false }
    return left == right
  }

  /// The signature, which is checked as every Ed25519 signature is. Only if it fails is each part checked.
  ///
  /// - Parameter shares: one of every signer of the package.
  /// - Throws: ``ThresholdError/unknownParticipant(_:)``, ``ThresholdError/duplicate(_:)``, ``ThresholdError/missing(_:)``;
  ///   ``ThresholdError/invalidSignatureShares(_:)`` with everybody whose part is wrong.
  public mutating func aggregate(_ shares: [SignatureShare]) throws(ThresholdError) -> Ed25519.Signature {
    let given = try shares.map(\.participant).sortedOnce()
    for signer in given where !signers.contains(signer) { throw .unknownParticipant(signer) }
    for signer in signers where !given.contains(signer) { throw .missing(signer) }
    let commitment = try groupCommitment()
    var sum = Edwards25519.Scalar()
    var z = Edwards25519.Scalar()
    for share in shares {
      do { try z.load(share.z.bytes) } catch { throw .invalidSignatureShares([share.participant]) }
      sum.add(z)
    }
    var signature = Ed25519.Signature()
    var target = signature.mutableBytes
    copyBytes(commitment.bytes.bytes, to: &target)
    copyBytes(sum.bytes, to: &target, at: 32)
    if Ed25519.isValid(signature, for: message.bytes, under: group.publicKey) { return signature }
    var culprits: [Participant] = []
    for share in shares where try !isValid(share) { culprits.append(share.participant) }
    // If every part is right, so is the sum.
    guard !culprits.isEmpty else { throw .degenerate }
    throw .invalidSignatureShares(culprits.sorted())
  }
}
