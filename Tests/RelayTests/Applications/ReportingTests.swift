// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import Keyring
import Records
import Schemes
import Testing
import Wire

@testable import Mailbox
@testable import Registry
@testable import Relay

/// Who may report to whom, and what devices are told.
@Suite("Reporting to an application")
struct ReportingTests {
  @Test("Unknown applications, channels and keys, impossible numbers and long messages are refused by name")
  func refusals() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    let nobody = DeviceAddress(system: fleet.alpha, device: DeviceID(0xFF))
    try device.openChannel(to: nobody, 7, in: fleet)
    #expect(device.heard.last == "channel-refused-unknownApplication")
    try device.openChannel(to: device.address, 7, in: fleet)
    #expect(device.heard.last == "channel-refused-unknownApplication")
    try device.openChannel(to: application.address, generation: 2, 7, in: fleet)
    #expect(device.heard.last == "channel-refused-staleKey")
    #expect(try device.report([1], to: nobody, in: fleet).answer == "refused-unknownRecipient")
    #expect(try device.report([1], to: application.address, in: fleet).answer == "refused-unknownChannel")
    try device.openChannel(to: application.address, 7, in: fleet)
    #expect(try device.report([1], to: application.address, over: 8, in: fleet).answer == "refused-unknownChannel")
    // Another device's channel is none of this one's.
    let other = try fleet.device(2)
    try other.join(fleet)
    #expect(try other.report([1], to: application.address, in: fleet).answer == "refused-unknownChannel")
    let future = MessageID(2 << 48 | 1)
    #expect(
      try device.report([1], to: application.address, id: future, in: fleet).answer == "refused-impossibleNumber")
    let long = [UInt8](repeating: 0, count: Message.maximumLength + 17)
    #expect(try device.report(long, to: application.address, in: fleet).answer == "refused-tooLong")
    // A sealed message for its mailbox, which it does not have.
    #expect(
      try device.deposit([1], to: application.identity.certificate!, in: fleet).answer == "refused-unknownRecipient")
    #expect(try device.report([1], to: application.address, in: fleet).answer == "accepted")
  }

  @Test("A device of another system reports to no application")
  func foreign() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let stranger = try fleet.device(1, in: fleet.beta)
    try stranger.join(fleet)
    try stranger.say(.open(to: application.address, id: MessageID(1 << 48 | 1), RawSpan()), in: fleet)
    #expect(stranger.heard.last == "refused-unknownRecipient")
    #expect(!stranger.heard.contains { $0.hasPrefix("application-") })
  }

  @Test("An application that is revoked gets nothing, and its devices are refused")
  func revokedApplication() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    try application.join(fleet)
    _ = try fleet.registry.removeApplication(application.address, issuer: fleet.authority.issuer)
    fleet.look()
    #expect(application.connection?.closeReason == .revoked)
    try device.openChannel(to: application.address, 7, in: fleet)
    #expect(device.heard.last == "channel-refused-unknownApplication")
  }

  @Test("What a device has left behind that is revoked now is not delivered")
  func revokedDevice() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let devices = try (1...2).map { try fleet.device(UInt64($0)) }
    for device in devices {
      try device.join(fleet)
      try device.openChannel(to: application.address, 7, in: fleet)
      try device.report([UInt8(device.address.device.rawValue)], to: application.address, in: fleet)
    }
    _ = try fleet.registry.revoke(
      devices[0].address, through: nil, reason: .keyCompromise, issuer: fleet.authority.issuer)
    fleet.look()
    try application.join(fleet)
    try application.take(in: fleet)
    #expect(application.got.map(\.body) == [[2]])
    #expect(fleet.relay.metrics.mailWithheld.value == 1 && fleet.relay.metrics.queued.value == 1)
  }

  @Test("Devices hear of applications after the welcome and when they change, if they know the records")
  func announced() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let (device, old) = (try fleet.device(1), try fleet.device(2))
    try device.join(fleet)
    try old.run(in: fleet)
    #expect(device.heard.prefix(2) == ["welcome-1", "application-meter-1-default"])
    _ = try fleet.application(0xA2, named: "alarm")
    try device.pump(fleet)
    #expect(device.heard.last == "application-alarm-1")
    try fleet.registry.makeDefault(DeviceAddress(system: fleet.alpha, device: DeviceID(0xA2)))
    fleet.look()
    try device.pump(fleet)
    #expect(Set(device.heard.suffix(2)) == ["application-alarm-1-default", "application-meter-1"])
    try application.identity.beginRotation()
    application.store()
    try application.join(fleet)
    fleet.look()
    try device.pump(fleet)
    #expect(device.heard.contains("application-meter-2"))
    try old.pump(fleet)
    #expect(!old.heard.contains { $0.hasPrefix("application-") })
  }

  @Test("A device that asked hears that its message is done, at once or when it comes again")
  func doneNotices() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    let ids = try (1...3).map {
      try device.report([UInt8($0)], to: application.address, wantsDone: $0 > 1, in: fleet).id
    }
    try application.join(fleet)
    try application.take(in: fleet)
    try application.finish(application.got.prefix(2).map(\.sequence), in: fleet)
    try device.pump(fleet)
    #expect(device.heard.filter { $0.hasPrefix("done") } == ["done-\(ids[1].counter)"])
    device.disconnect()
    fleet.settle()
    try application.finish([application.got[2].sequence], in: fleet)
    try fleet.restartServer()
    try device.join(fleet, listens: false)
    #expect(device.heard.filter { $0.hasPrefix("done") } == ["done-\(ids[2].counter)"])
    try device.join(fleet)
    #expect(!device.heard.contains { $0.hasPrefix("done") })
  }

  @Test("Devices without a key pair report what the server can read, and it is marked")
  func hopByHop() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let device = try fleet.symmetricDevice(1, .derivedKey)
    try device.run(in: fleet)
    #expect(try device.send([1, 2], to: application.address, in: fleet).answer == "accepted")
    try application.join(fleet)
    try application.take(in: fleet)
    #expect(application.got.map(\.body) == [[1, 2]] && application.got[0].isOpen)
    #expect(!application.heard.contains { $0.hasPrefix("opening") })
  }

  @Test("What was done and is kept comes again when an instance asks")
  func replay() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    try fleet.registry.keepDone(86_400, of: application.address)
    fleet.look()
    try application.join(fleet)
    try application.take(in: fleet)
    for text in 1...3 as ClosedRange<UInt8> { try device.report([text], to: application.address, in: fleet) }
    try application.pump(fleet)
    try application.finish(application.got.map(\.sequence), in: fleet)
    let second = application.got[1].sequence
    try application.say(.queue(.replay(from: second)), in: fleet)
    #expect(application.got.dropFirst(3).map(\.body) == [[2], [3]])
    try application.finish(application.got.map(\.sequence), in: fleet)
    // Kept for a day, and no longer.
    fleet.clock.advance(by: 86_401)
    fleet.relay.purge()
    fleet.settle()
    try application.say(.queue(.replay(from: 0)), in: fleet)
    #expect(application.got.count == 5)
  }

  @Test("A message that nobody takes is dropped after its lifetime, and a device's latest channel outlives it not")
  func expiry() throws {
    var limits = RelayLimits()
    limits.mailbox.queue.lifetime = 100
    let fleet = try TestFleet(limits: limits)
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    try device.report([1], to: application.address, in: fleet)
    fleet.clock.advance(by: 101)
    fleet.relay.purge()
    fleet.settle()
    #expect(fleet.relay.metrics.reportsExpired.value == 1 && fleet.relay.metrics.queued.value == 0)
    fleet.relay.purge()
    fleet.settle()
    #expect(try device.report([2], to: application.address, in: fleet).answer == "refused-unknownChannel")
  }
}
