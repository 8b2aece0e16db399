// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Wire

extension SQLiteMailTransaction {
  func store(_ report: Report, at now: Int64) throws(MailboxError) -> ReportOutcome {
    try using {
      var channelRow: Int64?
      if let channel = report.channel {
        channelRow = try row(of: channel, of: report.sender, to: report.application)
        guard channelRow != nil else { return .unknownChannel }
      }
      guard try hasRoom(for: report, at: now) else { return try isKnown(report) ? .known : .noRoom }
      let statement = try db.cachedStatement(
        sql: """
          INSERT INTO queue (application_system, application_device, sender_system, sender_device, message_id, channel,
            flags, request, arrived_at, expires_at, size, body)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
          """)
      try statement.execute(
        arguments: report.key + [
          channelRow, report.flags, report.request.map { Int64(bitPattern: $0) },
          Int64(bitPattern: report.milliseconds), now + limits.queue.lifetime, report.body.count, report.body,
        ])
      guard db.changesCount > 0 else { return .known }
      return .stored(db.lastInsertedRowID, channelRow: channelRow)
    }
  }

  func finish(
    _ sequence: Int64, of application: DeviceAddress, keeping seconds: Int64, at now: Int64
  ) throws(MailboxError) -> (sender: DeviceAddress, id: MessageID, wantsDone: Bool)? {
    try using {
      let change = seconds > 0 ? "" : ", body = NULL, size = 0"
      let statement = try db.cachedStatement(
        sql: """
          UPDATE queue SET state = 1, expires_at = ?\(change)
          WHERE sequence = ? AND application_system = ? AND application_device = ? AND state = 0
          RETURNING sender_system, sender_device, message_id, flags
          """)
      let expiry = now + (seconds > 0 ? seconds : limits.queue.memory)
      guard
        let row = try Row.fetchAll(statement, arguments: [expiry, sequence] + application.columns).first
      else { return nil }
      let sender = DeviceAddress(system: SystemID(row[0]), device: DeviceID(UInt64(bitPattern: row[1])))
      let id = MessageID(UInt64(bitPattern: row[2]))
      // Not at each one: a few more are remembered meanwhile.
      if seconds == 0, id.counter.isMultiple(of: 32) { try forgetSurplus(of: sender, at: application) }
      return (sender, id, (row[3] as Int) & 2 != 0)
    }
  }

  func giveBack(
    _ sequence: Int64, of application: DeviceAddress, counting isStrike: Bool, isDead: Bool, at now: Int64
  ) throws(MailboxError) -> (attempts: Int, isDead: Bool)? {
    try using {
      let statement = try db.cachedStatement(
        sql: """
          UPDATE queue SET attempts = attempts + 1, strikes = strikes + :strike,
            state = iif(:dead OR strikes + :strike >= :most, 2, 0),
            expires_at = iif(:dead OR strikes + :strike >= :most, :expiry, expires_at)
          WHERE sequence = :sequence AND application_system = :system AND application_device = :device AND state = 0
          RETURNING attempts, state
          """)
      let rows = try Row.fetchAll(
        statement,
        arguments: [
          "dead": isDead, "strike": isStrike, "most": limits.queue.attempts, "expiry": now + limits.queue.lifetime,
          "sequence": sequence,
          "system": Int64(application.system.rawValue), "device": Int64(bitPattern: application.device.rawValue),
        ])
      return rows.first.map { ($0[0], $0[1] == 2) }
    }
  }

  func replay(of application: DeviceAddress, from sequence: Int64) throws(MailboxError) -> Int {
    try using {
      let statement = try db.cachedStatement(
        sql: """
          UPDATE queue SET state = 0, attempts = 0, strikes = 0 WHERE sequence IN (SELECT sequence FROM queue
            WHERE state = 1 AND application_system = ? AND application_device = ? AND sequence >= ? AND body IS NOT NULL
            ORDER BY sequence LIMIT ?)
          """)
      try statement.execute(arguments: application.columns + [sequence, limits.queue.replayed])
      return db.changesCount
    }
  }

  private func isKnown(_ report: Report) throws -> Bool {
    let statement = try db.cachedStatement(
      sql: """
        SELECT 1 FROM queue WHERE application_system = ? AND application_device = ? AND sender_system = ?
          AND sender_device = ? AND message_id = ?
        """)
    return try Int.fetchOne(statement, arguments: report.key) != nil
  }

  /// Whether the queue has room, in all and for this much from this sender: one sender may have as many bytes as are free.
  private func hasRoom(for report: Report, at now: Int64) throws -> Bool {
    let whole = try db.cachedStatement(sql: "SELECT bytes FROM queue_use WHERE system = ? AND device = ?")
    let free =
      limits.queue.bytesPerApplication - (try Int.fetchOne(whole, arguments: report.application.columns) ?? 0)
    // Nobody has more than what all have together.
    if limits.queue.bytesPerApplication - free + report.weight <= free { return true }
    let own = try db.cachedStatement(
      sql: """
        SELECT bytes FROM queue_sender_use WHERE application_system = ? AND application_device = ? AND system = ?
          AND device = ?
        """)
    let used = try Int.fetchOne(own, arguments: report.application.columns + report.sender.columns) ?? 0
    return used + report.weight <= free
  }

  /// Forgets the oldest of what is remembered of a sender's messages when it is more than a sender is granted.
  private func forgetSurplus(of sender: DeviceAddress, at application: DeviceAddress) throws {
    let count = try db.cachedStatement(
      sql: """
        SELECT remembered FROM queue_sender_use WHERE application_system = ? AND application_device = ? AND system = ?
          AND device = ?
        """)
    let remembered = try Int.fetchOne(count, arguments: application.columns + sender.columns) ?? 0
    guard remembered > limits.queue.rememberedPerSender else { return }
    let oldest = try db.cachedStatement(
      sql: """
        DELETE FROM queue WHERE sequence IN (SELECT sequence FROM queue WHERE application_system = ?
          AND application_device = ? AND sender_system = ? AND sender_device = ? AND body IS NULL
          ORDER BY sequence LIMIT ?)
        """)
    try oldest.execute(
      arguments: application.columns + sender.columns + [remembered - limits.queue.rememberedPerSender])
  }
}

extension Report {
  /// What names a message: application, sender, number.
  fileprivate var key: StatementArguments {
    application.columns + sender.columns + [Int64(bitPattern: id.rawValue)]
  }

  /// As in the record that an application gets: whether it wants to hear when it is done, and how it came.
  fileprivate var flags: Int { (wantsDone ? 2 : 0) | (isByWakeUp ? 8 : 0) }
}
