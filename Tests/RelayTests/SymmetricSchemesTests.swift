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

/// Devices whose keys the server computes, all on the relay that serves the others.
@Suite("Schemes whose keys the server computes")
struct SymmetricRelayTests {
  static let schemes: [SchemeID] = [
    .sharedKey, .derivedKey, .derivedKeyPBKDF2, .derivedKeyEphemeral, .derivedKeyRatchet,
  ]
  static let withCounter = schemes.filter { $0 != .derivedKeyEphemeral }

  @Test("A session, a message each way, and another session after a restart of both", arguments: schemes)
  func sessions(scheme: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, scheme)
    let other = try fleet.symmetricDevice(2, .derivedKey)
    try device.run(in: fleet)
    #expect(device.heard == ["welcome-1", "caughtUp"])
    try other.run(in: fleet)
    let sent = try device.send([1, 2], to: other.address, in: fleet)
    #expect(sent.answer == "accepted")
    try other.pump(fleet)
    #expect(other.inbox[sent.id] == [1, 2])
    for _ in 0..<3 {
      try device.restart()
      try fleet.restartServer()
      try device.run(in: fleet)
    }
    try other.run(in: fleet)
    let answer = try other.send([3], to: device.address, in: fleet)
    try device.pump(fleet)
    #expect(device.inbox[answer.id] == [3])
  }

  @Test("The first frame replayed is refused, and changes nothing before it is", arguments: withCounter)
  func replay(scheme: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, scheme)
    let first = fleet.connect()
    let frame = try device.firstFrame(.active, on: first)
    // Until the session is proved, the frame may come again: it may have been lost.
    let before = try fleet.registry.symmetricDevice(device.address)
    for _ in 0..<3 {
      let connection = fleet.connect()
      connection.arrive(frame)
      #expect(connection.takeFrames().count == 1)
    }
    #expect(try fleet.registry.symmetricDevice(device.address) == before)
    first.arrive(frame)
    let reply = try #require(first.takeFrames().first)
    try device.readReply(reply)
    first.arrive(try device.hello())
    try device.pump(fleet)
    #expect(device.heard.first == "welcome-1")
    // Stored before anything was acted on: from here on the frame is worth nothing, over a restart too.
    for _ in 0..<2 {
      let connection = fleet.connect()
      connection.arrive(frame)
      #expect(connection.takeFrames().isEmpty)
      let expected: AdmissionRefusal = .staleCounter
      #expect(connection.closeReason == .refused(expected))
      try fleet.restartServer()
    }
  }

  @Test("Two sessions begun under one counter: the second to be proved is refused", arguments: withCounter)
  func race(scheme: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, scheme)
    let copy = MigratingDevice(device.address)
    let content = device.flash!
    try copy.identity.load(content.bytes)
    let (a, b) = (fleet.connect(), fleet.connect())
    a.arrive(try device.firstFrame(.active, on: a))
    b.arrive(try copy.firstFrame(.active, on: b))
    try device.readReply(a.takeFrames()[0])
    try copy.readReply(b.takeFrames()[0])
    a.arrive(try device.hello())
    fleet.settle()
    b.arrive(try copy.hello())
    fleet.settle()
    #expect(a.isOpen)
    #expect(b.closeReason == .refused(.staleCounter))
    #expect(b.takeFrames().isEmpty)
  }

  @Test("Frames that get lost leave the device ahead; the server follows", arguments: schemes)
  func lostFrames(scheme: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, scheme)
    try device.run(in: fleet)
    for _ in 0..<25 { _ = try device.firstFrame(.active, on: fleet.connect()) }
    try device.run(in: fleet)
    #expect(device.heard.first == "welcome-1")
  }

  @Test("After 20,000 attempts that nobody answered, the ratchet's next one is")
  func farAhead() throws {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, .derivedKeyRatchet)
    for _ in 0..<20_000 { try device.identity.beginSession(with: .a) }
    try device.run(in: fleet)
    #expect(try fleet.registry.symmetricDevice(device.address)?.counter == 20_001)
    try device.run(in: fleet)
  }

  @Test("The ratchet's earlier keys are nowhere on the server")
  func ratchetForgets() throws {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, .derivedKeyRatchet)
    let first = try #require(try fleet.registry.symmetricDevice(device.address))
    try device.run(in: fleet)
    let second = try #require(try fleet.registry.symmetricDevice(device.address))
    #expect(second.current.material != first.current.material && second.counter == 1)
    // The new state opens at its own step only, and the registry holds no key in the open.
    var key = SecretBytes<32>()
    try fleet.authority.deriveKey(second.current, of: device.address, step: 1, into: &key)
    #expect(throws: KeyringError.self) {
      try fleet.authority.deriveKey(second.current, of: device.address, step: 0, into: &key)
    }
    let held = device.activeKey
    let files = try FileManager.default.subpathsOfDirectory(atPath: fleet.path + "/authority")
    for name in files {
      let bytes = (try? Data(contentsOf: URL(fileURLWithPath: fleet.path + "/authority/" + name))) ?? Data()
      #expect(bytes.range(of: Data(held)) == nil, "\(name)")
    }
  }

  @Test("Altered frames, foreign keys and unknown devices are refused alike", arguments: schemes)
  func refusals(scheme: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, scheme)
    let frame = try device.firstFrame(.active, on: fleet.connect())
    for index in frame.indices {
      var altered = frame
      altered[index] ^= 0x40
      let connection = fleet.connect()
      connection.arrive(altered)
      #expect(connection.takeFrames().isEmpty, "byte \(index)")
      #expect(!connection.isOpen)
    }
    for length in 0..<frame.count {
      let connection = fleet.connect()
      connection.arrive(Array(frame[..<length]))
      #expect(connection.takeFrames().isEmpty && !connection.isOpen)
    }
    // The key of another authority's device of the same address.
    let foreign = try TestFleet().symmetricDevice(1, scheme)
    #expect(throws: SimulatedDevice.Refused.self) { try foreign.run(in: fleet) }
    #expect(throws: SimulatedDevice.Refused.self) { try TestFleet().symmetricDevice(9, scheme).run(in: fleet) }
  }

  @Test("The same answer is no answer to another session", arguments: schemes)
  func reflectedReply(scheme: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, scheme)
    let first = fleet.connect()
    first.arrive(try device.firstFrame(.active, on: first))
    let reply = first.takeFrames()[0]
    let second = fleet.connect()
    second.arrive(try device.firstFrame(.active, on: second))
    #expect(throws: (any Error).self) { try device.readReply(reply) }
  }

  @Test("A revoked device is cut off and stays out", arguments: schemes)
  func revocation(scheme: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, scheme)
    try device.run(in: fleet)
    _ = try fleet.registry.revoke(
      device.address, through: nil, reason: .keyCompromise, issuer: fleet.authority.issuer)
    fleet.look()
    #expect(device.connection?.closeReason == .revoked)
    #expect(throws: SimulatedDevice.Refused.self) { try device.run(in: fleet) }
  }

  @Test("Without certificates there is nothing to seal to: the server says so, and keeps what is open apart")
  func mixedFleet() throws {
    let fleet = try TestFleet()
    let symmetric = try fleet.symmetricDevice(1, .derivedKey)
    let certified = try fleet.device(2)
    try certified.run(in: fleet)
    try certified.send(.lookup(symmetric.address), in: fleet)
    try certified.pump(fleet)
    #expect(certified.heard.last == "peer-asleep-0")
    // A sealed message for a device that could not open it is refused.
    #expect(
      try certified.deposit([1], to: certified.identity.certificate!, in: fleet).answer == "accepted")
    try certified.send(
      .deposit(to: symmetric.address, generation: 1, id: MessageID(1 << 48 | 99), [1, 2].bytes), in: fleet)
    try certified.pump(fleet)
    #expect(certified.heard.last == "refused-staleCertificate")
    try certified.send(.open(to: symmetric.address, id: MessageID(1 << 48 | 100), [7].bytes), in: fleet)
    try symmetric.run(in: fleet)
    #expect(symmetric.inbox.values.contains([7]))
    let back = try symmetric.send([8], to: certified.address, in: fleet)
    try certified.pump(fleet)
    #expect(certified.inbox[back.id] == [8])
    // Devices that verify nobody are told of no revocation.
    _ = try fleet.registry.revoke(
      certified.address, through: nil, reason: .unspecified, issuer: fleet.authority.issuer)
    fleet.look()
    try symmetric.run(in: fleet)
    #expect(symmetric.heard == ["welcome-1", "caughtUp"])
  }

  @Test("An order that nobody gave, or a record that does not belong here, ends the session")
  func violations() throws {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, .derivedKey)
    try device.run(in: fleet)
    let key = X25519.PrivateKey.random().publicKey
    device.connection?.arrive(try device.seal(.renew(key)))
    fleet.settle()
    #expect(device.connection?.closeReason == .violation)
    #expect(try fleet.registry.device(device.address) == nil)
    let certified = try fleet.device(2)
    try certified.run(in: fleet)
    try certified.send(.rekey, in: fleet)
    #expect(certified.connection?.closeReason == .violation)
  }
}
