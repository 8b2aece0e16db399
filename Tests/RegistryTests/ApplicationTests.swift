// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Testing
import Wire

@testable import Keyring
@testable import Registry

/// Applications are principals like devices: marked in their certificates, rotated, revoked, audited.
@Suite struct ApplicationTests {
  let test: TestAuthority

  init() throws { test = try TestAuthority() }

  @discardableResult
  private func add(_ name: String, _ id: UInt64, asDefault: Bool = false) throws -> Certificate {
    try test.registry.addApplication(
      NewDevice(
        address: DeviceAddress(system: test.alpha, device: DeviceID(id)),
        publicKey: X25519.PrivateKey.random().publicKey), named: name, asDefault: asDefault, issuer: test.issuer)
  }

  private func applications() throws -> [RegisteredApplication] { try test.registry.applications(in: test.alpha) }

  @Test func itsCertificateSaysWhatItIs() throws {
    let certificate = try add("meter", 1)
    #expect(certificate.fields.isApplication)
    #expect(certificate.isSigned(by: test.authority.issuerKey))
    var other = certificate.fields
    other.isApplication = false
    #expect(
      !Certificate(fields: other, publicKey: certificate.publicKey, signature: try #require(certificate.signature))
        .isSigned(by: test.authority.issuerKey))
    #expect(try test.registry.device(certificate.fields.address)?.certificate == certificate)
    #expect(try test.registry.verdict(on: certificate) == .entered)
    let (device, _) = try test.device(2)
    #expect(try test.registry.device(device)?.isApplication == false)
    #expect(try test.registry.deviceCount(in: test.alpha) == 1)
    #expect(try test.actions().contains("application.add"))
  }

  @Test func theFirstIsTheDefaultUntilAnotherIsMadeSo() throws {
    try add("meter", 1)
    try add("alarm", 2)
    #expect(try applications().map(\.isDefault) == [false, true])
    #expect(try applications().map(\.name) == ["alarm", "meter"])
    try test.registry.makeDefault(DeviceAddress(system: test.alpha, device: DeviceID(2)))
    #expect(try applications().map(\.isDefault) == [true, false])
    try add("log", 3, asDefault: true)
    #expect(try applications().filter(\.isDefault).map(\.name) == ["log"])
    #expect(try test.registry.applications(in: test.beta).isEmpty)
    #expect(try test.registry.applications(in: nil).count == 3)
  }

  @Test func namesAndTheirNumberAreBounded() throws {
    for name in ["", "Meter", "1meter", "me_ter", "-m", String(repeating: "m", count: 64)] {
      #expect(throws: RegistryError.invalidApplicationName(name)) { try add(name, 99) }
    }
    for id in 1...16 as ClosedRange<UInt64> { try add("a\(id)", id) }
    #expect(throws: RegistryError.tooManyApplications(test.alpha)) { try add("one-more", 17) }
    #expect(throws: RegistryError.applicationExists("a3")) { try add("a3", 18) }
  }

  @Test func aReplacedKeyIsGoodForTheOverlap() throws {
    let first = try add("meter", 1)
    let address = first.fields.address
    let next = X25519.PrivateKey.random().publicKey
    let claim = SessionClaim(address: address, generation: 1, publicKey: first.publicKey)
    guard case .granted(let second) = try test.registry.renew(next, proof: .valid, asked: claim, issuer: test.issuer)
    else { return #expect(Bool(false)) }
    #expect(second.fields.isApplication && second.fields.generation == 2)
    // Another instance of it makes a key of its own: no sign of a copy.
    let another = X25519.PrivateKey.random().publicKey
    #expect(throws: RegistryError.sharedByInstances(address)) {
      try test.registry.renew(another, proof: .valid, asked: claim, issuer: test.issuer)
    }
    try test.registry.promotePending(next, for: address, issuer: test.issuer)
    let retired = SessionClaim(address: address, generation: 1, publicKey: first.publicKey, isRetired: true)
    #expect(throws: RegistryError.sharedByInstances(address)) {
      try test.registry.renew(another, proof: .valid, asked: retired, issuer: test.issuer)
    }
    #expect(try test.registry.quarantine(of: address) == nil)
    let application = try #require(try applications().first)
    let at = try #require(application.replacedKeys.first).replacedAt
    #expect(application.replacedKey(1, at: at + 9, overlap: 10)?.lastEpoch == first.fields.lastEpoch)
    #expect(application.replacedKey(1, at: at + 10, overlap: 10) == nil)
    #expect(application.replacedKey(2, at: at, overlap: 10) == nil)
    _ = try test.registry.revoke(address, through: 1, reason: .keyCompromise, issuer: test.issuer)
    #expect(try applications().first?.replacedKey(1, at: at, overlap: 10) == nil)
  }

  @Test func itsInstancesAreNotOrderedToRotate() throws {
    let address = try add("meter", 1).fields.address
    #expect(throws: RegistryError.sharedByInstances(address)) { try test.registry.order(.rotate, for: address) }
  }

  @Test func oneThatIsRemovedIsRevokedForGood() throws {
    let address = try add("meter", 1).fields.address
    try test.registry.quarantine(address, because: "two of it")
    #expect(try test.registry.quarantine(of: address) != nil)
    let statement = try test.registry.removeApplication(address, issuer: test.issuer)
    #expect(statement.content.generation == RevocationContent.everyGeneration)
    #expect(try test.registry.device(address)?.isRevoked == true)
    #expect(try applications().isEmpty)
    try add("meter", 2)
    #expect(try applications().map(\.isDefault) == [true])
    #expect(throws: RegistryError.unknownDevice(address)) {
      try test.registry.removeApplication(address, issuer: test.issuer)
    }
  }

  /// One that was revoked and comes back keeps its role.
  @Test func oneThatIsEnrolledAgainStaysAnApplication() throws {
    let address = try add("meter", 1).fields.address
    _ = try test.registry.revoke(address, through: nil, reason: .keyCompromise, issuer: test.issuer)
    let again = try test.registry.enrolAgain(
      NewDevice(address: address, publicKey: X25519.PrivateKey.random().publicKey), issuer: test.issuer)
    #expect(again.fields.isApplication)
    #expect(try test.registry.device(address)?.isApplication == true)
  }
}
