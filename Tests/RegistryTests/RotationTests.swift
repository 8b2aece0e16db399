// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Synchronization
import Testing
import Wire

@testable import Keyring
@testable import Registry

@Suite struct RotationTests {
  let test: TestAuthority

  init() throws { test = try TestAuthority() }

  @Test func aNewKeyIsPendingUntilItIsUsed() throws {
    let (address, old) = try test.device(1)
    let new = X25519.PrivateKey.random().publicKey
    let certificate = try test.registry.renew(new, for: address, issuer: test.issuer)
    #expect(certificate.fields.generation == 2)
    #expect(certificate.isSigned(by: test.authority.issuerKey))
    #expect(try test.registry.device(holding: old)?.slot == .active)
    #expect(try test.registry.device(holding: new)?.slot == .pending)
    #expect(try test.registry.device(holding: new)?.certificate == certificate)

    try test.registry.promotePending(new, for: address, issuer: test.issuer)
    #expect(try test.registry.device(holding: new)?.slot == .active)
    #expect(try test.registry.device(holding: old) == nil)
    #expect(try test.registry.device(address)?.certificate == certificate)
    #expect(try test.registry.device(address)?.pending == nil)
  }

  @Test func everyStepMayBeRepeated() throws {
    let (address, _) = try test.device(1)
    let new = X25519.PrivateKey.random().publicKey
    let first = try test.registry.renew(new, for: address, issuer: test.issuer)
    #expect(try test.registry.renew(new, for: address, issuer: test.issuer) == first)
    try test.registry.promotePending(new, for: address, issuer: test.issuer)
    let actions = try test.actions()
    try test.registry.promotePending(new, for: address, issuer: test.issuer)
    // A device that lost the answer after its key was promoted asks once more.
    #expect(try test.registry.renew(new, for: address, issuer: test.issuer) == first)
    #expect(try test.actions() == actions)
  }

  @Test func noTwoKeysShareAGeneration() throws {
    let (address, old) = try test.device(1)
    var generations: [Generation] = []
    for _ in 0..<3 {
      let key = X25519.PrivateKey.random().publicKey
      generations.append(try test.registry.renew(key, for: address, issuer: test.issuer).fields.generation)
      #expect(try test.registry.device(holding: key)?.slot == .pending)
      try test.registry.promotePending(key, for: address, issuer: test.issuer)
    }
    #expect(generations == [2, 3, 4])
    #expect(try test.registry.device(holding: old) == nil)
    #expect(throws: RegistryError.unknownKey(address)) {
      try test.registry.promotePending(old, for: address, issuer: test.issuer)
    }
  }

  @Test func anotherKeyThanTheOneThatWaitsIsASecondHolders() throws {
    let (address, _) = try test.device(1)
    let (first, second) = (X25519.PrivateKey.random().publicKey, X25519.PrivateKey.random().publicKey)
    _ = try test.registry.renew(first, for: address, issuer: test.issuer)
    #expect(throws: NotGranted(reason: "two keys for generation 2")) {
      try test.registry.renew(second, for: address, issuer: test.issuer)
    }
    #expect(try test.registry.quarantine(of: address) == "two keys for generation 2")
    // Nobody's key is taken into use, and nobody gets another, until the owner has looked.
    #expect(throws: RegistryError.deviceQuarantined(address)) {
      try test.registry.promotePending(first, for: address, issuer: test.issuer)
    }
    #expect(throws: RegistryError.deviceQuarantined(address)) {
      try test.registry.renew(first, for: address, issuer: test.issuer)
    }
    try test.registry.releaseFromQuarantine(address)
    try test.registry.promotePending(first, for: address, issuer: test.issuer)
  }

  @Test func aSessionUnderAReplacedKeyGetsNothing() throws {
    let (address, old) = try test.device(1)
    let claim = SessionClaim(address: address, generation: 1, publicKey: old)
    let (next, thiefs) = (X25519.PrivateKey.random().publicKey, X25519.PrivateKey.random().publicKey)
    _ = try test.registry.renew(next, proof: .valid, asked: claim, issuer: test.issuer)
    try test.registry.promotePending(next, for: address, issuer: test.issuer)
    for key in [old, next, thiefs] {
      #expect(throws: RegistryError.superseded(address)) {
        try test.registry.renew(key, proof: .valid, asked: claim, issuer: test.issuer)
      }
    }
    #expect(try test.registry.device(address)?.pending == nil)
    #expect(try test.registry.quarantine(of: address) == nil)
  }

  @Test func noKeyIsCertifiedUnderASecondNameOrGeneration() throws {
    let (a, _) = try test.device(1)
    let (b, replaced) = try test.device(2)
    let next = X25519.PrivateKey.random().publicKey
    _ = try test.registry.renew(next, for: b, issuer: test.issuer)
    try test.registry.promotePending(next, for: b, issuer: test.issuer)
    for key in [replaced, next] {
      for device in [a, b] where device == a || key == replaced {
        #expect(throws: RegistryError.keyInUse) {
          try test.registry.renew(key, for: device, issuer: test.issuer)
        }
      }
      #expect(throws: RegistryError.keyInUse) {
        try test.registry.addDevice(
          NewDevice(address: DeviceAddress(system: a.system, device: DeviceID(3)), publicKey: key), issuer: test.issuer)
      }
    }
    _ = try test.registry.revoke(b, through: nil, reason: .keyCompromise, issuer: test.issuer)
    #expect(throws: RegistryError.keyInUse) {
      try test.registry.enrolAgain(NewDevice(address: b, publicKey: replaced), issuer: test.issuer)
    }
  }

  @Test func whoHasProvedAKeyGetsNoOtherWithout() throws {
    let (address, _) = try test.device(1)
    func ask(_ proof: ShownProof) throws -> X25519.PublicKey {
      let key = X25519.PrivateKey.random().publicKey
      _ = try test.registry.renew(key, proof: proof, asked: test.registry.claim(address), issuer: test.issuer)
      try test.registry.promotePending(key, for: address, issuer: test.issuer)
      return key
    }
    #expect(throws: RegistryError.unprovedKey(address)) { try ask(.wrong) }
    _ = try ask(.none)
    let details = try test.registry.audit(since: 0, limit: 1000).filter { $0.action == "device.stage" }.map(\.detail)
    #expect(details == ["without a proof of the key"])
    let key = try ask(.valid)
    #expect(throws: RegistryError.unprovedKey(address)) { try ask(.none) }
    // The key in use needs none: its sessions prove it.
    _ = try test.registry.renew(key, proof: .none, asked: test.registry.claim(address), issuer: test.issuer)
  }

  @Test func aDeviceThatComesBackFromTheBenchNeedNotProveWhatAThiefProved() throws {
    let (address, _) = try test.device(1)
    func ask(_ proof: ShownProof) throws {
      _ = try test.registry.renew(
        X25519.PrivateKey.random().publicKey, proof: proof, asked: test.registry.claim(address), issuer: test.issuer)
    }
    try ask(.valid)
    _ = try test.registry.revoke(address, through: nil, reason: .keyCompromise, issuer: test.issuer)
    let repaired = X25519.PrivateKey.random().publicKey
    _ = try test.registry.enrolAgain(NewDevice(address: address, publicKey: repaired), issuer: test.issuer)
    try ask(.none)
  }

  @Test func anotherSpellingOfAKeyAndTheServersOwnAreNoKeys() throws {
    let (address, old) = try test.device(1)
    let next = X25519.PrivateKey.random().publicKey
    _ = try test.registry.renew(next, for: address, issuer: test.issuer)
    try test.registry.promotePending(next, for: address, issuer: test.issuer)
    var respelt = old
    respelt[31] |= 0x80
    // p + 9 is the base point, whose own spelling is 9.
    var base = X25519.PublicKey()
    for index in 1..<31 { base[index] = 0xff }
    (base[0], base[31]) = (0xed + 9, 0x7f)
    for key in [respelt, base, try test.registry.state().serverKey] {
      #expect(throws: RegistryError.unusableKey) { try test.registry.renew(key, for: address, issuer: test.issuer) }
      #expect(throws: RegistryError.unusableKey) {
        try test.registry.addDevice(
          NewDevice(address: DeviceAddress(system: address.system, device: DeviceID(3)), publicKey: key),
          issuer: test.issuer)
      }
    }
    base = X25519.PublicKey()
    base[0] = 9
    _ = try test.registry.renew(base, for: address, issuer: test.issuer)
  }

  @Test func noSystemsRotationsHideAnothersAndAPolicyMakesOldOnesNews() throws {
    func rotate(_ address: DeviceAddress) throws {
      let key = X25519.PrivateKey.random().publicKey
      _ = try test.registry.renew(key, for: address, issuer: test.issuer)
      try test.registry.promotePending(key, for: address, issuer: test.issuer)
    }
    func heard(by system: SystemID?, since sequence: UInt32 = 0) throws -> [DeviceAddress] {
      try test.registry.rotations(since: sequence, for: system, limit: 2)
        .map { DeviceAddress(system: $0.content.system, device: $0.content.device) }
    }
    let (ours, _) = try test.device(1)
    try rotate(ours)
    let others = try (1...4).map { try test.device($0, in: test.beta).0 }
    for other in others { try rotate(other) }
    #expect(try heard(by: test.alpha) == [ours])
    #expect(try heard(by: test.beta) == others.suffix(2))
    #expect(try heard(by: nil) == [ours] + others.suffix(2))
    let sequence = try test.registry.state().revocationSequence
    #expect(try heard(by: test.alpha, since: sequence).isEmpty)
    // Whoever has heard everything so far hears of the other side's when a policy makes it its business.
    _ = try test.registry.allow(from: test.alpha, to: test.beta, through: nil, issuer: test.issuer)
    #expect(try heard(by: test.alpha, since: sequence) == [ours] + others.suffix(2))
    let statements = try test.registry.rotations(since: sequence, for: test.beta, limit: 9)
    #expect(statements.map(\.content.sequence) == Array(6...10))
    let key = try test.registry.state().issuerKey
    #expect(statements.allSatisfy { $0.isSigned(by: key) && $0.content.generation == 2 })
  }

  @Test func aDeviceAsksForSoManyKeysAndTheOwnersOrderIsFree() throws {
    let time = Mutex<Int64>(1_000_000)
    let test = try TestAuthority(clock: { time.withLock { $0 } })
    let (address, _) = try test.device(1)
    func rotate() throws {
      let key = X25519.PrivateKey.random().publicKey
      _ = try test.registry.renew(key, for: address, issuer: test.issuer)
      try test.registry.promotePending(key, for: address, issuer: test.issuer)
    }
    for _ in 0..<KeyBudget.device.burst { try rotate() }
    #expect(throws: RegistryError.tooManyKeys(address, retryAfter: 3600)) { try rotate() }
    // Another device of the system is not touched by it.
    let (other, _) = try test.device(2)
    _ = try test.registry.renew(X25519.PrivateKey.random().publicKey, for: other, issuer: test.issuer)
    try test.registry.order(.rotate, for: address)
    try rotate()
    time.withLock { $0 += 3599 }
    #expect(throws: RegistryError.tooManyKeys(address, retryAfter: 1)) { try rotate() }
    time.withLock { $0 += 1 }
    try rotate()
    // A clock that jumps, ahead or back, fills the credit and does no more.
    for jump: Int64 in [59 * 86_400, -30 * 86_400] {
      time.withLock { $0 += jump }
      for _ in 0..<KeyBudget.device.burst { try rotate() }
      #expect(throws: RegistryError.tooManyKeys(address, retryAfter: 3600)) { try rotate() }
    }
  }

  @Test func aRotationIsToldToPeers() throws {
    let (address, _) = try test.device(1)
    #expect(try test.registry.rotations(since: 0, for: nil, limit: 9).isEmpty)
    for generation: Generation in 2...4 {
      let key = X25519.PrivateKey.random().publicKey
      _ = try test.registry.renew(key, for: address, issuer: test.issuer)
      try test.registry.promotePending(key, for: address, issuer: test.issuer)
      let statements = try test.registry.rotations(since: 0, for: address.system, limit: 9)
      #expect(statements.map(\.content.generation) == [generation], "the latest takes the place of those before")
      #expect(statements[0].isSigned(by: try test.registry.state().issuerKey))
      #expect(statements[0].content.sequence == (try test.registry.state().revocationSequence))
    }
    #expect(try test.registry.rotations(since: 3, for: nil, limit: 9).isEmpty)
    // Revocations go on counting where rotations have come to.
    #expect(
      try test.registry.revoke(address, through: nil, reason: .unspecified, issuer: test.issuer).content.sequence == 4)
  }

  @Test func aCertificateIsRenewedForTheSameKey() throws {
    let (address, key) = try test.device(1)
    let first = try test.registry.renew(key, for: address, issuer: test.issuer)
    #expect(first.fields.lastEpoch == 9)
    _ = try test.registry.advanceEpoch(by: 2, issuer: test.issuer)
    let second = try test.registry.renew(key, for: address, issuer: test.issuer)
    #expect(second.fields.lastEpoch == 11)
    #expect(second.fields.generation == 1)
    #expect(try test.registry.device(address)?.certificate == second)
  }

  @Test func aPendingCertificateIsRenewedUnderItsGeneration() throws {
    let (address, _) = try test.device(1)
    let new = X25519.PrivateKey.random().publicKey
    _ = try test.registry.renew(new, for: address, issuer: test.issuer)
    _ = try test.registry.advanceEpoch(by: 1, issuer: test.issuer)
    let renewed = try test.registry.renew(new, for: address, issuer: test.issuer)
    #expect(renewed.fields.generation == 2)
    #expect(renewed.fields.lastEpoch == 10)
    #expect(try test.registry.device(address)?.pending == renewed)
  }

  @Test func nobodyTakesAnothersKey() throws {
    let (address, _) = try test.device(1)
    let (other, otherKey) = try test.device(2)
    #expect(throws: RegistryError.keyInUse) {
      try test.registry.renew(otherKey, for: address, issuer: test.issuer)
    }
    let pending = X25519.PrivateKey.random().publicKey
    _ = try test.registry.renew(pending, for: other, issuer: test.issuer)
    #expect(throws: RegistryError.keyInUse) {
      try test.registry.renew(pending, for: address, issuer: test.issuer)
    }
  }

  @Test func aKeyOfLowOrderIsRefused() throws {
    let (address, _) = try test.device(1)
    for point in [X25519.PublicKey(), lowOrderPoint] {
      #expect(throws: RegistryError.unusableKey) {
        try test.registry.renew(point, for: address, issuer: test.issuer)
      }
    }
  }

  @Test func anOrderIsDoneWhenTheKeyIsPromoted() throws {
    let (address, _) = try test.device(1)
    try test.registry.order(.rotate, for: address)
    try test.registry.order(.rotate, for: address)
    #expect(try test.registry.orders(for: address).map(\.kind) == [.rotate])
    #expect(try test.registry.orders().map(\.address) == [address])
    let new = X25519.PrivateKey.random().publicKey
    _ = try test.registry.renew(new, for: address, issuer: test.issuer)
    #expect(try test.registry.orders(for: address).count == 1)
    try test.registry.promotePending(new, for: address, issuer: test.issuer)
    #expect(try test.registry.orders(for: address).isEmpty)
    #expect(try test.actions().suffix(4) == ["order.add", "device.stage", "order.complete", "device.promote"])
  }

  @Test func theGenerationCounterEnds() throws {
    let (address, _) = try test.device(1)
    // Straight to the end, by revoking what never was and coming back.
    _ = try test.registry.revoke(address, through: .max - 2, reason: .keyCompromise, issuer: test.issuer)
    let key = X25519.PrivateKey.random().publicKey
    let last = try test.registry.enrolAgain(NewDevice(address: address, publicKey: key), issuer: test.issuer)
    #expect(last.fields.generation == Generation.max - 1)
    #expect(throws: RegistryError.generationsExhausted(address)) {
      try test.registry.renew(X25519.PrivateKey.random().publicKey, for: address, issuer: test.issuer)
    }
  }

  /// The point of order 2, u = 1.
  private var lowOrderPoint: X25519.PublicKey {
    var point = X25519.PublicKey()
    point[0] = 1
    return point
  }
}
