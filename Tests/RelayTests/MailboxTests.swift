// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import CountersignCrypto
import GRDB
import Records
import Synchronization
import Testing
import Wire

@testable import Mailbox
@testable import Keyring
@testable import Registry
@testable import Relay

@Suite("Mailbox")
struct MailboxTests {
  @Test("A message waits for its recipient, comes once, and survives the server")
  func waits() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    try a.run(in: fleet)
    let text = Array("at dawn".utf8)
    let sent = try a.deposit(text, to: b.identity.certificate!, in: fleet)
    #expect(sent.answer == "accepted")
    try fleet.restartServer()
    try b.run(in: fleet)
    #expect(b.heard == ["welcome-1", "mail", "caughtUp"])
    #expect(b.inbox == [sent.id: text])
    try b.run(in: fleet)
    #expect(b.heard == ["welcome-1", "caughtUp"])
    #expect(fleet.relay.metrics.mailWaiting.value == 0)
  }

  @Test("A listener gets what comes in while it listens; unconfirmed it comes again in the next session")
  func passedOn() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    try a.run(in: fleet)
    try b.run(in: fleet)
    try a.deposit([1], to: b.identity.certificate!, in: fleet)
    // The mail is on the wire when the network fails.
    b.disconnect()
    try b.run(in: fleet)
    #expect(b.heard == ["welcome-1", "mail", "caughtUp"])
    try a.deposit([2], to: b.identity.certificate!, in: fleet)
    try b.pump(fleet)
    #expect(b.heard.last == "mail")
    #expect(b.inbox.count == 2)
    #expect(b.duplicates == 0)
  }

  @Test("A deposit that is repeated is accepted again and delivered once, before and after its delivery")
  func repeated() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    try a.run(in: fleet)
    let sent = try a.deposit([1], to: b.identity.certificate!, in: fleet)
    #expect(try a.deposit([1], to: b.identity.certificate!, id: sent.id, in: fleet).answer == "accepted")
    try b.run(in: fleet)
    #expect(b.heard == ["welcome-1", "mail", "caughtUp"])
    #expect(try a.deposit([1], to: b.identity.certificate!, id: sent.id, in: fleet).answer == "accepted")
    try b.pump(fleet)
    #expect(b.heard == ["welcome-1", "mail", "caughtUp"])
    #expect(fleet.relay.metrics.deposits.value(.repeated) == 2)
    // What was delivered is remembered for a while, not for ever.
    fleet.clock.advance(by: fleet.limits.mailbox.memory + 1)
    #expect(try fleet.mailbox.purge(at: fleet.clock.seconds.withLock { $0 }) == 0)
    #expect(try a.deposit([1], to: b.identity.certificate!, id: sent.id, in: fleet).answer == "accepted")
    #expect(fleet.relay.metrics.deposits.value(.accepted) == 2)
  }

  @Test("Quotas by count and by bytes are each recipient's own")
  func quotas() throws {
    var limits = RelayLimits()
    limits.mailbox.messagesPerDevice = 6
    limits.mailbox.bytesPerDevice = 6_000
    let fleet = try TestFleet(limits: limits)
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    let c = try fleet.device(3)
    try a.run(in: fleet)
    for _ in 0..<3 { #expect(try a.deposit([1], to: b.identity.certificate!, in: fleet).answer == "accepted") }
    #expect(try a.deposit([1], to: b.identity.certificate!, in: fleet).answer == "refused-quotaExceeded")
    let large = [UInt8](repeating: 1, count: 2_500)
    #expect(try a.deposit(large, to: c.identity.certificate!, in: fleet).answer == "accepted")
    #expect(try a.deposit(large, to: c.identity.certificate!, in: fleet).answer == "refused-quotaExceeded")
    #expect(try a.deposit([1], to: c.identity.certificate!, in: fleet).answer == "accepted")
    try b.run(in: fleet)
    #expect(b.inbox.count == 3)
    #expect(try a.deposit([1], to: b.identity.certificate!, in: fleet).answer == "accepted")
  }

  @Test("Messages expire; what expired is not delivered")
  func expiry() throws {
    var limits = RelayLimits()
    limits.mailbox.lifetime = 100
    let fleet = try TestFleet(limits: limits)
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    try a.run(in: fleet)
    try a.deposit([1], to: b.identity.certificate!, in: fleet)
    fleet.clock.advance(by: 60)
    try a.deposit([2], to: b.identity.certificate!, in: fleet)
    fleet.clock.advance(by: 60)
    try b.run(in: fleet)
    #expect(b.heard == ["welcome-1", "mail", "caughtUp"])
    fleet.relay.office.purge()
    fleet.settle()
    #expect(fleet.relay.metrics.mailExpired.value == 1)
    #expect(fleet.relay.metrics.mailWaiting.value == 0)
  }

  @Test("What has expired counts against no quota, swept or not")
  func expiredAndQuota() throws {
    var limits = RelayLimits()
    limits.mailbox.lifetime = 100
    limits.mailbox.messagesPerDevice = 2
    let fleet = try TestFleet(limits: limits)
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    try a.run(in: fleet)
    #expect(try a.deposit([1], to: b.identity.certificate!, in: fleet).answer == "accepted")
    #expect(try a.deposit([2], to: b.identity.certificate!, in: fleet).answer == "refused-quotaExceeded")
    fleet.clock.advance(by: 101)
    #expect(try a.deposit([3], to: b.identity.certificate!, in: fleet).answer == "accepted")
    try b.run(in: fleet)
    #expect(b.inbox.count == 1)
  }

  @Test("Unknown, revoked, stale and oversized deposits are refused by name")
  func refusals() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    let revoked = try fleet.device(3)
    try a.run(in: fleet)
    _ = try fleet.registry.revoke(revoked.address, through: nil, reason: .unspecified, issuer: fleet.authority.issuer)
    #expect(try a.deposit([1], to: revoked.identity.certificate!, in: fleet).answer == "refused-unknownRecipient")
    let before = b.identity.certificate!
    try b.identity.beginRotation()
    b.store()
    try b.run(in: fleet)
    #expect(b.generation == 2)
    #expect(try a.deposit([1], to: before, in: fleet).answer == "refused-staleCertificate")
    #expect(try a.deposit([1], to: b.identity.certificate!, in: fleet).answer == "accepted")
    let huge = [UInt8](repeating: 0, count: Message.maximumLength + SealedMessage.overhead + 1)
    try a.send(.deposit(to: b.address, generation: 2, id: MessageID(1), huge.bytes), in: fleet)
    try a.pump(fleet)
    #expect(a.heard.last == "refused-tooLong")
  }

  @Test("A long queue comes in pages, each when the one before has left, and caughtUp behind all of it")
  func pages() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    try a.run(in: fleet)
    for _ in 0..<200 { try a.deposit([1], to: b.identity.certificate!, in: fleet) }
    let connection = fleet.connect()
    connection.arrive(try b.firstFrame(on: connection))
    try b.readReply(connection.takeFrames()[0])
    connection.setWritable(false)
    connection.arrive(try b.seal(.hello(b.identity.hello(listens: true))))
    try b.pump(fleet)
    #expect(b.inbox.count == 64)
    // More comes while the device is slow: it takes its place behind.
    try a.deposit([2], to: b.identity.certificate!, in: fleet)
    connection.setWritable(true)
    try b.pump(fleet)
    #expect(b.inbox.count == 201)
    #expect(b.heard.last == "caughtUp")
    #expect(b.duplicates == 0)
    // A listener that cannot be written to is served from the disk later, and loses nothing.
    connection.setWritable(false)
    for _ in 0..<5 { try a.deposit([3], to: b.identity.certificate!, in: fleet) }
    connection.setWritable(true)
    try b.pump(fleet)
    #expect(b.inbox.count == 206)
    #expect(b.heard.filter { $0 == "caughtUp" }.count == 1)
    #expect(b.duplicates == 0)
  }

  @Test("A mailbox that cannot be written refuses, and loses nothing it has")
  func failingDisk() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    try a.run(in: fleet)
    try a.deposit([1], to: b.identity.certificate!, in: fleet)
    // The limit of pages stands for a full disk: SQLite reports the same.
    try fleet.mailbox.limitPages(to: 1)
    let large = [UInt8](repeating: 7, count: 60_000)
    #expect(try a.deposit(large, to: b.identity.certificate!, in: fleet).answer == "refused-unavailable")
    try fleet.mailbox.limitPages(to: 1 << 30)
    #expect(try a.deposit(large, to: b.identity.certificate!, in: fleet).answer == "accepted")
    try b.run(in: fleet)
    #expect(b.inbox.count == 2)
  }

  @Test("Files that are no mailbox, or one of a later version, are refused by name")
  func files() throws {
    let fleet = try TestFleet()
    let path = fleet.path + "/other.sqlite"
    try Data("not a database, and long enough to be taken for one".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: MailboxError.corrupted(path: path)) { try SQLiteMailbox(path: path, limits: MailboxLimits()) }
    #expect(throws: MailboxError.corrupted(path: fleet.path + "/authority/registry.sqlite")) {
      try SQLiteMailbox(path: fleet.path + "/authority/registry.sqlite", limits: MailboxLimits())
    }
    let newer = fleet.path + "/newer.sqlite"
    try SQLiteMailbox(path: newer, limits: MailboxLimits()).pretendToBeNewer()
    #expect(throws: MailboxError.newer(path: newer)) { try SQLiteMailbox(path: newer, limits: MailboxLimits()) }
    #expect(throws: MailboxError.readOnly(path: fleet.path + "/none/mailbox.sqlite")) {
      try SQLiteMailbox(path: fleet.path + "/none/mailbox.sqlite", limits: MailboxLimits())
    }
  }
}

extension SQLiteMailbox {
  fileprivate func limitPages(to count: Int) throws {
    try using { try $0.execute(sql: "PRAGMA max_page_count = \(count)") }
  }

  fileprivate func pretendToBeNewer() throws {
    try using { try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('99-later')") }
    try close()
  }
}
