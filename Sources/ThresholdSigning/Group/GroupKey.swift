// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// What everybody may know of a shared key: the key, who has a share of it, how many of them sign, and the point that each share is
/// checked against.
public struct GroupKey: Equatable, Sendable {
  public static let maximumParticipants = 32

  /// Counts the sets of shares of one key, from 1: refreshing and resharing make the next. Shares of two sets do not go together.
  public let set: UInt32
  /// How many participants sign together, at least 2.
  public let threshold: Int
  /// The key, as a point.
  public let point: Edwards25519.Point
  /// Each participant's share times the base point.
  public let verifyingShares: [Participant: Edwards25519.Point]
  /// The first 32 bytes of the transcript of the ceremony that made these shares: with it the fingerprint covers who took part.
  public let ceremony: Bytes<32>

  /// The key that verifies signatures: an ordinary Ed25519 key.
  public var publicKey: Ed25519.PublicKey { point.bytes }

  /// Everybody who has a share, in order.
  public var participants: [Participant] { verifyingShares.keys.sorted() }

  /// - Throws: ``ThresholdError/invalidParameters``; ``ThresholdError/inconsistent`` when key and shares are not on one polynomial of
  ///   the threshold's degree.
  package init(
    set: UInt32, threshold: Int, point: Edwards25519.Point, verifyingShares: [Participant: Edwards25519.Point],
    ceremony: Bytes<32>
  ) throws(ThresholdError) {
    try Self.check(threshold: threshold, of: verifyingShares.count)
    guard set != 0 else { throw .invalidParameters }
    self.set = set
    self.threshold = threshold
    self.point = point
    self.verifyingShares = verifyingShares
    self.ceremony = ceremony
    guard isConsistent else { throw .inconsistent }
  }

  static func check(threshold: Int, of count: Int) throws(ThresholdError) {
    guard threshold >= 2, threshold <= count, count <= maximumParticipants else { throw .invalidParameters }
  }

  func verifyingShare(of participant: Participant) throws(ThresholdError) -> Edwards25519.Point {
    guard let share = verifyingShares[participant] else { throw .unknownParticipant(participant) }
    return share
  }

  private var isConsistent: Bool {
    let points = verifyingShares.sorted { $0.key < $1.key }.map { (participant: $0.key, point: $0.value) }
    let quorum = Array(points.prefix(threshold))
    guard (try? Lagrange.interpolate(quorum)) == point else { return false }
    for (participant, share) in points.dropFirst(threshold) {
      guard (try? Lagrange.interpolate(quorum, at: participant.number)) == share else { return false }
    }
    // With a lower degree, fewer could sign than the threshold says.
    return (try? Lagrange.interpolate(quorum.dropLast())) != point
  }
}
