// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import CountersignCrypto
import Testing
import Wire

@testable import Keyring
@testable import Registry

@Suite struct IdentityCredentialTests {
  private let test = try! TestAuthority()

  private func address(_ id: UInt64) -> DeviceAddress { DeviceAddress(system: test.alpha, device: DeviceID(id)) }

  private func request() -> Bytes<32> {
    var request = IdentityRequest()
    request.generate()
    return request.point
  }

  private func issued(_ id: UInt64, generation: Generation = 1) throws -> IssuedCredential {
    try IssuedCredential(
      test.authority.identityMaster.fields(for: address(id), generation: generation, lastEpoch: 9), request: request(),
      authority: test.authority)
  }

  @Test func theMasterKeyFollowsFromTheRoot() throws {
    let root = [UInt8](repeating: 1, count: 32)
    let (a, b) = (try Authority(root: root.bytes), try Authority(root: root.bytes))
    #expect(a.identityMaster.publicKey == b.identityMaster.publicKey)
    #expect(a.identityMaster.publicKey.bytes != a.issuerKey)
    #expect(try test.registry.state().masterKey == test.authority.identityMaster.publicKey)
  }

  @Test func everyFlavourIsKept() throws {
    for (id, issuance) in IdentityCredential.Issuance.allCases.enumerated() {
      let fields = test.authority.identityMaster.fields(for: address(UInt64(id)), generation: 1, lastEpoch: 9)
      var key = X25519.PrivateKey()
      let credential: IssuedCredential
      switch issuance {
      case .blinded: credential = try issued(UInt64(id))
      case .injected:
        let made = try test.authority.identityMaster.issueInjected(fields, into: &key)
        credential = IssuedCredential(Certificate(made, publicKey: key.publicKey))
      case .escrow:
        let made = try test.authority.identityMaster.issueEscrow(fields, into: &key)
        credential = IssuedCredential(Certificate(made, publicKey: key.publicKey))
      }
      try test.registry.record([credential], enrolAgain: false)
      try test.registry.record([credential], enrolAgain: false)
      let row = try #require(try test.registry.device(address(UInt64(id))))
      #expect(row.certificate == credential.certificate)
      #expect(try test.registry.state().vouches(for: row.certificate))
      #expect(try test.registry.issuedCredential(of: address(UInt64(id))) == credential)
      #expect(try test.registry.device(holding: row.certificate.publicKey)?.device == row)
    }
    #expect(try test.actions().filter { $0 == "device.add" }.count == 3)
  }

  @Test func aRepeatedRequestIsAnsweredAlikeAndAnotherIsASecondHolders() throws {
    try test.registry.record([issued(1)], enrolAgain: false)
    let first = request()
    let answer = try test.registry.issue(request: first, for: address(1), authority: test.authority)
    #expect(answer.credential.fields.generation == 2)
    #expect(try test.registry.issue(request: first, for: address(1), authority: test.authority) == answer)
    #expect(throws: NotGranted(reason: "two keys for generation 2")) {
      try test.registry.issue(request: request(), for: address(1), authority: test.authority)
    }
    try test.registry.releaseFromQuarantine(address(1))
    let key = try answer.credential.publicKey(under: test.authority.identityMaster.publicKey)
    try test.registry.promotePending(key, for: address(1), issuer: test.issuer)
    let row = try #require(try test.registry.device(address(1)))
    #expect(row.certificate.identityCredential == answer.credential && row.pending == nil)
    let next = try test.registry.issue(request: request(), for: address(1), authority: test.authority)
    #expect(next.credential.fields.generation == 3)
  }

  @Test func whatDoesNotComeNextIsRefused() throws {
    try test.registry.record([issued(1)], enrolAgain: false)
    #expect(throws: RegistryError.deviceExists(address(1))) { try test.registry.record([issued(1)], enrolAgain: false) }
    #expect(throws: RegistryError.deviceActive(address(1))) { try test.registry.record([issued(1)], enrolAgain: true) }
    #expect(throws: RegistryError.unexpectedGeneration(2, expected: 1)) {
      try test.registry.record([issued(2, generation: 2)], enrolAgain: false)
    }
    _ = try test.registry.revoke(address(1), through: nil, reason: .keyCompromise, issuer: test.issuer)
    #expect(throws: RegistryError.unexpectedGeneration(1, expected: 2)) {
      try test.registry.record([issued(1)], enrolAgain: true)
    }
    try test.registry.record([issued(1, generation: 2)], enrolAgain: true)
    #expect(throws: RegistryError.unusableKey) {
      try test.registry.issue(request: Bytes(), for: address(1), authority: test.authority)
    }
  }

  @Test func aDeviceMayComeBackWithTheOtherKind() throws {
    try test.registry.record([issued(1)], enrolAgain: false)
    _ = try test.registry.revoke(address(1), through: nil, reason: .keyCompromise, issuer: test.issuer)
    let key = X25519.PrivateKey.random().publicKey
    let certificate = try test.registry.enrolAgain(
      NewDevice(address: address(1), publicKey: key), issuer: test.issuer)
    #expect(try test.registry.device(address(1))?.certificate == certificate)
    #expect(try test.registry.issuedCredential(of: address(1)) == nil)
  }

  @Test func evidenceIsRecordedOnce() throws {
    let evidence = try MisissuanceEvidence(
      issued(1).certificate.identityCredential!, issued(1).certificate.identityCredential!)
    #expect(try test.registry.report(evidence))
    #expect(try !test.registry.report(evidence))
    #expect(try test.actions().filter { $0 == "misissuance" }.count == 1)
  }

  @Test func aRegistryFromBeforeIsBroughtUpToDate() throws {
    let (address, key) = try test.device(5)
    let path = test.directory.registryPath
    try test.registry.close()
    let queue = try DatabaseQueue(path: path)
    try queue.write { db in
      for column in ["issuance", "request", "pending_issuance", "pending_request"] {
        try db.execute(sql: "ALTER TABLE devices DROP COLUMN \(column)")
      }
      try db.execute(sql: "ALTER TABLE authority DROP COLUMN master_key")
      try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '3-identity-credentials'")
    }
    try queue.close()
    let registry = try test.directory.openRegistry(actor: "test")
    #expect(try registry.state().masterKey == nil)
    #expect(try registry.device(address)?.certificate.publicKey == key)
    let authority = try test.directory.unlock(registry, passphrase: nil)
    #expect(try registry.state().masterKey == authority.identityMaster.publicKey)
    try registry.close()
  }
}
