// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import TestSeed
import Testing
import ThresholdSigning
import Wire

@testable import Cosigner

@Suite("A co-signer judges")
struct JudgeTests {
  let desk: Desk

  init() throws { desk = try Desk() }

  private func key() -> X25519.PublicKey { X25519.PrivateKey.random().publicKey }

  @Test("first keys: within an open batch, its system, its devices, its count and its time")
  func batches() throws {
    #expect(try desk.ask(desk.certificate(1, 1, key())) == .noBatch)
    try desk.open(.window, 1, 0...99)
    #expect(try desk.ask(desk.certificate(1, 1, key())) == .noBatch)
    try desk.open(.batch, 2, 1...9, count: 2)
    #expect(try desk.ask(desk.certificate(10, 1, key())) == .noBatch)
    #expect(try desk.ask(desk.certificate(1, 1, key(), system: 2)) == .noBatch)
    #expect(try desk.ask(desk.certificate(1, 2, key())) == .skipsGenerations)
    let first = desk.certificate(1, 1, key())
    #expect(try desk.ask(first) == nil)
    // The same again costs nothing of the count.
    #expect(try desk.ask(first) == nil)
    #expect(try desk.ask(desk.certificate(2, 1, key())) == nil)
    #expect(try desk.ask(desk.certificate(3, 1, key())) == .noBatch)
    try desk.open(.batch, 3, 1...9, for: 10)
    desk.now += 10
    #expect(try desk.ask(desk.certificate(3, 1, key())) == .noBatch)
    try desk.open(.batch, 4, 1...9)
    try desk.service.close(4)
    #expect(try desk.ask(desk.certificate(3, 1, key())) == .noBatch)
    #expect(throws: CosignerError.invalidRequest) { try desk.open(.batch, 4, 1...9) }
    #expect(throws: CosignerError.invalidRequest) { try desk.service.close(4) }
    desk.checkPromises()
  }

  @Test("next keys: with a proof from a key in use")
  func proofs() throws {
    try desk.open(.batch, 1, 1...9)
    let first = X25519.PrivateKey.random()
    let second = X25519.PrivateKey.random()
    let stranger = X25519.PrivateKey.random()
    #expect(try desk.ask(desk.certificate(1, 1, first.publicKey)) == nil)
    let next = desk.certificate(1, 2, second.publicKey)
    #expect(try desk.ask(next) == .notProved)
    let bad = [
      try desk.proof(1, of: second.publicKey, 2, with: stranger, from: 1),
      try desk.proof(2, of: second.publicKey, 2, with: first, from: 1),
      try desk.proof(1, of: second.publicKey, 2, with: first, from: 1, system: 2),
      try desk.proof(1, of: second.publicKey, 3, with: first, from: 1),
      try desk.proof(1, of: second.publicKey, 2, with: first, from: 2),
      try desk.proof(1, of: stranger.publicKey, 2, with: first, from: 1),
      try desk.proof(1, of: second.publicKey, 2, with: first, from: 1, cosigner: stranger.publicKey),
      try desk.proof(1, of: second.publicKey, 2, with: first, from: 1, group: Bytes()),
      try desk.proof(1, of: second.publicKey, 2, with: second, from: 2),
    ]
    for evidence in bad { #expect(try desk.ask(next, evidence: evidence) == .notProved) }
    let good = try desk.proof(1, of: second.publicKey, 2, with: first, from: 1)
    var random = SeededGenerator(for: #function)
    for _ in 0..<100 {
      let changed = random.mutate(good)
      if changed != good { #expect(try desk.ask(next, evidence: changed) == .notProved) }
    }
    #expect(try desk.ask(desk.certificate(1, 3, second.publicKey), evidence: good) == .skipsGenerations)
    #expect(try desk.ask(next, evidence: good) == nil)
    #expect(try desk.ask(next) == nil)
    desk.checkPromises()
  }

  @Test("a lost next key: the key in use proves for the generation after it; a replaced one proves nothing")
  func keysInUse() throws {
    try desk.open(.batch, 1, 1...9)
    let keys = (0..<5).map { _ in PrivateKeyBox() }
    #expect(try desk.ask(desk.certificate(1, 1, keys[0].key.publicKey)) == nil)
    for (index, generation) in [(1, 2), (2, 3)] as [(Int, Generation)] {
      let evidence = try desk.proof(1, of: keys[index].key.publicKey, generation, with: keys[0].key, from: 1)
      #expect(try desk.ask(desk.certificate(1, generation, keys[index].key.publicKey), evidence: evidence) == nil)
    }
    #expect(try desk.ask(desk.rotation(1, 3)) == nil)
    let old = try desk.proof(1, of: keys[3].key.publicKey, 4, with: keys[0].key, from: 1)
    #expect(try desk.ask(desk.certificate(1, 4, keys[3].key.publicKey), evidence: old) == .notProved)
    let new = try desk.proof(1, of: keys[3].key.publicKey, 4, with: keys[2].key, from: 3)
    #expect(try desk.ask(desk.certificate(1, 4, keys[3].key.publicKey), evidence: new) == nil)
    #expect(try desk.ask(desk.rotation(1, 5)) == .unknownDevice)
    #expect(try desk.ask(desk.rotation(2, 1)) == .unknownDevice)
  }

  @Test("next keys without a proof: in a window")
  func windows() throws {
    try desk.open(.batch, 1, 1...9)
    for device in 1...3 as ClosedRange<UInt64> { #expect(try desk.ask(desk.certificate(device, 1, key())) == nil) }
    #expect(try desk.ask(desk.certificate(1, 2, key())) == .notProved)
    try desk.open(.window, 2, 1...2, count: 1)
    #expect(try desk.ask(desk.certificate(3, 2, key())) == .notProved)
    #expect(try desk.ask(desk.certificate(1, 3, key())) == .skipsGenerations)
    #expect(try desk.ask(desk.certificate(1, 2, key())) == nil)
    #expect(try desk.ask(desk.certificate(2, 2, key())) == .notProved)
    desk.checkPromises()
  }

  @Test("renewals: the same key, for a bounded time, until it is revoked")
  func renewals() throws {
    try desk.open(.batch, 1, 1...9)
    let key = key()
    #expect(try desk.ask(desk.certificate(1, 1, key, until: 31)) == .lastsTooLong)
    #expect(try desk.ask(desk.certificate(1, 1, key, until: 30)) == nil)
    #expect(try desk.ask(desk.certificate(1, 1, key, until: 31)) == .lastsTooLong)
    desk.now += 3600
    #expect(try desk.ask(desk.epoch(21)) == nil)
    #expect(try desk.ask(desk.certificate(1, 1, key, until: 31)) == nil)
    let longer = desk.certificate(1, 1, key, until: 500)
    try desk.service.approve(longer.signedBytes)
    let answer = desk.service.answer([try desk.request(longer.signedBytes).request], now: desk.now)[0]
    guard case .share = answer else {
      Issue.record("\(answer)")
      return
    }
    #expect(try desk.ask(desk.revocation(1, 1)) == nil)
    #expect(try desk.ask(desk.certificate(1, 1, key, until: 25)) == .revoked)
    #expect(try desk.ask(longer) == .revoked)
  }

  @Test(
    "never two keys for one generation, never one key in two places: not in a batch, with a proof, or with an approval")
  func never() throws {
    try desk.open(.batch, 1, 1...9)
    try desk.open(.window, 2, 1...9)
    let first = X25519.PrivateKey.random()
    let other = key()
    #expect(try desk.ask(desk.certificate(1, 1, first.publicKey)) == nil)
    let attempts: [(SignedContent, Refusal)] = [
      (desk.certificate(1, 1, other), .conflictingKey), (desk.certificate(1, 1, other, until: 30), .conflictingKey),
      (desk.certificate(2, 1, first.publicKey), .keyInUse), (desk.certificate(1, 2, first.publicKey), .keyInUse),
    ]
    for (statement, refusal) in attempts {
      #expect(try desk.ask(statement) == refusal)
      try desk.service.approve(statement.signedBytes)
      #expect(try desk.ask(statement) == refusal)
    }
    let proof = try desk.proof(1, of: other, 1, with: first, from: 1)
    #expect(try desk.ask(attempts[0].0, evidence: proof) == .conflictingKey)
    // Another encoding of a key is the same key for every X25519.
    var alias = first.publicKey
    alias[31] |= 0x80
    #expect(try desk.ask(desk.certificate(3, 1, alias)) == .notAStatement)
    #expect(try desk.ask(desk.certificate(3, 0, other)) == .notAStatement)
    desk.checkPromises()
  }

  @Test("after a revocation only the owner gives the device a key again; what is revoked for good stays so")
  func afterRevocation() throws {
    try desk.open(.batch, 1, 1...9)
    try desk.open(.window, 2, 1...9)
    let first = X25519.PrivateKey.random()
    #expect(try desk.ask(desk.certificate(1, 1, first.publicKey)) == nil)
    #expect(try desk.ask(desk.revocation(1, 2)) == .unknownDevice)
    #expect(try desk.ask(desk.revocation(2, 1)) == .unknownDevice)
    #expect(try desk.ask(desk.revocation(1, 1)) == nil)
    #expect(desk.service.revocations == [DeviceAddress(system: SystemID(1), device: DeviceID(1)): 1])
    let second = X25519.PrivateKey.random()
    let next = desk.certificate(1, 2, second.publicKey)
    let proof = try desk.proof(1, of: second.publicKey, 2, with: first, from: 1)
    #expect(try desk.ask(next, evidence: proof) == .needsApproval)
    try desk.service.approve(next.signedBytes)
    #expect(try desk.ask(desk.certificate(1, 2, key())) == .needsApproval)
    #expect(try desk.ask(next) == nil)
    // From then on it rotates as before.
    let third = key()
    #expect(
      try desk.ask(
        desk.certificate(1, 3, third), evidence: desk.proof(1, of: third, 3, with: second, from: 2)) == nil)
    #expect(try desk.ask(desk.revocation(1, RevocationContent.everyGeneration)) == nil)
    let last = desk.certificate(1, RevocationContent.everyGeneration, key())
    try desk.service.approve(last.signedBytes)
    #expect(try desk.ask(last) == .revoked)
    desk.checkPromises()
  }

  @Test("epochs: one after the other, no sooner than its own clock says")
  func epochs() throws {
    #expect(try desk.ask(desk.epoch(20)) == nil)
    #expect(try desk.ask(desk.epoch(22)) == .epochOutOfOrder)
    #expect(try desk.ask(desk.epoch(19)) == .epochOutOfOrder)
    #expect(try desk.ask(desk.epoch(.max)) == .epochOutOfOrder)
    #expect(try desk.ask(desk.epoch(21)) == .epochTooSoon)
    desk.now += 3599
    #expect(try desk.ask(desk.epoch(21)) == .epochTooSoon)
    desk.now = 0
    #expect(try desk.ask(desk.epoch(21)) == .epochTooSoon)
    desk.now = Desk.start + 3600
    #expect(try desk.ask(desk.epoch(21)) == nil)
    #expect(try desk.ask(desk.epoch(21)) == nil)
    #expect(try desk.ask(desk.epoch(20)) == .epochOutOfOrder)
    #expect(try desk.ask(desk.epoch(22)) == .epochTooSoon)
    desk.checkPromises()
  }

  @Test("policies: what the owner approved, to the byte")
  func policies() throws {
    func policy(_ last: Epoch) -> SignedContent {
      SignedContent(.policy(PolicyContent(from: SystemID(1), to: SystemID(2), lastEpoch: last)), issuer: desk.issuer)
    }
    #expect(try desk.ask(policy(30)) == .needsApproval)
    try desk.service.approve(policy(30).signedBytes)
    #expect(try desk.ask(policy(31)) == .needsApproval)
    #expect(try desk.ask(policy(30)) == nil)
    #expect(throws: CosignerError.invalidRequest) { try desk.service.approve([1, 2, 3]) }
  }

  @Test("the issuance log only grows")
  func issuances() throws {
    func head(_ count: UInt32, _ byte: UInt8) throws -> SignedContent {
      let hash = [UInt8](repeating: byte, count: 32)
      return SignedContent(
        .issuance(IssuanceContent(count: count, head: try Bytes(copying: hash))), issuer: desk.issuer)
    }
    #expect(try desk.ask(head(5, 1)) == nil)
    #expect(try desk.ask(head(5, 1)) == nil)
    #expect(try desk.ask(head(5, 2)) == .rewrittenIssuances)
    #expect(try desk.ask(head(4, 1)) == .rewrittenIssuances)
    #expect(try desk.ask(head(6, 2)) == nil)
  }
}
