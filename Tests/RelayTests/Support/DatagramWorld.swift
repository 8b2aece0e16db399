// SPDX-License-Identifier: Apache-2.0

import Datagrams
import NIOCore
import TestSeed
import Wire

@testable import Relay
@testable import RelayServer

/// A server's UDP port without a socket, in a time of its own, and the network before it.
final class DatagramWorld {
  /// Gives a link's frames to a session of the fleet's relay, and back.
  final class Bridge: DatagramLink.Reader {
    let link: DatagramLink
    let connection: LoopbackConnection
    private var isAnswered = false
    private(set) var hasEnded = false

    init(_ link: DatagramLink, _ connection: LoopbackConnection) {
      self.link = link
      self.connection = connection
    }

    func takeFrames() {
      while !hasEnded, let frame = try? link.nextFrame(limit: Framing.maximumFrameLength) {
        connection.arrive(frame)
        passBack()
      }
    }

    /// Takes what the relay has for the device.
    func passBack() {
      for frame in connection.takeFrames() {
        if isAnswered {
          link.write([UInt8(frame.count >> 8), UInt8(truncatingIfNeeded: frame.count)] + frame)
        } else {
          isAnswered = true
          link.answer(frame, of: connection.session)
        }
      }
      if connection.closeReason != nil, !hasEnded { link.close(afterWriting: true) }
    }

    func linkWritabilityChanged(_ isWritable: Bool) {}
    func linkEnded() {
      hasEnded = true
      connection.cut()
    }
    func close(_ reason: CloseReason) { link.close(afterWriting: false) }
  }

  struct Weather {
    var loss = 0.0
    var repeats = 0.0
    var delay: ClosedRange<UInt64> = 5_000_000...30_000_000
    var longest = 1_200
  }

  private struct Flying {
    let datagram: [UInt8]
    /// From or to the device: its address as the server sees it.
    let peer: SocketAddress
    let isForServer: Bool
    let at: UInt64
  }

  static let step: UInt64 = 10_000_000

  let fleet: TestFleet
  var weather: Weather
  private(set) var now: UInt64 = 0
  var isLoaded = false
  private(set) var bridges: [Bridge] = []
  private(set) var port: DatagramPort! = nil
  private var mustFlush = false
  private var flying: [Flying] = []
  private var generator: SeededGenerator
  /// What the server sent, and to whom, whether it arrived or not.
  private(set) var sent: [(datagram: [UInt8], to: SocketAddress)] = []
  /// What devices sent.
  private(set) var seen: [[UInt8]] = []
  private(set) var sawTooLong = false

  init(_ fleet: TestFleet, _ weather: Weather, _ generator: SeededGenerator) {
    self.fleet = fleet
    self.weather = weather
    self.generator = generator
    port = DatagramPort(
      limits: fleet.limits, clock: { [unowned self] in now }, isLoaded: { [unowned self] in isLoaded },
      send: { [unowned self] datagram, peer in
        sent.append((datagram, peer))
        fly(datagram, peer, isForServer: false)
      },
      requestFlush: { [unowned self] in mustFlush = true },
      open: { [unowned self] link in
        let bridge = Bridge(link, fleet.connect())
        bridges.append(bridge)
        link.reader = bridge
        bridge.takeFrames()
      })
  }

  deinit { port.close() }

  static func address(_ host: String, _ port: Int) -> SocketAddress {
    try! SocketAddress(ipAddress: host, port: port)
  }

  private func fly(_ datagram: [UInt8], _ peer: SocketAddress, isForServer: Bool) {
    guard datagram.count <= weather.longest else {
      sawTooLong = true
      return
    }
    let copies = Double.random(in: 0..<1, using: &generator) < weather.repeats ? 2 : 1
    for _ in 0..<copies where Double.random(in: 0..<1, using: &generator) >= weather.loss {
      let delay = UInt64.random(in: weather.delay, using: &generator)
      flying.append(Flying(datagram: datagram, peer: peer, isForServer: isForServer, at: now + delay))
    }
  }

  /// A device sends a datagram from an address.
  func send(_ datagram: [UInt8], from peer: SocketAddress) {
    seen.append(datagram)
    fly(datagram, peer, isForServer: true)
  }

  /// Time passes: what arrives at the server is taken, and what arrived at `peer` is returned.
  func advance(at peer: SocketAddress) -> [[UInt8]] {
    now += Self.step
    let arrived = flying.filter { $0.at <= now }.sorted { $0.at < $1.at }
    flying.removeAll { $0.at <= now }
    for one in arrived where one.isForServer { port.receive(one.datagram, from: one.peer) }
    fleet.settle()
    for bridge in bridges { bridge.passBack() }
    if mustFlush {
      mustFlush = false
      port.flush()
    }
    port.tick()
    return arrived.filter { !$0.isForServer && $0.peer == peer }.map(\.datagram)
  }
}
