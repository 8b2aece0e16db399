// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Wire

/// One transaction on an ``SQLiteMailbox``.
struct SQLiteMailTransaction: MailTransaction {
  let db: Database
  let path: String
  let limits: MailboxLimits

  func isKnown(_ deposit: Deposit) throws(MailboxError) -> Bool {
    try using {
      let statement = try db.cachedStatement(
        sql: """
          SELECT 1 FROM mail WHERE recipient_system = ? AND recipient_device = ? AND sender_system = ?
            AND sender_device = ? AND message_id = ?
          """)
      return try Int.fetchOne(statement, arguments: deposit.key) != nil
    }
  }

  func store(_ deposit: Deposit, at now: Int64) throws(MailboxError) -> Int64 {
    try using {
      let statement = try db.cachedStatement(
        sql: """
          INSERT INTO mail (recipient_system, recipient_device, sender_system, sender_device, message_id, generation,
            expires_at, size, body)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
          """)
      try statement.execute(
        arguments: deposit.key
          + [Int(deposit.generation), now + limits.lifetime, deposit.body.count, deposit.body])
      return db.lastInsertedRowID
    }
  }

  func hasMail(for recipient: DeviceAddress) throws(MailboxError) -> Bool {
    try using {
      let statement = try db.cachedStatement(
        sql: "SELECT 1 FROM mail WHERE recipient_system = ? AND recipient_device = ? AND body IS NOT NULL LIMIT 1")
      return try Int.fetchOne(statement, arguments: recipient.columns) != nil
    }
  }

  func remove(
    for recipient: DeviceAddress, from sender: DeviceAddress, id: MessageID, at now: Int64
  ) throws(MailboxError) -> Bool {
    try using {
      let statement = try db.cachedStatement(
        sql: """
          UPDATE mail SET body = NULL, size = 0, expires_at = ? WHERE recipient_system = ? AND recipient_device = ?
            AND sender_system = ? AND sender_device = ? AND message_id = ? AND body IS NOT NULL
          """)
      try statement.execute(
        arguments: [now + limits.memory] + recipient.columns + sender.columns + [Int64(bitPattern: id.rawValue)])
      guard db.changesCount > 0 else { return false }
      try forgetSurplus(of: sender)
      return true
    }
  }

  /// Forgets the oldest of what is remembered of a sender's delivered messages when it is more than a sender is granted.
  private func forgetSurplus(of sender: DeviceAddress) throws {
    let statement = try db.cachedStatement(
      sql: "SELECT remembered FROM senders WHERE system = ? AND device = ?")
    let remembered = try Int.fetchOne(statement, arguments: sender.columns) ?? 0
    guard remembered > limits.rememberedPerSender else { return }
    let oldest = try db.cachedStatement(
      sql: """
        DELETE FROM mail WHERE sequence IN (SELECT sequence FROM mail WHERE sender_system = ? AND sender_device = ?
          AND body IS NULL ORDER BY expires_at, sequence LIMIT ?)
        """)
    try oldest.execute(arguments: sender.columns + [remembered - limits.rememberedPerSender])
  }

  func using<R>(_ body: () throws -> R) throws(MailboxError) -> R {
    do { return try body() } catch { throw MailboxError(error, path: path) }
  }
}

extension Deposit {
  /// What names a message: recipient, sender, number.
  fileprivate var key: StatementArguments {
    recipient.columns + sender.columns + [Int64(bitPattern: id.rawValue)]
  }
}

extension DeviceAddress {
  var columns: StatementArguments { [Int64(system.rawValue), Int64(bitPattern: device.rawValue)] }
}
