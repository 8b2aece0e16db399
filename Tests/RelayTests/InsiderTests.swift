// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import Foundation
import CountersignCrypto
import Records
import Schemes
import Testing
import Wire

@testable import Keyring
@testable import Registry
@testable import Relay

/// A device of the fleet, or a thief with a copy of one, turns against the others.
@Suite("Insiders")
struct InsiderTests {
  /// A second holder of the device's memory.
  private func thief(of device: SimulatedDevice) throws -> SimulatedDevice {
    let copy = SimulatedDevice()
    let flash = device.flash
    try copy.identity.load(flash.bytes)
    copy.keep(flash)
    return copy
  }

  @Test(
    "A session under the old key asks for a key of its own in the moment in which the next is taken into use: it ends with nothing",
    arguments: [true, false])
  func raceWithPromotion(renewalFirst: Bool) throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    try device.run(in: fleet, listens: false)
    let thief = try thief(of: device)
    try thief.run(in: fleet, listens: false)
    // The device has its next key certified; its session under that key waits for the server's queue, as the thief's request does.
    try device.identity.beginRotation()
    try device.send(try device.renewal(), in: fleet)
    for frame in device.connection!.takeFrames() { _ = try device.receive(frame) }
    device.store()
    let connection = fleet.connect()
    connection.arrive(try device.firstFrame(on: connection))
    try device.readReply(connection.takeFrames()[0])
    let hello = try device.seal(.hello(device.identity.hello(listens: false)))
    let stolen = try thief.seal(.renew(X25519.PrivateKey.random().publicKey))
    fleet.relay.queue.suspend()
    if renewalFirst { thief.connection?.arrive(stolen) }
    connection.arrive(hello)
    connection.settle()
    if !renewalFirst { thief.connection?.arrive(stolen) }
    thief.connection?.settle()
    fleet.relay.queue.resume()
    fleet.settle()
    let row = try #require(try fleet.registry.device(device.address))
    #expect(thief.connection?.closeReason == .superseded)
    #expect(row.generation == 2 && row.pending == nil)
    #expect(try fleet.registry.quarantine(of: device.address) == nil)
    #expect(connection.isOpen)
  }

  @Test("No action of a session whose place another has taken is carried out")
  func superseded() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    let other = try fleet.device(2)
    try device.run(in: fleet, listens: false)
    let thief = try thief(of: device)
    try thief.run(in: fleet, listens: false)
    let late = try thief.seal(.lookup(other.address))
    let client = try #require(fleet.relay.router.sessions(of: device.address).first)
    try fleet.registry.order(.rotate, for: device.address)
    try device.run(in: fleet, listens: false)
    #expect(device.generation == 2 && client.isSuperseded)
    thief.connection?.arrive(late)
    fleet.relay.perform(.lookUp(other.address), for: client)
    fleet.settle()
    #expect(thief.connection?.closeReason == .superseded)
    #expect(thief.connection?.takeFrames().isEmpty == true)
  }

  @Test("A key that was replaced is certified for nobody, with a proof of another key as little as without")
  func replacedKey() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    let replaced = b.identity.certificate!.publicKey
    try b.run(in: fleet)
    try fleet.registry.order(.rotate, for: b.address)
    try b.run(in: fleet)
    try a.run(in: fleet)
    try a.send(.renew(replaced), in: fleet)
    #expect(a.connection?.closeReason == .violation)
    #expect(try fleet.registry.device(holding: replaced) == nil)
  }

  @Test("A key is proved in its own session only; a device that has proved one gets none without")
  func proofs() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    try a.run(in: fleet)
    try fleet.registry.order(.rotate, for: a.address)
    try a.run(in: fleet)
    #expect(a.generation == 2)
    #expect(try fleet.registry.audit(since: 0, limit: 100).allSatisfy { $0.detail != "without a proof of the key" })
    // The proof of another session, of another key, and none.
    try a.identity.beginRotation()
    let (ofThis, key) = try a.proof()
    try a.run(in: fleet, listens: false)
    #expect(a.generation == 3, "proved by the new session, whose welcome asks for it")
    for (id, proof) in zip(10..., [ofThis, Bytes<16>(), nil]) {
      let b = try fleet.device(UInt64(id))
      try b.run(in: fleet)
      try b.identity.beginRotation()
      try b.send(try b.renewal(), in: fleet)
      try b.pump(fleet)
      try b.restart()
      try b.run(in: fleet)
      try b.send(.renew(key, proof: proof), in: fleet)
      #expect(b.connection?.closeReason == .violation, "the key is another's")
      try b.run(in: fleet)
      try b.send(.renew(X25519.PrivateKey.random().publicKey, proof: proof), in: fleet)
      try b.pump(fleet)
      #expect(b.heard.last == "key-refused-unproved-0")
      #expect(b.connection?.isOpen == true)
    }
  }

  @Test("What a key that was replaced has asked for too often leaves the session under the key in use")
  func tooManyKeys() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    try device.run(in: fleet)
    for _ in 0..<KeyBudget.device.burst {
      try device.rotateUnasked(in: fleet)
    }
    #expect(device.generation == 9)
    try device.identity.beginRotation()
    try device.send(try device.renewal(), in: fleet)
    try device.pump(fleet)
    #expect(device.heard.last == "key-refused-tooMany-3600")
    #expect(device.connection?.isOpen == true)
    let other = try fleet.device(2)
    try other.run(in: fleet)
    try device.deposit([1], to: other.identity.certificate!, in: fleet)
    try other.pump(fleet)
    #expect(other.inbox.count == 1)
    // The owner's order is free.
    try fleet.registry.order(.rotate, for: device.address)
    try device.run(in: fleet)
    #expect(device.generation == 10)
  }

  @Test("Peers hear of a rotation, online and later, and refuse the old key on a connection of their own")
  func rotationTravels() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    let c = try fleet.device(3)
    let old = a.identity.certificate!.fields
    try b.run(in: fleet)
    try a.run(in: fleet)
    try fleet.registry.order(.rotate, for: a.address)
    try a.run(in: fleet)
    fleet.look()
    try b.pump(fleet)
    #expect(b.heard.last == "rotation-1-2")
    try c.run(in: fleet)
    #expect(c.heard.contains("rotation-1-2"))
    for peer in [b, c] {
      try peer.restart()
      #expect(throws: CredentialsError.superseded(generation: 2)) {
        try peer.identity.trust.check(old, isInitiator: true)
      }
      // What the server hands out it vouches for: mail that waited was sealed under the key before.
      try peer.identity.trust.check(old, isInitiator: true, isVouchedFor: true)
      let count = peer.identity.trust.revocations.count
      #expect(count == 0)
    }
    // It is not told twice.
    try c.run(in: fleet)
    #expect(!c.heard.contains("rotation-1-2"))
  }

  @Test("However many rotations another system has between two looks, and one's own has, peers hear of each")
  func rotationsOfManyAtOnce() throws {
    let fleet = try TestFleet()
    let peer = try fleet.device(1)
    try peer.run(in: fleet)
    func rotate(_ device: Int, in system: SystemID) throws {
      let address = DeviceAddress(system: system, device: DeviceID(UInt64(device)))
      let certificate = try fleet.registry.addDevice(
        NewDevice(address: address, publicKey: X25519.PrivateKey.random().publicKey), issuer: fleet.authority.issuer)
      let claim = SessionClaim(address: address, generation: 1, publicKey: certificate.publicKey)
      let next = X25519.PrivateKey.random().publicKey
      _ = try fleet.registry.renew(next, proof: .valid, asked: claim, issuer: fleet.authority.issuer)
      try fleet.registry.promotePending(next, for: address, issuer: fleet.authority.issuer)
    }
    try rotate(2, in: fleet.alpha)
    for device in 100..<140 { try rotate(device, in: fleet.beta) }
    fleet.look()
    try peer.pump(fleet)
    #expect(peer.heard.last == "rotation-2-2")
    let count = News.maximumRotations + 3
    for device in 200..<200 + count { try rotate(device, in: fleet.alpha) }
    let before = peer.heard.count
    for expected in [News.maximumRotations, count, count] {
      fleet.look()
      try peer.pump(fleet)
      #expect(peer.heard.count - before == expected)
    }
    #expect(Set(peer.heard.suffix(count)).count == count)
  }

  @Test("A device that does not know rotations hears of revocations only, and the numbers of both are one sequence")
  func oldFirmware() throws {
    let fleet = try TestFleet()
    let (a, b, old) = (try fleet.device(1), try fleet.device(2), try fleet.device(3))
    try a.run(in: fleet)
    try fleet.registry.order(.rotate, for: a.address)
    try a.run(in: fleet)
    _ = try fleet.registry.revoke(b.address, through: nil, reason: .unspecified, issuer: fleet.authority.issuer)
    fleet.look()
    let connection = fleet.connect()
    connection.arrive(try old.firstFrame(on: connection))
    try old.readReply(connection.takeFrames()[0])
    connection.arrive(try old.seal(.hello(DeviceRecord.Hello(listens: true, epoch: 1, revocationSequence: 0))))
    try old.pump(fleet)
    #expect(old.heard == ["welcome-1", "revocation-2", "caughtUp"])
    #expect(old.identity.revocationSequence == 2)
  }

  @Test("Mail of revoked devices is withheld, however many are revoked")
  func revokedSenders() throws {
    let fleet = try TestFleet(inMemory: true)
    let recipient = try fleet.device(1)
    let honest = try fleet.device(2)
    let count = RevocationList.capacity + 2
    var numbers: [MessageID] = []
    for id in 10..<UInt64(10 + count) {
      let sender = try fleet.device(id)
      try sender.run(in: fleet, listens: false)
      numbers.append(try sender.deposit([1], to: recipient.identity.certificate!, in: fleet).id)
      sender.disconnect()
    }
    try honest.run(in: fleet)
    let kept = try honest.deposit([2], to: recipient.identity.certificate!, in: fleet).id
    for id in 10..<UInt64(10 + count) {
      let address = DeviceAddress(system: fleet.alpha, device: DeviceID(id))
      _ = try fleet.registry.revoke(address, through: nil, reason: .keyCompromise, issuer: fleet.authority.issuer)
    }
    fleet.look()
    try recipient.run(in: fleet)
    #expect(Array(recipient.inbox.keys) == [kept])
    let isOverflowing = recipient.identity.trust.revocations.isOverflowing
    #expect(isOverflowing)
    #expect(fleet.relay.metrics.mailWithheld.value == count)
    #expect(fleet.relay.metrics.mailWaiting.value == 0)
    #expect(!numbers.isEmpty)
  }

  @Test("A number of a generation to come is refused, sealed and in the open")
  func numbersToCome() throws {
    let fleet = try TestFleet()
    let (a, b) = (try fleet.device(1), try fleet.device(2))
    try a.run(in: fleet)
    try b.run(in: fleet)
    let poison = MessageID(UInt64(2) << 48 | 0xFFFF_FFFF_FFFF)
    #expect(try a.deposit([1], to: b.identity.certificate!, id: poison, in: fleet).answer == "refused-impossibleNumber")
    let body: [UInt8] = [1]
    try a.send(.open(to: b.address, id: poison, body.bytes), in: fleet)
    try a.pump(fleet)
    #expect(a.heard.last == "refused-impossibleNumber")
    let last = MessageID(UInt64(1) << 48 | 0xFFFF_FFFF_FFFF)
    #expect(try a.deposit([1], to: b.identity.certificate!, id: last, in: fleet).answer == "accepted")
  }

  @Test("A ninth policy works where the server passes a message on, and is not known on direct connections")
  func manyPolicies() throws {
    let fleet = try TestFleet()
    let hub = try fleet.device(1)
    var senders: [SimulatedDevice] = []
    for index in 0..<10 {
      let system = try fleet.registry.addSystem(named: "s\(index)").id
      _ = try fleet.registry.allow(from: system, to: fleet.alpha, through: nil, issuer: fleet.authority.issuer)
      senders.append(try fleet.device(UInt64(100 + index), in: system))
    }
    let stranger = try fleet.device(99, in: fleet.beta)
    fleet.look()
    for sender in senders {
      try sender.run(in: fleet)
      #expect(try sender.deposit([1], to: hub.identity.certificate!, in: fleet).answer == "accepted")
    }
    try stranger.run(in: fleet)
    #expect(
      try stranger.deposit([1], to: hub.identity.certificate!, in: fleet).answer == "refused-unknownRecipient",
      "the server knows every policy")
    try hub.run(in: fleet)
    #expect(hub.heard.filter { $0 == "mail" }.count == 10)
    let areFull = hub.identity.trust.policiesAreFull
    #expect(areFull)
    let unknown = senders.filter { !hub.identity.trust.allows(from: $0.address.system, to: fleet.alpha) }
    #expect(unknown.count == 2)
    #expect(throws: CredentialsError.policyListFull(unknown[0].address.system)) {
      try hub.identity.trust.check(unknown[0].identity.certificate!.fields, isInitiator: true)
    }
  }
}

extension SimulatedDevice {
  /// What asks for a certificate of the key that waits for one, with its proof.
  fileprivate func renewal() throws -> DeviceRecord {
    let (proof, key) = try proof()
    return .renew(key, proof: proof)
  }

  /// A rotation that nobody has ordered.
  fileprivate func rotateUnasked(in fleet: TestFleet) throws {
    try identity.beginRotation()
    try send(try renewal(), in: fleet)
    if try pump(fleet) { try run(in: fleet) }
  }
}
