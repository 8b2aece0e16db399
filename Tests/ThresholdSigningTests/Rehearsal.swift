// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Testing

@testable import ThresholdSigning

/// A ceremony within one process. What is under way can be changed for each recipient; a party that has met an error says no more.
struct Rehearsal {
  enum Step: CaseIterable { case pledge, announcement, share, transcript }

  struct Message {
    let step: Step
    let sender: Participant
    let recipient: Participant
    var bytes: [UInt8]
  }

  let ceremony: Ceremony
  let parties: [Participant: CeremonyParty]
  /// What each party that could not go on said.
  private(set) var errors: [Participant: ThresholdError] = [:]
  private(set) var shares: [Participant: KeyShare] = [:]

  init(_ ceremony: Ceremony, _ shares: [Participant: KeyShare] = [:]) throws {
    self.ceremony = ceremony
    parties = try Dictionary(
      uniqueKeysWithValues: ceremony.keys.keys.map { ($0, try CeremonyParty(ceremony, as: $0, share: shares[$0])) })
  }

  /// - Parameter alter: changes what a recipient gets; an empty message does not arrive.
  mutating func run(_ alter: (inout Message) throws -> Void = { _ in }) throws {
    for step in Step.allCases {
      for sender in ceremony.keys.keys.sorted() where errors[sender] == nil && speaks(sender, in: step) {
        for recipient in ceremony.keys.keys.sorted() where recipient != sender && hears(recipient, in: step) {
          try send(step, from: sender, to: recipient, alter)
        }
      }
    }
    for receiver in ceremony.receivers where errors[receiver] == nil {
      do throws(ThresholdError) { shares[receiver] = try parties[receiver]!.finish() } catch {
        errors[receiver] = error
      }
    }
  }

  private func speaks(_ participant: Participant, in step: Step) -> Bool {
    (step == .transcript ? ceremony.receivers : ceremony.dealers).contains(participant)
  }

  private func hears(_ participant: Participant, in step: Step) -> Bool {
    step == .pledge || step == .announcement || ceremony.receivers.contains(participant)
  }

  private mutating func send(
    _ step: Step, from sender: Participant, to recipient: Participant, _ alter: (inout Message) throws -> Void
  ) throws {
    var message = Message(step: step, sender: sender, recipient: recipient, bytes: [])
    do throws(ThresholdError) { message.bytes = try outgoing(step, from: sender, to: recipient) } catch {
      errors[sender] = error
      return
    }
    try alter(&message)
    guard !message.bytes.isEmpty, errors[recipient] == nil else { return }
    do throws(ThresholdError) { try deliver(message) } catch { errors[recipient] = error }
  }

  private func outgoing(
    _ step: Step, from sender: Participant, to recipient: Participant
  ) throws(ThresholdError) -> [UInt8] {
    let party = parties[sender]!
    switch step {
    case .pledge: return party.pledge.map { [UInt8](copying: $0.bytes) } ?? []
    case .announcement: return try party.announcement()
    case .transcript: return [UInt8](copying: try party.transcript().bytes)
    case .share:
      var share = SecretBytes<32>()
      try party.writeShare(for: recipient, into: &share)
      return [UInt8](copying: share.bytes)
    }
  }

  private func deliver(_ message: Message) throws(ThresholdError) {
    let party = parties[message.recipient]!
    switch message.step {
    case .pledge: try party.receive(pledge: .taken(from: message.bytes), from: message.sender)
    case .announcement: try party.receive(announcement: message.bytes.bytes, from: message.sender)
    case .share: try party.receive(share: message.bytes.bytes, from: message.sender)
    case .transcript: try party.receive(transcript: .taken(from: message.bytes), from: message.sender)
    }
  }
}

extension Bytes<64> {
  static func taken(from bytes: [UInt8]) -> Bytes<64> { try! Bytes(copying: bytes) }
}

/// A key that several share, and its owners.
struct Shared {
  var shares: [Participant: KeyShare]

  var group: GroupKey { shares.values.first!.group }

  static func session() -> Bytes<32> {
    var session = Bytes<32>()
    var target = session.mutableBytes
    fillWithRandomBytes(&target)
    return session
  }

  static func keys(_ participants: [Participant]) -> [Participant: X25519.PublicKey] {
    Dictionary(uniqueKeysWithValues: participants.map { ($0, X25519.PrivateKey.random().publicKey) })
  }

  /// A key made without a dealer.
  static func generate(_ threshold: Int, _ numbers: some Sequence<UInt16>) throws -> Shared {
    let ceremony = try Ceremony(
      generating: threshold, session: session(), keys: keys(numbers.map { .number($0) }))
    return try complete(ceremony)
  }

  func refreshed() throws -> Shared {
    try Self.complete(
      Ceremony(refreshing: group, session: Self.session(), keys: Self.keys(group.participants)), shares)
  }

  func reshared(_ threshold: Int, quorum: [UInt16], to receivers: [UInt16]) throws -> Shared {
    let (quorum, receivers) = (quorum.map { Participant.number($0) }, receivers.map { Participant.number($0) })
    return try Self.complete(
      Ceremony(
        resharing: group, quorum: quorum, to: receivers, threshold: threshold, session: Self.session(),
        keys: Self.keys(Array(Set(quorum + receivers)))), shares)
  }

  private static func complete(_ ceremony: Ceremony, _ shares: [Participant: KeyShare] = [:]) throws -> Shared {
    var rehearsal = try Rehearsal(ceremony, shares)
    try rehearsal.run()
    #expect(rehearsal.errors.isEmpty)
    return Shared(shares: rehearsal.shares)
  }

  /// New nonces for these signers, and the package that they sign.
  func prepare(_ signers: [Participant], _ message: [UInt8]) throws -> Preparation {
    let batches = try Dictionary(
      uniqueKeysWithValues: signers.map { ($0, try NonceBatch(for: shares[$0]!, count: 1)) })
    return Preparation(
      batches: batches,
      package: try SigningPackage(
        message: message.bytes, commitments: signers.map { batches[$0]!.commitments[0] }, group: group))
  }

  func parts(_ preparation: inout Preparation) throws -> [SignatureShare] {
    try preparation.package.signers.map { signer in
      try preparation.package.sign(with: shares[signer]!, preparation.batches[signer]!.take(0))
    }
  }

  func sign(_ message: [UInt8], by signers: [Participant]) throws -> Ed25519.Signature {
    var preparation = try prepare(signers, message)
    let parts = try parts(&preparation)
    return try preparation.package.aggregate(parts)
  }

  struct Preparation {
    let batches: [Participant: NonceBatch]
    var package: SigningPackage
  }
}
