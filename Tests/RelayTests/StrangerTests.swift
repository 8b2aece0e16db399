// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Device
import Foundation
import Logging
import Records
import Schemes
import Strangers
import Synchronization
import Testing
import Wire

@testable import DeviceHost
@testable import Mailbox
@testable import Keyring
@testable import Registry
@testable import Relay
@testable import RelayServer

/// Whoever has proved nothing keeps nobody out who can.
@Suite("Strangers at the server", .serialized)
struct StrangerTests {
  private func file(_ id: UInt64, _ fleet: TestFleet) throws -> DeviceStore {
    let flash = try fleet.device(id).flash
    let path = "\(fleet.path)/\(id).device"
    try DeviceStore.create(path) { identity throws(DeviceError) in try identity.load(flash.bytes) }
    return try DeviceStore(opening: path)
  }

  /// Connects and says nothing, from an address 127.0.0.X; only so many are kept open.
  private final class Crowd {
    private let port: Int
    private let source: UInt32
    private let size: Int
    private var sockets: [RawSocket] = []

    init(port: Int, from source: UInt32, size: Int) throws {
      self.port = port
      self.source = source
      self.size = size
      try press(size)
    }

    func press(_ count: Int) throws {
      for _ in 0..<count { sockets.append(try RawSocket(port: port, from: source)) }
      sockets.removeFirst(max(0, sockets.count - size))
    }
  }

  @Test(
    "2,060 silent connections keep out none of 1,000 devices, nor from their own address, and end none of their sessions",
    .enabled(if: descriptorsAllow(8_000)), arguments: [UInt32(1), 2])
  func crowd(source: UInt32) async throws {
    let fleet = try TestFleet(inMemory: true)
    var limits = RelayLimits()
    limits.handshakeTimeout = 3600
    let server = try fleet.server(limits)
    let port = try await server.listen(host: "127.0.0.1", port: 0).port
    let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(port))
    let crowd = try Crowd(port: port, from: source, size: 2_060)
    var sessions: [DeviceClient] = []
    for id in UInt64(1)...1_000 {
      try crowd.press(3)
      sessions.append(try DeviceClient.connect(try file(id, fleet), to: endpoint, listens: false))
    }
    #expect(await eventually { server.relay.metrics.sessions.value == 1_000 })
    #expect(server.relay.metrics.unauthenticated.value <= limits.maximumUnauthenticated)
    for session in sessions { try session.ping() }
    let closures = server.relay.metrics.closures.withLock { $0 }
    #expect(closures["evicted", default: 0] > 2_000)
    #expect(Set(closures.keys).isSubset(of: ["evicted", "peer"]))
    withExtendedLifetime(crowd) {}
    await server.shutDown()
  }

  @Test("The address that has most makes room, a gateway's only beyond its share")
  func shares() async throws {
    let fleet = try TestFleet()
    var limits = RelayLimits()
    limits.handshakeTimeout = 3600
    limits.maximumUnauthenticated = 8
    limits.gateways = [SourcePrefix(parsing: "127.0.0.8/29")!]
    limits.gatewayShare = 3
    let server = try fleet.server(limits, threads: 1)
    let port = try await server.listen(host: "127.0.0.1", port: 0).port
    func connect(from source: UInt32) async throws -> RawSocket {
      let before = server.relay.metrics.closures.withLock { $0["evicted", default: 0] }
      let wasFull = server.relay.metrics.unauthenticated.value == 8
      let socket = try RawSocket(port: port, from: source)
      if wasFull {
        #expect(await eventually { server.relay.metrics.closures.withLock { $0["evicted", default: 0] } == before + 1 })
      }
      return socket
    }
    var gateway: [RawSocket] = []
    for count in 1...6 {
      gateway.append(try await connect(from: 9))
      #expect(await eventually { server.relay.metrics.unauthenticated.value == count })
    }
    let others = [try await connect(from: 1), try await connect(from: 2)]
    #expect(await eventually { server.relay.metrics.unauthenticated.value == 8 })
    // Six of the gateway weigh as much as two of another address: the gateway has most until five are left, ...
    let third = try await connect(from: 3)
    #expect(gateway[0].readToEnd() == [0, 1, Framing.tryLater])
    // ... and an address with three of its own from then on.
    let more = [try await connect(from: 3), try await connect(from: 3)]
    #expect(gateway[1].readToEnd() == [0, 1, Framing.tryLater])
    #expect(gateway[2].readToEnd() == [0, 1, Framing.tryLater])
    let last = try await connect(from: 4)
    #expect(third.readToEnd() == [0, 1, Framing.tryLater])
    withExtendedLifetime((others, more, last)) {}
    await server.shutDown()
  }

  @Test("A server full of devices tells the next to come later, which then does not fall back to an older key")
  func full() async throws {
    let fleet = try TestFleet()
    var limits = RelayLimits()
    limits.maximumConnections = 1
    let server = try fleet.server(limits)
    let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(try await server.listen(host: "127.0.0.1", port: 0).port))
    let device = try file(1, fleet)
    // A key that is certified and has not been used.
    do {
      let client = try DeviceClient.connect(device, to: endpoint, listens: false)
      try device.update { identity throws(DeviceError) in try identity.beginRotation() }
      try client.send(.renew(try #require(try device.read { $0.renewalKey })))
      while !client.shouldReconnect { _ = try client.receive(timeout: patience) }
    }
    #expect(await eventually { server.relay.metrics.connections.value == 0 })
    let other = try DeviceClient.connect(try file(2, fleet), to: endpoint, listens: false)
    #expect(await eventually { server.relay.metrics.handshakes.value(.accepted) == 2 })
    #expect(throws: DeviceHostError.tryLater(endpoint: endpoint.description)) {
      _ = try DeviceClient.connect(device, to: endpoint, listens: false)
    }
    #expect(server.relay.metrics.closures.withLock { $0["overloaded"] } == 1)
    #expect(server.relay.metrics.handshakes.value(.accepted) == 2)
    try other.ping()
    await server.shutDown()
  }

  @Test("So does one without a key pair")
  func fullForSymmetric() async throws {
    let fleet = try TestFleet()
    var limits = RelayLimits()
    limits.maximumConnections = 1
    let server = try fleet.server(limits)
    let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(try await server.listen(host: "127.0.0.1", port: 0).port))
    let other = try DeviceClient.connect(try file(2, fleet), to: endpoint, listens: false)
    let path = fleet.path + "/1.device"
    let row = try fleet.registry.addSymmetricDevice(
      DeviceAddress(system: fleet.alpha, device: DeviceID(1)), scheme: .derivedKey, authority: fleet.authority)
    let address = DeviceAddress(system: fleet.alpha, device: DeviceID(1))
    let key = try fleet.authority.encodeKey(row.current, of: address)
    try SymmetricStore.create(path) { identity throws(DeviceError) in
      try identity.create(
        address: address, epoch: row.toldEpoch, scheme: .derivedKey, generation: row.generation, key: key.bytes)
    }
    #expect(throws: DeviceHostError.tryLater(endpoint: endpoint.description)) {
      _ = try SymmetricClient.connect(
        SymmetricStore(opening: path), to: endpoint, listens: false, timeout: patience)
    }
    try other.ping()
    await server.shutDown()
  }

  @Test("A server that shuts down does not refuse whoever waits for its answer")
  func draining() async throws {
    let fleet = try TestFleet()
    var limits = RelayLimits()
    limits.handshakeTimeout = 3600
    let server = try fleet.server(limits)
    let port = try await server.listen(host: "127.0.0.1", port: 0).port
    let waiting = try RawSocket(port: port)
    #expect(await eventually { server.relay.metrics.unauthenticated.value == 1 })
    await server.shutDown()
    #expect(waiting.readToEnd() == [0, 1, Framing.tryLater] && !waiting.timedOut)
  }

  @Test("Of refusals a few lines are logged, and all are counted")
  func samples() throws {
    let fleet = try TestFleet()
    let lines = Locked<[String]>([])
    let relay = try Relay(
      registry: fleet.registry, authority: fleet.authority,
      mailbox: SQLiteMailbox(path: fleet.path + "/m.sqlite", limits: .init()),
      limits: RelayLimits(), logger: Logger(label: "test") { _ in LineCollector(lines) },
      closures: Sampler(perSecond: 5) { 0 })
    let stranger = SourceAddress(parsing: "192.0.2.1")
    for _ in 0..<600 { relay.count(.refused(.unreadable), from: stranger) }
    for _ in 0..<300 { relay.count(.violation, from: stranger) }
    for _ in 0..<100 { relay.count(.evicted, from: stranger) }
    #expect(lines.value == Array(repeating: "handshake_refused address=192.0.2.1 reason=unreadable", count: 5))
    relay.logUntoldClosures()
    relay.logUntoldClosures()
    #expect(lines.value.dropFirst(5) == ["more_closed count=995 evicted=100 unreadable=595 violation=300"])
    // What an authenticated device does is no sample.
    relay.count(.violation)
    #expect(lines.value.last == "connection_closed reason=violation")
    #expect(relay.metrics.handshakes.value(.refused(.unreadable)) == 600)
    #expect(relay.metrics.closures.withLock { $0 } == ["refused": 600, "violation": 301, "evicted": 100])
    relay.office.close()
  }

}

/// Whether this process may have so many file descriptors; raises its limit to that.
private func descriptorsAllow(_ count: UInt) -> Bool {
  var limit = rlimit()
  guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_max >= count else {
    return false
  }
  limit.rlim_cur = max(limit.rlim_cur, count)
  return setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
}
