// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import GRDB
import CountersignCrypto
import TestSeed
import Testing
import Wire

@testable import Mailbox
@testable import Keyring
@testable import Registry
@testable import Relay

/// Whose the room in a mailbox is.
@Suite("Mailbox shares")
struct MailboxShareTests {
  private func limits(_ messages: Int, bytes: Int = 1 << 20) -> RelayLimits {
    var limits = RelayLimits()
    limits.mailbox.messagesPerDevice = messages
    limits.mailbox.bytesPerDevice = bytes
    return limits
  }

  private func fill(_ sender: SimulatedDevice, _ recipient: SimulatedDevice, _ fleet: TestFleet, _ text: [UInt8] = [1])
    throws -> Int
  {
    var count = 0
    while try sender.deposit(text, to: recipient.identity.certificate!, in: fleet).answer == "accepted" { count += 1 }
    return count
  }

  @Test("However many senders fill a mailbox, the next finds room")
  func senders() throws {
    let fleet = try TestFleet(limits: limits(60))
    let recipient = try fleet.device(100)
    var counts: [Int] = []
    for id in UInt64(1)...6 {
      let sender = try fleet.device(id)
      try sender.run(in: fleet)
      counts.append(try fill(sender, recipient, fleet))
    }
    #expect(counts == [30, 15, 8, 4, 2, 1])
    try recipient.run(in: fleet)
    #expect(fleet.relay.metrics.mailDelivered.value == 60)
    let first = try fleet.device(7)
    try first.run(in: fleet)
    #expect(try fill(first, recipient, fleet) >= 30)
  }

  @Test("Bytes are shared out in the same way, and a short message counts as a longer one")
  func bytes() throws {
    let fleet = try TestFleet(limits: limits(1_000, bytes: 16 * MailboxLimits.smallestCharge))
    let recipient = try fleet.device(100)
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    for sender in [a, b] { try sender.run(in: fleet) }
    #expect(try fill(a, recipient, fleet) == 8)
    #expect(try fill(b, recipient, fleet, [UInt8](repeating: 1, count: 900)) == 2)
  }

  @Test("The devices of a foreign system together get no more than is free")
  func foreignSystem() throws {
    let fleet = try TestFleet(limits: limits(40))
    _ = try fleet.registry.allow(from: fleet.beta, to: fleet.alpha, through: nil, issuer: fleet.authority.issuer)
    fleet.look()
    let recipient = try fleet.device(100)
    var total = 0
    for id in UInt64(1)...5 {
      let sender = try fleet.device(id, in: fleet.beta)
      try sender.run(in: fleet)
      total += try fill(sender, recipient, fleet)
    }
    #expect(total == 20)
    let own = try fleet.device(6)
    try own.run(in: fleet)
    #expect(try fill(own, recipient, fleet) == 10)
  }

  @Test("A deposit to a full mailbox is refused from memory, until something leaves; what was accepted stays accepted")
  func memory() throws {
    let fleet = try TestFleet(limits: limits(4))
    let recipient = try fleet.device(100)
    let a = try fleet.device(1)
    try a.run(in: fleet)
    let first = try a.deposit([1], to: recipient.identity.certificate!, in: fleet)
    #expect(try fill(a, recipient, fleet) == 1)
    let commits = fleet.relay.metrics.mailboxCommits.value
    for _ in 0..<20 {
      #expect(try a.deposit([1], to: recipient.identity.certificate!, in: fleet).answer == "refused-quotaExceeded")
    }
    #expect(fleet.relay.metrics.mailboxCommits.value == commits)
    // The receipt of the first was lost, say: it is given again.
    #expect(try a.deposit([1], to: recipient.identity.certificate!, id: first.id, in: fleet).answer == "accepted")
    try recipient.run(in: fleet)
    #expect(recipient.inbox.count == 2)
    #expect(try a.deposit([1], to: recipient.identity.certificate!, in: fleet).answer == "accepted")
    try recipient.pump(fleet)
    // What expires makes room as well.
    recipient.disconnect()
    #expect(try fill(a, recipient, fleet) == 2)
    fleet.clock.advance(by: fleet.limits.mailbox.lifetime)
    #expect(try fill(a, recipient, fleet) == 2)
    #expect(fleet.relay.metrics.mailWaiting.value == 2)
  }

  @Test("Of one sender so much waits and no more, whoever it is for")
  func sender() throws {
    var limits = limits(100)
    limits.mailbox.messagesPerSender = 7
    let fleet = try TestFleet(limits: limits)
    let a = try fleet.device(1)
    let recipients = try (UInt64(2)...4).map { try fleet.device($0) }
    try a.run(in: fleet)
    #expect(try fill(a, recipients[0], fleet) == 7)
    #expect(try fill(a, recipients[1], fleet) == 0)
    try recipients[0].run(in: fleet)
    fleet.clock.advance(by: 1)
    #expect(try fill(a, recipients[1], fleet) == 7)
    let b = try fleet.device(5)
    try b.run(in: fleet)
    #expect(try fill(b, recipients[1], fleet) == 7)
  }

  @Test("Of one sender so many delivered messages are remembered and no more: the oldest are forgotten")
  func remembered() throws {
    var limits = RelayLimits()
    limits.mailbox.rememberedPerSender = 3
    let fleet = try TestFleet(limits: limits)
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    for device in [a, b] { try device.run(in: fleet) }
    var ids: [MessageID] = []
    for _ in 0..<8 {
      ids.append(try a.deposit([1], to: a.identity.certificate!, in: fleet).id)
      fleet.clock.advance(by: 1)
    }
    #expect(try fleet.mailbox.rows("mail") == 3)
    #expect(try a.deposit([1], to: a.identity.certificate!, id: ids[5], in: fleet).answer == "accepted")
    #expect(fleet.relay.metrics.deposits.value(.repeated) == 1)
    // Another sender's are its own.
    try b.deposit([1], to: a.identity.certificate!, in: fleet)
    try a.pump(fleet)
    #expect(try fleet.mailbox.rows("mail") == 4)
  }

  @Test("A day's bytes beyond what each device is assured of are the system's")
  func dailyBytes() throws {
    var limits = RelayLimits()
    limits.device.assuredMailBytes = Rate(perSecond: 1, burst: 2 * 768)
    limits.system.mailBytes = Rate(perSecond: 1, burst: 3 * 768)
    let fleet = try TestFleet(limits: limits)
    let recipient = try fleet.device(100)
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    for device in [a, b] { try device.run(in: fleet) }
    var answers: [String?] = []
    for _ in 0..<6 { answers.append(try a.deposit([1], to: recipient.identity.certificate!, in: fleet).answer) }
    #expect(answers == [String](repeating: "accepted", count: 5) + ["refused-unavailable"])
    #expect(try b.deposit([1], to: recipient.identity.certificate!, in: fleet).answer == "accepted")
    #expect(fleet.relay.metrics.throttled.value(.mail) == 1)
  }

  @Test("A mailbox of the first version opens, counts what it holds, and gives it to whom it is for")
  func migration() throws {
    let fleet = try TestFleet(limits: limits(4))
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    try a.run(in: fleet)
    try a.deposit([1], to: b.identity.certificate!, in: fleet)
    let known = try a.deposit([2], to: b.identity.certificate!, in: fleet).id
    try fleet.mailbox.becomeFirstVersion()
    try fleet.restartServer()
    try fleet.mailbox.checkCounters()
    try a.run(in: fleet)
    #expect(try a.deposit([1], to: b.identity.certificate!, in: fleet).answer == "refused-quotaExceeded")
    try b.run(in: fleet)
    #expect(b.inbox.count == 2)
    #expect(try a.deposit([2], to: b.identity.certificate!, id: known, in: fleet).answer == "accepted")
    #expect(fleet.relay.metrics.deposits.value(.repeated) == 1)
    try fleet.mailbox.checkCounters()
  }

  @Test("The counters are what a count would give, whatever happens")
  func counters() throws {
    var limits = limits(6)
    limits.mailbox.lifetime = 50
    limits.mailbox.memory = 20
    limits.mailbox.rememberedPerSender = 4
    let fleet = try TestFleet(limits: limits)
    let devices = try (UInt64(1)...4).map { try fleet.device($0) }
    for device in devices { try device.run(in: fleet) }
    var random = SeededGenerator(for: "mailbox shares")
    for _ in 0..<250 {
      let device = devices[Int(random.next() % 4)]
      switch random.next() % 6 {
      case 0: device.disconnect()
      case 1: try device.run(in: fleet)
      case 2:
        fleet.clock.advance(by: Int64(random.next() % 15))
        fleet.relay.purge()
      default:
        if device.connection == nil { try device.run(in: fleet) }
        let other = devices[Int(random.next() % 4)]
        let text = [UInt8](repeating: 1, count: 1 + Int(random.next() % 900))
        try device.deposit(text, to: other.identity.certificate!, in: fleet)
      }
      fleet.settle()
    }
    try fleet.mailbox.checkCounters()
    // Whatever has happened, one more than fits is refused, and changes no counter.
    devices[3].disconnect()
    if devices[0].connection == nil { try devices[0].run(in: fleet) }
    for _ in 0...6 { try devices[0].deposit([1], to: devices[3].identity.certificate!, in: fleet) }
    try fleet.mailbox.checkCounters()
    #expect(fleet.relay.metrics.mailWaiting.value == (try fleet.mailbox.waitingCount()))
    #expect(fleet.relay.metrics.deposits.value(.quotaExceeded) > 0)
  }
}

extension SQLiteMailbox {
  fileprivate func rows(_ table: String) throws -> Int {
    try using { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? 0 }
  }

  /// Compares every counter with what it counts.
  fileprivate func checkCounters() throws {
    let pairs = [
      (
        "SELECT * FROM recipient_use ORDER BY 1, 2",
        """
        SELECT recipient_system, recipient_device, count(*), sum(max(size, 512)) FROM mail WHERE body IS NOT NULL
          GROUP BY 1, 2 ORDER BY 1, 2
        """
      ),
      (
        "SELECT * FROM sender_use ORDER BY 1, 2, 3, 4",
        """
        SELECT recipient_system, recipient_device, sender_system, sender_device, count(*), sum(max(size, 512)) FROM mail
          WHERE body IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        """
      ),
      (
        "SELECT * FROM senders ORDER BY 1, 2",
        """
        SELECT sender_system, sender_device, sum(body IS NOT NULL), sum(iif(body IS NULL, 0, max(size, 512))),
          sum(body IS NULL) FROM mail GROUP BY 1, 2 ORDER BY 1, 2
        """
      ),
    ]
    for (kept, counted) in pairs {
      let rows = try using { db in
        try [kept, counted].map { sql in
          try Row.fetchAll(db, sql: sql).map { row in Array(row.databaseValues.map { Int64.fromDatabaseValue($0) }) }
        }
      }
      #expect(rows[0] == rows[1], "\(kept)")
    }
  }

  /// Takes everything out that the second version has added.
  fileprivate func becomeFirstVersion() throws {
    try using { db in
      for name in ["mail_stored", "mail_delivered", "mail_dropped", "mail_forgotten"] {
        try db.execute(sql: "DROP TRIGGER \(name)")
      }
      for name in ["recipient_use", "sender_use", "senders"] { try db.execute(sql: "DROP TABLE \(name)") }
      try db.execute(sql: "DROP INDEX mail_remembered")
      try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '2-counters'")
    }
  }
}
