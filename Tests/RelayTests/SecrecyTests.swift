// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import CountersignCrypto
import Noise
import Records
import Testing
import Wire

@testable import Registry
@testable import Relay

/// What two devices say to each other is nowhere on the server: not in its files, not in what it passes on.
@Suite("Secrecy")
struct SecrecyTests {
  private let marker = Array("the vault opens at four".utf8)

  private func contains(_ haystack: [UInt8]) -> Bool { Data(haystack).range(of: Data(marker)) != nil }

  /// The bytes of every file of the server, journals included.
  private func files(of fleet: TestFleet) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    let names = try FileManager.default.subpathsOfDirectory(atPath: fleet.path)
    for name in names {
      let path = fleet.path + "/" + name
      var isDirectory: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue else {
        continue
      }
      files[name] = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
    return files
  }

  @Test("A sealed message, waiting and delivered")
  func mailbox() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    try a.run(in: fleet)
    try a.deposit(marker, to: b.identity.certificate!, in: fleet)
    let waiting = try files(of: fleet)
    #expect(waiting.keys.contains("mailbox.sqlite"))
    for (name, bytes) in waiting { #expect(!contains(bytes), "\(name)") }
    try b.run(in: fleet)
    #expect(b.inbox.values.contains(marker))
    for connection in fleet.connections {
      for frame in connection.wire + connection.seen { #expect(!contains(frame)) }
    }

    // The same search finds what a careless device leaves unsealed: in the files, and in what the server sees.
    try a.send(.deposit(to: b.address, generation: 1, id: MessageID(77), marker.bytes), in: fleet)
    #expect(try files(of: fleet).values.contains { contains($0) })
    #expect(fleet.connections.contains { $0.seen.contains { contains($0) } })
    // On the wire even that is encrypted.
    #expect(!fleet.connections.contains { $0.wire.contains { contains($0) } })
  }

  @Test("A conversation through the relay")
  func conversation() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    try a.run(in: fleet)
    try b.run(in: fleet)
    var initiator = PeerSession(relayed: .initiator, peer: b.identity.certificate!)
    var responder = PeerSession(relayed: .responder)
    try initiator.start(a.identity, other: b.address)
    try responder.start(b.identity, other: a.address)
    var frame = [UInt8](repeating: 0, count: 512)

    /// Passes `count` bytes of the buffer on through the relay and returns what arrives.
    func pass(_ count: Int, from sender: SimulatedDevice, to receiver: SimulatedDevice) throws -> [UInt8] {
      let before = receiver.frames.count
      try sender.send(.frame(to: receiver.address, session: 0, frame.bytes.extracting(0..<count)), in: fleet)
      try receiver.pump(fleet)
      return try #require(receiver.frames.count > before ? receiver.frames.last : nil)
    }
    var span = frame.mutableBytes
    var count = try initiator.writeHandshake(a.identity, into: &span)
    var arrived = try pass(count, from: a, to: b)
    try responder.readHandshake(arrived.bytes, trust: b.identity.trust)
    span = frame.mutableBytes
    count = try responder.writeHandshake(b.identity, into: &span)
    arrived = try pass(count, from: b, to: a)
    try initiator.readHandshake(arrived.bytes, trust: a.identity.trust)
    span = frame.mutableBytes
    count = try initiator.seal(.message(MessageID(1), marker.bytes), into: &span)
    arrived = try pass(count, from: a, to: b)
    var place = arrived.mutableBytes
    guard case .message(_, let text) = try responder.open(&place) else {
      Issue.record("not a message")
      return
    }
    #expect([UInt8](copying: text) == marker)
    for connection in fleet.connections {
      for frame in connection.wire + connection.seen { #expect(!contains(frame)) }
    }
    for (name, bytes) in try files(of: fleet) { #expect(!contains(bytes), "\(name)") }

    // The control: an unsealed frame shows up in what the server sees.
    frame.replaceSubrange(0..<marker.count, with: marker)
    _ = try pass(marker.count, from: a, to: b)
    #expect(fleet.connections.contains { $0.seen.contains { contains($0) } })
  }
}
