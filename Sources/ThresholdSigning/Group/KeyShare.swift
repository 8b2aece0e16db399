// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// One participant's share of a key. It stays in one place in locked memory; the owner keeps its 32 bytes where secrets are kept.
public final class KeyShare: Sendable {
  public let participant: Participant
  public let group: GroupKey
  let secret = SecretScalar()

  /// The share with these 32 bytes.
  ///
  /// - Throws: ``ThresholdError/unknownParticipant(_:)``; ``ThresholdError/inconsistent`` when the bytes are not below L or not the
  ///   secret of this participant's verifying share.
  public init(participant: Participant, group: GroupKey, secret bytes: RawSpan) throws(ThresholdError) {
    self.participant = participant
    self.group = group
    let expected = try group.verifyingShare(of: participant)
    do {
      try secret.value.load(bytes)
      guard try Edwards25519.Point(base: secret.value) == expected else { throw ThresholdError.inconsistent }
    } catch { throw .inconsistent }
  }

  /// Writes the 32 secret bytes, for storage in a place that is itself protected.
  public func writeSecret(into target: inout SecretBytes<32>) { secret.value.write(into: &target) }
}
