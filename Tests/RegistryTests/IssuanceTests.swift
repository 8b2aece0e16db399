// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import CountersignCrypto
import Schemes
import Testing
import Wire

@testable import Keyring
@testable import Registry

@Suite("The issuance log")
struct IssuanceTests {
  private final class Bench {
    let path = NSTemporaryDirectory() + "/countersign-issuance-\(UUID().uuidString)"
    let authority = Authority.random()
    let registry: SQLiteRegistry
    let device: DeviceAddress
    let certificate: Certificate

    init() throws {
      let directory = AuthorityDirectory(path)
      try directory.create(authority, sealing: .unsealed, certificateEpochs: 8, actor: "test")
      registry = try directory.openRegistry(actor: "test")
      device = DeviceAddress(system: try registry.addSystem(named: "a").id, device: DeviceID(7))
      certificate = try registry.addDevice(
        NewDevice(address: device, publicKey: X25519.PrivateKey.random().publicKey), issuer: authority.issuer)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A certificate of the owner's key that the registry never heard of.
    func minted(generation: Generation) throws -> Certificate {
      try authority.issuer.certificate(
        for: X25519.PrivateKey.random().publicKey, system: device.system, device: device.device,
        generation: generation, lastEpoch: 9)
    }

    func execute(_ sql: String) throws {
      try registry.close()
      let queue = try DatabaseQueue(path: path + "/registry.sqlite")
      try queue.inDatabase { try $0.execute(sql: sql) }
      try queue.close()
    }
  }

  @Test("Every way to a certificate enters its key once, and the log holds together")
  func everyWay() throws {
    let bench = try Bench()
    let next = X25519.PrivateKey.random().publicKey
    let staged = try bench.registry.renew(next, for: bench.device, issuer: bench.authority.issuer)
    try bench.registry.promotePending(next, for: bench.device, issuer: bench.authority.issuer)
    _ = try bench.registry.advanceEpoch(by: 1, issuer: bench.authority.issuer)
    let renewed = try bench.registry.renew(next, for: bench.device, issuer: bench.authority.issuer)
    _ = try bench.registry.revoke(bench.device, through: nil, reason: .unspecified, issuer: bench.authority.issuer)
    let third = try bench.registry.enrolAgain(
      NewDevice(address: bench.device, publicKey: X25519.PrivateKey.random().publicKey), issuer: bench.authority.issuer)
    for certificate in [bench.certificate, staged, renewed, third] {
      #expect(try bench.registry.verdict(on: certificate) == .entered)
    }
    #expect(try bench.registry.issuance(of: bench.certificate.publicKey)?.generation == 1)
    #expect(try bench.registry.issuanceHeads().map(\.content.count) == [2])
    #expect(try bench.registry.issuanceProblems() == [])
  }

  @Test("A certificate minted behind the log is told from one of its own, and two for one generation are proof")
  func minted() throws {
    let bench = try Bench()
    let second = try bench.minted(generation: 1)
    guard case .contradicted(let known, let found) = try bench.registry.verdict(on: second),
      case .certificates(let proof) = found
    else {
      Issue.record("no proof")
      return
    }
    #expect(known.publicKey == bench.certificate.publicKey)
    #expect(proof.isValid(under: bench.authority.issuerKey))
    #expect(!proof.isValid(under: Authority.random().issuerKey))
    var bytes = [UInt8](repeating: 0, count: MisissuanceProof.encodedLength)
    var span = bytes.mutableBytes
    proof.encode(into: &span)
    #expect(try MisissuanceProof(decoding: bytes.bytes) == proof)
    for index in bytes.indices {
      var altered = bytes
      altered[index] ^= 1
      let isValid = (try? MisissuanceProof(decoding: altered.bytes))?.isValid(under: bench.authority.issuerKey)
      #expect(isValid != true, "byte \(index)")
    }
    #expect(throws: CredentialsError.self) { try MisissuanceProof(second, second) }
    #expect(throws: CredentialsError.self) { try MisissuanceProof(second, try bench.minted(generation: 2)) }
    #expect(try bench.registry.verdict(on: bench.minted(generation: 2)) == .missing)
    let foreign = try Authority.random().issuer.certificate(
      for: second.publicKey, system: bench.device.system, device: bench.device.device, generation: 1, lastEpoch: 9)
    #expect(try bench.registry.verdict(on: foreign) == .foreign)
  }

  @Test("A credential minted behind the log is told from one of its own; against a certificate it makes no proof")
  func mintedCredential() throws {
    let bench = try Bench()
    let master = bench.authority.identityMaster.publicKey
    func credential(_ device: UInt64) throws -> Certificate {
      let address = DeviceAddress(system: bench.device.system, device: DeviceID(device))
      let fields = bench.authority.identityMaster.fields(for: address, generation: 1, lastEpoch: 9)
      var key = X25519.PrivateKey()
      let credential = try bench.authority.identityMaster.issueInjected(fields, into: &key)
      return Certificate(credential, publicKey: key.publicKey)
    }
    let ours = try credential(8)
    try bench.registry.record([IssuedCredential(ours)], enrolAgain: false)
    #expect(try bench.registry.verdict(on: ours) == .entered)
    let second = try credential(8)
    guard case .contradicted(let known, .credentials(let evidence)?) = try bench.registry.verdict(on: second) else {
      Issue.record("no evidence")
      return
    }
    #expect(known.publicKey == ours.publicKey)
    try evidence.check(under: master)
    #expect(Set([evidence.first.point, evidence.second.point]).count == 2)
    let mixed = try bench.registry.verdict(on: credential(7))
    #expect(mixed == .contradicted(IssuanceLine(bench.certificate), nil))
    #expect(throws: CredentialsError.subjectMismatch) { try MisissuanceProof(bench.certificate, credential(7)) }
    let astray = Certificate(try #require(second.identityCredential), publicKey: bench.certificate.publicKey)
    #expect(try bench.registry.verdict(on: astray) == .foreign)
  }

  @Test(
    "Rewriting, cutting and reordering the log, and keys slipped past it, are found",
    arguments: [
      "UPDATE issuances SET public_key = zeroblob(32) WHERE sequence = 1",
      "DELETE FROM issuances WHERE sequence = 2",
      "UPDATE issuances SET head = zeroblob(32) WHERE sequence = 2",
      "UPDATE devices SET public_key = randomblob(32)",
    ])
  func tampered(_ sql: String) throws {
    let bench = try Bench()
    _ = try bench.registry.renew(
      X25519.PrivateKey.random().publicKey, for: bench.device, issuer: bench.authority.issuer)
    _ = try bench.registry.advanceEpoch(by: 1, issuer: bench.authority.issuer)
    #expect(try bench.registry.issuanceProblems() == [])
    let triggers = "DROP TRIGGER issuances_are_final; DROP TRIGGER issuances_are_kept;"
    try bench.execute(triggers + sql)
    let registry = try SQLiteRegistry(path: bench.path + "/registry.sqlite", actor: "test")
    #expect(try !registry.issuanceProblems().isEmpty)
    try registry.close()
  }

  @Test("A registry of before the log gets one of the keys that its devices have")
  func migration() throws {
    let bench = try Bench()
    try bench.execute(
      """
      DROP TABLE issuances; DROP TABLE issuance_heads; DROP TABLE quarantine;
      DELETE FROM grdb_migrations WHERE identifier = '4-issuances'
      """)
    let registry = try SQLiteRegistry(path: bench.path + "/registry.sqlite", actor: "test")
    #expect(try registry.verdict(on: bench.certificate) == .entered)
    #expect(try registry.issuanceProblems() == [])
    try registry.close()
  }

  /// A device without a key pair, revoked and enrolled again with one.
  private func enrolled(_ bench: Bench, _ device: UInt64) throws -> Certificate {
    let address = DeviceAddress(system: bench.device.system, device: DeviceID(device))
    _ = try bench.registry.addSymmetricDevice(address, scheme: .derivedKey, authority: bench.authority)
    _ = try bench.registry.revoke(address, through: nil, reason: .unspecified, issuer: bench.authority.issuer)
    return try bench.registry.enrolAgain(
      NewDevice(address: address, publicKey: X25519.PrivateKey.random().publicKey), issuer: bench.authority.issuer)
  }

  @Test("A device that comes back with a key pair is entered")
  func enrolledWithKeyPair() throws {
    let bench = try Bench()
    #expect(try bench.registry.verdict(on: enrolled(bench, 8)) == .entered)
    #expect(try bench.registry.issuanceProblems() == [])
  }

  @Test("A registry that forgot to enter such devices makes up for it; a row that somebody has written gets no line")
  func forgottenLines() throws {
    let bench = try Bench()
    let forgotten = try [enrolled(bench, 8), enrolled(bench, 9)]
    _ = try bench.registry.advanceEpoch(by: 1, issuer: bench.authority.issuer)
    let early = try bench.registry.issuanceHeads()
    let path = bench.path + "/registry.sqlite"
    // As it was: the lines were never written, nor signed.
    try bench.execute(
      """
      DROP TRIGGER issuances_are_kept; DELETE FROM issuances WHERE device_id IN (8, 9); DELETE FROM issuance_heads;
      INSERT INTO devices (system, device_id, public_key, key_tag, issuer, generation, last_epoch, signature, hint, floor,
        created_at, changed_at) SELECT system, 10, randomblob(32), 1, issuer, 2, last_epoch, signature, 1, floor,
        created_at, changed_at FROM devices WHERE device_id = 8;
      """)
    let before = try SQLiteRegistry(path: path, actor: "test")
    for certificate in forgotten { #expect(try before.verdict(on: certificate) == .missing) }
    _ = try before.advanceEpoch(by: 1, issuer: bench.authority.issuer)
    try before.close()
    let queue = try DatabaseQueue(path: path)
    try queue.inDatabase { try $0.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '5-enrolled-keys'") }
    try queue.close()

    let registry = try SQLiteRegistry(path: path, actor: "test")
    for certificate in forgotten + [bench.certificate] { #expect(try registry.verdict(on: certificate) == .entered) }
    #expect(try registry.issuanceProblems() == ["1 devices have a key that was never entered"])
    #expect(try registry.issuanceHeads().map(\.content.count) == [1] && early.map(\.content.count) == [3])
    try registry.close()
  }
}
