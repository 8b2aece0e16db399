// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Testing
import Wire

@testable import Keyring
@testable import Registry
@testable import Relay

@Suite("Routing")
struct RoutingTests {
  private func frame(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test("Frames go to the device that listens, answers to the session that asked")
  func conversation() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    try a.run(in: fleet, listens: false)
    try b.run(in: fleet)
    try a.send(.frame(to: b.address, session: 0, frame("hello").bytes), in: fleet)
    try b.pump(fleet)
    #expect(b.heard.last == "frame-5")
    try b.send(.frame(to: a.address, session: a.connection!.sessionNumber!, frame("answer").bytes), in: fleet)
    try a.pump(fleet)
    #expect(a.heard.last == "frame-6")
    // Nobody listens for a; b's session does not belong to a; the device does not exist.
    try b.send(.frame(to: a.address, session: 0, frame("x").bytes), in: fleet)
    try b.send(.frame(to: a.address, session: b.connection!.sessionNumber!, frame("x").bytes), in: fleet)
    try b.send(
      .frame(to: DeviceAddress(system: fleet.alpha, device: DeviceID(9)), session: 0, frame("x").bytes), in: fleet)
    try b.pump(fleet)
    #expect(b.heard.suffix(3) == ["unreachable", "unreachable", "unreachable"])
    #expect(fleet.relay.metrics.framesRouted.value == 2)
    #expect(fleet.relay.metrics.framesUnreachable.value == 3)
  }

  @Test("A lookup tells whether a peer is online; the unknown and the foreign look the same")
  func lookups() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    let foreign = try fleet.device(3, in: fleet.beta)
    try a.run(in: fleet, listens: false)
    try foreign.run(in: fleet)
    func ask(_ address: DeviceAddress) throws -> String? {
      try a.send(.lookup(address), in: fleet)
      try a.pump(fleet)
      return a.heard.last
    }
    #expect(try ask(b.address) == "peer-asleep-1")
    try b.run(in: fleet, listens: false)
    #expect(try ask(b.address) == "peer-asleep-1")
    try b.run(in: fleet)
    #expect(try ask(b.address) == "peer-online-1")
    #expect(try ask(foreign.address) == "peer-unknown-0")
    #expect(try ask(DeviceAddress(system: fleet.alpha, device: DeviceID(77))) == "peer-unknown-0")
    _ = try fleet.registry.revoke(b.address, through: nil, reason: .keyCompromise, issuer: fleet.authority.issuer)
    #expect(try ask(b.address) == "peer-unknown-0")
  }

  @Test("Between systems only a policy lets one speak first, and only who was spoken to may answer")
  func policies() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2, in: fleet.beta)
    let bystander = try fleet.device(3, in: fleet.beta)
    for device in [a, b, bystander] { try device.run(in: fleet) }

    try a.send(.frame(to: b.address, session: 0, frame("x").bytes), in: fleet)
    try a.pump(fleet)
    #expect(a.heard.last == "unreachable")
    let sealed = try a.deposit(frame("x"), to: b.identity.certificate!, in: fleet)
    #expect(sealed.answer == "refused-unknownRecipient")

    _ = try fleet.registry.allow(from: fleet.alpha, to: fleet.beta, through: nil, issuer: fleet.authority.issuer)
    fleet.look()
    try a.pump(fleet)
    #expect(a.heard.last == "policy")
    #expect(a.identity.trust.allows(from: fleet.alpha, to: fleet.beta) == true)
    try a.send(.frame(to: b.address, session: 0, frame("hello").bytes), in: fleet)
    try b.pump(fleet)
    #expect(b.heard.suffix(2) == ["policy", "frame-5"])
    // b answers; it may not speak first, and a bystander may not answer in its place.
    let number = a.connection!.sessionNumber!
    try b.send(.frame(to: a.address, session: number, frame("answer").bytes), in: fleet)
    try b.send(.frame(to: a.address, session: 0, frame("x").bytes), in: fleet)
    try bystander.send(.frame(to: a.address, session: number, frame("x").bytes), in: fleet)
    try a.pump(fleet)
    try b.pump(fleet)
    try bystander.pump(fleet)
    #expect(a.heard.last == "frame-6")
    #expect(a.heard.filter { $0.hasPrefix("frame") }.count == 1)
    #expect(b.heard.last == "unreachable")
    #expect(bystander.heard.last == "unreachable")
    #expect(try a.deposit(frame("asleep"), to: b.identity.certificate!, in: fleet).answer == "accepted")

    _ = try fleet.registry.deny(from: fleet.alpha, to: fleet.beta, issuer: fleet.authority.issuer)
    fleet.look()
    try a.send(.frame(to: b.address, session: 0, frame("x").bytes), in: fleet)
    try a.pump(fleet)
    #expect(a.heard.suffix(2) == ["policy", "unreachable"])
  }

  @Test("What others write reaches devices that are online: epoch, revocation, order")
  func watching() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    let foreign = try fleet.device(3, in: fleet.beta)
    for device in [a, b, foreign] { try device.run(in: fleet) }

    _ = try fleet.registry.advanceEpoch(by: 1, issuer: fleet.authority.issuer)
    try fleet.registry.order(.rotate, for: b.address)
    fleet.look()
    try a.pump(fleet)
    #expect(a.heard.last == "epoch-2")
    #expect(a.identity.trust.epoch == 2)
    #expect(try b.pump(fleet))
    #expect(b.heard.suffix(3) == ["epoch-2", "rotate", "certificate-2"])
    try b.run(in: fleet)
    #expect(b.generation == 2)
    #expect(try fleet.registry.orders(for: b.address).isEmpty)

    _ = try fleet.registry.revoke(b.address, through: nil, reason: .keyCompromise, issuer: fleet.authority.issuer)
    fleet.look()
    #expect(b.connection?.closeReason == .revoked)
    try a.pump(fleet)
    try foreign.pump(fleet)
    #expect(a.heard.last == "revocation-2")
    #expect(!foreign.heard.contains("revocation-2"))
    #expect(throws: CredentialsError.revoked(generation: 2)) {
      try a.identity.trust.verify(b.identity.certificate!, isInitiator: true)
    }
    #expect(fleet.relay.metrics.revocationPropagation.snapshot.count == 1)
    // A device that was away hears of it when it comes back, once.
    let late = try fleet.device(4)
    try late.run(in: fleet)
    #expect(late.heard == ["welcome-2", "rotation-2-2", "revocation-2", "caughtUp"])
    try late.run(in: fleet)
    #expect(late.heard == ["welcome-2", "caughtUp"])
  }

  @Test("An outdated certificate may only renew itself; renewed, the session goes on")
  func outdated() throws {
    let fleet = try TestFleet(certificateEpochs: 4)
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    try b.run(in: fleet)
    // b is online and renews in time; a is in its box.
    for epoch in 2...7 {
      _ = try fleet.registry.advanceEpoch(by: 1, issuer: fleet.authority.issuer)
      fleet.look()
      try b.pump(fleet)
      if epoch == 5 {
        #expect(try b.deposit(frame("wait"), to: a.identity.certificate!, in: fleet).answer == "accepted")
      }
    }

    // Sealed off while it is outdated...
    let connection = fleet.connect()
    connection.arrive(try a.firstFrame(on: connection))
    try a.readReply(connection.takeFrames()[0])
    connection.arrive(try a.seal(.hello(a.identity.hello(listens: true))))
    connection.arrive(try a.seal(.lookup(b.address)))
    connection.arrive(try a.seal(.frame(to: b.address, session: 0, frame("x").bytes)))
    connection.arrive(
      try a.seal(.deposit(to: b.address, generation: 1, id: MessageID(5), frame("x").bytes)))
    fleet.settle()
    try a.pump(fleet)
    #expect(
      a.heard == [
        "welcome-only-renew", "peer-unknown-0", "unreachable", "refused-mayOnlyRenew", "certificate-1", "mail",
        "caughtUp",
      ])
    // ...and its own again once it has renewed.
    #expect(a.identity.certificate?.fields.lastEpoch == 11)
    try a.send(.lookup(b.address), in: fleet)
    try a.pump(fleet)
    #expect(a.heard.last == "peer-online-1")
    #expect(a.inbox.count == 1)
  }
}
