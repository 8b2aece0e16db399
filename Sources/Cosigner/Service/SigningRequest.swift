// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import ThresholdSigning

/// What the server asks of a co-signer.
public struct SigningRequest: Sendable {
  /// The batch of nonces, and which of them.
  public let batch: Bytes<16>
  public let index: Int
  /// The bytes that the signature covers, label and all.
  public let statement: [UInt8]
  /// What the device proved to this co-signer; empty, or ``RotationProof/encodedLength`` bytes.
  public let evidence: [UInt8]
  /// The commitments of all other signers.
  public let others: [NonceCommitments]
  /// The newest head of this co-signer's log that the server has seen.
  public let remembered: LogHead

  public init(
    batch: Bytes<16>, index: Int, statement: [UInt8], evidence: [UInt8] = [], others: [NonceCommitments],
    remembered: LogHead
  ) {
    self.batch = batch
    self.index = index
    self.statement = statement
    self.evidence = evidence
    self.others = others
    self.remembered = remembered
  }
}

/// What it gets.
public enum SigningAnswer: Equatable, Sendable {
  /// The co-signer's part, and the head of its log with this statement in it.
  case share(SignatureShare, LogHead)
  case refused(Refusal)
}
