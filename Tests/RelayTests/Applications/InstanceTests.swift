// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import Keyring
import Records
import Testing
import Wire

@testable import Mailbox
@testable import Registry
@testable import Relay

/// Several instances of an application, which share its key, and what they ask of devices.
@Suite("Instances of an application")
struct InstanceTests {
  @Test("They do not replace one another, and an earlier key is good for the overlap, no longer")
  func overlap() throws {
    var limits = RelayLimits()
    limits.mailbox.queue.lifetime = 1_000
    let fleet = try TestFleet(limits: limits)
    let application = try fleet.application(0xA1)
    let other = try application.instance()
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    try application.join(fleet)
    try other.join(fleet)
    #expect(application.connection?.isOpen == true && other.connection?.isOpen == true)
    try application.identity.beginRotation()
    application.store()
    try application.join(fleet)
    #expect(application.generation == 2 && other.connection?.isOpen == true)
    fleet.look()
    // One with the old file works on, also in a new session; a channel to the old key is good.
    try other.join(fleet)
    #expect(!other.heard.contains("welcome-only-renew") && !other.heard.contains("rotate"))
    #expect(try fleet.registry.quarantine(of: application.address) == nil)
    try device.report([1], to: application.address, in: fleet)
    try device.openChannel(to: application.address, generation: 1, 8, in: fleet)
    #expect(device.heard.last?.hasPrefix("channel-refused") == false)
    try other.take(in: fleet)
    #expect(other.got.map(\.body) == [[1]])
    fleet.clock.advance(by: 1_001)
    try device.openChannel(to: application.address, generation: 1, 9, in: fleet)
    #expect(device.heard.last == "channel-refused-staleKey")
    #expect(throws: (any Error).self) { try other.join(fleet) }
    #expect(try fleet.registry.quarantine(of: application.address) == nil)
    try application.join(fleet)
  }

  @Test("An instance is caught up once no device has a channel to an earlier key")
  func caughtUp() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    try application.join(fleet)
    #expect(application.heard.contains("caughtUp"))
    try application.identity.beginRotation()
    application.store()
    try application.join(fleet)
    #expect(!application.heard.contains("caughtUp"))
    fleet.look()
    // The device keeps the channel before its latest.
    try device.openChannel(to: application.address, generation: 2, 8, in: fleet)
    try device.openChannel(to: application.address, generation: 2, 9, in: fleet)
    fleet.relay.purge()
    fleet.settle()
    try application.pump(fleet)
    #expect(application.heard.contains("caughtUp"))
  }

  @Test("A device that acts as an application is cut off")
  func pretender() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.send(.queue(.take(bytes: 100)), in: fleet)
    #expect(device.connection?.closeReason == .violation)
  }

  @Test("An instance finds a device's latest channel, or hears that there is none")
  func find() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    try application.join(fleet)
    try application.say(.queue(.find(DeviceID(1))), in: fleet)
    #expect(application.heard.last == "opening-1-0")
    try device.openChannel(to: application.address, 7, in: fleet)
    try application.say(.queue(.find(DeviceID(1))), in: fleet)
    #expect(application.heard.last == "opening-1-180")
  }

  @Test("They hear when devices come, go, rotate and are revoked")
  func presence() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    try application.join(fleet)
    let device = try fleet.device(1)
    try device.join(fleet)
    try application.pump(fleet)
    #expect(application.heard.last == "came-1")
    device.disconnect()
    try application.pump(fleet)
    #expect(application.heard.last == "went-1")
    try device.identity.beginRotation()
    device.store()
    try device.join(fleet)
    try application.pump(fleet)
    #expect(application.heard.contains("rotated-1"))
    let stranger = try fleet.device(2, in: fleet.beta)
    try stranger.join(fleet)
    try application.pump(fleet)
    #expect(!application.heard.contains("came-2"))
    _ = try fleet.registry.revoke(device.address, through: nil, reason: .keyCompromise, issuer: fleet.authority.issuer)
    fleet.look()
    try application.pump(fleet)
    #expect(application.heard.contains("revoked-1"))
  }

  @Test("A request reaches a device that is there; what it answers comes with the request's id")
  func request() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    try application.join(fleet)
    try application.take(in: fleet)
    try application.ask(device.address, 77, in: fleet)
    #expect(application.states(of: 77) == ["given"])
    try device.pump(fleet)
    #expect(device.heard.last == "request-77")
    try device.say(.channel(.taken(application: application.address.device, request: 77)), in: fleet)
    try application.pump(fleet)
    #expect(application.states(of: 77) == ["given", "taken"])
    try device.report([9], to: application.address, request: 77, in: fleet)
    try application.pump(fleet)
    #expect(application.got.map(\.body) == [[9]])
    // Nothing is left of it: the deadline passes unnoticed.
    fleet.tick(31)
    try application.pump(fleet)
    #expect(application.states(of: 77) == ["given", "taken"])
  }

  @Test("Requests to sleepers are refused or wait, as asked; the server may die meanwhile")
  func sleepers() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    device.disconnect()
    try application.join(fleet)
    try application.ask(device.address, 1, in: fleet)
    #expect(application.states(of: 1) == ["asleep"])
    try application.ask(device.address, 2, over: 8, in: fleet)
    #expect(application.states(of: 2) == ["unknown"])
    try application.ask(device.address, 3, flags: .waits, in: fleet)
    #expect(application.states(of: 3) == ["stored"])
    try fleet.restartServer()
    try application.join(fleet)
    try device.join(fleet)
    #expect(device.heard.contains("request-3"))
    try application.pump(fleet)
    #expect(application.states(of: 3) == ["given"])
    // It comes again until the device says that it has it.
    try device.join(fleet)
    #expect(device.heard.contains("request-3"))
    try device.say(.channel(.taken(application: application.address.device, request: 3)), in: fleet)
    try device.join(fleet)
    #expect(!device.heard.contains("request-3"))
    try application.pump(fleet)
    #expect(application.states(of: 3).last == "taken")
  }

  @Test("A deadline that passes is reported, to the next instance if there is none; too many are refused")
  func deadlines() throws {
    var limits = RelayLimits()
    limits.mailbox.queue.requestsPerDevice = 2
    let fleet = try TestFleet(limits: limits)
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    device.disconnect()
    try application.join(fleet)
    for id in 1...3 as ClosedRange<UInt64> {
      try application.ask(device.address, id, flags: .waits, seconds: UInt32(10 * id), in: fleet)
    }
    #expect(application.states(of: 2) == ["stored"] && application.states(of: 3) == ["tooMany"])
    fleet.tick(11)
    try application.pump(fleet)
    #expect(application.states(of: 1) == ["stored", "expired"])
    application.disconnect()
    fleet.tick(11)
    try fleet.restartServer()
    try application.join(fleet)
    #expect(application.states(of: 2) == ["expired"])
    try application.join(fleet)
    #expect(application.states(of: 2).isEmpty)
    try device.join(fleet)
    #expect(!device.heard.contains { $0.hasPrefix("request-") })
  }
}
