// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Device
import Dispatch
import Foundation
import GRDB
import Schemes
import Testing

@testable import Keyring
@testable import Registry
@testable import Relay

/// Devices without a key pair that come back together share a commit, and none is answered before it.
@Suite("Admissions that share a commit")
struct ArrivalTests {
  /// Connects a device as far as its `hello`.
  private func sayHello(_ device: MigratingDevice, _ fleet: TestFleet) throws -> LoopbackConnection {
    let connection = fleet.connect()
    connection.arrive(try device.firstFrame(.active, on: connection))
    try device.readReply(try #require(connection.takeFrames().first))
    connection.arrive(try device.hello())
    return connection
  }

  @Test("Twenty that arrive during one commit share the next; a replay among them is refused alone")
  func together() throws {
    let fleet = try TestFleet()
    let devices = try (1...20).map {
      try fleet.symmetricDevice($0, SymmetricRelayTests.schemes[Int($0) % SymmetricRelayTests.schemes.count])
    }
    let twin = MigratingDevice(devices[0].address)
    let content = devices[0].flash!
    try twin.identity.load(content.bytes)
    let gate = DispatchSemaphore(value: 0)
    fleet.relay.queue.async { gate.wait() }
    let connections = try devices.map { try sayHello($0, fleet) }
    let replay = try sayHello(twin, fleet)
    // Whoever is answered now would be answered before anything is on the disk.
    for connection in connections {
      connection.settle()
      #expect(connection.takeFrames().isEmpty && connection.sessionNumber == nil)
    }
    #expect(fleet.relay.metrics.admissionCommits.value == 0)
    gate.signal()
    fleet.settle()
    #expect(fleet.relay.metrics.admissionCommits.value == 1)
    #expect(fleet.relay.metrics.handshakes.value(.accepted) == 20)
    #expect(replay.closeReason == .refused(.staleCounter))
    for (device, connection) in zip(devices, connections) {
      #expect(connection.isOpen)
      try device.pump(fleet)
      #expect(device.heard == ["welcome-1", "caughtUp"])
      #expect(try fleet.registry.symmetricDevice(device.address)?.counter == 1)
    }
  }

  @Test("A device that is revoked before the commit is refused; the others are not")
  func revokedMeanwhile() throws {
    let fleet = try TestFleet()
    let devices = try (1...3).map { try fleet.symmetricDevice($0, .derivedKey) }
    let gate = DispatchSemaphore(value: 0)
    fleet.relay.queue.async { gate.wait() }
    let connections = try devices.map { try sayHello($0, fleet) }
    _ = try fleet.registry.revoke(
      devices[1].address, through: nil, reason: .keyCompromise, issuer: fleet.authority.issuer)
    gate.signal()
    fleet.settle()
    #expect(connections.map(\.isOpen) == [true, false, true])
    #expect(connections[1].closeReason == .refused(.revoked))
  }

  @Test("A registry that cannot be written admits none of them")
  func diskFails() throws {
    let fleet = try TestFleet()
    let devices = try (1...3).map { try fleet.symmetricDevice($0, .derivedKey) }
    let gate = DispatchSemaphore(value: 0)
    fleet.relay.queue.async { gate.wait() }
    let connections = try devices.map { try sayHello($0, fleet) }
    // Of three rows the second cannot be stored, and then nothing can.
    try fleet.registry.write { db, _ in
      try db.execute(
        sql: """
          CREATE TRIGGER disk_fails BEFORE UPDATE OF counter ON symmetric_devices WHEN NEW.device_id = 2
          BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END
          """)
    }
    gate.signal()
    fleet.settle()
    #expect(connections.allSatisfy { $0.closeReason == .refused(.unavailable) })
    #expect(connections.allSatisfy { $0.takeFrames().isEmpty })
    for device in devices { #expect(try fleet.registry.symmetricDevice(device.address)?.counter == 0) }
    try fleet.registry.write { db, _ in try db.execute(sql: "DROP TRIGGER disk_fails") }
    for device in devices { try device.run(in: fleet) }
  }
}
