// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// One party of a ceremony. The messages between parties go over channels that are authenticated by their static keys; shares over
/// private ones. The steps:
///
/// 1. Every dealer sends everybody its ``pledge``.
/// 2. Whoever has all pledges sends its ``announcement()``.
/// 3. Whoever has all announcements sends each receiver its share: ``writeShare(for:into:)``.
/// 4. Whoever has everything sends all receivers its ``transcript()``.
/// 5. With all receivers' transcripts, equal to its own, a receiver has its ``finish()``.
///
/// An error that names somebody ends the ceremony for this party: its part is forgotten, and a new one begins with a new session. Whoever
/// calls serves one thread.
public final class CeremonyParty {
  public let ceremony: Ceremony
  public let participant: Participant
  /// Nil for who deals nothing. 64 bytes.
  public let pledge: Bytes<64>?

  private var isAborted = false
  let own: Announcement?
  private(set) var polynomial: SecretPolynomial?
  private let previousShare: KeyShare?
  /// The sum of the shares dealt to this party.
  private let sum = SecretScalar()
  private var pledges: [Participant: Bytes<64>] = [:]
  private var announcements: [Participant: Announcement] = [:]
  /// Whose share is in the sum, and what it was: a repeated message is no second share.
  private var shares: [Participant: SecretScalar] = [:]
  private var transcripts: [Participant: Bytes<64>] = [:]

  /// - Parameter share: this party's share of the key that is shared anew; nil when a key is made, and for who only receives.
  /// - Throws: ``ThresholdError/unknownParticipant(_:)``, ``ThresholdError/foreignShare``.
  public init(_ ceremony: Ceremony, as participant: Participant, share: KeyShare? = nil) throws(ThresholdError) {
    guard ceremony.keys[participant] != nil else { throw .unknownParticipant(participant) }
    self.ceremony = ceremony
    self.participant = participant
    let deals = ceremony.dealers.contains(participant)
    let needsShare = deals && ceremony.purpose != .generation
    guard !needsShare || share.map({ $0.group == ceremony.previous && $0.participant == participant }) == true else {
      throw .foreignShare
    }
    previousShare = needsShare ? share : nil
    guard deals else {
      (own, polynomial, pledge) = (nil, nil, nil)
      return
    }
    let polynomial = SecretPolynomial(coefficientCount: ceremony.threshold)
    switch ceremony.purpose {
    case .generation: polynomial.constant.value.fillWithRandom()
    case .refresh: break
    case .resharing:
      guard let share else { throw .foreignShare }
      try Lagrange.coefficient(of: participant, among: ceremony.dealers, into: &polynomial.constant.value)
      polynomial.constant.value.multiply(by: share.secret.value)
    }
    let announcement = try Announcement(ceremony, dealer: participant, polynomial)
    let pledge = Announcement.pledge(announcement.encoded, ceremony)
    (own, self.polynomial, self.pledge) = (announcement, polynomial, pledge)
    pledges[participant] = pledge
    announcements[participant] = announcement
    if receives { accept(polynomial, from: participant) }
  }

  private var receives: Bool { ceremony.receivers.contains(participant) }

  // MARK: 1. Pledges

  /// Takes a dealer's pledge.
  public func receive(pledge: Bytes<64>, from dealer: Participant) throws(ThresholdError) {
    try checkDealer(dealer)
    guard pledges[dealer] ?? pledge == pledge else { throw abort(.contradiction(dealer)) }
    pledges[dealer] = pledge
  }

  // MARK: 2. Announcements

  /// What this dealer announces.
  ///
  /// - Throws: ``ThresholdError/missing(_:)`` while a pledge is missing: whoever announces first could be answered.
  public func announcement() throws(ThresholdError) -> [UInt8] {
    try checkRunning()
    guard let own else { throw .outOfOrder }
    for dealer in ceremony.dealers where pledges[dealer] == nil { throw .missing(dealer) }
    return own.encoded
  }

  /// Takes and checks a dealer's announcement.
  public func receive(announcement bytes: RawSpan, from dealer: Participant) throws(ThresholdError) {
    try checkDealer(dealer)
    guard let pledge = pledges[dealer] else { throw .missing(dealer) }
    let encoded = [UInt8](copying: bytes)
    if let known = announcements[dealer], known.encoded != encoded { throw abort(.contradiction(dealer)) }
    guard Announcement.pledge(encoded, ceremony) == pledge else { throw abort(.brokenPledge(dealer)) }
    guard announcements[dealer] == nil else { return }
    do throws(ThresholdError) {
      announcements[dealer] = try Announcement(decoding: bytes, ceremony, from: dealer)
    } catch { throw abort(error) }
  }

  // MARK: 3. Shares

  /// Writes the share for a receiver, 32 secret bytes for a private channel to its static key. The caller wipes them.
  ///
  /// - Throws: ``ThresholdError/missing(_:)`` while an announcement is missing.
  public func writeShare(
    for receiver: Participant, into share: inout SecretBytes<32>
  ) throws(ThresholdError) {
    try checkRunning()
    guard ceremony.receivers.contains(receiver) else { throw .unknownParticipant(receiver) }
    guard let polynomial else { throw .outOfOrder }
    try checkAnnouncements()
    var value = Edwards25519.Scalar()
    defer { value.wipe() }
    polynomial.addValue(at: receiver, to: &value)
    value.write(into: &share)
  }

  /// Takes a dealer's share for this party, and checks it against what the dealer announced.
  public func receive(share bytes: RawSpan, from dealer: Participant) throws(ThresholdError) {
    try checkDealer(dealer)
    guard receives, dealer != participant else { throw .outOfOrder }
    try checkAnnouncements()
    let share = SecretScalar()
    do { try share.value.load(bytes) } catch { throw abort(.invalidShare(dealer)) }
    if let known = shares[dealer] {
      guard known.equals(share) else { throw abort(.contradiction(dealer)) }
      return
    }
    guard let expected = try? announcements[dealer]?.polynomial.value(at: participant),
      let found = try? Edwards25519.Point(base: share.value), found == expected
    else { throw abort(.invalidShare(dealer)) }
    shares[dealer] = share
    sum.value.add(share.value)
  }

  private func accept(_ polynomial: SecretPolynomial, from dealer: Participant) {
    let share = SecretScalar()
    polynomial.addValue(at: participant, to: &share.value)
    shares[dealer] = share
    sum.value.add(share.value)
  }

  // MARK: 4. Transcripts

  /// SHA-512 over the ceremony and every announcement: two parties with the same one saw the same.
  ///
  /// - Throws: ``ThresholdError/missing(_:)`` while an announcement, or a share for this party, is missing.
  public func transcript() throws(ThresholdError) -> Bytes<64> {
    try checkRunning()
    try checkAnnouncements()
    if receives { for dealer in ceremony.dealers where shares[dealer] == nil { throw .missing(dealer) } }
    var hash = Hash.SHA512()
    hash.update("countersign-v1 threshold transcript")
    hash.update(ceremony.context.bytes)
    for dealer in ceremony.dealers {
      let encoded = announcements[dealer]?.encoded ?? []
      hash.update(UInt32(encoded.count))
      hash.update(encoded.bytes)
    }
    return hash.digest()
  }

  /// Takes another party's transcript.
  public func receive(transcript: Bytes<64>, from other: Participant) throws(ThresholdError) {
    try checkRunning()
    guard ceremony.keys[other] != nil, other != participant else { throw .unknownParticipant(other) }
    guard try transcript == self.transcript() else { throw abort(.transcriptMismatch(other)) }
    transcripts[other] = transcript
  }

  // MARK: 5. The end

  /// This party's new share. The old one, if there was one, is erased by its owner once everybody has finished.
  ///
  /// - Throws: ``ThresholdError/missing(_:)`` while a receiver's transcript is missing; ``ThresholdError/outOfOrder`` for who gets no
  ///   share.
  public func finish() throws(ThresholdError) -> KeyShare {
    let transcript = try transcript()
    guard receives else { throw .outOfOrder }
    for receiver in ceremony.receivers where receiver != participant && transcripts[receiver] == nil {
      throw .missing(receiver)
    }
    do throws(ThresholdError) {
      let group = try ceremony.group(announcements, transcript)
      let secret = SecretScalar()
      secret.value.copy(from: sum.value)
      if ceremony.purpose == .refresh, let previousShare { secret.value.add(previousShare.secret.value) }
      var bytes = SecretBytes<32>()
      defer { bytes.wipe() }
      secret.value.write(into: &bytes)
      let share = try KeyShare(participant: participant, group: group, secret: bytes.bytes)
      forget()
      return share
    } catch { throw abort(error) }
  }

  // MARK: Checks

  private func checkRunning() throws(ThresholdError) {
    guard !isAborted else { throw .aborted }
  }

  private func checkDealer(_ dealer: Participant) throws(ThresholdError) {
    try checkRunning()
    guard ceremony.dealers.contains(dealer) else { throw .unknownParticipant(dealer) }
  }

  private func checkAnnouncements() throws(ThresholdError) {
    for dealer in ceremony.dealers where announcements[dealer] == nil { throw .missing(dealer) }
  }

  private func abort(_ error: ThresholdError) -> ThresholdError {
    forget()
    return error
  }

  /// Ends the ceremony: what it knew is overwritten.
  private func forget() {
    isAborted = true
    polynomial = nil
    shares = [:]
    sum.value.wipe()
  }
}
