// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Keyring
import Noise
import CountersignCrypto
import Records
import Schemes
import TestSeed
import Testing

@testable import Relay
@testable import RelayServer

/// Strangers send anything; the session answers with an error, never with a trap.
@Suite("Garbage")
struct FuzzTests {
  @Test("100,000 first frames of any bytes, each refused, none a trap")
  func firstFrames() throws {
    let fleet = try TestFleet()
    var random = SeededGenerator(for: "first frames")
    var refused = 0
    for index in 0..<100_000 {
      // Short ones mostly, for those cost nothing; every length up to the longest now and then; a known scheme in some.
      let count = index % 50 == 0 ? Int(random.next() % 1_100) : Int(random.next() % 48)
      var frame = random.bytes(count)
      if count > 0, index % 5 == 0 { frame[0] = UInt8(random.next() % 12) }
      let session = RelaySession(admissions: fleet.relay.admissions, limits: fleet.limits)
      if case .close(.refused) = session.receive(frame) { refused += 1 }
      if case .none = session.receive(frame) {} else { Issue.record("a closed session acts") }
    }
    #expect(refused == 100_000)
  }

  @Test("A real first frame, truncated, extended and with every byte changed in turn")
  func changedFirstFrames() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    let frame = try device.firstFrame(on: fleet.connect())
    func isRefused(_ frame: [UInt8]) -> Bool {
      let session = RelaySession(admissions: fleet.relay.admissions, limits: fleet.limits)
      if case .close(.refused) = session.receive(frame) { return true }
      return false
    }
    #expect(!isRefused(frame))
    for count in 0..<frame.count { #expect(isRefused(Array(frame[..<count]))) }
    #expect(isRefused(frame + [0]))
    for index in frame.indices {
      var changed = frame
      changed[index] ^= UInt8(1 << (index % 8))
      #expect(isRefused(changed))
    }
  }

  @Test("100,000 records of any bytes from a device that holds the keys")
  func records() throws {
    let fleet = try TestFleet()
    var random = SeededGenerator(for: "records")
    var parsed = 0
    for index in 0..<100_000 {
      var record = random.bytes(Int(random.next() % 64))
      if !record.isEmpty, index % 2 == 0 { record[0] = UInt8(random.next() % 9) }
      do {
        _ = try DeviceRecord(decoding: record.bytes)
        parsed += 1
      } catch {}
    }
    #expect(parsed > 1_000 && parsed < 100_000)

    // Through a session: what parses is carried out, what does not ends it, and the next session is as good as the first.
    let device = try fleet.device(1)
    for _ in 0..<300 {
      let link = try RawLink(device, fleet)
      for _ in 0..<5 where link.connection.isOpen {
        var record = random.bytes(Int(random.next() % 64))
        // Any type but `renew`, which would change the device's keys.
        if !record.isEmpty { record[0] = [1, 2, 3, 4, 5, 7, 8, 0][Int(random.next() % 8)] }
        try link.send(record)
        fleet.settle()
      }
      link.connection.cut()
    }
    fleet.settle()
    try device.run(in: fleet)
    #expect(fleet.relay.router.count == 1)
  }

  /// A session whose device says anything it likes.
  final class RawLink {
    let connection: LoopbackConnection
    private var keys = SessionKeys()

    init(_ device: SimulatedDevice, _ fleet: TestFleet) throws {
      connection = fleet.connect()
      var handshake = Initiator(.certified)
      var frame = [UInt8](repeating: 0, count: 512)
      var span = frame.mutableBytes
      let key = try X25519.PrivateKey(copying: device.identity.slotA.key.secretBytes)
      handshake.setStatic(key, server: fleet.authority.serverKey.publicKey)
      let length = try handshake.writeHello(device.identity.certificate!, into: &span)
      connection.arrive(Array(frame[..<length]))
      let reply = connection.takeFrames()[0]
      try handshake.readReply(reply.bytes, keys: &keys)
      var hello = [UInt8](repeating: 0, count: 8)
      hello[0] = 1
      try send(hello)
      fleet.settle()
    }

    func send(_ record: [UInt8]) throws {
      var frame = record + [UInt8](repeating: 0, count: tagLength)
      var span = frame.mutableBytes
      try keys.sending.encrypt(inPlace: &span)
      connection.arrive(frame)
    }
  }

  @Test("A stream of any bytes is frames or an end, whatever the pieces it comes in")
  func garbageOnTheSocket() async throws {
    let fleet = try TestFleet()
    let server = try fleet.server()
    let bound = try await server.listen(host: "127.0.0.1", port: 0)
    var random = SeededGenerator(for: "streams")
    for _ in 0..<200 {
      let socket = try RawSocket(port: bound.port)
      socket.write(random.bytes(Int(random.next() % 2_000) + 1))
      socket.finishWriting()
      #expect(socket.readToEnd().isEmpty)
    }
    #expect(server.relay.metrics.sessions.value == 0)
    await server.shutDown()
    #expect(server.relay.metrics.connections.value == 0)
    #expect(server.relay.metrics.unauthenticated.value == 0)
  }
}
