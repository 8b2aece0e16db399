// SPDX-License-Identifier: Apache-2.0

import GRDB
import Wire

/// How a mailbox's room is shared out. The database keeps the counters as messages come and go.
extension SQLiteMailTransaction {
  func room(for deposit: Deposit, at now: Int64, sweeping expired: inout Int) throws(MailboxError) -> MailboxRoom {
    try using {
      let sent = try use("senders WHERE system = ? AND device = ?", deposit.sender.columns)
      let granted = Use(messages: limits.messagesPerSender, bytes: limits.bytesPerSender)
      guard sent.leavesRoom(for: deposit, granted) else { return .noneOfSender }
      if try hasRoom(for: deposit) { return .enough }
      let dropped = try sweep(deposit.recipient, at: now)
      expired += dropped
      return try dropped > 0 && hasRoom(for: deposit) ? .enough : .noneAtRecipient
    }
  }

  func refusal(
    of deposit: Deposit, because room: MailboxRoom, at now: Int64
  ) throws(MailboxError) -> FullMailbox {
    try using {
      let expiry = try db.cachedStatement(
        sql: """
          SELECT min(expires_at) FROM mail WHERE recipient_system = ? AND recipient_device = ? AND body IS NOT NULL
          """)
      // Numbers with the highest bit are stored as negative ones.
      let last = try db.cachedStatement(
        sql: """
          SELECT message_id FROM mail WHERE recipient_system = ? AND recipient_device = ? AND sender_system = ?
            AND sender_device = ? ORDER BY message_id < 0 DESC, message_id DESC LIMIT 1
          """)
      let pair = deposit.recipient.columns + deposit.sender.columns
      let lastID = try Int64.fetchOne(last, arguments: pair) ?? 0
      let until =
        room == .noneOfSender ? now + 1 : try Int64.fetchOne(expiry, arguments: deposit.recipient.columns) ?? now
      return FullMailbox(until: until, weight: deposit.weight, lastID: UInt64(bitPattern: lastID))
    }
  }

  private func hasRoom(for deposit: Deposit) throws -> Bool {
    let whole = try use("recipient_use WHERE system = ? AND device = ?", deposit.recipient.columns)
    let free = Use(messages: limits.messagesPerDevice - whole.messages, bytes: limits.bytesPerDevice - whole.bytes)
    let sender = try use(
      "sender_use WHERE recipient_system = ? AND recipient_device = ? AND sender_system = ? AND sender_device = ?",
      deposit.recipient.columns + deposit.sender.columns)
    guard limits.guards.contains(.shares) else {
      return whole.leavesRoom(for: deposit, Use(messages: limits.messagesPerDevice, bytes: limits.bytesPerDevice))
    }
    guard sender.leavesRoom(for: deposit, free) else { return false }
    guard deposit.sender.system != deposit.recipient.system else { return true }
    let system = try use(
      "sender_use WHERE recipient_system = ? AND recipient_device = ? AND sender_system = ?",
      deposit.recipient.columns + [Int64(deposit.sender.system.rawValue)])
    return system.leavesRoom(for: deposit, free)
  }

  /// The charge for what waits.
  private struct Use {
    let messages: Int
    let bytes: Int

    func leavesRoom(for deposit: Deposit, _ free: Use) -> Bool {
      messages < free.messages && bytes + deposit.weight <= free.bytes
    }
  }

  private func use(_ whose: String, _ arguments: StatementArguments) throws -> Use {
    let statement = try db.cachedStatement(
      sql: "SELECT coalesce(sum(messages), 0), coalesce(sum(bytes), 0) FROM \(whose)")
    guard let row = try Row.fetchOne(statement, arguments: arguments) else { return Use(messages: 0, bytes: 0) }
    return Use(messages: row[0], bytes: row[1])
  }

  /// Drops what has expired of one recipient's mail and returns how much it was.
  private func sweep(_ recipient: DeviceAddress, at now: Int64) throws -> Int {
    let statement = try db.cachedStatement(
      sql: """
        DELETE FROM mail WHERE recipient_system = ? AND recipient_device = ? AND body IS NOT NULL AND expires_at <= ?
        """)
    try statement.execute(arguments: recipient.columns + [now])
    return db.changesCount
  }
}
