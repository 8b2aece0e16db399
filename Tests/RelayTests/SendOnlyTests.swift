// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import Logging
import Records
import Schemes
import Testing
import Wire

@testable import Mailbox
@testable import Registry
@testable import Relay

@Suite("A device that only sends")
struct SendOnlyTests {
  @Test("obeys one order after the other to change its key", arguments: [SchemeID.certified, .identityBased])
  func orders(_ kind: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: kind)
    try device.run(in: fleet, listens: false)
    for generation in Generation(2)...4 {
      try fleet.registry.order(.rotate, for: device.address)
      try device.run(in: fleet, listens: false)
      #expect(device.generation == generation)
      #expect(try fleet.registry.orders(for: device.address).isEmpty)
    }
  }

  @Test("and is told of the next one while it is online")
  func online() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    for generation in Generation(2)...3 {
      try device.run(in: fleet, listens: false)
      try fleet.registry.order(.rotate, for: device.address)
      // Orders are looked for once a second.
      for _ in 0..<200 where try !fleet.registry.orders(for: device.address).isEmpty {
        usleep(20_000)
        fleet.look()
        if try device.pump(fleet) { try device.run(in: fleet, listens: false) }
      }
      #expect(device.generation == generation)
    }
  }

  @Test("keeps the old key while a message waits that is sealed to it, and changes once that was fetched")
  func waitingMail() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    let other = try fleet.device(2)
    try other.run(in: fleet)
    try other.deposit([7], to: device.identity.certificate!, in: fleet)
    for _ in 0..<2 {
      try fleet.registry.order(.rotate, for: device.address)
      for _ in 0..<2 { try device.run(in: fleet, listens: false) }
    }
    #expect(device.generation == 2)
    #expect(try fleet.registry.orders(for: device.address).count == 1)
    try device.run(in: fleet)
    #expect(device.inbox.values.map { $0 } == [[7]])
    try device.run(in: fleet, listens: false)
    #expect(device.generation == 3)
  }
}

@Suite("A device that gets no session")
struct NamedRefusalTests {
  @Test("is named in the log once it has proved itself")
  func quarantined() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(0xab)
    let lines = Locked<[String]>([])
    let relay = try Relay(
      registry: fleet.registry, authority: fleet.authority,
      mailbox: SQLiteMailbox(path: fleet.path + "/m.sqlite", limits: .init()), limits: RelayLimits(),
      logger: Logger(label: "test") { _ in LineCollector(lines) })
    try fleet.registry.quarantine(device.address, because: "for the test")
    let connection = LoopbackConnection(relay)
    connection.arrive(try device.firstFrame(on: connection))
    try device.readReply(try #require(connection.takeFrames().first))
    connection.arrive(try device.seal(.hello(device.identity.hello(listens: true))))
    connection.settle()
    relay.settle()
    connection.settle()
    #expect(connection.closeReason == .refused(.quarantined))
    let system = device.address.system.rawValue
    #expect(
      lines.value.contains("session_refused device=00000000000000ab reason=quarantined system=\(system)"),
      "\(lines.value)")
    #expect(try fleet.registry.quarantines() == [device.address: "for the test"])
    relay.office.close()
  }
}
