// SPDX-License-Identifier: Apache-2.0

import Credentials
import GRDB
import CountersignCrypto
import Testing

@testable import Keyring
@testable import Registry

@Suite struct RevocationTests {
  let test: TestAuthority

  init() throws { test = try TestAuthority() }

  @Test func aRevocationCoversEveryGenerationIssued() throws {
    let (address, key) = try test.device(1)
    let pending = X25519.PrivateKey.random().publicKey
    _ = try test.registry.renew(pending, for: address, issuer: test.issuer)
    try test.registry.order(.rotate, for: address)
    let statement = try test.registry.revoke(address, through: nil, reason: .keyCompromise, issuer: test.issuer)
    #expect(statement.content.generation == 2)
    #expect(statement.content.sequence == 1)
    #expect(statement.isSigned(by: test.authority.issuerKey))
    let device = try test.registry.device(address)
    #expect(device?.isRevoked == true)
    #expect(device?.pending == nil)
    #expect(try test.registry.orders().isEmpty)
    // The device is still found by its key, so that the server can tell who was refused; the pending key is gone.
    #expect(try test.registry.device(holding: key)?.device.isRevoked == true)
    #expect(try test.registry.device(holding: pending) == nil)
    #expect(throws: RegistryError.deviceRevoked(address)) {
      try test.registry.renew(X25519.PrivateKey.random().publicKey, for: address, issuer: test.issuer)
    }
    #expect(throws: RegistryError.deviceRevoked(address)) {
      try test.registry.promotePending(pending, for: address, issuer: test.issuer)
    }
    #expect(throws: RegistryError.deviceRevoked(address)) { try test.registry.order(.rotate, for: address) }
  }

  @Test("Another reason for what is revoked already is told by a statement of its own; none changes nothing")
  func theReasonIsCorrected() throws {
    let (address, _) = try test.device(1)
    let first = try test.registry.revoke(address, through: nil, reason: .unspecified, issuer: test.issuer)
    #expect(try test.registry.revoke(address, through: nil, reason: .unspecified, issuer: test.issuer) == first)
    let second = try test.registry.revoke(address, through: nil, reason: .keyCompromise, issuer: test.issuer)
    #expect(second.content.reason == .keyCompromise && second.content.generation == first.content.generation)
    #expect(second.content.sequence == 2 && second.isSigned(by: test.authority.issuerKey))
    #expect(try test.registry.revoke(address, through: nil, reason: .unspecified, issuer: test.issuer) == second)
    #expect(try test.registry.revocations(since: 0, for: nil) == [second])
    #expect(
      try test.registry.audit(since: 0, limit: 100).last?.detail == "keyCompromise instead of unspecified")
  }

  @Test func theirNumbersEnd() throws {
    let (address, _) = try test.device(1)
    let (last, _) = try test.device(2)
    try test.registry.write { db, _ in
      try db.execute(sql: "UPDATE authority SET revocation_sequence = ?", arguments: [Int64(UInt32.max) - 1])
    }
    let statement = try test.registry.revoke(last, through: nil, reason: .keyCompromise, issuer: test.issuer)
    #expect(statement.content.sequence == .max)
    #expect(throws: RegistryError.revocationsExhausted) {
      try test.registry.revoke(address, through: nil, reason: .keyCompromise, issuer: test.issuer)
    }
    #expect(try test.registry.device(address)?.isRevoked == false)
  }

  @Test func revokingAgainGivesTheSameStatement() throws {
    let (address, _) = try test.device(1)
    let first = try test.registry.revoke(address, through: nil, reason: .keyCompromise, issuer: test.issuer)
    let actions = try test.actions()
    #expect(try test.registry.revoke(address, through: nil, reason: .unspecified, issuer: test.issuer) == first)
    #expect(try test.actions() == actions)
    // For good is more than that.
    let forGood = try test.registry.revoke(
      address, through: RevocationContent.everyGeneration, reason: .cessationOfOperation, issuer: test.issuer)
    #expect(forGood.content.sequence == 2)
    #expect(try test.registry.revocations(since: 0, for: nil) == [forGood])
    #expect(throws: RegistryError.generationsExhausted(address)) {
      try test.registry.enrolAgain(
        NewDevice(address: address, publicKey: X25519.PrivateKey.random().publicKey), issuer: test.issuer)
    }
  }

  @Test func anOldGenerationIsRevokedWithoutTheNewOne() throws {
    let (address, _) = try test.device(1)
    let new = X25519.PrivateKey.random().publicKey
    _ = try test.registry.renew(new, for: address, issuer: test.issuer)
    try test.registry.promotePending(new, for: address, issuer: test.issuer)
    let statement = try test.registry.revoke(address, through: 1, reason: .keyCompromise, issuer: test.issuer)
    #expect(statement.content.generation == 1)
    #expect(try test.registry.device(address)?.isRevoked == false)
    #expect(try test.registry.device(address)?.revokedThrough == 1)
  }

  @Test func aDeviceComesBackUnderTheNextGeneration() throws {
    let (address, key) = try test.device(1)
    let next = NewDevice(address: address, publicKey: X25519.PrivateKey.random().publicKey)
    #expect(throws: RegistryError.deviceActive(address)) {
      try test.registry.enrolAgain(next, issuer: test.issuer)
    }
    _ = try test.registry.revoke(address, through: nil, reason: .keyCompromise, issuer: test.issuer)
    let certificate = try test.registry.enrolAgain(next, issuer: test.issuer)
    #expect(certificate.fields.generation == 2)
    #expect(try test.registry.device(address)?.isRevoked == false)
    #expect(try test.registry.device(holding: key) == nil)
  }

  @Test func devicesHearWhatConcernsThem() throws {
    let (a, _) = try test.device(1, in: test.alpha)
    let (b, _) = try test.device(1, in: test.beta)
    let first = try test.registry.revoke(a, through: nil, reason: .unspecified, issuer: test.issuer)
    let second = try test.registry.revoke(b, through: nil, reason: .unspecified, issuer: test.issuer)
    #expect(try test.registry.revocations(since: 0, for: nil) == [first, second])
    #expect(try test.registry.revocations(since: 1, for: nil) == [second])
    #expect(try test.registry.revocations(since: 0, for: test.alpha) == [first])

    // A policy makes the other system's revocations our business, also those from before.
    let seen = try test.registry.state().revocationSequence
    _ = try test.registry.allow(from: test.alpha, to: test.beta, through: nil, issuer: test.issuer)
    for system in [test.alpha, test.beta] {
      let told = try test.registry.revocations(since: seen, for: system)
      #expect(told.map(\.content.system) == [test.alpha, test.beta])
      #expect(told.map(\.content.sequence) == [3, 4])
      #expect(told.allSatisfy { $0.isSigned(by: test.authority.issuerKey) })
    }
  }

  @Test func aRevocationIsForgottenWithTheCertificatesItCovers() throws {
    let (address, _) = try test.device(1)
    let statement = try test.registry.revoke(address, through: nil, reason: .unspecified, issuer: test.issuer)
    #expect(statement.content.lastEpoch == 9)
    _ = try test.registry.advanceEpoch(by: 8, issuer: test.issuer)
    #expect(try test.registry.revocations(since: 0, for: nil) == [statement])
    _ = try test.registry.advanceEpoch(by: 1, issuer: test.issuer)
    #expect(try test.registry.revocations(since: 0, for: nil).isEmpty)
  }

  /// A verifier that has only the trust store refuses the certificate once it has the statement.
  @Test func anOfflineVerifierBelievesTheStatement() throws {
    let (address, _) = try test.device(1)
    let certificate = try #require(try test.registry.device(address)).certificate
    var trust = TrustStore(anchor: test.authority.issuerKey, system: test.alpha, epoch: 1)
    try trust.verify(certificate, isInitiator: true)
    try trust.accept(try test.registry.revoke(address, through: nil, reason: .keyCompromise, issuer: test.issuer))
    #expect(throws: CredentialsError.revoked(generation: 1)) { try trust.verify(certificate, isInitiator: true) }
  }
}
