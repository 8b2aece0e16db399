// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import CountersignCrypto
import Records
import Schemes
import Testing

@testable import Keyring
@testable import Registry
@testable import Relay

@Suite("Identity-based devices")
struct IdentityBasedTests {
  /// A second credential for generation 1, made with the master key and never recorded: what a thief of the key would do.
  private func forge(_ device: SimulatedDevice, in fleet: TestFleet) throws -> SimulatedDevice {
    let forger = SimulatedDevice()
    let state = try fleet.registry.state()
    forger.identity.create(
      address: device.address, anchor: fleet.authority.issuerKey, serverKey: fleet.authority.serverKey.publicKey,
      epoch: state.epoch, scheme: .identityBased, master: fleet.authority.identityMaster.publicKey)
    let fields = fleet.authority.identityMaster.fields(for: device.address, generation: 1, lastEpoch: state.lastEpoch)
    let issued = try IssuedCredential(
      fields, request: forger.identity.requestPoint!, authority: fleet.authority)
    try forger.identity.install(issued.answer!)
    forger.store()
    return forger
  }

  private func evidence(_ fleet: TestFleet) throws -> [String] {
    try fleet.registry.audit(since: 0, limit: 1000).filter { $0.action == "misissuance" }.map { $0.detail ?? "" }
  }

  @Test("A session begins as with a certificate, and rotates online by a blinded request")
  func session() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: .identityBased)
    try device.run(in: fleet)
    #expect(device.heard == ["welcome-1", "caughtUp"])
    let before = try #require(device.certificateInUse)
    try fleet.registry.order(.rotate, for: device.address)
    try device.run(in: fleet)
    #expect(device.generation == 2)
    let row = try #require(try fleet.registry.device(device.address))
    #expect(row.certificate == device.certificateInUse && row.pending == nil)
    #expect(row.certificate.identityCredential?.issuance == .blinded)
    #expect(row.certificate.publicKey != before.publicKey)
    #expect(try evidence(fleet).isEmpty)
  }

  @Test("Both kinds leave one another messages", arguments: [true, false])
  func mail(senderIsIdentityBased: Bool) throws {
    let fleet = try TestFleet()
    let sender = try fleet.device(1, scheme: senderIsIdentityBased ? .identityBased : .certified)
    let recipient = try fleet.device(2, scheme: senderIsIdentityBased ? .certified : .identityBased)
    try sender.run(in: fleet)
    let row = try #require(try fleet.registry.device(recipient.address))
    let sent = try sender.deposit([7, 8], to: row.certificate, in: fleet)
    #expect(sent.answer == "accepted")
    try recipient.run(in: fleet)
    #expect(recipient.inbox[sent.id] == [7, 8])
  }

  @Test("A credential that runs out is replaced online by a new key, also when it is outdated")
  func epochs() throws {
    let fleet = try TestFleet(certificateEpochs: 4)
    let device = try fleet.device(1, scheme: .identityBased)
    _ = try fleet.registry.advanceEpoch(by: 3, issuer: fleet.authority.issuer)
    fleet.look()
    try device.run(in: fleet)
    #expect(device.generation == 2)
    _ = try fleet.registry.advanceEpoch(by: 10, issuer: fleet.authority.issuer)
    fleet.look()
    try device.run(in: fleet)
    #expect(device.generation == 3)
    try device.run(in: fleet)
    #expect(device.heard.last == "caughtUp")
  }

  @Test("A revoked device, and one that nobody knows, are refused")
  func refused() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: .identityBased)
    _ = try fleet.registry.revoke(
      device.address, through: nil, reason: .keyCompromise, issuer: fleet.authority.issuer)
    #expect(throws: SimulatedDevice.Refused(reason: .refused(.revoked))) { try device.run(in: fleet) }
    let other = try TestFleet()
    #expect(throws: SimulatedDevice.Refused.self) { try other.device(2, scheme: .identityBased).run(in: fleet) }
  }

  @Test("A proved second credential for one generation is refused, put on record once, and raises the alarm")
  func misissuance() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: .identityBased)
    try device.run(in: fleet)
    let forger = try forge(device, in: fleet)
    for _ in 0..<2 {
      #expect(throws: SimulatedDevice.Refused(reason: .refused(.misissued))) { try forger.run(in: fleet) }
    }
    let recorded = try evidence(fleet)
    #expect(recorded.count == 1)
    #expect(fleet.relay.metrics.misissuances.value == 2)
    let digits = Array(try #require(recorded.first).utf8)
    let bytes = stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
    }
    let evidence = try MisissuanceEvidence(decoding: bytes.bytes)
    try evidence.check(under: fleet.authority.identityMaster.publicKey)
    #expect(evidence.first.fields.address == device.address)
    // The device itself is not shut out by it.
    try device.run(in: fleet)
    #expect(device.heard.last == "caughtUp")
  }

  @Test("A replayed first frame of the second credential's holder is no evidence")
  func replayedForgery() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: .identityBased)
    let forger = try forge(device, in: fleet)
    let frame = try forger.firstFrame(on: fleet.connect())
    let attacker = fleet.connect()
    attacker.arrive(frame)
    fleet.settle()
    attacker.arrive([UInt8](repeating: 7, count: 24))
    fleet.settle()
    #expect(attacker.closeReason == .violation)
    #expect(try evidence(fleet).isEmpty)
  }

  @Test("A device with a certificate does not ask for a credential")
  func wrongKind() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    try device.run(in: fleet)
    try device.send(.request(fleet.authority.identityMaster.publicKey.bytes), in: fleet)
    #expect(device.connection?.closeReason == .violation)
    let other = try fleet.device(2, scheme: .identityBased)
    try other.run(in: fleet)
    try other.send(.request(Bytes()), in: fleet)
    #expect(other.connection?.closeReason == .violation)
  }
}

extension SimulatedDevice {
  var certificateInUse: Certificate? { identity.certificate }
}
