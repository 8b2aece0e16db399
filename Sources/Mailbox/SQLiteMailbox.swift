// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import GRDB
import Wire

/// Messages that wait for their recipients, in a separate SQLite file. What it acknowledges is on the disk.
///
/// Used by one thread at a time; a page may be asked for from any.
package final class SQLiteMailbox: MailStore, @unchecked Sendable {
  let path: String
  package let limits: MailboxLimits
  private let database: DatabaseQueue

  /// Opens or creates the mailbox.
  package init(path: String, limits: MailboxLimits) throws(MailboxError) {
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
      // What the system refuses to SQLite is reported in the mailbox's own words.
      if error.code == nil { throw .file(error) }
    }
    do {
      database = try DatabaseQueue(path: SecretFile.databaseName(path), configuration: configuration)
      try database.inDatabase { try Self.prepare($0, path: path) }
      try MailboxSchema.migrations.migrate(database)
    } catch { throw MailboxError(error, path: path) }
  }

  private static func prepare(_ db: Database, path: String) throws {
    let id = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    if id == 0, try !db.tableExists("mail") {
      try db.execute(sql: "PRAGMA application_id = \(MailboxSchema.applicationID)")
      try db.execute(sql: "PRAGMA journal_mode = WAL")
    } else if id != MailboxSchema.applicationID {
      throw MailboxError.corrupted(path: path)
    }
    guard try !MailboxSchema.migrations.hasBeenSuperseded(db) else { throw MailboxError.newer(path: path) }
  }

  package func transaction<R>(
    _ body: (any MailTransaction) throws(MailboxError) -> R
  ) throws(MailboxError) -> R {
    try using { db in
      var result: R?
      try db.inTransaction(.immediate) {
        result = try body(SQLiteMailTransaction(db: db, path: path, limits: limits))
        return .commit
      }
      return result.unsafelyUnwrapped
    }
  }

  package func page(
    for recipient: DeviceAddress, after sequence: Int64, limit: Int, bytes: Int, at now: Int64
  ) throws(MailboxError) -> (mail: [WaitingMessage], isLast: Bool) {
    try using { db in
      let statement = try db.cachedStatement(
        sql: """
          SELECT sequence, sender_system, sender_device, message_id, body, expires_at, generation FROM mail
          WHERE recipient_system = ? AND recipient_device = ? AND sequence > ? AND body IS NOT NULL
          ORDER BY sequence
          """)
      let rows = try Row.fetchCursor(statement, arguments: recipient.columns + [sequence])
      var mail: [WaitingMessage] = []
      var total = 0
      while mail.count < limit, total < bytes {
        guard let row = try rows.next() else { return (mail, true) }
        let expiresAt: Int64 = row[5]
        guard expiresAt > now else { continue }
        let body: Data = row[4]
        total += body.count
        mail.append(
          WaitingMessage(
            sequence: row[0],
            sender: DeviceAddress(system: SystemID(row[1]), device: DeviceID(UInt64(bitPattern: row[2]))),
            id: MessageID(UInt64(bitPattern: row[3])), body: body, isOpen: row[6] == 0))
      }
      return (mail, false)
    }
  }

  package func purge(at now: Int64) throws(MailboxError) -> Int {
    try using { db in
      var lost = 0
      try db.inTransaction(.immediate) {
        lost =
          try Int.fetchOne(
            db, sql: "SELECT count(*) FROM mail WHERE expires_at <= ? AND body IS NOT NULL", arguments: [now]) ?? 0
        try db.execute(sql: "DELETE FROM mail WHERE expires_at <= ?", arguments: [now])
        return .commit
      }
      return lost
    }
  }

  package func lastTime() throws(MailboxError) -> Int64? {
    try using { db in
      let arrival = try Int64.fetchOne(
        db, sql: "SELECT expires_at FROM mail WHERE body IS NOT NULL ORDER BY sequence DESC LIMIT 1"
      ).map { $0 - limits.lifetime }
      let delivery = try Int64.fetchOne(db, sql: "SELECT max(expires_at) FROM mail WHERE body IS NULL")
        .map { $0 - limits.memory }
      // A queue's times are as good as the mailbox's; dead letters and what is kept have others.
      let report = try Int64.fetchOne(
        db, sql: "SELECT expires_at FROM queue WHERE state = 0 ORDER BY sequence DESC LIMIT 1"
      ).map { $0 - limits.queue.lifetime }
      guard let last = [arrival, delivery, report].compactMap(\.self).max() else { return nil }
      let first = [
        try Int64.fetchOne(
          db, sql: "SELECT expires_at FROM mail WHERE body IS NOT NULL ORDER BY expires_at LIMIT 1"),
        try Int64.fetchOne(db, sql: "SELECT expires_at FROM queue WHERE state = 0 ORDER BY expires_at LIMIT 1"),
      ].compactMap(\.self).min()
      return min(last, first.map { $0 - Self.grace } ?? last)
    }
  }

  /// Seconds that every message has left when a server starts, whatever time an earlier server assumed.
  private static let grace: Int64 = 3600

  package func waitingCount() throws(MailboxError) -> Int {
    try using { try Int.fetchOne($0, sql: "SELECT count(*) FROM mail WHERE body IS NOT NULL") ?? 0 }
  }

  package func close() throws(MailboxError) {
    do { try database.close() } catch { throw MailboxError(error, path: path) }
  }

  func using<R>(_ body: (Database) throws -> R) throws(MailboxError) -> R {
    do { return try database.inDatabase(body) } catch { throw MailboxError(error, path: path) }
  }
}
