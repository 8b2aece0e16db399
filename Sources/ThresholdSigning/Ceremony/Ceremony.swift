// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// What the parties of a ceremony agree on before it begins: what it is for, who deals, who gets a share, and everybody's static
/// key. All that they say and prove is bound to it.
public struct Ceremony: Sendable {
  public enum Purpose: UInt8, Sendable {
    /// A new key, which nobody ever holds whole.
    case generation = 1
    /// New shares of the same key for the same participants. The old ones are worthless beside them.
    case refresh = 2
    /// New shares of the same key for other participants, or with another threshold: also how a lost share is replaced.
    case resharing = 3
  }

  public let purpose: Purpose
  /// 32 bytes that no other ceremony has.
  public let session: Bytes<32>
  /// The new shares' threshold.
  public let threshold: Int
  /// Everybody who takes part, with the X25519 key by which the others know it.
  public let keys: [Participant: X25519.PublicKey]
  /// Who shares something out, in order.
  public let dealers: [Participant]
  /// Who gets a new share, in order.
  public let receivers: [Participant]
  /// The key that is shared anew.
  public let previous: GroupKey?
  /// SHA-512 over all of this.
  let context: Bytes<64>

  /// The number of the new set of shares.
  public var set: UInt32 { (previous?.set ?? 0) + 1 }

  /// Making a new key: everybody deals, and everybody gets a share.
  ///
  /// - Throws: ``ThresholdError/invalidParameters``.
  public init(
    generating threshold: Int, session: Bytes<32>, keys: [Participant: X25519.PublicKey]
  ) throws(ThresholdError) {
    let everybody = keys.keys.sorted()
    try self.init(.generation, threshold, session, keys, dealers: everybody, receivers: everybody, previous: nil)
  }

  /// Refreshing the shares of `group`: everybody who has one takes part.
  ///
  /// - Throws: ``ThresholdError/missing(_:)``, ``ThresholdError/unknownParticipant(_:)``.
  public init(
    refreshing group: GroupKey, session: Bytes<32>, keys: [Participant: X25519.PublicKey]
  ) throws(ThresholdError) {
    let everybody = group.participants
    try self.init(
      .refresh, group.threshold, session, keys, dealers: everybody, receivers: everybody, previous: group)
  }

  /// Sharing the key of `group` anew.
  ///
  /// - Parameters:
  ///   - quorum: participants of the group who deal, at least its threshold. They may get new shares too.
  ///   - receivers: who has a share afterwards.
  ///   - threshold: the new one.
  /// - Throws: ``ThresholdError/tooFewSigners(needed:given:)``, ``ThresholdError/unknownParticipant(_:)`` and so on.
  public init(
    resharing group: GroupKey, quorum: [Participant], to receivers: [Participant], threshold: Int, session: Bytes<32>,
    keys: [Participant: X25519.PublicKey]
  ) throws(ThresholdError) {
    let quorum = try quorum.sortedOnce()
    for dealer in quorum { _ = try group.verifyingShare(of: dealer) }
    guard quorum.count >= group.threshold else {
      throw .tooFewSigners(needed: group.threshold, given: quorum.count)
    }
    try self.init(
      .resharing, threshold, session, keys, dealers: quorum, receivers: try receivers.sortedOnce(), previous: group)
  }

  private init(
    _ purpose: Purpose, _ threshold: Int, _ session: Bytes<32>, _ keys: [Participant: X25519.PublicKey],
    dealers: [Participant], receivers: [Participant], previous: GroupKey?
  ) throws(ThresholdError) {
    try GroupKey.check(threshold: threshold, of: receivers.count)
    guard previous?.set != .max else { throw .invalidParameters }
    for participant in dealers + receivers where keys[participant] == nil { throw .missing(participant) }
    for participant in keys.keys.sorted() where !dealers.contains(participant) && !receivers.contains(participant) {
      throw .unknownParticipant(participant)
    }
    self.purpose = purpose
    self.threshold = threshold
    self.session = session
    self.keys = keys
    self.dealers = dealers
    self.receivers = receivers
    self.previous = previous
    var hash = Hash.SHA512()
    hash.update("countersign-v1 threshold ceremony")
    hash.update(purpose.rawValue)
    hash.update(session.bytes)
    hash.update((previous?.set ?? 0) + 1)
    hash.update(UInt16(threshold))
    let encoded = previous?.encoded ?? []
    hash.update(UInt32(encoded.count))
    hash.update(encoded.bytes)
    hash.update(UInt16(keys.count))
    for (participant, key) in keys.sorted(by: { $0.key < $1.key }) {
      hash.update(participant)
      let roles: UInt8 = (dealers.contains(participant) ? 1 : 0) | (receivers.contains(participant) ? 2 : 0)
      hash.update(roles)
      hash.update(key.bytes)
    }
    context = hash.digest()
  }

  /// How many coefficients a dealer announces. A refresh announces none for the constant term, which is 0.
  var coefficientCount: Int { purpose == .refresh ? threshold - 1 : threshold }
  /// The power of x that the first announced coefficient belongs to.
  var firstCoefficient: Int { purpose == .refresh ? 1 : 0 }
}
