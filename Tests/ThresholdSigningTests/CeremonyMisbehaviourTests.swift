// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import TestSeed
import Testing
import Wire

@testable import ThresholdSigning

@Suite("Shared keys: parties that misbehave in a ceremony")
struct CeremonyMisbehaviourTests {
  private let culprit = Participant.number(2)
  private let everybody: [Participant] = [1, 2, 3].map { .number($0) }

  private func generation(_ session: Bytes<32> = Shared.session()) throws -> Ceremony {
    try Ceremony(generating: 2, session: session, keys: Shared.keys(everybody))
  }

  /// Runs a ceremony in which participant 2 announces `bytes`, having pledged them, and expects all others to refuse them.
  private func expect(
    _ error: ThresholdError, _ ceremony: Ceremony, _ shares: [Participant: KeyShare] = [:],
    at location: SourceLocation = #_sourceLocation, announcing change: (inout [UInt8]) throws -> Void
  ) throws {
    var rehearsal = try Rehearsal(ceremony, shares)
    var bytes = rehearsal.parties[culprit]!.announcementForTests
    try change(&bytes)
    try rehearsal.run { message in
      guard message.sender == culprit else { return }
      switch message.step {
      case .pledge: message.bytes = [UInt8](copying: Announcement.pledge(bytes, ceremony).bytes)
      case .announcement: message.bytes = bytes
      case .share, .transcript: break
      }
    }
    for other in ceremony.receivers where other != culprit {
      #expect(rehearsal.errors[other] == error, "\(other)", sourceLocation: location)
    }
    #expect(rehearsal.shares.isEmpty, sourceLocation: location)
  }

  @Test(
    "coefficients that are no points of the group: a zero coefficient, low order and so on",
    arguments: BadPoint.allCases)
  func badCoefficient(_ point: BadPoint) throws {
    for index in 0..<2 {
      try expect(.invalidCommitment(culprit), generation()) { bytes in
        bytes.replaceSubrange(4 + 32 * index..<36 + 32 * index, with: point.bytes)
      }
    }
  }

  @Test("too few coefficients or too many: another degree would be another threshold")
  func degree() throws {
    let coefficient = [UInt8](copying: try Edwards25519.Point(base: "01".padded.scalar().value).bytes.bytes)
    try expect(.malformed(.invalidValue), generation()) { $0[3] = 1 }
    try expect(.malformed(.invalidValue), generation()) { bytes in
      bytes[3] = 3
      bytes.insert(contentsOf: coefficient, at: 68)
    }
    try expect(.malformed(.wrongLength(expected: 132, actual: 133)), generation()) { $0.append(0) }
    try expect(.malformed(.invalidValue), generation()) { $0[1] = 3 }
  }

  @Test("a proof with a bit turned, of another session, of another participant, or not below L")
  func proof() throws {
    var random = SeededGenerator(for: #function)
    for _ in 0..<20 {
      let bit = Int.random(in: 68 * 8..<132 * 8, using: &random)
      try expect(.invalidProof(culprit), generation()) { $0[bit / 8] ^= 1 << UInt8(bit % 8) }
    }
    try expect(.invalidProof(culprit), generation()) { bytes in
      bytes.replaceSubrange(100..<132, with: addingOrder(Array(bytes[100..<132])))
    }
    let ceremony = try generation()
    // Proved in another session, with the same parties.
    let other = try Ceremony(generating: 2, session: Shared.session(), keys: ceremony.keys)
    try expect(.invalidProof(culprit), ceremony) {
      $0 = try CeremonyParty(other, as: culprit).announcementForTests
    }
    // Proved among other static keys: by somebody in the middle.
    let others = try generation(ceremony.session)
    try expect(.invalidProof(culprit), ceremony) {
      $0 = try CeremonyParty(others, as: culprit).announcementForTests
    }
    // Copied from participant 1, to cancel or to double its part.
    try expect(.invalidProof(culprit), ceremony) {
      $0 = try CeremonyParty(ceremony, as: .number(1)).announcementForTests
      $0[1] = 2
    }
  }

  @Test("a key chosen by the last to announce: it has no proof")
  func rogueKey() throws {
    let ceremony = try generation()
    let first = try CeremonyParty(ceremony, as: .number(1)).announcementForTests
    try expect(.invalidProof(culprit), ceremony) { bytes in
      // C = X - C_1, so that the sum would be X, whose logarithm it knows.
      let minusOne = SecretScalar()
      minusOne.value.set(1)
      minusOne.value.negate()
      let target = try Edwards25519.Point(base: "2a".padded.scalar().value)
      let other = try Edwards25519.Point(decoding: Bytes(copying: Array(first[4..<36])))
      let rogue = try target.adding(other.multiplied(by: minusOne.value))
      bytes.replaceSubrange(4..<36, with: [UInt8](copying: rogue.bytes.bytes))
    }
  }

  @Test("an announcement that is not the pledged one")
  func brokenPledge() throws {
    let ceremony = try generation()
    let other = try CeremonyParty(ceremony, as: culprit).announcementForTests
    var rehearsal = try Rehearsal(ceremony)
    try rehearsal.run { if $0.sender == culprit && $0.step == .announcement { $0.bytes = other } }
    #expect(rehearsal.errors[.number(1)] == .brokenPledge(culprit))
    #expect(rehearsal.errors[.number(3)] == .brokenPledge(culprit))
    #expect(rehearsal.shares.isEmpty)
  }

  @Test(
    "different announcements to different parties, each pledged and proved: the transcripts differ, and nobody has a key"
  )
  func equivocation() throws {
    let ceremony = try generation()
    let second = try CeremonyParty(ceremony, as: culprit)
    let announcement = second.announcementForTests
    var rehearsal = try Rehearsal(ceremony)
    try rehearsal.run { message in
      guard message.sender == culprit, message.recipient == .number(3) else { return }
      switch message.step {
      case .pledge: message.bytes = [UInt8](copying: second.pledge!.bytes)
      case .announcement: message.bytes = announcement
      case .share: message.bytes = try second.shareForTests(message.recipient)
      case .transcript: break
      }
    }
    #expect(rehearsal.shares.isEmpty)
    #expect(rehearsal.errors[.number(3)] == .transcriptMismatch(.number(1)))
    #expect(rehearsal.errors[.number(1)] == .missing(.number(3)))
  }

  @Test("a lie about the transcript, or silence: nobody finishes without all of them")
  func transcripts() throws {
    var rehearsal = try Rehearsal(generation())
    try rehearsal.run { if $0.step == .transcript && $0.sender == culprit { $0.bytes[0] ^= 1 } }
    #expect(rehearsal.errors[.number(1)] == .transcriptMismatch(culprit))
    #expect(rehearsal.errors[.number(3)] == .transcriptMismatch(culprit))
    rehearsal = try Rehearsal(generation())
    try rehearsal.run { if $0.step == .transcript && $0.sender == culprit { $0.bytes = [] } }
    #expect(rehearsal.errors[.number(1)] == .missing(culprit))
  }

  @Test("a wrong share names its dealer, in each kind of ceremony")
  func wrongShares() throws {
    let shared = try Shared.generate(2, 1...3)
    let keys = Shared.keys(everybody)
    let ceremonies = [
      try generation(),
      try Ceremony(refreshing: shared.group, session: Shared.session(), keys: keys),
      try Ceremony(
        resharing: shared.group, quorum: everybody, to: everybody, threshold: 2, session: Shared.session(), keys: keys),
    ]
    for ceremony in ceremonies {
      let changes: [(inout [UInt8]) -> Void] = [
        { $0[0] ^= 1 }, { $0 = addingOrder($0) }, { $0 = [UInt8](repeating: 0, count: 32) }, { $0.removeLast() },
        { $0 = [UInt8](repeating: 255, count: 32) },
      ]
      for change in changes {
        var rehearsal = try Rehearsal(ceremony, ceremony.previous == nil ? [:] : shared.shares)
        try rehearsal.run { message in
          if message.step == .share && message.sender == culprit && message.recipient == .number(3) {
            change(&message.bytes)
          }
        }
        #expect(rehearsal.errors[.number(3)] == .invalidShare(culprit))
        // The others wait in vain for its transcript.
        #expect(rehearsal.errors[.number(1)] == .missing(.number(3)))
        #expect(rehearsal.shares.isEmpty)
        #expect(throws: ThresholdError.aborted) { try rehearsal.parties[.number(3)]!.transcript() }
      }
    }
  }

  @Test("somebody else's share, and a share kept back")
  func misdirected() throws {
    var rehearsal = try Rehearsal(generation())
    let wrong = try CeremonyParty(rehearsal.ceremony, as: culprit)
    try rehearsal.run { message in
      if message.step == .share && message.sender == culprit && message.recipient == .number(3) {
        message.bytes = try wrong.shareForTests(.number(1))
      }
    }
    #expect(rehearsal.errors[.number(3)] == .invalidShare(culprit))
    rehearsal = try Rehearsal(generation())
    try rehearsal.run { if $0.step == .share && $0.sender == culprit { $0.bytes = [] } }
    #expect(rehearsal.errors[.number(1)] == .missing(culprit))
    #expect(rehearsal.errors[.number(3)] == .missing(culprit))
  }

  @Test("resharing something else than one's share, or refreshing with something else than 0")
  func foreignConstant() throws {
    let shared = try Shared.generate(2, 1...3)
    let keys = Shared.keys(everybody)
    let resharing = try Ceremony(
      resharing: shared.group, quorum: everybody, to: everybody, threshold: 2, session: Shared.session(), keys: keys)
    let point = [UInt8](copying: try Edwards25519.Point(base: "2a".padded.scalar().value).bytes.bytes)
    try expect(.foreignConstant(culprit), resharing, shared.shares) { $0.replaceSubrange(4..<36, with: point) }
    // As if another quorum dealt: the factor would be another.
    let smaller = try Ceremony(
      resharing: shared.group, quorum: [.number(1), culprit], to: everybody, threshold: 2, session: resharing.session,
      keys: keys)
    try expect(.foreignConstant(culprit), resharing, shared.shares) {
      $0 = try CeremonyParty(smaller, as: culprit, share: shared.shares[culprit]!).announcementForTests
    }
    let refresh = try Ceremony(refreshing: shared.group, session: Shared.session(), keys: keys)
    try expect(.malformed(.invalidValue), refresh, shared.shares) { bytes in
      bytes[3] = 2
      bytes.insert(contentsOf: point, at: 4)
    }
  }

  @Test("noise in place of any message is refused, never a trap")
  func noise() throws {
    var random = SeededGenerator(for: #function)
    for _ in 0..<60 {
      var rehearsal = try Rehearsal(generation())
      let step = [Rehearsal.Step.announcement, .share].randomElement(using: &random)!
      try rehearsal.run { message in
        guard message.sender == culprit, message.step == step, message.recipient == .number(1) else { return }
        let changed = random.mutate(message.bytes)
        if !changed.isEmpty && changed != message.bytes { message.bytes = changed } else { message.bytes[0] ^= 1 }
      }
      #expect(rehearsal.shares.isEmpty)
      #expect(rehearsal.errors[.number(1)] != nil)
    }
  }
}
