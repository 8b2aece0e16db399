// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Schemes
import Testing
import Wire

@testable import Keyring
@testable import Registry
@testable import Relay

/// Everything that can go wrong once while a device changes its key, and the proof that it never matters.
@Suite("Rotation under faults")
struct RotationFaultTests {
  /// What happens at one point of the dialogue.
  enum Fault: CaseIterable {
    /// A frame does not arrive, and the connection breaks.
    case frameIsLost
    /// A frame arrives, but what answers it does not, and the connection breaks.
    case answerIsLost
    /// The server dies before it has read the frame.
    case serverDiesBefore
    /// The server dies after it has done what the frame asks, before its answer has left.
    case serverDiesAfter
    /// The device loses its power before it has stored what a frame changed.
    case powerFailsBeforeStoring
    /// The device loses its power after storing, before it sends what follows.
    case powerFailsAfterStoring
  }

  struct Interrupted: Error {}

  /// Counts the points of a dialogue and lets the fault happen at one of them.
  final class Plan {
    let fault: Fault?
    let point: Int
    private(set) var count = 0

    init(_ fault: Fault? = nil, at point: Int = -1) {
      self.fault = fault
      self.point = point
    }

    /// Whether `fault` happens now. Each call with one of `faults` is the same point.
    func strikes() -> Fault? {
      defer { count += 1 }
      return count == point ? fault : nil
    }
  }

  /// One session, frame by frame, until nothing more is to be said. True when the device wants a new one.
  private func session(
    _ device: SimulatedDevice, _ fleet: TestFleet, _ plan: Plan, fallingBack: Bool = false
  ) throws -> Bool {
    device.disconnect()
    let connection = fleet.connect()
    var outbox = [try device.firstFrame(on: connection, fallingBack: fallingBack)]
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
        outbox = [try device.seal(.hello(device.identity.hello(listens: true)))]
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

  /// Sessions until the device is content, as a device's main loop does it. At most ten: more would be a lock-out.
  private func live(_ device: SimulatedDevice, _ fleet: TestFleet, _ plan: Plan) throws {
    var fallingBack = false
    for _ in 0..<10 {
      do {
        if try !session(device, fleet, plan, fallingBack: fallingBack) { return }
        fallingBack = false
      } catch is Interrupted {
        fallingBack = false
      } catch is SimulatedDevice.Refused {
        if device.told != nil { fallingBack = !fallingBack }
      }
    }
    Issue.record("locked out")
  }

  /// A device that has an order to rotate, and a message in its mailbox sealed to the old key.
  private func scene(
    _ scheme: SchemeID = .certified
  ) throws -> (TestFleet, SimulatedDevice, SimulatedDevice, MessageID) {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: scheme)
    let sender = try fleet.device(2)
    try sender.run(in: fleet)
    let sent = try sender.deposit([1, 2, 3], to: device.identity.certificate!, in: fleet)
    try fleet.registry.order(.rotate, for: device.address)
    return (fleet, device, sender, sent.id)
  }

  private func check(
    _ fleet: TestFleet, _ device: SimulatedDevice, _ sender: SimulatedDevice, _ id: MessageID, _ comment: Comment
  ) throws {
    let row = try #require(try fleet.registry.device(device.address))
    #expect(device.generation == 2, comment)
    #expect(row.certificate == device.identity.certificate, comment)
    #expect(row.pending == nil, comment)
    #expect(try fleet.registry.orders(for: device.address).isEmpty, comment)
    #expect(device.inbox[id] == [1, 2, 3], comment)
    // The old key is gone from memory and flash, and a session with the new one works, over a restart too.
    #expect(device.identity.slotA.state == .empty || device.identity.slotB.state == .empty, comment)
    try device.restart()
    try device.run(in: fleet)
    #expect(device.heard == ["welcome-1", "caughtUp"], comment)
    try sender.run(in: fleet)
    #expect(try sender.deposit([4], to: row.certificate, in: fleet).answer == "accepted", comment)
    try device.pump(fleet)
    #expect(device.inbox.count == 2, comment)
  }

  @Test("Without a fault", arguments: [SchemeID.certified, .registered, .identityBased])
  func undisturbed(scheme: SchemeID) throws {
    let (fleet, device, sender, id) = try scene(scheme)
    try live(device, fleet, Plan())
    try check(fleet, device, sender, id, "undisturbed")
  }

  @Test(
    "Every fault at every point of the dialogue", arguments: Fault.allCases, [SchemeID.certified, .identityBased])
  func everyFault(fault: Fault, scheme: SchemeID) throws {
    let (fleet, device, _, _) = try scene(scheme)
    let undisturbed = Plan()
    try live(device, fleet, undisturbed)
    #expect(undisturbed.count > 12)
    for point in 0..<undisturbed.count {
      let (fleet, device, sender, id) = try scene(scheme)
      try live(device, fleet, Plan(fault, at: point))
      try check(fleet, device, sender, id, "\(fault) at \(point)")
    }
  }

  @Test("A registry restored from before the new credential was issued: the device falls back and asks anew")
  func registryForgetsCredential() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: .identityBased)
    try device.identity.beginRotation()
    device.store()
    let fields = fleet.authority.identityMaster.fields(for: device.address, generation: 2, lastEpoch: 9)
    let lost = try IssuedCredential(
      fields, request: device.identity.requestPoint!, authority: fleet.authority)
    try device.identity.install(lost.answer!)
    device.store()
    #expect(throws: SimulatedDevice.Refused(reason: .refused(.unknownKey))) { try device.run(in: fleet) }
    try live(device, fleet, Plan())
    #expect(device.generation == 2 && device.identity.certificate != lost.certificate)
    #expect(try fleet.registry.device(device.address)?.certificate == device.identity.certificate)
  }

  @Test("A registry restored from before the new key was certified: the device falls back to the old one")
  func registryForgets() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    try device.identity.beginRotation()
    device.store()
    // A certificate that a registry which is gone now has issued.
    let lost = try fleet.authority.issuer.certificate(
      for: device.identity.renewalKey!, system: fleet.alpha, device: DeviceID(1), generation: 2, lastEpoch: 9)
    try device.identity.install(lost)
    device.store()
    #expect(throws: SimulatedDevice.Refused(reason: .refused(.unknownKey))) { try device.run(in: fleet) }
    try live(device, fleet, Plan())
    #expect(device.generation == 2)
    #expect(try fleet.registry.device(device.address)?.generation == 2)
  }
}
