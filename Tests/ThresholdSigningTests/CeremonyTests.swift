// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import TestSeed
import Testing

@testable import ThresholdSigning

@Suite("Shared keys: ceremonies")
struct CeremonyTests {
  private func signs(_ shared: Shared, _ message: [UInt8] = [1, 2, 3]) throws -> Bool {
    let signers = Array(shared.group.participants.suffix(shared.group.threshold))
    return Ed25519.isValid(
      try shared.sign(message, by: signers), for: message.bytes, under: shared.group.publicKey)
  }

  @Test("refreshed shares sign under the same key, again and again; two sets do not mix")
  func refresh() throws {
    let first = try Shared.generate(2, [1, 2, 7])
    var shared = first
    for round in 1...3 {
      let next = try shared.refreshed()
      #expect(next.group.set == UInt32(round + 1))
      #expect(next.group.publicKey == first.group.publicKey)
      #expect(next.group.fingerprint != shared.group.fingerprint)
      for participant in next.group.participants {
        #expect(!next.shares[participant]!.secret.equals(shared.shares[participant]!.secret))
      }
      #expect(try signs(next))
      // A thief with one share of the old set and one of the new: their line does not lead to the key.
      let mixed = [
        (Participant.number(1), shared.group.verifyingShares[.number(1)]!),
        (.number(2), next.group.verifyingShares[.number(2)]!),
      ]
      #expect(try Lagrange.interpolate(mixed.map { (participant: $0.0, point: $0.1) }) != first.group.point)
      shared = next
    }
  }

  @Test(
    "shared anew, to others and with another threshold, the key stays",
    arguments: [
      (2, [1, 2, 3], [1, 3], 2, [1, 3, 4]),  // 2 lost its share: 4 replaces it
      (2, [1, 2], [1, 2], 2, [1, 2, 3]),  // one more
      (2, [1, 2, 3], [1, 2, 3], 3, [1, 2, 3, 4, 5]),  // a higher threshold
      (3, [1, 2, 3, 4], [1, 2, 4], 2, [1, 2]),  // a lower one
      (2, [1, 2], [1, 2], 2, [8, 9]),  // nobody stays
    ] as [(Int, [UInt16], [UInt16], Int, [UInt16])])
  func resharing(
    _ threshold: Int, _ numbers: [UInt16], _ quorum: [UInt16], _ newThreshold: Int, _ receivers: [UInt16]
  ) throws {
    let old = try Shared.generate(threshold, numbers)
    let new = try old.reshared(newThreshold, quorum: quorum, to: receivers)
    #expect(new.group.publicKey == old.group.publicKey)
    #expect(new.group.set == 2)
    #expect(new.group.threshold == newThreshold)
    #expect(new.group.participants.map(\.number) == receivers)
    #expect(try signs(new))
    #expect(try signs(new.refreshed()))
  }

  @Test("seeded: chains of refreshing and resharing over many sizes")
  func chains() throws {
    var random = SeededGenerator(for: #function)
    for _ in 0..<6 {
      var next: UInt16 = 1
      func fresh(_ count: Int) -> [UInt16] {
        defer { next += UInt16(count) }
        return (0..<count).map { next + UInt16($0) }
      }
      let count = Int.random(in: 2...5, using: &random)
      var shared = try Shared.generate(.random(in: 2...count, using: &random), fresh(count))
      let key = shared.group.publicKey
      for _ in 0..<3 {
        if Bool.random(using: &random) {
          shared = try shared.refreshed()
        } else {
          let old = shared.group.participants.map(\.number).shuffled(using: &random)
          let quorum = Array(old.prefix(.random(in: shared.group.threshold...old.count, using: &random)))
          let staying = old.prefix(.random(in: 1...old.count, using: &random))
          let receivers = staying + fresh(.random(in: 1...2, using: &random))
          shared = try shared.reshared(
            .random(in: 2...receivers.count, using: &random), quorum: quorum, to: Array(receivers))
        }
        #expect(shared.group.publicKey == key)
        #expect(try signs(shared))
      }
    }
  }

  @Test("parameters that make no group are refused")
  func parameters() throws {
    let session = Shared.session()
    func keys(_ numbers: ClosedRange<UInt16>) -> [Participant: X25519.PublicKey] {
      Shared.keys(numbers.map { .number($0) })
    }
    for (threshold, count) in [(0, 2), (1, 2), (3, 2), (2, 33)] as [(Int, UInt16)] {
      #expect(throws: ThresholdError.invalidParameters) {
        try Ceremony(generating: threshold, session: session, keys: keys(1...count))
      }
    }
    let shared = try Shared.generate(2, 1...3)
    let participants = shared.group.participants
    #expect(throws: ThresholdError.missing(.number(3))) {
      try Ceremony(refreshing: shared.group, session: session, keys: keys(1...2))
    }
    #expect(throws: ThresholdError.unknownParticipant(.number(4))) {
      try Ceremony(refreshing: shared.group, session: session, keys: keys(1...4))
    }
    #expect(throws: ThresholdError.tooFewSigners(needed: 2, given: 1)) {
      try Ceremony(
        resharing: shared.group, quorum: [.number(1)], to: participants, threshold: 2, session: session,
        keys: keys(1...3))
    }
    #expect(throws: ThresholdError.duplicate(.number(1))) {
      try Ceremony(
        resharing: shared.group, quorum: [.number(1), .number(1)], to: participants, threshold: 2, session: session,
        keys: keys(1...3))
    }
    #expect(throws: ThresholdError.unknownParticipant(.number(4))) {
      try Ceremony(
        resharing: shared.group, quorum: [.number(1), .number(4)], to: participants, threshold: 2, session: session,
        keys: keys(1...4))
    }
    let refresh = try Ceremony(refreshing: shared.group, session: session, keys: keys(1...3))
    #expect(throws: ThresholdError.foreignShare) { try CeremonyParty(refresh, as: .number(1)) }
    #expect(throws: ThresholdError.foreignShare) {
      try CeremonyParty(refresh, as: .number(1), share: shared.shares[.number(2)]!)
    }
    #expect(throws: ThresholdError.foreignShare) {
      try CeremonyParty(refresh, as: .number(1), share: shared.refreshed().shares[.number(1)]!)
    }
  }

  @Test("steps out of order are refused, and the ceremony goes on")
  func order() throws {
    let everybody: [Participant] = [.number(1), .number(2)]
    let ceremony = try Ceremony(generating: 2, session: Shared.session(), keys: Shared.keys(everybody))
    let (one, two) = (try CeremonyParty(ceremony, as: everybody[0]), try CeremonyParty(ceremony, as: everybody[1]))
    var share = SecretBytes<32>()
    #expect(throws: ThresholdError.missing(everybody[1])) { try one.announcement() }
    #expect(throws: ThresholdError.missing(everybody[1])) { try one.writeShare(for: everybody[1], into: &share) }
    #expect(throws: ThresholdError.missing(everybody[1])) { try one.transcript() }
    #expect(throws: ThresholdError.missing(everybody[1])) { try one.finish() }
    try two.receive(pledge: one.pledge!, from: everybody[0])
    let announcement = try two.announcement()
    #expect(throws: ThresholdError.missing(everybody[1])) {
      try one.receive(announcement: announcement.bytes, from: everybody[1])
    }
    try one.receive(pledge: two.pledge!, from: everybody[1])
    let first = try one.announcement()
    // What comes twice is taken once.
    for _ in 0..<2 {
      try one.receive(pledge: two.pledge!, from: everybody[1])
      try one.receive(announcement: announcement.bytes, from: everybody[1])
      try two.receive(announcement: first.bytes, from: everybody[0])
    }
    for _ in 0..<2 {
      try one.writeShare(for: everybody[1], into: &share)
      try two.receive(share: share.bytes, from: everybody[0])
      try two.writeShare(for: everybody[0], into: &share)
      try one.receive(share: share.bytes, from: everybody[1])
    }
    #expect(throws: ThresholdError.missing(everybody[1])) { try one.finish() }
    try one.receive(transcript: two.transcript(), from: everybody[1])
    try two.receive(transcript: one.transcript(), from: everybody[0])
    let shares = [try one.finish(), try two.finish()]
    #expect(shares[0].group == shares[1].group)
    #expect(throws: ThresholdError.aborted) { try one.finish() }
    #expect(try signs(Shared(shares: [everybody[0]: shares[0], everybody[1]: shares[1]])))
  }
}
