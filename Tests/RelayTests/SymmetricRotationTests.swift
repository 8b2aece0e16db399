// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Keyring
import Records
import Schemes
import Testing
import Wire

@testable import Registry
@testable import Relay

/// Rotation, migration, and everything that can go wrong once on the way.
@Suite("Rotation and migration of schemes whose keys the server computes")
struct SymmetricRotationTests {
  typealias Fault = RotationFaultTests.Fault
  typealias Plan = RotationFaultTests.Plan
  typealias Interrupted = RotationFaultTests.Interrupted

  /// One session, frame by frame, until nothing more is to be said. True when the device wants a new one.
  private func session(
    _ device: MigratingDevice, _ fleet: TestFleet, _ plan: Plan, _ choice: MigratingDevice.Choice
  ) throws -> Bool {
    device.connection?.cut()
    let connection = fleet.connect()
    var outbox = [try device.firstFrame(choice, on: connection)]
    var isReply = true
    while !outbox.isEmpty {
      var inbox: [[UInt8]] = []
      for frame in outbox {
        let fault = plan.strikes()
        if fault == .frameIsLost { throw Interrupted() }
        if fault == .serverDiesBefore {
          try fleet.restartServer()
          throw Interrupted()
        }
        if fault == .powerFailsAfterStoring {
          try device.restart()
          throw Interrupted()
        }
        connection.arrive(frame)
        fleet.settle()
        if fault == .serverDiesAfter {
          try fleet.restartServer()
          throw Interrupted()
        }
        if fault == .answerIsLost { throw Interrupted() }
        inbox += connection.takeFrames()
      }
      outbox = []
      if isReply {
        guard let reply = inbox.first else { throw SimulatedDevice.Refused(reason: connection.closeReason) }
        try device.readReply(reply)
        outbox = [try device.hello()]
        isReply = false
        continue
      }
      for frame in inbox {
        let reaction = try device.receive(frame)
        if plan.strikes() == .powerFailsBeforeStoring {
          try device.restart()
          throw Interrupted()
        }
        device.store()
        if reaction.mustReconnect { return true }
        outbox += reaction.frames
      }
    }
    return false
  }

  /// Sessions until the device is content. At most a dozen: more would be a lock-out.
  private func live(_ device: MigratingDevice, _ fleet: TestFleet, _ plan: Plan) throws {
    var refused = 0
    for _ in 0..<12 {
      let choices = device.choices
      do {
        if try !session(device, fleet, plan, choices[refused % choices.count]) { return }
        refused = 0
      } catch is Interrupted {
        refused = 0
      } catch is SimulatedDevice.Refused {
        if device.told != nil { refused += 1 }
      }
    }
    Issue.record("locked out")
  }

  private func check(
    _ fleet: TestFleet, _ device: MigratingDevice, _ scheme: SchemeID, _ generation: Generation, _ comment: Comment
  ) throws {
    let row = try #require(try fleet.registry.symmetricDevice(device.address))
    #expect(device.scheme == scheme && device.generation == generation, comment)
    #expect(try fleet.registry.orders(for: device.address).isEmpty, comment)
    #expect(row.pending == nil, comment)
    if row.isRetired {
      #expect(try fleet.registry.device(device.address)?.generation == generation, comment)
    } else {
      #expect(row.generation == generation && row.current.scheme == scheme, comment)
      // The old key is gone from the device.
      #expect(device.identity.slotA.state == .empty || device.identity.slotB.state == .empty, comment)
    }
    try device.restart()
    try device.run(in: fleet)
    #expect(device.heard.first == "welcome-1", comment)
  }

  @Test("An order to rotate", arguments: SymmetricRelayTests.schemes)
  func rotate(scheme: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, scheme)
    try device.run(in: fleet)
    let old = device.flash!
    try fleet.registry.order(.rotate, for: device.address)
    try live(device, fleet, Plan())
    try check(fleet, device, scheme, 2, "\(scheme)")
    // Who still has the old key, has nothing.
    let thief = MigratingDevice(device.address)
    try thief.identity.load(old.bytes)
    #expect(throws: SimulatedDevice.Refused.self) { try thief.run(in: fleet) }
  }

  @Test("An order reaches a device that is online, and one that asks rotates without")
  func rotateOnline() throws {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, .derivedKey)
    try device.run(in: fleet)
    try fleet.registry.order(.rotate, for: device.address)
    fleet.look()
    #expect(try device.pump(fleet))
    try device.run(in: fleet)
    #expect(device.generation == 2)
    device.connection?.arrive(try device.seal(.rekey))
    #expect(try device.pump(fleet))
    try device.run(in: fleet)
    #expect(device.generation == 3)
  }

  @Test("Shared keys of one generation are the same key for every device")
  func sharedRotation() throws {
    let fleet = try TestFleet()
    let devices = try (1...3).map { try fleet.symmetricDevice($0, .sharedKey) }
    for device in devices {
      try fleet.registry.order(.rotate, for: device.address)
      try live(device, fleet, Plan())
      try check(fleet, device, .sharedKey, 2, "shared")
    }
    let keys = Set(devices.map(\.activeKey))
    #expect(keys.count == 1)
    // A device that is added now gets the newest.
    #expect(try fleet.symmetricDevice(4, .sharedKey).generation == 2)
  }

  @Test("Every fault at every point of a rotation", arguments: Fault.allCases, SymmetricRelayTests.schemes)
  func rotationFaults(fault: Fault, scheme: SchemeID) throws {
    func scene() throws -> (TestFleet, MigratingDevice) {
      let fleet = try TestFleet()
      let device = try fleet.symmetricDevice(1, scheme)
      try fleet.registry.order(.rotate, for: device.address)
      return (fleet, device)
    }
    let (fleet, device) = try scene()
    let undisturbed = Plan()
    try live(device, fleet, undisturbed)
    #expect(undisturbed.count > 6)
    // PBKDF2 takes its time: every other point.
    for point in stride(from: 0, to: undisturbed.count, by: scheme == .derivedKeyPBKDF2 ? 2 : 1) {
      let (fleet, device) = try scene()
      try live(device, fleet, Plan(fault, at: point))
      try check(fleet, device, scheme, 2, "\(fault) at \(point)")
    }
  }

  static let ways: [[SchemeID]] = [
    [.sharedKey, .derivedKey, .certified], [.sharedKey, .certified], [.derivedKeyRatchet, .registered],
    [.sharedKey, .derivedKey, .hybridIKpsk2],
    [.derivedKeyPBKDF2, .derivedKeyEphemeral, .derivedKeyRatchet],
  ]

  private func scene(_ way: [SchemeID]) throws -> (TestFleet, MigratingDevice) {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, way[0])
    return (fleet, device)
  }

  @Test("From scheme to scheme over the network, and never back", arguments: ways)
  func migrate(way: [SchemeID]) throws {
    let (fleet, device) = try scene(way)
    try device.run(in: fleet)
    for (index, scheme) in way.dropFirst().enumerated() {
      let old = device.flash!
      try fleet.registry.orderMigration(to: scheme, for: device.address)
      try live(device, fleet, Plan())
      try check(fleet, device, scheme, Generation(index + 2), "to \(scheme)")
      let copy = MigratingDevice(device.address)
      try copy.identity.load(old.bytes)
      #expect(throws: SimulatedDevice.Refused.self) { try copy.run(in: fleet) }
    }
    let floor = way.last!.row.floor
    if floor > .shared {
      #expect(throws: RegistryError.belowFloor(device.address)) {
        try fleet.registry.orderMigration(to: .sharedKey, for: device.address)
      }
    }
  }

  @Test(
    "Every fault at every point of a migration to a derived key and to a key pair", arguments: Fault.allCases,
    [SchemeID.certified, .hybridIKpsk2])
  func migrationFaults(fault: Fault, goal: SchemeID) throws {
    let way = [.sharedKey, .derivedKey, goal]
    func walk(_ plan: Plan) throws -> (TestFleet, MigratingDevice) {
      let (fleet, device) = try scene(way)
      for scheme in way.dropFirst() {
        try fleet.registry.orderMigration(to: scheme, for: device.address)
        try live(device, fleet, plan)
      }
      return (fleet, device)
    }
    let undisturbed = Plan()
    _ = try walk(undisturbed)
    #expect(undisturbed.count > 14)
    for point in 0..<undisturbed.count {
      let (fleet, device) = try walk(Plan(fault, at: point))
      try check(fleet, device, goal, 3, "\(fault) at \(point)")
    }
  }
}
