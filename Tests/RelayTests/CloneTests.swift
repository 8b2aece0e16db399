// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Device
import FleetSupport
import Foundation
import Records
import Schemes
import TestSeed
import Testing

@testable import Keyring
@testable import Registry
@testable import Relay

/// Two holders of one device's keys are told from one holder on a bad line.
@Suite("Clones")
struct CloneTests {
  /// How a device shows its next key: a public key to be certified, or the point of a request.
  static let kinds: [SchemeID] = [.certified, .identityBased]

  /// A second device with the same memory.
  private func copy(of device: SimulatedDevice) throws -> SimulatedDevice {
    let copy = SimulatedDevice()
    let flash = device.flash
    try copy.identity.load(flash.bytes)
    copy.keep(flash)
    return copy
  }

  private func rotate(_ device: SimulatedDevice, in fleet: TestFleet) throws {
    try fleet.registry.order(.rotate, for: device.address)
    try device.run(in: fleet)
  }

  @Test("The copy changes its key, the original comes back: a fork, quarantined and on record", arguments: kinds)
  func copyRotatesFirst(_ kind: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: kind)
    try device.run(in: fleet)
    let copy = try copy(of: device)
    try rotate(copy, in: fleet)
    #expect(copy.generation == 2)
    #expect(throws: SimulatedDevice.Refused(reason: .quarantined)) { try device.run(in: fleet) }
    #expect(copy.connection?.closeReason == .quarantined)
    #expect(throws: SimulatedDevice.Refused(reason: .refused(.quarantined))) { try copy.run(in: fleet) }
    #expect(try fleet.registry.quarantine(of: device.address) == "two keys follow generation 1")
    #expect(try fleet.registry.audit(since: 0, limit: 100).contains { $0.action == "device.quarantine" })
    // The owner has looked at it: the holder of the key in use is let in again.
    try fleet.registry.releaseFromQuarantine(device.address)
    try copy.run(in: fleet)
  }

  @Test("Both are told to change their keys: the second key for one generation is a fork", arguments: kinds)
  func bothRotate(_ kind: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: kind)
    try device.run(in: fleet)
    let copy = try copy(of: device)
    for holder in [device, copy] {
      try holder.run(in: fleet, listens: false)
      try holder.identity.beginRotation()
      holder.store()
      if let point = holder.identity.requestPoint {
        try holder.send(.request(point), in: fleet)
      } else {
        try holder.send(.renew(holder.identity.renewalKey!), in: fleet)
      }
    }
    #expect(copy.connection?.closeReason == .quarantined)
    #expect(try fleet.registry.quarantine(of: device.address) == "two keys for generation 2")
  }

  @Test("A copy that is two keys behind is a fork at once", arguments: kinds)
  func twoBehind(_ kind: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: kind)
    try device.run(in: fleet)
    let copy = try copy(of: device)
    for _ in 0..<2 { try rotate(device, in: fleet) }
    #expect(device.generation == 3)
    #expect(throws: SimulatedDevice.Refused(reason: .quarantined)) { try copy.run(in: fleet) }
    #expect(
      try fleet.registry.quarantine(of: device.address) == "key of generation 1 used while 3 is in use")
  }

  @Test("A recorded first frame under an old key, replayed, alarms nobody", arguments: kinds)
  func replayedOldHello(_ kind: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: kind)
    let old = try device.firstFrame(on: fleet.connect())
    for _ in 0..<2 { try rotate(device, in: fleet) }
    let line = fleet.connect()
    line.arrive(old)
    line.arrive([UInt8](repeating: 7, count: 24))
    fleet.settle()
    #expect(line.closeReason == .violation)
    #expect(try fleet.registry.quarantine(of: device.address) == nil)
  }

  @Test("A device that missed that its next key was taken into use is no clone, and finds its way", arguments: kinds)
  func oneBehind(_ kind: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: kind)
    try device.run(in: fleet)
    let before = try copy(of: device)
    try before.identity.beginRotation()
    before.store()
    try before.run(in: fleet)
    #expect(before.generation == 2)
    // The same memory, from the moment when the next key was certified and not yet confirmed.
    let late = try copy(of: device)
    late.keep(before.flashes.last { (try? Self.isBetween($0)) == true } ?? [])
    try late.restart()
    try late.run(in: fleet, fallingBack: true)
    #expect(late.generation == 2)
    #expect(try fleet.registry.quarantine(of: device.address) == nil)
  }

  /// Opens a session and says nothing after the welcome.
  private func connect(_ device: SimulatedDevice, in fleet: TestFleet) throws -> LoopbackConnection {
    let line = fleet.connect()
    line.arrive(try device.firstFrame(on: line))
    try device.readReply(try #require(line.takeFrames().first))
    line.arrive(try device.seal(.hello(device.identity.hello(listens: true))))
    fleet.settle()
    return line
  }

  @Test(
    "Whoever has a key that was replaced takes no message away, and has one session at a time", arguments: kinds)
  func retiredKey(_ kind: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: kind)
    let sender = try fleet.device(2)
    try device.run(in: fleet)
    let thief = try copy(of: device)
    try rotate(device, in: fleet)
    device.disconnect()
    try sender.run(in: fleet)
    let (id, answer) = try sender.deposit([1, 2, 3], to: device.identity.certificate!, in: fleet)
    #expect(answer == "accepted")

    let first = try connect(thief, in: fleet)
    #expect(first.isOpen)
    try thief.send(.delivered(from: sender.address, id: id), in: fleet)
    let second = try connect(thief, in: fleet)
    #expect(first.closeReason == .superseded && second.isOpen)
    _ = try fleet.registry.revoke(
      device.address, through: 1, reason: .keyCompromise, issuer: fleet.authority.issuer)
    fleet.look()
    #expect(second.closeReason == .revoked)
    try device.run(in: fleet)
    #expect(device.inbox[id] == [1, 2, 3])
  }

  @Test("A credential that the registry has forgotten makes no clone of its device: it asks for another")
  func forgottenCredential() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: .identityBased)
    try device.run(in: fleet)
    try device.identity.beginRotation()
    let fields = fleet.authority.identityMaster.fields(for: device.address, generation: 2, lastEpoch: 9)
    let lost = try IssuedCredential(fields, request: device.identity.requestPoint!, authority: fleet.authority)
    try device.identity.install(lost.answer!)
    device.store()
    #expect(throws: SimulatedDevice.Refused(reason: .refused(.unknownKey))) { try device.run(in: fleet) }
    try device.run(in: fleet, fallingBack: true)
    #expect(device.generation == 2 && device.certificateInUse?.publicKey != lost.certificate.publicKey)
    #expect(try fleet.registry.quarantine(of: device.address) == nil)
  }

  @Test("A credential that expired before its device had it leaves a gap in the generations, and accuses nobody")
  func skippedGeneration() throws {
    let fleet = try TestFleet(certificateEpochs: 2)
    let device = try fleet.device(1, scheme: .identityBased)
    try device.run(in: fleet)
    try device.identity.beginRotation()
    device.store()
    try device.send(.request(device.identity.requestPoint!), in: fleet)
    // The answer is lost.
    try device.restart()
    _ = try fleet.registry.advanceEpoch(by: 4, issuer: fleet.authority.issuer)
    fleet.look()
    let before = device.flashes.count
    try device.run(in: fleet)
    #expect(device.generation == 3)
    let late = try copy(of: device)
    late.keep(device.flashes[before...].last { (try? Self.isBetween($0)) == true } ?? [])
    try late.restart()
    #expect(late.generation == 1)
    try late.run(in: fleet, fallingBack: true)
    #expect(late.generation == 3)
    #expect(try fleet.registry.quarantine(of: device.address) == nil)
  }

  @Test("A request that comes after the next key was taken into use by another session is no fork")
  func lateRequest() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: .identityBased)
    try device.run(in: fleet)
    let old = try copy(of: device)
    try rotate(device, in: fleet)
    try old.identity.beginRotation()
    let line = fleet.connect()
    let stale = Client(
      Claimant(
        scheme: .identityBased, address: device.address, generation: 1, lastEpoch: 9,
        publicKey: old.certificateInUse?.publicKey),
      DeviceRecord.Hello(listens: false, epoch: 1, revocationSequence: 0), number: 9, connection: line,
      budget: fleet.relay.budgets.open(device.address))
    fleet.relay.perform(.request(old.identity.requestPoint!), for: stale)
    fleet.settle()
    #expect(line.closeReason == .superseded)
    #expect(try fleet.registry.quarantine(of: device.address) == nil)
    #expect(try fleet.registry.device(device.address)?.pending == nil)
    #expect(device.connection?.isOpen == true)
  }

  private static func isBetween(_ flash: [UInt8]) throws -> Bool {
    var identity = DeviceIdentity()
    try identity.load(flash.bytes)
    return identity.slotForSession() != identity.slotForSession(fallingBack: true)
  }

  @Test(
    "1,000 rotations over a line that loses frames, devices that lose power: no false alarm, and none locked out",
    arguments: kinds)
  func lossyRotations(_ kind: SchemeID) throws {
    var generator = SeededGenerator(for: "lossy rotations, \(kind)")
    let fleet = try TestFleet(certificateEpochs: 1000, inMemory: true)
    var rotations = 0
    var device = try fleet.device(1, scheme: kind)
    var number: UInt64 = 1
    while rotations < 1_000 {
      // A new device now and then, so that many first rotations are among them.
      if rotations % 50 == 49, device.generation > 40 {
        number += 1
        device = try fleet.device(number, scheme: kind)
      }
      let before = device.generation
      try fleet.registry.order(.rotate, for: device.address)
      var attempts = 0
      while device.generation == before || device.identity.slotA.state == .certified
        || device.identity.slotB.state == .certified
      {
        attempts += 1
        try #require(attempts < 200, "locked out at rotation \(rotations)")
        try? lossySession(device, fleet, &generator)
      }
      rotations += Int(device.generation - before)
      try #require(
        try fleet.registry.quarantine(of: device.address) == nil, "false alarm at rotation \(rotations)")
    }
  }

  /// One session in which each frame may be lost, with the connection, and the device may lose its power before it has stored.
  private func lossySession(
    _ device: SimulatedDevice, _ fleet: TestFleet, _ generator: inout SeededGenerator
  ) throws {
    struct Lost: Error {}
    func chance() throws { if Int.random(in: 0..<8, using: &generator) == 0 { throw Lost() } }
    device.disconnect()
    fleet.forgetEnded()
    let connection = fleet.connect()
    // Firmware that is older than the server's own word takes a lost answer for a refusal, and may fall back to the key before at any
    // time.
    let first = try device.firstFrame(on: connection, fallingBack: Bool.random(using: &generator))
    try chance()
    connection.arrive(first)
    fleet.settle()
    guard let reply = connection.takeFrames().first else { return }
    try chance()
    try device.readReply(reply)
    let hello = try device.seal(.hello(device.identity.hello(listens: true)))
    try chance()
    connection.arrive(hello)
    fleet.settle()
    while true {
      let frames = connection.takeFrames()
      if frames.isEmpty { return }
      for frame in frames {
        try chance()
        let reaction = try device.receive(frame)
        if Int.random(in: 0..<12, using: &generator) == 0 { return try device.restart() }
        device.store()
        if reaction.mustReconnect { return }
        for frame in reaction.frames {
          try chance()
          connection.arrive(frame)
        }
        fleet.settle()
      }
    }
  }
}
