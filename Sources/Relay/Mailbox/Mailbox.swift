import Credentials
import Device
import Files
import Foundation
import GRDB
import Registry

/// Sealed messages that wait for their recipients, in an SQLite file of their own. What it acknowledges is on the disk.
///
/// Used by one thread at a time; a page may be asked for from any.
final class Mailbox: @unchecked Sendable {
  /// A message that waits.
  struct Mail {
    let sequence: Int64
    let sender: DeviceAddress
    let id: MessageID
    let body: Data
    /// Whether it is not sealed: the server can read it.
    let isOpen: Bool
  }

  let path: String
  let limits: MailboxLimits
  private let database: DatabaseQueue

  /// Opens or creates the mailbox.
  init(path: String, limits: MailboxLimits) throws(RelayError) {
    self.path = path
    self.limits = limits
    var configuration = Configuration()
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { db in
      // A receipt is a promise that survives a power cut.
      try db.execute(sql: "PRAGMA synchronous = FULL")
      try db.execute(sql: "PRAGMA trusted_schema = OFF")
    }
    do throws(FileError) {
      try SecretFile.checkDatabase(path)
      if access(path, F_OK) != 0 { try SecretFile.create(path, synchronizing: false) }
    } catch {
      // What the system refuses SQLite is refused too, and tells in the mailbox's own words.
      if error.code == nil { throw .registry(.file(error)) }
    }
    do {
      database = try DatabaseQueue(path: SecretFile.databaseName(path), configuration: configuration)
      try database.inDatabase { try Self.prepare($0, path: path) }
      try MailboxSchema.migrations.migrate(database)
    } catch { throw RelayError(mailbox: error, path: path) }
  }

  private static func prepare(_ db: Database, path: String) throws {
    let id = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    if id == 0, try !db.tableExists("mail") {
      try db.execute(sql: "PRAGMA application_id = \(MailboxSchema.applicationID)")
      try db.execute(sql: "PRAGMA journal_mode = WAL")
    } else if id != MailboxSchema.applicationID {
      throw RelayError.corruptedMailbox(path: path)
    }
    guard try !MailboxSchema.migrations.hasBeenSuperseded(db) else { throw RelayError.newerMailbox(path: path) }
  }

  /// Runs `body` in one transaction: what several devices ask for at once reaches the disk together.
  func transaction<R>(_ body: (Database) throws -> R) throws(RelayError) -> R {
    do {
      return try database.inDatabase { db in
        var result: R?
        try db.inTransaction(.immediate) {
          result = try body(db)
          return .commit
        }
        return result.unsafelyUnwrapped
      }
    } catch { throw RelayError(mailbox: error, path: path) }
  }

  /// Whether this message was deposited before, be it delivered or not.
  func isKnown(_ deposit: Deposit, _ db: Database) throws -> Bool {
    let statement = try db.cachedStatement(
      sql: """
        SELECT 1 FROM mail WHERE recipient_system = ? AND recipient_device = ? AND sender_system = ?
          AND sender_device = ? AND message_id = ?
        """)
    return try Int.fetchOne(statement, arguments: deposit.key) != nil
  }

  /// Stores a message and returns its place in the order of arrival.
  func store(_ deposit: Deposit, at now: Int64, _ db: Database) throws -> Int64 {
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

  /// Forgets a message that the application has; only that it existed is remembered for a while. False when it was not there.
  func remove(
    for recipient: DeviceAddress, from sender: DeviceAddress, id: MessageID, at now: Int64, _ db: Database
  ) throws -> Bool {
    let statement = try db.cachedStatement(
      sql: """
        UPDATE mail SET body = NULL, size = 0, expires_at = ? WHERE recipient_system = ? AND recipient_device = ?
          AND sender_system = ? AND sender_device = ? AND message_id = ? AND body IS NOT NULL
        """)
    try statement.execute(
      arguments: [now + limits.memory] + recipient.columns + sender.columns + [Int64(bitPattern: id.rawValue)])
    guard db.changesCount > 0 else { return false }
    try forgetSurplus(of: sender, db)
    return true
  }

  /// The next messages for a device after `sequence`, in the order of arrival: at most `limit`, and not many more bytes than
  /// `bytes`. The flag says whether there are none after these.
  func page(
    for recipient: DeviceAddress, after sequence: Int64, limit: Int, bytes: Int, at now: Int64
  ) throws(RelayError) -> (mail: [Mail], isLast: Bool) {
    do {
      return try database.inDatabase { db in
        let statement = try db.cachedStatement(
          sql: """
            SELECT sequence, sender_system, sender_device, message_id, body, expires_at, generation FROM mail
            WHERE recipient_system = ? AND recipient_device = ? AND sequence > ? AND body IS NOT NULL
            ORDER BY sequence
            """)
        let rows = try Row.fetchCursor(statement, arguments: recipient.columns + [sequence])
        var mail: [Mail] = []
        var total = 0
        while mail.count < limit, total < bytes {
          guard let row = try rows.next() else { return (mail, true) }
          let expiresAt: Int64 = row[5]
          guard expiresAt > now else { continue }
          let body: Data = row[4]
          total += body.count
          mail.append(
            Mail(
              sequence: row[0],
              sender: DeviceAddress(system: SystemID(row[1]), device: DeviceID(UInt64(bitPattern: row[2]))),
              id: MessageID(UInt64(bitPattern: row[3])), body: body, isOpen: row[6] == 0))
        }
        return (mail, false)
      }
    } catch { throw RelayError(mailbox: error, path: path) }
  }

  /// Drops what has expired and returns how many messages that nobody fetched were among it.
  func purge(at now: Int64) throws(RelayError) -> Int {
    try transaction { db in
      let lost = try Int.fetchOne(
        db, sql: "SELECT count(*) FROM mail WHERE expires_at <= ? AND body IS NOT NULL", arguments: [now])
      try db.execute(sql: "DELETE FROM mail WHERE expires_at <= ?", arguments: [now])
      return lost ?? 0
    }
  }

  /// The latest time that anything in the mailbox tells of, be it that a message came or that one was delivered; nil when there is
  /// nothing. Never so late that a message has waited for too long: see ``MailClock``.
  func lastTime() throws(RelayError) -> Int64? {
    do {
      return try database.inDatabase { db in
        let arrival = try Int64.fetchOne(
          db, sql: "SELECT expires_at FROM mail WHERE body IS NOT NULL ORDER BY sequence DESC LIMIT 1"
        ).map { $0 - limits.lifetime }
        let delivery = try Int64.fetchOne(db, sql: "SELECT max(expires_at) FROM mail WHERE body IS NULL")
          .map { $0 - limits.memory }
        guard let last = [arrival, delivery].compactMap(\.self).max() else { return nil }
        let first = try Int64.fetchOne(
          db, sql: "SELECT expires_at FROM mail WHERE body IS NOT NULL ORDER BY expires_at LIMIT 1")
        return min(last, first.map { $0 - Self.grace } ?? last)
      }
    } catch { throw RelayError(mailbox: error, path: path) }
  }

  /// Seconds that every message has left when a server starts, whatever an earlier one took for the time.
  private static let grace: Int64 = 3600

  /// How many messages wait.
  func waitingCount() throws(RelayError) -> Int {
    do {
      return try database.inDatabase {
        try Int.fetchOne($0, sql: "SELECT count(*) FROM mail WHERE body IS NOT NULL") ?? 0
      }
    } catch { throw RelayError(mailbox: error, path: path) }
  }

  func close() throws(RelayError) {
    do { try database.close() } catch { throw RelayError(mailbox: error, path: path) }
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

extension RelayError {
  /// What went wrong while working on the mailbox at `path`.
  init(mailbox error: any Error, path: String) {
    switch error {
    case let error as RelayError: self = error
    case let error as DatabaseError:
      switch error.resultCode {
      case .SQLITE_FULL: self = .mailboxFull(path: path)
      case .SQLITE_READONLY, .SQLITE_CANTOPEN: self = .readOnlyMailbox(path: path)
      case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corruptedMailbox(path: path)
      default: self = .mailbox(code: error.extendedResultCode.rawValue, error.message ?? "unknown error")
      }
    default: self = .mailbox(code: 1, "\(error)")
    }
  }
}
