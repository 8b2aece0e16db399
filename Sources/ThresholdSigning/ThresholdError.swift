// SPDX-License-Identifier: Apache-2.0

import Wire

/// Why parties that share a key cannot go on. Whoever is to blame is named.
public enum ThresholdError: Error, Equatable, Sendable {
  /// The threshold is below 2 or above the number of parties, or there are more than ``GroupKey/maximumParticipants``.
  case invalidParameters
  /// This participant does not belong to the group or to the ceremony.
  case unknownParticipant(Participant)
  /// This participant is named twice.
  case duplicate(Participant)
  /// This participant's contribution is missing.
  case missing(Participant)
  /// Fewer signers than the threshold.
  case tooFewSigners(needed: Int, given: Int)
  /// What this participant commits to is no point of the prime-order group, or the neutral one.
  case invalidCommitment(Participant)
  /// The list names commitments for this signer that are not those of the nonces at hand.
  case foreignCommitment(Participant)
  /// The nonces at hand were taken out before: they sign once.
  case nonceUsed(index: Int)
  /// The key share belongs to another set of shares than the one that signs.
  case foreignShare
  /// These participants' shares of a signature are wrong.
  case invalidSignatureShares([Participant])
  /// This participant's announcement is not the one that it had pledged.
  case brokenPledge(Participant)
  /// This participant does not show that it knows the constant term of its polynomial.
  case invalidProof(Participant)
  /// This participant's polynomial does not begin with its part of the key that is to be shared anew.
  case foreignConstant(Participant)
  /// The share that this participant dealt is not the one that it is committed to.
  case invalidShare(Participant)
  /// This participant said two different things.
  case contradiction(Participant)
  /// This participant saw other announcements than we did. Somebody sent different ones to the two: who, this does not tell.
  case transcriptMismatch(Participant)
  /// The bytes are not what they claim to be.
  case malformed(WireError)
  /// A step was asked for before those that it builds on, or by a party that has no part in it.
  case outOfOrder
  /// The ceremony ended with an error before.
  case aborted
  /// A sum is 0 or the neutral point. Nobody meets this by chance.
  case degenerate
  /// The secret is not the one that the group's verifying share stands for, or the verifying shares do not fit one another.
  case inconsistent
}

/// What `body` parses; bytes that are not what they claim to be are an error of ours.
func parsing<Result>(_ body: @autoclosure () throws(WireError) -> Result) throws(ThresholdError) -> Result {
  do { return try body() } catch { throw .malformed(error) }
}
