// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import Logging
import Synchronization
import Testing
import Wire

@testable import Mailbox
@testable import Registry
@testable import Relay

@Suite("The time by which messages age")
struct MailClockTests {
  private let path = NSTemporaryDirectory() + "/countersign-mail-\(UUID().uuidString).sqlite"
  private let limits = MailboxLimits()
  private static let day: Int64 = 86_400
  private static let noon: Int64 = 1_780_000_000

  private final class Uptime: Sendable {
    let seconds = Mutex<Int64>(500)
    func pass(_ time: Int64) { seconds.withLock { $0 += time } }
    var nanoseconds: UInt64 { UInt64(seconds.withLock { $0 }) * 1_000_000_000 }
  }

  private let uptime = Uptime()

  private func clock(_ mailbox: SQLiteMailbox, wall: Int64) throws -> MailClock {
    let uptime = uptime
    return try MailClock(mailbox, wall: { wall }, uptime: { uptime.nanoseconds })
  }

  private func deposit(_ number: UInt64, in mailbox: SQLiteMailbox, at now: Int64) throws {
    let deposit = Deposit(
      recipient: DeviceAddress(system: SystemID(1), device: DeviceID(2)),
      sender: DeviceAddress(system: SystemID(1), device: DeviceID(1)), id: MessageID(number), generation: 1,
      body: Data([1]))
    _ = try mailbox.transaction { mail throws(MailboxError) in try mail.store(deposit, at: now) }
  }

  private func remove(_ path: String) { for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) } }

  @Test(
    "A server that starts with another time loses nothing, be its clock ahead or behind",
    arguments: [59, -20_000, 27_000])
  func jump(days: Int64) throws {
    defer { remove(path) }
    do {
      let mailbox = try SQLiteMailbox(path: path, limits: limits)
      let clock = try clock(mailbox, wall: Self.noon)
      try deposit(1, in: mailbox, at: clock.now())
      uptime.pass(Self.day)
      try deposit(2, in: mailbox, at: clock.now())
      try mailbox.close()
    }
    for _ in 0..<3 {
      let mailbox = try SQLiteMailbox(path: path, limits: limits)
      let clock = try clock(mailbox, wall: Self.noon + days * Self.day)
      #expect(clock.now() == Self.noon + Self.day)
      #expect(try mailbox.purge(at: clock.now()) == 0)
      #expect(try mailbox.waitingCount() == 2)
      try mailbox.close()
    }
  }

  @Test("They age as long as a server runs, and go when they have waited for their time")
  func running() throws {
    defer { remove(path) }
    let mailbox = try SQLiteMailbox(path: path, limits: limits)
    let clock = try clock(mailbox, wall: Self.noon)
    #expect(clock.now() == Self.noon)
    try deposit(1, in: mailbox, at: clock.now())
    uptime.pass(10 * Self.day)
    try deposit(2, in: mailbox, at: clock.now())
    uptime.pass(limits.lifetime - 10 * Self.day)
    #expect(try mailbox.purge(at: clock.now()) == 1)
    uptime.pass(10 * Self.day)
    #expect(try mailbox.purge(at: clock.now()) == 1)
    try mailbox.close()
  }

  @Test("A time that an earlier server had wrong makes no message old")
  func outlier() throws {
    defer { remove(path) }
    let mailbox = try SQLiteMailbox(path: path, limits: limits)
    try deposit(1, in: mailbox, at: Self.noon)
    try deposit(2, in: mailbox, at: 4_102_444_800)
    let clock = try clock(mailbox, wall: Self.noon)
    #expect(try mailbox.purge(at: clock.now()) == 0)
    #expect(try mailbox.waitingCount() == 2)
    try mailbox.close()
  }

  @Test("While it runs a server asks for no time: what was acknowledged outlives a clock that is set right")
  func whileRunning() throws {
    defer { remove(path) }
    let fleet = try TestFleet()
    let lines = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let mailbox = try SQLiteMailbox(path: path, limits: limits)
    let wall = Wall(Self.noon)
    let relay = try Relay(
      registry: fleet.registry, authority: fleet.authority, mailbox: mailbox, limits: RelayLimits(), logger: lines,
      clock: { wall.seconds.withLock { $0 } })
    try deposit(1, in: mailbox, at: Self.noon)
    wall.seconds.withLock { $0 += 59 * Self.day }
    relay.purge()
    relay.settle()
    #expect(relay.metrics.mailExpired.value == 0)
    #expect(try mailbox.waitingCount() == 1)
    relay.office.close()
  }

  private final class Wall: Sendable {
    let seconds: Mutex<Int64>
    init(_ start: Int64) { seconds = Mutex(start) }
  }
}
