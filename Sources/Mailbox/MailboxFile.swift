// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import GRDB
import Wire

/// Inspects a server's mailbox without changing anything, even while the server runs.
package enum MailboxFile {
  /// The result of inspecting the file.
  package enum State: Equatable, Sendable {
    /// There is no file yet: the server makes it.
    case absent
    /// The server has made it and filled in nothing, not even tables.
    case empty
    /// SQLite's integrity check passed, and this many messages wait.
    case sound(waiting: Int)
    /// What SQLite's integrity check has found.
    case unsound([String])
  }

  /// Checks the file at `path`.
  package static func inspect(_ path: String) throws(MailboxError) -> State {
    do { try SecretFile.checkDatabase(path) } catch { throw .file(error) }
    guard access(path, F_OK) == 0 else { return .absent }
    return try reading(path) { db in
      let id = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
      // A server that was interrupted while it made the file continues where it stopped.
      guard try id == MailboxSchema.applicationID || id == 0 && !db.tableExists("mail") else {
        throw MailboxError.corrupted(path: path)
      }
      guard try db.tableExists("grdb_migrations"), try db.tableExists("mail") else { return .empty }
      guard try !MailboxSchema.migrations.hasBeenSuperseded(db) else { throw MailboxError.newer(path: path) }
      let problems = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
      guard problems.isEmpty else { return .unsound(problems) }
      return .sound(waiting: try Int.fetchOne(db, sql: "SELECT count(*) FROM mail WHERE body IS NOT NULL") ?? 0)
    }
  }

  /// How many messages wait for applications, and how many are dead letters; nil for a file without queues.
  package static func queues(_ path: String) throws(MailboxError) -> (waiting: Int, dead: Int)? {
    guard access(path, F_OK) == 0 else { return nil }
    return try reading(path) { db in
      guard try db.tableExists("queue") else { return nil }
      func count(_ state: Int) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM queue WHERE state = \(state)") ?? 0
      }
      return (try count(0), try count(2))
    }
  }

  /// Every message that waits, with its recipient, as whoever has the file can read them.
  package static func messages(in path: String) throws(MailboxError) -> [Deposit] {
    try reading(path) { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT recipient_system, recipient_device, sender_system, sender_device, message_id, generation, body
          FROM mail WHERE body IS NOT NULL ORDER BY sequence
          """)
      return rows.map { row in
        Deposit(
          recipient: DeviceAddress(system: SystemID(row[0]), device: DeviceID(UInt64(bitPattern: row[1]))),
          sender: DeviceAddress(system: SystemID(row[2]), device: DeviceID(UInt64(bitPattern: row[3]))),
          id: MessageID(UInt64(bitPattern: row[4])), generation: row[5], body: row[6])
      }
    }
  }

  private static func reading<R>(_ path: String, _ body: (Database) throws -> R) throws(MailboxError) -> R {
    do { return try open(path).inDatabase(body) } catch DatabaseError.SQLITE_CANTOPEN {
      throw .unreadable(path: path)
    } catch { throw MailboxError(error, path: path) }
  }

  /// A log beside the file is part of its content, and exists while a server runs. Without a log the file is opened as immutable:
  /// otherwise SQLite would make a log even for reading, and leave it behind.
  private static func open(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA trusted_schema = OFF") }
    if access(path + "-wal", F_OK) != 0 {
      let url = URL(fileURLWithPath: path).absoluteString + "?immutable=1"
      // Not every SQLite takes names of this kind.
      do { return try DatabaseQueue(path: url, configuration: configuration) } catch DatabaseError.SQLITE_CANTOPEN {}
    }
    return try DatabaseQueue(path: SecretFile.databaseName(path), configuration: configuration)
  }
}
