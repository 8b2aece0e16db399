// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import TestSeed
import Testing

@testable import ThresholdSigning

@Suite("FROST: signers that misbehave")
struct SigningMisbehaviourTests {
  let shared: Shared

  init() throws { shared = try Shared.generate(3, 1...5) }

  private var signers: [Participant] { [1, 2, 4].map { .number($0) } }

  @Test("a wrong share is found, and its signer named", arguments: [1, 2, 4] as [UInt16])
  func wrongShare(_ culprit: UInt16) throws {
    var preparation = try shared.prepare(signers, [5])
    var parts = try shared.parts(&preparation)
    let index = parts.firstIndex { $0.participant.number == culprit }!
    parts[index] = try parts[index].adding(1)
    #expect(throws: ThresholdError.invalidSignatureShares([.number(culprit)])) {
      try preparation.package.aggregate(parts)
    }
  }

  @Test("two that lie so that their errors cancel out change nothing; two whose errors do not are both named")
  func twoWrong() throws {
    var preparation = try shared.prepare(signers, [5])
    var parts = try shared.parts(&preparation)
    let honest = try preparation.package.aggregate(parts)
    let (first, last) = (parts[0], parts[2])
    parts[0] = try first.adding(9)
    parts[2] = try last.adding(7)
    #expect(throws: ThresholdError.invalidSignatureShares([.number(1), .number(4)])) {
      try preparation.package.aggregate(parts)
    }
    let nine = SecretScalar()
    nine.value.set(9)
    nine.value.negate()
    let sum = SecretScalar()
    try sum.value.load(last.z.bytes)
    sum.value.add(nine.value)
    parts[2] = try SignatureShare(participant: .number(4), z: Bytes(copying: sum.value))
    #expect(try preparation.package.aggregate(parts) == honest)
  }

  @Test("a share of 0, one for another message, another key share's, another signer's: named")
  func otherShares() throws {
    var preparation = try shared.prepare(signers, [5])
    let parts = try shared.parts(&preparation)
    var foreign = try shared.prepare(signers, [6])
    let foreignParts = try shared.parts(&foreign)
    let bad = [
      try SignatureShare(participant: .number(2), z: Bytes()), foreignParts[1],
      try SignatureShare(participant: .number(2), z: parts[0].z),
    ]
    for part in bad {
      #expect(try !preparation.package.isValid(part))
      #expect(throws: ThresholdError.invalidSignatureShares([.number(2)])) {
        try preparation.package.aggregate([parts[0], part, parts[2]])
      }
    }
  }

  @Test("a number that is not below L is no share")
  func notCanonical() throws {
    var preparation = try shared.prepare(signers, [5])
    let part = try shared.parts(&preparation)[0]
    let large = addingOrder([UInt8](copying: part.z.bytes))
    #expect(throws: ThresholdError.invalidSignatureShares([.number(1)])) {
      try SignatureShare(participant: .number(1), z: Bytes(copying: large))
    }
    let encoded = Array(part.encoded.prefix(2)) + large
    #expect(throws: ThresholdError.invalidSignatureShares([.number(1)])) {
      try SignatureShare(decoding: encoded.bytes)
    }
    #expect(try SignatureShare(decoding: part.encoded.bytes) == part)
  }

  @Test("commitments to what is no point of the group are refused, and the signer named", arguments: BadPoint.allCases)
  func badCommitment(_ point: BadPoint) throws {
    let good = try NonceBatch(for: shared.shares[.number(2)]!, count: 1).commitments[0].encoded
    for offset in [2, 34] {
      var bytes = good
      bytes.replaceSubrange(offset..<offset + 32, with: point.bytes)
      #expect(throws: ThresholdError.invalidCommitment(.number(2))) { try NonceCommitments(decoding: bytes.bytes) }
    }
    #expect(try NonceCommitments(decoding: good.bytes).encoded == good)
  }

  @Test("commitments of the wrong length, or of nobody, are refused")
  func malformed() throws {
    let good = try NonceBatch(for: shared.shares[.number(2)]!, count: 1).commitments[0].encoded
    for bytes in [[], Array(good.dropLast()), good + [0], [0, 0] + good.dropFirst(2)] as [[UInt8]] {
      #expect { try NonceCommitments(decoding: bytes.bytes) } throws: {
        if case .malformed = $0 as? ThresholdError { true } else { false }
      }
    }
  }

  @Test("a replayed commitment: whose nonces are gone, the signer does not sign again")
  func replayed() throws {
    var first = try shared.prepare(signers, [5])
    _ = try shared.parts(&first)
    // The coordinator asks for a second message under the same commitments.
    let again = try SigningPackage(message: [6].bytes, commitments: first.package.commitments, group: shared.group)
    for signer in again.signers {
      #expect(throws: ThresholdError.nonceUsed(index: 0)) { _ = try first.batches[signer]!.take(0) }
    }
    // With other nonces it does not sign either, because the package does not name them.
    let fresh = try NonceBatch(for: shared.shares[.number(1)]!, count: 1)
    var package = again
    #expect(throws: ThresholdError.foreignCommitment(.number(1))) {
      try package.sign(with: shared.shares[.number(1)]!, fresh.take(0))
    }
  }

  @Test("commitments that differ for one signer: no signature, and its part is the one that does not fit")
  func equivocation() throws {
    let message: [UInt8] = [5]
    let preparation = try shared.prepare(signers, message)
    // Signer 4 is told of other nonces of signer 2.
    let others = try NonceBatch(for: shared.shares[.number(2)]!, count: 1)
    var seenBy4 = try SigningPackage(
      message: message.bytes,
      commitments: [preparation.package.commitments[0], others.commitments[0], preparation.package.commitments[2]],
      group: shared.group)
    var package = preparation.package
    let parts = [
      try package.sign(with: shared.shares[.number(1)]!, preparation.batches[.number(1)]!.take(0)),
      try package.sign(with: shared.shares[.number(2)]!, preparation.batches[.number(2)]!.take(0)),
      try seenBy4.sign(with: shared.shares[.number(4)]!, preparation.batches[.number(4)]!.take(0)),
    ]
    #expect(throws: ThresholdError.invalidSignatureShares([.number(4)])) { try package.aggregate(parts) }
  }

  @Test("a message changed on the way to one signer is no signature for either message")
  func otherMessage() throws {
    let preparation = try shared.prepare(signers, [5])
    var package = preparation.package
    var changed = try SigningPackage(message: [6].bytes, commitments: package.commitments, group: shared.group)
    let first = try changed.sign(with: shared.shares[.number(1)]!, preparation.batches[.number(1)]!.take(0))
    let rest = try signers.dropFirst().map { signer in
      try package.sign(with: shared.shares[signer]!, preparation.batches[signer]!.take(0))
    }
    #expect(throws: ThresholdError.invalidSignatureShares([.number(1)])) { try package.aggregate([first] + rest) }
    #expect(throws: ThresholdError.invalidSignatureShares([.number(2), .number(4)])) {
      try changed.aggregate([first] + rest)
    }
  }

  @Test("the set of signers is exact: none twice, none missing, nobody else")
  func signerSets() throws {
    var preparation = try shared.prepare(signers, [5])
    let parts = try shared.parts(&preparation)
    #expect(throws: ThresholdError.missing(.number(4))) {
      try preparation.package.aggregate(Array(parts.prefix(2)))
    }
    #expect(throws: ThresholdError.duplicate(.number(1))) {
      try preparation.package.aggregate(parts + [parts[0]])
    }
    #expect(throws: ThresholdError.unknownParticipant(.number(3))) {
      try preparation.package.aggregate(
        parts + [SignatureShare(participant: .number(3), z: parts[0].z)])
    }
    let commitments = preparation.package.commitments
    let message: [UInt8] = [5]
    #expect(throws: ThresholdError.duplicate(.number(2))) {
      try SigningPackage(message: message.bytes, commitments: commitments + [commitments[1]], group: shared.group)
    }
    let stranger = NonceCommitments(
      participant: .number(6), hiding: commitments[0].hiding, binding: commitments[0].binding)
    #expect(throws: ThresholdError.unknownParticipant(.number(6))) {
      try SigningPackage(message: message.bytes, commitments: commitments + [stranger], group: shared.group)
    }
  }

  @Test("commitments copied from another signer let their sender sign nothing")
  func copiedCommitment() throws {
    let preparation = try shared.prepare(signers, [5])
    let victim = preparation.package.commitments[0]
    let copy = NonceCommitments(participant: .number(2), hiding: victim.hiding, binding: victim.binding)
    var package = try SigningPackage(
      message: [5].bytes, commitments: [victim, copy, preparation.package.commitments[2]], group: shared.group)
    let first = try package.sign(with: shared.shares[.number(1)]!, preparation.batches[.number(1)]!.take(0))
    let last = try package.sign(with: shared.shares[.number(4)]!, preparation.batches[.number(4)]!.take(0))
    // The copier knows no nonces; the victim's answer does not serve as its own.
    let stolen = try SignatureShare(participant: .number(2), z: first.z)
    #expect(throws: ThresholdError.invalidSignatureShares([.number(2)])) {
      try package.aggregate([first, stolen, last])
    }
  }

  @Test("nonces whose sum is the neutral point give no signature, whoever brought that about")
  func neutralSum() throws {
    let pair = try Shared.generate(2, 1...2)
    let preparation = try pair.prepare(pair.group.participants, [5])
    var package = preparation.package
    let minusOne = SecretScalar()
    minusOne.value.set(1)
    minusOne.value.negate()
    // The binding factors keep signer 2 from finding such nonces; so the other's contribution is put in as its negative here.
    let negative = try package.contribution(1).multiplied(by: minusOne.value)
    #expect(throws: ThresholdError.degenerate) { try package.groupCommitment(knowing: (0, negative)) }
    #expect(package.commitment == nil)
  }

  @Test("shares of another set do not sign")
  func foreignSet() throws {
    let refreshed = try shared.refreshed()
    #expect(refreshed.group.publicKey == shared.group.publicKey)
    var preparation = try shared.prepare(signers, [5])
    #expect(throws: ThresholdError.foreignShare) {
      try preparation.package.sign(
        with: refreshed.shares[.number(1)]!, preparation.batches[.number(1)]!.take(0))
    }
  }
}
