// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import CountersignCrypto
import Records
import Schemes
import Testing
import Wire

@testable import Keyring
@testable import Registry
@testable import Relay

@Suite("Sessions")
struct SessionTests {
  @Test(
    "A session begins with welcome and ends its catching up with caughtUp",
    arguments: [SchemeID.certified, .registered])
  func begins(scheme: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: scheme)
    try device.run(in: fleet)
    #expect(device.heard == ["welcome-1", "caughtUp"])
    try device.send(.ping, in: fleet)
    try device.pump(fleet)
    #expect(device.heard.last == "pong")
    #expect(fleet.relay.router.count == 1)
  }

  @Test("One that only sends is not caught up, and several may coexist with one that listens")
  func sendOnly() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    let twin = SimulatedDevice()
    try twin.identity.load(device.flash.bytes)
    try device.run(in: fleet)
    try twin.run(in: fleet, listens: false)
    #expect(twin.heard == ["welcome-1"])
    #expect(device.connection?.isOpen == true)
    #expect(fleet.relay.router.count == 2)
  }

  @Test("A newer listening session takes the older one's place")
  func supersedes() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    let twin = SimulatedDevice()
    try twin.identity.load(device.flash.bytes)
    try device.run(in: fleet)
    try twin.run(in: fleet)
    #expect(device.connection?.closeReason == .superseded)
    #expect(fleet.relay.router.client(device.address, session: 0)?.number == twin.connection?.sessionNumber)
    #expect(fleet.relay.router.count == 1)
  }

  @Test("A first frame, sent once or replayed, changes nothing until the device speaks under the keys")
  func firstFrameChangesNothing() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    try device.run(in: fleet)
    // The next key is certified but not used.
    try device.identity.beginRotation()
    device.store()
    try device.send(.renew(device.identity.renewalKey!), in: fleet)
    for frame in device.connection!.takeFrames() { _ = try device.receive(frame) }
    device.store()
    let listening = device.connection!
    let twin = SimulatedDevice()
    try twin.identity.load(device.flash.bytes)

    let audit = try fleet.registry.audit(since: 0, limit: 1000).count
    let frame = try twin.firstFrame(on: fleet.connect())
    for _ in 0..<3 {
      let attacker = fleet.connect()
      attacker.arrive(frame)
      fleet.settle()
      #expect(attacker.takeFrames().count == 1)
      // Whoever replays cannot go on: it has no keys.
      attacker.arrive([UInt8](repeating: 7, count: 24))
      fleet.settle()
      #expect(attacker.closeReason == .violation)
    }
    #expect(try fleet.registry.audit(since: 0, limit: 1000).count == audit)
    #expect(try fleet.registry.device(device.address)?.generation == 1)
    #expect(listening.isOpen)
    #expect(fleet.relay.router.client(device.address, session: 0)?.number == listening.sessionNumber)

    // The device itself, going on, does all of it.
    twin.disconnect()
    try twin.run(in: fleet)
    #expect(try fleet.registry.device(device.address)?.generation == 2)
    #expect(listening.closeReason == .superseded)
  }

  @Test("Strangers are turned away, each for its reason; who has shown no key is told nothing")
  func strangers() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    func refusal(_ frame: [UInt8], answerLength: Int? = nil) -> CloseReason? {
      let connection = fleet.connect()
      connection.arrive(frame)
      fleet.settle()
      #expect(connection.takeFrames().first?.count == answerLength)
      return connection.closeReason
    }
    let good = try device.firstFrame(on: fleet.connect())
    #expect(refusal([]) == .refused(.unreadable))
    #expect(refusal([0]) == .refused(.unknownScheme))
    #expect(refusal([99] + good.dropFirst()) == .refused(.unknownScheme))
    #expect(refusal([SchemeID.registered.rawValue] + good.dropFirst()) == .refused(.unreadable))
    for index in [1, 40, 90, 120, good.count - 1] {
      var bad = good
      bad[index] ^= 1
      #expect(refusal(bad) == .refused(.unreadable))
    }
    // A device of another authority, which has learned this server's key.
    let stranger = try TestFleet()
    let foreign = SimulatedDevice()
    foreign.identity.create(
      address: device.address, anchor: stranger.authority.issuerKey, serverKey: fleet.authority.serverKey.publicKey,
      epoch: 1)
    try foreign.identity.install(
      stranger.authority.issuer.certificate(
        for: foreign.identity.renewalKey!, system: device.address.system, device: device.address.device,
        generation: 1, lastEpoch: 9))
    #expect(refusal(try foreign.firstFrame(on: fleet.connect()), answerLength: 49) == .refused(.unknownKey))
    #expect(fleet.relay.metrics.handshakes.value(.refused(.unknownKey)) == 1)
    // This server's certificate for the right key, about a later epoch than was ever issued: the signature tells.
    let forger = SimulatedDevice()
    try forger.identity.load(device.flash.bytes)
    let genuine = device.identity.certificate!
    var fields = genuine.fields
    fields.lastEpoch = 500
    let forged = Certificate(fields: fields, publicKey: genuine.publicKey, signature: genuine.signature!)
    #expect(throws: (any Error).self) { try forger.identity.install(forged) }
    var frame = [UInt8](repeating: 0, count: 512)
    var span = frame.mutableBytes
    var handshake = Initiator(.certified)
    let key = try X25519.PrivateKey(copying: forger.identity.slotA.key.secretBytes)
    handshake.setStatic(key, server: fleet.authority.serverKey.publicKey)
    let length = try handshake.writeHello(forged, into: &span)
    #expect(refusal(Array(frame[..<length]), answerLength: 49) == .refused(.invalidCertificate))
  }

  @Test("A revoked device gets no session, and one revoked between its two frames neither")
  func revoked() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    let connection = fleet.connect()
    connection.arrive(try device.firstFrame(on: connection))
    try device.readReply(connection.takeFrames()[0])
    _ = try fleet.registry.revoke(device.address, through: nil, reason: .keyCompromise, issuer: fleet.authority.issuer)
    connection.arrive(try device.seal(.hello(device.identity.hello(listens: true))))
    fleet.settle()
    #expect(connection.closeReason == .refused(.revoked))
    #expect(fleet.relay.router.count == 0)
    #expect(throws: SimulatedDevice.Refused(reason: .refused(.revoked))) { try device.run(in: fleet) }
  }

  @Test("A device that floods before its welcome is cut; records sent ahead of it are carried out in order")
  func aheadOfWelcome() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    func open() throws -> LoopbackConnection {
      let connection = fleet.connect()
      connection.arrive(try device.firstFrame(on: connection))
      try device.readReply(connection.takeFrames()[0])
      return connection
    }
    let polite = try open()
    // The registry is busy while the device goes on.
    fleet.relay.queue.suspend()
    polite.arrive(try device.seal(.hello(device.identity.hello(listens: true))))
    polite.arrive(try device.seal(.lookup(device.address)))
    polite.arrive(try device.seal(.ping))
    fleet.relay.queue.resume()
    try device.pump(fleet)
    #expect(
      device.heard.filter { $0 != "caughtUp" } == ["welcome-1", "peer-asleep-1", "pong"]
        || device.heard.filter { $0 != "caughtUp" } == ["welcome-1", "peer-online-1", "pong"])

    let flood = try open()
    fleet.relay.queue.suspend()
    flood.arrive(try device.seal(.hello(device.identity.hello(listens: true))))
    for _ in 0...fleet.limits.framesBeforeWelcome { flood.arrive(try device.seal(.ping)) }
    fleet.relay.queue.resume()
    fleet.settle()
    #expect(flood.closeReason == .overloaded)
    #expect(fleet.relay.router.all.allSatisfy { $0.number != flood.sessionNumber })
  }

  @Test("Frames lost, repeated, reordered or changed within a session end it and nothing else")
  func damagedStream() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    for damage in 0..<4 {
      try device.run(in: fleet)
      let first = try device.seal(.ping)
      let second = try device.seal(.lookup(device.address))
      switch damage {
      case 0: device.connection?.arrive(second)
      case 1: for frame in [first, first] { device.connection?.arrive(frame) }
      case 2: for frame in [second, first] { device.connection?.arrive(frame) }
      default: device.connection?.arrive(first.dropLast() + [first.last! ^ 1])
      }
      fleet.settle()
      #expect(device.connection?.closeReason == .violation)
      #expect(fleet.relay.router.count == 0)
    }
    try device.run(in: fleet)
  }

  @Test("A connection that ends while its session is made known leaves nothing behind")
  func endsAtOnce() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    let connection = fleet.connect()
    connection.arrive(try device.firstFrame(on: connection))
    try device.readReply(connection.takeFrames()[0])
    let hello = try device.seal(.hello(device.identity.hello(listens: true)))
    fleet.relay.queue.suspend()
    connection.arrive(hello)
    connection.cut()
    fleet.relay.queue.resume()
    fleet.settle()
    #expect(fleet.relay.router.count == 0)
    // A session that has ended before it was added is not added.
    let claimant = Claimant(scheme: .certified, address: device.address, generation: 1, lastEpoch: 9, publicKey: nil)
    let late = Client(
      claimant, DeviceRecord.Hello(listens: true, epoch: 1, revocationSequence: 0), number: 7, connection: connection,
      budget: fleet.relay.budgets.open(device.address))
    fleet.relay.end(late)
    #expect(fleet.relay.router.add(late, limit: 16).isEmpty)
    fleet.relay.office.begin(late)
    fleet.settle()
    #expect(fleet.relay.router.count == 0)
    let sender = try fleet.device(2)
    try sender.run(in: fleet)
    try sender.deposit([1], to: device.identity.certificate!, in: fleet)
    try device.run(in: fleet)
    #expect(device.inbox.count == 1)
  }

  @Test("A device that asks for certificate after certificate without waiting is cut")
  func renewalFlood() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    try device.run(in: fleet)
    fleet.relay.queue.suspend()
    let key = device.identity.certificate!.publicKey
    for _ in 0..<fleet.limits.renewalsAtOnce { device.connection?.arrive(try device.seal(.renew(key))) }
    #expect(device.connection?.isOpen == true)
    device.connection?.arrive(try device.seal(.renew(key)))
    device.connection?.settle()
    #expect(device.connection?.closeReason == .violation)
    fleet.relay.queue.resume()
    fleet.settle()
  }
}
