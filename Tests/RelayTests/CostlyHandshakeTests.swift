// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Dispatch
import Foundation
import GRDB
import Logging
import NIOCore
import CountersignCrypto
import Schemes
import Strangers
import Testing
import Wire

@testable import DeviceHost
@testable import Keyring
@testable import Registry
@testable import Relay
@testable import RelayServer

/// First frames that take long to answer keep nobody waiting but each other.
@Suite("Costly first frames", .serialized)
struct CostlyHandshakeTests {
  /// Answers when it is let, so that a test can look at the server meanwhile.
  private final class SlowAdmission: Admission {
    private let gate: DispatchSemaphore

    init(_ gate: DispatchSemaphore) {
      self.gate = gate
    }

    func prepare(_ frame: RawSpan) -> AnswerCost { .slow }

    func receive(
      _ frame: RawSpan, keys: inout SessionKeys, proof: inout ProofContext
    ) throws(AdmissionRefusal) -> AdmissionStep {
      gate.wait()
      return AdmissionStep(reply: [7, 7], claimant: nil)
    }
  }

  private let frame: [UInt8] = [0, 2, SchemeID.derivedKeyPBKDF2.rawValue, 1]

  @Test("While one is being answered, sessions on the same event loop go on, and only so many wait")
  func loopGoesOn() async throws {
    let fleet = try TestFleet()
    let gate = DispatchSemaphore(value: 0)
    var admissions = Admissions(registry: fleet.registry, authority: fleet.authority)
    admissions.accept(.derivedKeyPBKDF2) { SlowAdmission(gate) }
    var limits = RelayLimits()
    limits.costlyHandshakeQueueLength = 2
    limits.handshakeTimeout = 3600
    let server = try RelayServer(
      registry: fleet.registry, authority: fleet.authority, mailboxPath: fleet.path + "/mailbox-of-server.sqlite",
      limits: limits, admissions: admissions, threads: 1,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let port = try await server.listen(host: "127.0.0.1", port: 0).port
    let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(port))
    let waiting = try RawSocket(port: port)
    waiting.write(frame)
    var leaving: RawSocket? = try RawSocket(port: port)
    leaving?.write(frame)
    while server.relay.slowHandshakes.count < 2 { try await Task.sleep(for: .milliseconds(2)) }

    let refused = try RawSocket(port: port)
    refused.write(frame)
    #expect(refused.readToEnd() == [0, 1, Framing.tryLater] && !refused.timedOut)
    // A handshake of the cheap kind, and messages, on the only event loop.
    let sender = try DeviceClient.connect(try file(1, fleet), to: endpoint, listens: false)
    let address = try file(2, fleet).read { $0.address }
    #expect(try sender.send([1], to: address, id: try sender.nextMessageID()).outcome == .stored)

    leaving = nil
    while server.relay.metrics.unauthenticated.value > 1 { try await Task.sleep(for: .milliseconds(2)) }
    // Once for the one that waits; whose connection is gone is not asked.
    gate.signal()
    #expect(waiting.read(4) == [0, 2, 7, 7])
    while server.relay.slowHandshakes.count > 0 { try await Task.sleep(for: .milliseconds(2)) }
    await server.shutDown()
  }

  @Test(
    "A frame that comes while another is being answered ends the connection, and the session is closed behind the answer"
  )
  func impatience() async throws {
    let fleet = try TestFleet()
    let gate = DispatchSemaphore(value: 0)
    var admissions = Admissions(registry: fleet.registry, authority: fleet.authority)
    admissions.accept(.derivedKeyPBKDF2) { SlowAdmission(gate) }
    let server = try RelayServer(
      registry: fleet.registry, authority: fleet.authority, mailboxPath: fleet.path + "/mailbox-of-server.sqlite",
      admissions: admissions, threads: 1, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let port = try await server.listen(host: "127.0.0.1", port: 0).port
    let socket = try RawSocket(port: port)
    socket.write(frame + frame)
    #expect(socket.readToEnd().isEmpty && !socket.timedOut)
    #expect(server.relay.metrics.unauthenticated.value == 0)
    gate.signal()
    while server.relay.slowHandshakes.count > 0 { try await Task.sleep(for: .milliseconds(2)) }
    await server.shutDown()
  }

  @Test("A source that fills the queue makes room for others, and they take turns")
  func sources() throws {
    var limits = RelayLimits()
    limits.costlyHandshakeQueueLength = 5
    let lane = SlowHandshakeQueue(limits: limits)
    let gate = DispatchSemaphore(value: 0)
    let (started, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let told = Locked<[String]>([])
    func enqueue(_ name: String, from source: String) -> Bool {
      lane.enqueue(
        .init(
          run: {
            started.signal()
            gate.wait()
            told.value.append(name)
            done.signal()
          }, turnAway: { told.value.append("not " + name) }), from: SourceAddress(parsing: source)!)
    }
    #expect(enqueue("a1", from: "192.0.2.1"))
    started.wait()
    for index in 2...5 { #expect(enqueue("a\(index)", from: "192.0.2.1")) }
    #expect(!enqueue("a6", from: "192.0.2.1"))
    #expect(enqueue("b1", from: "192.0.2.2"))
    #expect(enqueue("b2", from: "192.0.2.2"))
    #expect(!enqueue("b3", from: "192.0.2.2") && lane.count == 5)
    for _ in 0..<5 { gate.signal() }
    for _ in 0..<5 { done.wait() }
    #expect(told.value == ["not a5", "not a4", "a1", "a2", "b1", "a3", "b2"])
  }

  @Test("PBKDF2 and a ratchet far ahead are costly; what any device sends every day is not")
  func whatIsCostly() throws {
    let fleet = try TestFleet(inMemory: true)
    func isCostly(_ frame: [UInt8]) throws -> Bool {
      try RelaySession(admissions: fleet.relay.admissions, limits: fleet.limits).prepare(frame) == .slow
    }
    for scheme in SymmetricRelayTests.schemes {
      let device = try fleet.symmetricDevice(UInt64(scheme.rawValue), scheme)
      #expect(try isCostly(device.firstFrame(.active, on: fleet.connect())) == (scheme == .derivedKeyPBKDF2))
    }
    let ahead = try fleet.symmetricDevice(20, .derivedKeyRatchet)
    for _ in 0..<64 { try ahead.identity.beginSession(with: .a) }
    #expect(try isCostly(ahead.firstFrame(.active, on: fleet.connect())))
    // The counter is all that it takes, whoever sends it.
    var made = try fleet.symmetricDevice(21, .derivedKeyRatchet).firstFrame(.active, on: fleet.connect())
    made.replaceSubrange(9..<13, with: [0xFF, 0xFF, 0xFF, 0xFF])
    #expect(try isCostly(made))
    for scheme in [SchemeID.certified, .registered, .identityBased] {
      let device = try fleet.device(UInt64(30 + scheme.rawValue), scheme: scheme)
      #expect(try !isCostly(device.firstFrame(on: fleet.connect())))
    }
  }

  @Test("A hint of compact-kk is costly when many keys share it, and no more than the limit are tried")
  func manyKeys() throws {
    let fleet = try TestFleet(inMemory: true)
    let key = X25519.PrivateKey.random()
    let address = DeviceAddress(system: fleet.alpha, device: DeviceID(1))
    _ = try fleet.registry.addDevice(
      NewDevice(address: address, publicKey: key.publicKey), issuer: fleet.authority.issuer)
    var frame = [UInt8](repeating: 0, count: SchemeID.compactKK.row.maximumHelloLength)
    var hello = frame.mutableBytes
    var handshake = Initiator(.compactKK)
    handshake.setStatic(key, server: fleet.authority.serverKey.publicKey)
    let hint = RoutingHint.bytes(of: key.publicKey)
    _ = try handshake.writeHello(hint: hint.bytes, into: &hello)
    func admission(_ limit: Int = 20) -> CompactAdmission {
      CompactAdmission(
        AdmissionContext(registry: fleet.registry, authority: fleet.authority, trialKeys: limit), .compactKK)
    }
    #expect(try admission(64).prepare(frame.bytes) == .quick)
    for id in UInt64(2)...200 { _ = try fleet.device(id) }
    try fleet.registry.write { db, _ in
      try db.execute(sql: "UPDATE devices SET hint = (SELECT hint FROM devices WHERE device_id = 1)")
    }
    #expect(try admission(64).prepare(frame.bytes) == .slow)
    #expect(try admission().prepare(frame.bytes) == .quick)
    // One in ten finds the device's key among those that it tries.
    var attempts = 0
    while attempts < 1_000 {
      attempts += 1
      var keys = SessionKeys()
      var proof = ProofContext()
      if (try? admission().receive(frame.bytes, keys: &keys, proof: &proof)) != nil { break }
    }
    #expect(attempts < 1_000)
  }

  private func file(_ id: UInt64, _ fleet: TestFleet) throws -> DeviceStore {
    let flash = try fleet.device(id).flash
    let path = "\(fleet.path)/\(id).device"
    try DeviceStore.create(path) { identity throws(DeviceError) in try identity.load(flash.bytes) }
    return try DeviceStore(opening: path)
  }
}
