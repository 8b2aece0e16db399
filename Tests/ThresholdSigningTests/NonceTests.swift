// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Testing

@_spi(Testing) @testable import ThresholdSigning

@Suite("FROST: nonces")
struct NonceTests {
  @Test("each comes out of its batch once")
  func once() throws {
    let shared = try Shared.generate(2, 1...2)
    let batch = try NonceBatch(for: shared.shares[.number(1)]!, count: 3)
    #expect(batch.remaining == 3)
    let first = try batch.take(1)
    #expect(first.commitments == batch.commitments[1])
    for index in [1, 1, -1, 3, .max] {
      #expect(throws: ThresholdError.nonceUsed(index: index)) { _ = try batch.take(index) }
    }
    #expect(batch.remaining == 2)
  }

  @Test("out of 8 tasks that ask for the same, one gets each")
  func parallel() async throws {
    let batch = try NonceBatch(for: Shared.generate(2, 1...2).shares[.number(1)]!, count: 50)
    let taken = await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask { (0..<50).filter { (try? batch.take($0)) != nil } }
      }
      return await group.reduce([], +)
    }
    #expect(taken.sorted() == Array(0..<50))
  }

  @Test("a process that starts again has other nonces and another batch, however it ended")
  func restarts() throws {
    let shared = try Shared.generate(2, 1...2)
    let original = shared.shares[.number(2)]!
    var secret = SecretBytes<32>()
    original.writeSecret(into: &secret)
    var seen: Set<Edwards25519.Point> = []
    var batches: Set<Bytes<16>> = []
    for _ in 0..<20 {
      // All that a crash leaves: the share.
      let share = try KeyShare(participant: .number(2), group: shared.group, secret: secret.bytes)
      let batch = try NonceBatch(for: share, count: 10)
      #expect(batches.insert(batch.id).inserted)
      for commitments in batch.commitments {
        #expect(seen.insert(commitments.hiding).inserted)
        #expect(seen.insert(commitments.binding).inserted)
      }
    }
  }

  @Test(
    "they follow from the generator and the share: a generator that repeats itself gives two signers different ones")
  func hedged() throws {
    let shared = try Shared.generate(2, 1...2)
    let random = [UInt8](repeating: 7, count: 32)
    let points = try shared.shares.values.map { share in
      try SigningNonces(for: share, hidingRandom: random.bytes, bindingRandom: random.bytes).commitments.hiding
    }
    #expect(Set(points).count == 2)
  }

  @Test("after signing, and after a refusal to sign, they are overwritten")
  func wiped() throws {
    let shared = try Shared.generate(2, 1...2)
    let share = shared.shares[.number(1)]!
    var preparation = try shared.prepare(shared.group.participants, [1])
    let nonces = try preparation.batches[.number(1)]!.take(0)
    let (hiding, binding) = (nonces.hiding, nonces.binding)
    #expect(!hiding.value.isZero && !binding.value.isZero)
    _ = try preparation.package.sign(with: share, nonces)
    #expect(hiding.value.isZero && binding.value.isZero)

    let others = try SigningNonces(for: share)
    let (otherHiding, otherBinding) = (others.hiding, others.binding)
    do {
      _ = try preparation.package.sign(with: share, others)
      Issue.record("these nonces are not in the package")
    } catch { #expect(error == .foreignCommitment(.number(1))) }
    #expect(otherHiding.value.isZero && otherBinding.value.isZero)
  }

  @Test("why: two signatures with the same nonces give the share away")
  func reuse() throws {
    let shared = try Shared.generate(2, 1...2)
    let (victim, other) = (shared.shares[.number(1)]!, shared.shares[.number(2)]!)
    let random = [UInt8](repeating: 9, count: 64)
    let fixed = try SigningNonces(
      for: victim, hidingRandom: random.bytes.extracting(0..<32), bindingRandom: random.bytes.extracting(32..<64))
    // Three linear equations in d, e and s: the coefficients are public.
    var rows: [[SecretScalar]] = []
    for message in [[1], [2], [3]] as [[UInt8]] {
      let nonces = try SigningNonces(
        for: victim, hidingRandom: random.bytes.extracting(0..<32), bindingRandom: random.bytes.extracting(32..<64))
      let theirs = try NonceBatch(for: other, count: 1).commitments[0]
      var package = try SigningPackage(
        message: message.bytes, commitments: [fixed.commitments, theirs], group: shared.group)
      let part = try package.sign(with: victim, nonces)
      let (one, rho, factor, z) = (SecretScalar(), SecretScalar(), SecretScalar(), SecretScalar())
      one.value.set(1)
      try package.loadBindingFactor(0, into: &rho.value)
      let challenge = SecretScalar()
      try Lagrange.coefficient(of: .number(1), among: package.signers, into: &factor.value)
      package.challenge(try package.groupCommitment(), into: &challenge.value)
      factor.value.multiply(by: challenge.value)
      try z.value.load(part.z.bytes)
      rows.append([one, rho, factor, z])
    }
    #expect(try solve(rows).equals(victim.secret))
  }

  /// The last unknown of three linear equations modulo L.
  private func solve(_ rows: [[SecretScalar]]) throws -> SecretScalar {
    for pivot in 0..<3 {
      let inverse = SecretScalar()
      inverse.value.copy(from: rows[pivot][pivot].value)
      try inverse.value.invert()
      for entry in rows[pivot] { entry.value.multiply(by: inverse.value) }
      for row in pivot + 1..<3 {
        let factor = SecretScalar()
        factor.value.copy(from: rows[row][pivot].value)
        factor.value.negate()
        for column in 0..<4 {
          let term = SecretScalar()
          term.value.copy(from: rows[pivot][column].value)
          term.value.multiply(by: factor.value)
          rows[row][column].value.add(term.value)
        }
      }
    }
    return rows[2][3]
  }
}
