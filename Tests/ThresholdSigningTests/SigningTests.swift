// SPDX-License-Identifier: Apache-2.0

import CCurve25519
import CSodium
import CountersignCrypto
import TestSeed
import Testing

@testable import ThresholdSigning

@Suite("FROST: signatures")
struct SigningTests {
  /// Whether Ed25519 verifies it: libsodium's and the microcontrollers'.
  private func isStock(_ signature: Ed25519.Signature, _ message: [UInt8], _ key: Ed25519.PublicKey) -> Bool {
    let (signature, key) = ([UInt8](copying: signature.bytes), [UInt8](copying: key.bytes))
    let sodium = crypto_sign_ed25519_verify_detached(signature, message, UInt64(message.count), key) == 0
    let small = curve25519_verify(signature, message, message.count, key) == 0
    #expect(sodium == small)
    return sodium && small
  }

  @Test("500 of 500 verify as Ed25519, with libsodium and with the microcontrollers' C")
  func fiveHundred() throws {
    var random = SeededGenerator(for: #function)
    let shared = try Shared.generate(2, 1...2)
    let everybody = shared.group.participants
    var accepted = 0
    for _ in 0..<500 {
      let message = random.bytes(Int.random(in: 0...200, using: &random))
      let signature = try shared.sign(message, by: everybody)
      if isStock(signature, message, shared.group.publicKey) { accepted += 1 }
      #expect(!isStock(signature, message + [0], shared.group.publicKey))
    }
    #expect(accepted == 500)
  }

  @Test(
    "every threshold and size, any set of signers at least that large, any numbers",
    arguments: [(2, 2), (2, 3), (3, 3), (2, 5), (3, 5), (5, 5), (4, 7), (7, 10), (2, 32)])
  func sizes(_ threshold: Int, _ count: Int) throws {
    var random = SeededGenerator(for: "sizes \(threshold) \(count)")
    var numbers: Set<UInt16> = []
    while numbers.count < count { numbers.insert(.random(in: 1 ... .max, using: &random)) }
    let shared = try Shared.generate(threshold, numbers)
    for size in Set([threshold, count, (threshold + count) / 2]) {
      let signers = Array(shared.group.participants.shuffled(using: &random).prefix(size))
      let message = random.bytes(67)
      #expect(isStock(try shared.sign(message, by: signers), message, shared.group.publicKey))
    }
    #expect(throws: ThresholdError.tooFewSigners(needed: threshold, given: threshold - 1)) {
      try shared.sign([], by: Array(shared.group.participants.prefix(threshold - 1)))
    }
  }

  @Test("the shares together are the key, and fewer than the threshold are another")
  func secret() throws {
    let shared = try Shared.generate(3, [2, 5, 9, 11])
    func point(_ numbers: [UInt16]) throws -> Edwards25519.Point {
      let set = numbers.map { Participant.number($0) }
      let sum = SecretScalar()
      for participant in set {
        let term = SecretScalar()
        try Lagrange.coefficient(of: participant, among: set, into: &term.value)
        term.value.multiply(by: shared.shares[participant]!.secret.value)
        sum.value.add(term.value)
      }
      return try Edwards25519.Point(base: sum.value)
    }
    #expect(try point([2, 5, 9]) == shared.group.point)
    #expect(try point([5, 9, 11]) == shared.group.point)
    #expect(try point([2, 5, 9, 11]) == shared.group.point)
    #expect(try point([2, 11]) != shared.group.point)
  }

  @Test("what every machine shows follows from the same bytes, and they decode to the same group")
  func coding() throws {
    var random = SeededGenerator(for: #function)
    let shared = try Shared.generate(2, 1...3)
    let encoded = shared.group.encoded
    #expect(try GroupKey(decoding: encoded.bytes) == shared.group)
    #expect(Set(shared.shares.values.map(\.group.fingerprint)).count == 1)
    let fingerprint = Array(shared.group.fingerprint)
    #expect(fingerprint.count == 29)
    #expect(fingerprint.enumerated().allSatisfy { $0 % 6 == 5 ? $1 == " " : $1.isASCII && $1.isNumber })
    // Every byte counts: nothing else decodes, and what does has another fingerprint.
    for index in encoded.indices {
      var changed = encoded
      changed[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
      if let group = try? GroupKey(decoding: changed.bytes) { #expect(group.fingerprint != shared.group.fingerprint) }
    }
    for _ in 0..<200 {
      let changed = random.mutate(encoded)
      if changed != encoded, let group = try? GroupKey(decoding: changed.bytes) { #expect(group.encoded == changed) }
    }
  }

  @Test("a group whose key and shares are not on one polynomial of its threshold's degree is none")
  func inconsistentGroup() throws {
    let encoded = try Shared.generate(3, 1...4).group.encoded
    let share = { (index: Int) in 75 + 34 * index..<107 + 34 * index }
    let changes: [(inout [UInt8]) -> Void] = [
      { $0[6] = 2 },
      { $0[6] = 4 },
      { $0.replaceSubrange(9..<41, with: encoded[share(0)]) },
      { $0.replaceSubrange(share(0), with: encoded[share(1)]) },
      { $0.replaceSubrange(share(3), with: encoded[share(0)]) },
    ]
    for change in changes {
      var changed = encoded
      change(&changed)
      #expect(throws: ThresholdError.inconsistent) { try GroupKey(decoding: changed.bytes) }
    }
    #expect(try GroupKey(decoding: encoded.bytes).encoded == encoded)
  }

  @Test("a stored share comes back; with another's number, group or bytes it does not")
  func stored() throws {
    let shared = try Shared.generate(2, 1...3)
    let share = shared.shares[.number(2)]!
    var secret = SecretBytes<32>()
    share.writeSecret(into: &secret)
    let again = try KeyShare(participant: .number(2), group: shared.group, secret: secret.bytes)
    #expect(again.secret.equals(share.secret))
    #expect(throws: ThresholdError.inconsistent) {
      try KeyShare(participant: .number(1), group: shared.group, secret: secret.bytes)
    }
    #expect(throws: ThresholdError.unknownParticipant(.number(4))) {
      try KeyShare(participant: .number(4), group: shared.group, secret: secret.bytes)
    }
    #expect(throws: ThresholdError.inconsistent) {
      try KeyShare(
        participant: .number(2), group: shared.group, secret: addingOrder([UInt8](copying: secret.bytes)).bytes)
    }
    #expect(throws: ThresholdError.inconsistent) {
      try KeyShare(participant: .number(2), group: shared.group, secret: [UInt8](repeating: 0, count: 32).bytes)
    }
  }
}
