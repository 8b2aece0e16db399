// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Wire

extension SQLiteMailbox {
  private static let columns = """
    sequence, sender_system, sender_device, message_id, channel, flags, request, arrived_at, attempts, body, expires_at
    """

  package func queued(
    for application: DeviceAddress, from sender: DeviceAddress?, after sequence: Int64, limit: Int, bytes: Int,
    at now: Int64
  ) throws(MailboxError) -> (reports: [QueuedReport], isLast: Bool) {
    try using { db in
      let ofSender = sender == nil ? "" : "AND sender_system = ? AND sender_device = ?"
      let statement = try db.cachedStatement(
        sql: """
          SELECT \(Self.columns) FROM queue
          WHERE application_system = ? AND application_device = ? \(ofSender) AND sequence > ? AND state = 0
          ORDER BY sequence
          """)
      let rows = try Row.fetchCursor(
        statement, arguments: application.columns + (sender?.columns ?? []) + [sequence])
      var reports: [QueuedReport] = []
      var total = 0
      while reports.count < limit, total < bytes {
        guard let row = try rows.next() else { return (reports, true) }
        guard (row[10] as Int64) > now else { continue }
        let report = QueuedReport(row)
        total += report.body.count
        reports.append(report)
      }
      return (reports, false)
    }
  }

  package func queued(_ sequence: Int64) throws(MailboxError) -> QueuedReport? {
    try using { db in
      let statement = try db.cachedStatement(sql: "SELECT \(Self.columns) FROM queue WHERE sequence = ? AND state = 0")
      return try Row.fetchOne(statement, arguments: [sequence]).map(QueuedReport.init)
    }
  }

  package func queueCounts() throws(MailboxError) -> (waiting: Int, dead: Int) {
    try using { db in
      (
        try Int.fetchOne(db, sql: "SELECT count(*) FROM queue WHERE state = 0") ?? 0,
        try Int.fetchOne(db, sql: "SELECT count(*) FROM queue WHERE state = 2") ?? 0
      )
    }
  }

  package func otherChanges() throws(MailboxError) -> Int64 {
    try using { try Int64.fetchOne($0.cachedStatement(sql: "PRAGMA data_version")) ?? 0 }
  }

  package func purgeQueues(at now: Int64) throws(MailboxError) -> Int {
    try using { db in
      var lost = 0
      try db.inTransaction(.immediate) {
        lost =
          try Int.fetchOne(
            db, sql: "SELECT count(*) FROM queue WHERE expires_at <= ? AND state = 0", arguments: [now]) ?? 0
        try db.execute(sql: "DELETE FROM queue WHERE expires_at <= ?", arguments: [now])
        try db.execute(sql: "DELETE FROM notices WHERE expires_at <= ?", arguments: [now])
        // Those that have expired while nobody could be told are kept for as long again.
        try db.execute(sql: "DELETE FROM requests WHERE deadline <= ?", arguments: [now - limits.queue.lifetime])
        try db.execute(
          sql: """
            DELETE FROM channels WHERE expires_at <= ? AND NOT EXISTS
              (SELECT 1 FROM queue WHERE queue.channel = channels.id AND queue.body IS NOT NULL)
            """, arguments: [now])
        return .commit
      }
      return lost
    }
  }
}

extension QueuedReport {
  fileprivate init(_ row: Row) {
    let flags: Int = row[5]
    let request: Int64? = row[6]
    self.init(
      sequence: row[0], sender: DeviceAddress(system: SystemID(row[1]), device: DeviceID(UInt64(bitPattern: row[2]))),
      id: MessageID(UInt64(bitPattern: row[3])), channelRow: row[4], wantsDone: flags & 2 != 0,
      isByWakeUp: flags & 8 != 0, request: request.map { UInt64(bitPattern: $0) },
      milliseconds: UInt64(bitPattern: row[7]), attempts: row[8], body: row[9])
  }
}
