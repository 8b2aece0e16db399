// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Wire

/// Dead letters, for their owner's commands, which may run beside a server: it sees what others have changed.
extension SQLiteMailbox {
  /// Dead letters of an application after `sequence`, in the order of arrival, at most `limit`.
  package func deadLetters(
    of application: DeviceAddress, after sequence: Int64, limit: Int
  ) throws(MailboxError) -> [DeadLetter] {
    try using { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT sequence, sender_system, sender_device, message_id, arrived_at, attempts, size FROM queue
          WHERE state = 2 AND application_system = ? AND application_device = ? AND sequence > ?
          ORDER BY sequence LIMIT ?
          """, arguments: application.columns + [sequence, limit])
      return rows.map { row in
        DeadLetter(
          sequence: row[0], application: application,
          sender: DeviceAddress(system: SystemID(row[1]), device: DeviceID(UInt64(bitPattern: row[2]))),
          id: MessageID(UInt64(bitPattern: row[3])), milliseconds: UInt64(bitPattern: row[4]), attempts: row[5],
          bytes: row[6])
      }
    }
  }

  /// Lets dead letters wait again, one or all, as if they had never been leased; returns how many.
  package func requeueDeadLetters(of application: DeviceAddress, _ sequence: Int64?) throws(MailboxError) -> Int {
    try change("UPDATE queue SET state = 0, attempts = 0, strikes = 0", application, sequence)
  }

  /// Drops dead letters, one or all; returns how many.
  package func dropDeadLetters(of application: DeviceAddress, _ sequence: Int64?) throws(MailboxError) -> Int {
    try change("DELETE FROM queue", application, sequence)
  }

  private func change(
    _ verb: String, _ application: DeviceAddress, _ sequence: Int64?
  ) throws(MailboxError) -> Int {
    try using { db in
      var count = 0
      try db.inTransaction(.immediate) {
        try db.execute(
          sql: """
            \(verb) WHERE state = 2 AND application_system = ? AND application_device = ?
              AND (? IS NULL OR sequence = ?)
            """, arguments: application.columns + [sequence, sequence])
        count = db.changesCount
        return .commit
      }
      return count
    }
  }

  /// What an application's queue holds: messages that wait, dead letters, and bytes, those that are kept after they are done too.
  package func use(of application: DeviceAddress) throws(MailboxError) -> (waiting: Int, dead: Int, bytes: Int) {
    try using { db in
      func count(_ state: Int) throws -> Int {
        try Int.fetchOne(
          db,
          sql: """
            SELECT count(*) FROM queue WHERE state = \(state) AND application_system = ? AND application_device = ?
            """, arguments: application.columns) ?? 0
      }
      let bytes = try Int.fetchOne(
        db, sql: "SELECT bytes FROM queue_use WHERE system = ? AND device = ?", arguments: application.columns)
      return (try count(0), try count(2), bytes ?? 0)
    }
  }
}
