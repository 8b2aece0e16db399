// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import Logging
import CountersignCrypto
import Records
import Schemes
import Synchronization
import Testing
import Wire

@testable import DeviceHost
@testable import Keyring
@testable import Registry
@testable import Relay
@testable import RelayServer

/// The server on real sockets, with the devices' real client.
@Suite("Server", .serialized)
struct ServerTests {
  /// A device file, as the assembly line leaves it.
  private func file(_ id: UInt64, _ fleet: TestFleet) throws -> DeviceStore {
    let device = try fleet.device(id)
    let path = "\(fleet.path)/\(id).device"
    let flash = device.flash
    try DeviceStore.create(path) { identity throws(DeviceError) in try identity.load(flash.bytes) }
    return try DeviceStore(opening: path)
  }

  @Test("Messages online and asleep, by the devices' own client")
  func messages() async throws {
    let fleet = try TestFleet()
    let server = try fleet.server()
    let bound = try await server.listen(host: "127.0.0.1", port: 0)
    let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(bound.port))
    let a = try file(1, fleet)
    let b = try file(2, fleet)
    let inbox = try Inbox(path: fleet.path + "/2.inbox")
    let address = try b.read { $0.address }

    let sender = try DeviceClient.connect(a, to: endpoint, listens: false)
    let asleep = try sender.send(Array("asleep".utf8), to: address, id: try sender.nextMessageID())
    #expect(asleep.outcome == .stored)
    let receiver = try DeviceClient.connect(b, to: endpoint, listens: true)
    let got = Locked<[ReceivedMessage]>([])
    #expect(try receiver.receiveMessage(inbox: inbox, timeout: patience) { got.value.append($0) })
    #expect(got.value.map { String(decoding: $0.body, as: UTF8.self) } == ["asleep"])

    let box = UnsafeSendable((receiver, inbox))
    let listening = Thread {
      _ = try? box.value.0.receiveMessage(inbox: box.value.1, timeout: patience) { got.value.append($0) }
    }
    listening.start()
    let online = try sender.send(Array("online".utf8), to: address, id: try sender.nextMessageID())
    #expect(online.outcome == .delivered)
    while !listening.isFinished { try await Task.sleep(for: .milliseconds(5)) }
    #expect(got.value.map(\.route) == [.mailbox, .online])
    await server.shutDown()
  }

  @Test("A device whose certificate is out of date renews it when it connects, and goes on", arguments: [false, true])
  func outdated(inTheMiddleOfARotation: Bool) async throws {
    let fleet = try TestFleet()
    let a = try file(1, fleet)
    let b = try file(2, fleet)
    if inTheMiddleOfARotation {
      try a.update { identity throws(DeviceError) in try identity.beginRotation() }
    }
    let before = try #require(try a.read { $0.certificate }).fields
    for _ in 0..<20 { _ = try fleet.registry.advanceEpoch(by: 1, issuer: fleet.authority.issuer) }
    let server = try fleet.server()
    let bound = try await server.listen(host: "127.0.0.1", port: 0)
    let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(bound.port))
    _ = try DeviceClient.connect(b, to: endpoint, listens: false)

    let client = try DeviceClient.connect(a, to: endpoint, listens: false)
    #expect(!client.mayOnlyRenew)
    let sent = try client.send([1], to: try b.read { $0.address }, id: try client.nextMessageID())
    #expect(sent.outcome == .stored)
    let after = try #require(try a.read { $0.certificate }).fields
    #expect(before.lastEpoch < 20 && after.lastEpoch >= 20)
    #expect(after.generation == before.generation + (inTheMiddleOfARotation ? 1 : 0))
    await server.shutDown()
  }

  /// How soon is printed and not judged: this machine may be busy with something else.
  @Test("A revocation written elsewhere cuts the live session and reaches peers")
  func revocationLatency() async throws {
    let fleet = try TestFleet()
    let server = try fleet.server()
    let bound = try await server.listen(host: "127.0.0.1", port: 0)
    let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(bound.port))
    // As another process has it: connections of its own to the same file.
    let elsewhere = try SQLiteRegistry(path: fleet.registry.path, actor: "elsewhere")
    let peer = try file(1000, fleet)
    let peerClient = try DeviceClient.connect(peer, to: endpoint, listens: true)
    var worst = Duration.zero
    for id in UInt64(1)...5 {
      let victim = try file(id, fleet)
      let client = try DeviceClient.connect(victim, to: endpoint, listens: true)
      let certificate = try #require(try victim.read { $0.certificate })
      try await Task.sleep(for: .milliseconds(Int(id) * 37))
      let start = ContinuousClock.now
      _ = try elsewhere.revoke(
        certificate.fields.address, through: nil, reason: .keyCompromise, issuer: fleet.authority.issuer)
      #expect(throws: DeviceHostError.self) {
        let inbox = try Inbox(path: "\(fleet.path)/\(id).inbox")
        _ = try client.receiveMessage(inbox: inbox, timeout: patience) { _ in }
      }
      worst = max(worst, start.duration(to: .now))
      let inbox = try Inbox(path: "\(fleet.path)/peer-\(id).inbox")
      let isRefused = try await eventually {
        _ = try peerClient.receiveMessage(inbox: inbox, timeout: .milliseconds(50)) { _ in }
        return try peer.read { (try? $0.trust.verify(certificate, isInitiator: true)) == nil }
      }
      #expect(isRefused)
      #expect(throws: DeviceHostError.refused(endpoint: endpoint.description, .revoked)) {
        _ = try DeviceClient.connect(victim, to: endpoint, listens: false)
      }
    }
    print("revocation to cut session, worst of 5: \(worst)")
    #expect(server.relay.metrics.revocationPropagation.snapshot.count == 5)
    await server.shutDown()
  }

  @Test("Strangers are bounded in number and size")
  func limits() async throws {
    let fleet = try TestFleet()
    var limits = RelayLimits()
    limits.handshakeTimeout = 3600
    limits.maximumUnauthenticated = 3
    let server = try fleet.server(limits)
    let bound = try await server.listen(host: "127.0.0.1", port: 0)

    // One that announces a frame longer than a stranger's may be, and one that says nothing.
    let long = try RawSocket(port: bound.port)
    long.write([0xFF, 0xFF, 1])
    #expect(long.readToEnd().isEmpty && !long.timedOut)
    #expect(await eventually { server.relay.metrics.unauthenticated.value == 0 })
    var silent: [RawSocket] = []
    for count in 1...3 {
      silent.append(try RawSocket(port: bound.port))
      // Two event loops may begin with connections in another order than that in which they were opened.
      #expect(await eventually { server.relay.metrics.unauthenticated.value == count })
    }
    let surplus = try RawSocket(port: bound.port)
    // The one that has been silent longest makes room.
    #expect(silent[0].readToEnd() == [0, 1, Framing.tryLater] && !silent[0].timedOut)
    #expect(await eventually { server.relay.metrics.unauthenticated.value == 3 })
    #expect(server.relay.metrics.closures.withLock { $0 } == ["frame_too_long": 1, "evicted": 1])
    withExtendedLifetime((silent, surplus)) {}
    await server.shutDown()
    #expect(server.relay.metrics.connections.value == 0)
  }

  @Test("A stranger that says nothing is cut off in time")
  func silentStranger() async throws {
    let fleet = try TestFleet()
    var limits = RelayLimits()
    limits.handshakeTimeout = 1
    let server = try fleet.server(limits)
    let bound = try await server.listen(host: "127.0.0.1", port: 0)
    let start = ContinuousClock.now
    let silent = try (0..<3).map { _ in try RawSocket(port: bound.port) }
    for socket in silent { #expect(socket.readToEnd().isEmpty && !socket.timedOut) }
    #expect(start.duration(to: .now) > .milliseconds(900))
    #expect(server.relay.metrics.closures.withLock { $0 } == ["handshake_timeout": 3])
    await server.shutDown()
  }

  @Test("A device that says nothing more after its welcome is cut off in time")
  func idleDevice() async throws {
    let fleet = try TestFleet()
    var limits = RelayLimits()
    limits.handshakeTimeout = 3600
    limits.idleTimeout = 1
    let server = try fleet.server(limits)
    let bound = try await server.listen(host: "127.0.0.1", port: 0)
    let inbox = try Inbox(path: fleet.path + "/1.inbox")
    let store = try file(1, fleet)
    #expect(throws: DeviceHostError.self) {
      let client = try DeviceClient.connect(
        store, to: Endpoint(host: "127.0.0.1", port: UInt16(bound.port)), listens: true)
      _ = try client.receiveMessage(inbox: inbox, timeout: patience) { _ in }
    }
    #expect(await eventually { server.relay.metrics.closures.withLock { $0 } == ["idle_timeout": 1] })
    await server.shutDown()
  }

  @Test(
    "A device that does not read is not cut off by a flood; what it was sent does not pile up, and the next sender finds room"
  )
  func slowReader() async throws {
    let fleet = try TestFleet()
    var limits = RelayLimits()
    limits.passedBytes = 1 << 20
    let server = try fleet.server(limits)
    let bound = try await server.listen(host: "127.0.0.1", port: 0)
    let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(bound.port))
    let sender = try DeviceClient.connect(try file(1, fleet), to: endpoint, listens: false)
    let victim = try file(2, fleet)
    let address = try victim.read { $0.address }
    let sleeper = try DeviceClient.connect(victim, to: endpoint, listens: true)
    let body = [UInt8](repeating: 1, count: 60_000)
    while server.relay.metrics.framesDropped.value == 0 {
      try sender.send(.frame(to: address, session: 0, body.bytes))
    }
    var isTold = false
    while !isTold, let event = try sender.receive(timeout: patience) {
      if case .unreachable(address) = event { isTold = true }
    }
    #expect(isTold)
    #expect(server.relay.budgets[address].waiting.value <= limits.passedBytes)
    // Another's frame comes, and behind no more than its share of the flood.
    let other = try DeviceClient.connect(try file(3, fleet), to: endpoint, listens: false)
    let dropped = server.relay.metrics.framesDropped.value
    try other.send(.frame(to: address, session: 0, [3, 7].bytes))
    var before = 0
    var hasIt = false
    while !hasIt, let event = try sleeper.receive(timeout: patience) {
      guard case .frame(_, _, let body) = event else { continue }
      if body == [3, 7] { hasIt = true } else { before += 1 }
    }
    #expect(hasIt)
    #expect(before > 0)
    #expect(server.relay.metrics.framesDropped.value == dropped)
    #expect(server.relay.metrics.closures.withLock { $0 } == [:])
    await server.shutDown()
  }

  @Test("Handshakes beyond the rate wait, and beyond the queue are turned away; sessions go on meanwhile")
  func handshakeRate() async throws {
    let fleet = try TestFleet()
    var limits = RelayLimits()
    limits.handshakesPerSecond = 5
    limits.handshakeQueueLength = 2
    let server = try fleet.server(limits, threads: 1)
    let bound = try await server.listen(host: "127.0.0.1", port: 0)
    let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(bound.port))
    let device = try file(1, fleet)
    let start = ContinuousClock.now
    for _ in 0..<10 { _ = try DeviceClient.connect(device, to: endpoint, listens: true) }
    // Five at once are allowed, then five a second.
    #expect(start.duration(to: .now) > .milliseconds(700))
    let client = try DeviceClient.connect(device, to: endpoint, listens: true)
    // So many that the rate cannot keep up with them, however slowly they are made.
    let sockets = try (0..<200).map { _ in
      let socket = try RawSocket(port: bound.port)
      socket.write([0, 1, 0])
      return socket
    }
    try client.send(.lookup(try device.read { $0.address }))
    var hasAnswer = false
    while !hasAnswer, let event = try client.receive(timeout: patience) {
      if case .peer = event { hasAnswer = true }
    }
    #expect(hasAnswer)
    // Who found no place is told so; whose frame was refused is not.
    for socket in sockets { #expect([[], [0, 1, Framing.tryLater]].contains(socket.readToEnd()) && !socket.timedOut) }
    #expect(server.relay.metrics.handshakes.value(.overloaded) > 0)
    #expect(server.relay.metrics.handshakes.value(.refused(.unknownScheme)) > 0)
    await server.shutDown()
  }

  @Test("Shutting down, what was accepted is answered and kept; the port is free afterwards and taken before")
  func drain() async throws {
    let fleet = try TestFleet()
    let server = try fleet.server()
    // An address that nothing else here uses, so that nothing else is given this port while it is free.
    let host = "127.0.0.2"
    let bound = try await server.listen(host: host, port: 0)
    let second = try fleet.server()
    await #expect(throws: RelayError.addressInUse("\(host):\(bound.port)")) {
      _ = try await second.listen(host: host, port: bound.port)
    }
    await second.shutDown()

    let a = try file(1, fleet)
    let b = try file(2, fleet)
    let endpoint = Endpoint(host: host, port: UInt16(bound.port))
    let sender = UnsafeSendable(try DeviceClient.connect(a, to: endpoint, listens: false))
    let address = try b.read { $0.address }
    let stored = Locked(0)
    let end = Locked<DeviceHostError?>(nil)
    let sending = Thread {
      do throws(DeviceHostError) {
        while true {
          let id = try sender.value.nextMessageID()
          if try sender.value.send([1], to: address, id: id).outcome == .stored { stored.value += 1 }
        }
      } catch { end.value = error }
    }
    sending.start()
    #expect(await eventually { stored.value >= 10 })
    await server.shutDown()
    #expect(await eventually { sending.isFinished })
    #expect(end.value?.isLost == true)

    let again = try fleet.server()
    _ = try await again.listen(host: host, port: bound.port)
    #expect(again.relay.metrics.mailWaiting.value >= stored.value)
    await again.shutDown()
  }

  @Test("The metrics are served as text, and nothing else is")
  func metrics() async throws {
    let fleet = try TestFleet()
    let server = try fleet.server()
    let bound = try await server.listenForMetrics(host: "127.0.0.1", port: 0)
    func get(_ path: String) throws -> String {
      let socket = try RawSocket(port: bound.port)
      socket.write(Array("GET \(path) HTTP/1.1\r\nhost: localhost\r\n\r\n".utf8))
      return String(decoding: socket.readToEnd(), as: UTF8.self)
    }
    let text = try get("/metrics")
    #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
    for name in [
      "countersign_handshakes_total{result=\"accepted\"} 0", "countersign_epoch 1", "countersign_connections 0",
      "countersign_revocation_propagation_seconds_count 0",
    ] { #expect(text.contains(name + "\n")) }
    #expect(try get("/").hasPrefix("HTTP/1.1 404"))
    #expect(try get("/healthz").hasSuffix("ok\n"))
    // Whoever asks for nothing makes room for whoever does.
    let silent = try (0..<40).map { _ in try RawSocket(port: bound.port) }
    #expect(try get("/healthz").hasSuffix("ok\n"))
    #expect(silent[0].readToEnd().isEmpty && !silent[0].timedOut)
    await server.shutDown()
  }
}

extension DeviceHostError {
  /// Whether the server went away.
  fileprivate var isLost: Bool {
    switch self {
    case .connectionLost, .timedOut, .refused, .unreachable: true
    default: false
    }
  }
}

/// A value under a lock, for what threads of a test write.
final class Locked<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var storage: Value

  init(_ value: Value) { storage = value }

  var value: Value {
    get { lock.withLock { storage } }
    _modify {
      lock.lock()
      defer { lock.unlock() }
      yield &storage
    }
  }
}

/// Hands something to one other thread.
struct UnsafeSendable<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
