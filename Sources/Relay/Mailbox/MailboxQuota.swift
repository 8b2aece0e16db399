import Credentials
import Device
import GRDB

/// How much of a mailbox there is for whom. The counters are kept by the database as messages come and go.
extension Mailbox {
  /// Whether there is room for a message, and if not, of whom there is too much.
  enum Room {
    case enough
    /// The recipient's mailbox is full, or the sender has had its share of it.
    case noneAtRecipient
    /// Too much of the sender waits, whoever it is for.
    case noneOfSender
  }

  /// Whether a mailbox has room: in all, and for so much from this sender. Of one sender there may wait as many as are free, and so
  /// of one foreign system: one gets at most half, two a third each, and the next sender finds room.
  ///
  /// What has expired takes no room: it is dropped here and counted in `expired`.
  func room(for deposit: Deposit, at now: Int64, sweeping expired: inout Int, _ db: Database) throws -> Room {
    let sent = try use("senders WHERE system = ? AND device = ?", deposit.sender.columns, db)
    let granted = Use(messages: limits.messagesPerSender, bytes: limits.bytesPerSender)
    guard sent.leavesRoom(for: deposit, granted) else { return .noneOfSender }
    if try hasRoom(for: deposit, db) { return .enough }
    let dropped = try sweep(deposit.recipient, at: now, db)
    expired += dropped
    return try dropped > 0 && hasRoom(for: deposit, db) ? .enough : .noneAtRecipient
  }

  private func hasRoom(for deposit: Deposit, _ db: Database) throws -> Bool {
    let whole = try use("recipient_use WHERE system = ? AND device = ?", deposit.recipient.columns, db)
    let free = Use(messages: limits.messagesPerDevice - whole.messages, bytes: limits.bytesPerDevice - whole.bytes)
    let sender = try use(
      "sender_use WHERE recipient_system = ? AND recipient_device = ? AND sender_system = ? AND sender_device = ?",
      deposit.recipient.columns + deposit.sender.columns, db)
    guard limits.guards.contains(.shares) else {
      return whole.leavesRoom(for: deposit, Use(messages: limits.messagesPerDevice, bytes: limits.bytesPerDevice))
    }
    guard sender.leavesRoom(for: deposit, free) else { return false }
    guard deposit.sender.system != deposit.recipient.system else { return true }
    let system = try use(
      "sender_use WHERE recipient_system = ? AND recipient_device = ? AND sender_system = ?",
      deposit.recipient.columns + [Int64(deposit.sender.system.rawValue)], db)
    return system.leavesRoom(for: deposit, free)
  }

  /// What waits, as it counts.
  private struct Use {
    let messages: Int
    let bytes: Int

    func leavesRoom(for deposit: Deposit, _ free: Use) -> Bool {
      messages < free.messages && bytes + deposit.weight <= free.bytes
    }
  }

  private func use(_ whose: String, _ arguments: StatementArguments, _ db: Database) throws -> Use {
    let statement = try db.cachedStatement(
      sql: "SELECT coalesce(sum(messages), 0), coalesce(sum(bytes), 0) FROM \(whose)")
    guard let row = try Row.fetchOne(statement, arguments: arguments) else { return Use(messages: 0, bytes: 0) }
    return Use(messages: row[0], bytes: row[1])
  }

  /// Drops what has expired of one recipient's mail and returns how much it was.
  private func sweep(_ recipient: DeviceAddress, at now: Int64, _ db: Database) throws -> Int {
    let statement = try db.cachedStatement(
      sql: """
        DELETE FROM mail WHERE recipient_system = ? AND recipient_device = ? AND body IS NOT NULL AND expires_at <= ?
        """)
    try statement.execute(arguments: recipient.columns + [now])
    return db.changesCount
  }

  /// What must be known to refuse a sender's next messages without asking again. What waits elsewhere is asked about once a second.
  func full(
    for deposit: Deposit, because room: Room, at now: Int64, _ db: Database
  ) throws -> FullMailboxes.Full {
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
    return FullMailboxes.Full(until: until, weight: deposit.weight, lastID: UInt64(bitPattern: lastID))
  }

  /// Forgets the oldest of what is remembered of a sender's delivered messages when it is more than a sender is granted.
  func forgetSurplus(of sender: DeviceAddress, _ db: Database) throws {
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
}
