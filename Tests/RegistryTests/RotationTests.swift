import Credentials
import Primitives
import Testing

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

    try test.registry.promotePending(new, for: address)
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
    try test.registry.promotePending(new, for: address)
    let actions = try test.actions()
    try test.registry.promotePending(new, for: address)
    // A device that lost the answer after its key was promoted asks once more.
    #expect(try test.registry.renew(new, for: address, issuer: test.issuer) == first)
    #expect(try test.actions() == actions)
  }

  @Test func noTwoKeysShareAGeneration() throws {
    let (address, old) = try test.device(1)
    let keys = (0..<3).map { _ in X25519.PrivateKey.random().publicKey }
    let generations = try keys.map {
      try test.registry.renew($0, for: address, issuer: test.issuer).fields.generation
    }
    #expect(generations == [2, 3, 4])
    // Only the last one is pending; the old key still opens sessions.
    #expect(try test.registry.device(holding: keys[0]) == nil)
    #expect(try test.registry.device(holding: keys[2])?.slot == .pending)
    #expect(try test.registry.device(holding: old)?.slot == .active)
    #expect(throws: RegistryError.unknownKey(address)) { try test.registry.promotePending(keys[0], for: address) }
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
    try test.registry.promotePending(new, for: address)
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
