// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Datagrams
import Device
import Foundation
import NIOCore
import Records
import Schemes
import TestSeed
import Testing
import Wire

@testable import DeviceHost
@testable import Relay
@testable import RelayServer

@Suite("Sessions over datagrams")
struct DatagramTests {
  /// A device at an address of its own, which may change.
  private final class Caller {
    let device: SimulatedDevice
    let world: DatagramWorld
    let caller: DatagramCaller
    var peer: SocketAddress
    private var isLive = false
    var accepted = 0

    init(_ device: SimulatedDevice, _ world: DatagramWorld, at peer: SocketAddress, _ generator: SeededGenerator) throws
    {
      self.device = device
      self.world = world
      self.peer = peer
      var generator = generator
      caller = DatagramCaller(longest: world.weather.longest) { UInt32.random(in: 0...UInt32.max, using: &generator) }
      caller.send(try device.firstFrame(on: world.fleet.connect()), at: world.now)
    }

    func step() throws {
      while let datagram = caller.nextDatagram(at: world.now) { world.send(datagram, from: peer) }
      for datagram in world.advance(at: peer) { caller.receive(datagram, at: world.now) }
      while let frame = caller.nextFrame() {
        guard isLive else {
          isLive = true
          try device.readReply(frame)
          device.secure(caller)
          caller.send(try device.seal(.hello(device.identity.hello(listens: true))), at: world.now)
          continue
        }
        let reaction = try device.receive(frame)
        device.store()
        for frame in reaction.frames { caller.send(frame, at: world.now) }
        accepted = device.heard.count { $0.hasPrefix("accepted") }
      }
    }

    func run(until isDone: () -> Bool) throws {
      let end = world.now + 600_000_000_000
      while !isDone() {
        try #require(world.now < end, "it does not end")
        try step()
      }
    }

    var isWelcome: Bool { device.heard.first?.hasPrefix("welcome") == true }

    /// Leaves a message for another device.
    func deposit(to recipient: SimulatedDevice) throws {
      let id = try device.identity.nextMessageID()
      device.store()
      caller.send(try device.seal(.open(to: recipient.address, id: id, [7].bytes)), at: world.now)
    }
  }

  private static let home = DatagramWorld.address("192.0.2.1", 5000)
  private static let elsewhere = DatagramWorld.address("198.51.100.7", 61000)

  @Test(
    "survive loss, repeats, reordering, short datagrams and a change of address",
    arguments: [
      (SchemeID.certified, 0.0, 1_200), (.certified, 0.3, 51), (.certified, 0.2, 400), (.compactKK, 0.3, 128),
      (.registered, 0.1, 64),
    ])
  func session(scheme: SchemeID, loss: Double, longest: Int) throws {
    let generator = SeededGenerator(for: "datagrams \(scheme) \(loss) \(longest)")
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: scheme)
    let other = try fleet.device(2)
    let world = DatagramWorld(
      fleet, .init(loss: loss, repeats: loss / 2, delay: 5_000_000...80_000_000, longest: longest), generator)
    let caller = try Caller(device, world, at: Self.home, generator)
    try caller.run { caller.isWelcome }
    for _ in 0..<5 { try caller.deposit(to: other) }
    try caller.run { caller.accepted == 5 }
    // The address changes, as behind a NAT that has forgotten.
    caller.peer = Self.elsewhere
    for _ in 0..<5 { try caller.deposit(to: other) }
    try caller.run { caller.accepted == 10 }
    #expect(!world.sawTooLong)
    #expect(world.bridges.map(\.link.peer) == [Self.elsewhere])
    #expect(fleet.connections.first { $0 === world.bridges[0].connection }?.isOpen == true)
  }

  @Test("A repeated datagram moves the session to nobody")
  func repetition() throws {
    let generator = SeededGenerator(for: "repetition of datagrams")
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    let other = try fleet.device(2)
    let world = DatagramWorld(fleet, .init(), generator)
    let caller = try Caller(device, world, at: Self.home, generator)
    try caller.run { caller.isWelcome }
    try caller.deposit(to: other)
    try caller.run { caller.accepted == 1 }
    let link = world.bridges[0].link
    for datagram in world.seen where datagram[0] == FrameKind.deviceDatagram.rawValue {
      world.port.receive(datagram, from: Self.elsewhere)
      var forged = datagram
      forged[forged.count - 1] ^= 1
      world.port.receive(forged, from: Self.elsewhere)
    }
    #expect(link.peer == Self.home)
    // A new one does.
    caller.peer = Self.elsewhere
    try caller.deposit(to: other)
    try caller.run { caller.accepted == 2 }
    #expect(link.peer == Self.elsewhere)
  }

  @Test("Whoever has not shown that it gets what is sent to its address is sent no more bytes than it sent")
  func amplification() throws {
    var generator = SeededGenerator(for: "amplification")
    let fleet = try TestFleet()
    for scheme in [SchemeID.certified, .registered, .compactKK] {
      let device = try fleet.device(UInt64(scheme.rawValue), scheme: scheme)
      for isLoaded in [false, true] {
        let world = DatagramWorld(fleet, .init(), generator)
        world.isLoaded = isLoaded
        let frame = try device.firstFrame(on: fleet.connect())
        for (index, longest) in [51, 64, 1_200].enumerated() {
          let victim = DatagramWorld.address("203.0.113.\(index + 1)", 7)
          var bytes = 0
          for round in 0..<6 {
            // As it is, in fragments, or with a cookie that was made up.
            let forged = [FrameKind.withCookie.rawValue] + generator.bytes(16) + frame
            for datagram in Fragments.datagrams(
              of: round % 2 == 0 ? frame : forged, number: UInt16(round), limit: longest)
            {
              bytes += datagram.count
              world.port.receive(datagram, from: victim)
              let answered = world.sent.reduce(0) { $0 + ($1.to == victim ? $1.datagram.count : 0) }
              #expect(answered <= bytes)
            }
          }
          #expect(world.sent.contains { $0.to == victim })
        }
        #expect(isLoaded == (world.port.linkCount == 0))
      }
    }
  }

  @Test("Under load a device shows the server's cookie, in fragments too", arguments: [51, 1_200])
  func cookies(longest: Int) throws {
    let generator = SeededGenerator(for: "cookies \(longest)")
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    let world = DatagramWorld(fleet, .init(loss: 0.1, longest: longest), generator)
    world.isLoaded = true
    let caller = try Caller(device, world, at: Self.home, generator)
    try caller.run { caller.isWelcome }
    #expect(world.sent.contains { $0.datagram[0] == FrameKind.retry.rawValue })
    #expect(world.bridges.count == 1)
  }

  @Test("The first frame that comes again is answered with the same bytes, by one session")
  func repeatedFirstFrame() throws {
    let generator = SeededGenerator(for: "repeated first frame")
    let fleet = try TestFleet()
    let frame = try fleet.device(1).firstFrame(on: fleet.connect())
    let world = DatagramWorld(fleet, .init(), generator)
    for _ in 0..<5 { world.port.receive(frame, from: Self.home) }
    #expect(world.bridges.count == 1)
    #expect(world.sent.count == 5)
    #expect(Set(world.sent.map(\.datagram)).count == 1)
  }

  @Test("A flood from many addresses leaves memory bounded and the server open to a device")
  func flood() async throws {
    var generator = SeededGenerator(for: "flood of datagrams")
    let fleet = try TestFleet()
    var limits = RelayLimits()
    limits.maximumUnauthenticated = 64
    let server = try fleet.server(limits)
    let bound = try await server.listen(host: "127.0.0.1", port: 0)
    let recorded = try fleet.device(9).firstFrame(on: fleet.connect())
    let path = "\(fleet.path)/1.device"
    let flash = try fleet.device(1).flash
    try DeviceStore.create(path) { identity throws(DeviceError) in try identity.load(flash.bytes) }
    let sender = try FloodSocket(port: UInt16(bound.port))
    for round in 0..<200 {
      // From another address each: 127.1.0.0 to 127.1.255.255.
      let source = UInt32(0x7F01_0000) | UInt32.random(in: 0...0xFFFF, using: &generator)
      let garbage = [6] + generator.bytes(180)
      try sender.send(round % 3 == 0 ? recorded : garbage, from: source)
      for datagram in Fragments.datagrams(of: garbage, number: 1, limit: 64).dropLast() {
        try sender.send(datagram, from: source)
      }
    }
    let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(bound.port), isDatagram: true)
    let client = try DeviceClient.connect(DeviceStore(opening: path), to: endpoint, listens: false)
    #expect(client.sessionNumber != 0)
    #expect(server.relay.metrics.unauthenticated.value <= 64)
    let id = try client.nextMessageID()
    let delivery = try client.send([1, 2], to: DeviceAddress(system: fleet.alpha, device: DeviceID(9)), id: id)
    #expect(delivery.outcome == .stored)
    await server.shutDown()
  }
}
