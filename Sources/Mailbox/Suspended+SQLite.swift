// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Foundation
import GRDB
import Wire

extension SQLiteMailTransaction {
  private static let columns = """
    id, system, device, generation, name, first_message, wake_ups, epoch, revocation_sequence, key, base, accepted, next,
    answer, answered
    """

  func suspended(hinted hint: UInt64) throws(MailboxError) -> [(row: SuspendedRow, counter: UInt32)] {
    try using {
      let statement = try db.cachedStatement(
        sql: """
          SELECT \(Self.columns), counter FROM suspended_hints JOIN suspended ON id = session WHERE hint = ?
          """)
      return try Row.fetchAll(statement, arguments: [Int64(hint)]).map { (try SuspendedRow($0), $0[15]) }
    }
  }

  func suspended(of device: DeviceAddress) throws(MailboxError) -> [SuspendedRow] {
    try using {
      let statement = try db.cachedStatement(
        sql: "SELECT \(Self.columns) FROM suspended WHERE system = ? AND device = ? ORDER BY id DESC")
      return try Row.fetchAll(statement, arguments: device.columns).map(SuspendedRow.init)
    }
  }

  func insert(_ row: SuspendedRow, waitingFor hints: [(counter: UInt32, hint: UInt64)]) throws(MailboxError) {
    try using {
      let statement = try db.cachedStatement(
        sql: """
          INSERT INTO suspended (system, device, generation, name, first_message, wake_ups, epoch, revocation_sequence,
            key, base, accepted, next, answer, answered)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """)
      try statement.execute(
        arguments: row.device.columns
          + [
            Int(row.generation), Data([UInt8](copying: row.name.bytes)), Int64(bitPattern: row.firstMessage.rawValue),
            row.wakeUps, Int(row.epoch), Int64(row.revocationSequence), Data(row.key), Int64(row.base),
            row.encodedAccepted, Int64(row.next), Data(row.answer), Int64(row.answered),
          ])
      try add(hints, to: db.lastInsertedRowID)
    }
  }

  func update(_ row: SuspendedRow, waitingFor hints: [(counter: UInt32, hint: UInt64)]) throws(MailboxError) {
    try using {
      let statement = try db.cachedStatement(
        sql: "UPDATE suspended SET key = ?, base = ?, accepted = ?, next = ?, answer = ?, answered = ? WHERE id = ?")
      try statement.execute(arguments: [
        Data(row.key), Int64(row.base), row.encodedAccepted, Int64(row.next), Data(row.answer), Int64(row.answered),
        row.id,
      ])
      try add(hints, to: row.id)
      let old = try db.cachedStatement(sql: "DELETE FROM suspended_hints WHERE session = ? AND counter < ?")
      try old.execute(arguments: [row.id, Int64(row.base)])
    }
  }

  func removeSuspended(_ id: Int64) throws(MailboxError) {
    try retireSuspended(id)
    try using {
      try db.cachedStatement(sql: "DELETE FROM suspended WHERE id = ?").execute(arguments: [id])
    }
  }

  func removeAllSuspended() throws(MailboxError) {
    try using { try db.execute(sql: "DELETE FROM suspended_hints; DELETE FROM suspended;") }
  }

  func retireSuspended(_ id: Int64) throws(MailboxError) {
    try using {
      try db.cachedStatement(sql: "DELETE FROM suspended_hints WHERE session = ?").execute(arguments: [id])
    }
  }

  private func add(_ hints: [(counter: UInt32, hint: UInt64)], to session: Int64) throws {
    // Two counters of one session with the same hint: the second is found once the first is settled, or never; it is one in 2^35.
    let statement = try db.cachedStatement(
      sql: "INSERT OR IGNORE INTO suspended_hints (hint, session, counter) VALUES (?, ?, ?)")
    for (counter, hint) in hints { try statement.execute(arguments: [Int64(hint), session, Int64(counter)]) }
  }
}

extension SuspendedRow {
  fileprivate init(_ row: Row) throws {
    let name: Data = row[4]
    let accepted: Data = row[11]
    guard name.count == 8, accepted.count % 12 == 0 else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
    self.init(
      device: DeviceAddress(system: SystemID(row[1]), device: DeviceID(UInt64(bitPattern: row[2]))),
      generation: row[3], name: try Bytes(copying: [UInt8](name)),
      firstMessage: MessageID(UInt64(bitPattern: row[5])), wakeUps: row[6], epoch: row[7], revocationSequence: row[8],
      key: [UInt8](row[9] as Data))
    id = row[0]
    base = row[10]
    next = row[12]
    answer = [UInt8](row[13] as Data)
    answered = row[14]
    let bytes = [UInt8](accepted)
    for start in stride(from: 0, to: bytes.count, by: 12) {
      self.accepted.append(
        Accepted(
          counter: bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) },
          digest: bytes[start + 4..<start + 12].reduce(0) { $0 << 8 | UInt64($1) }))
    }
  }

  fileprivate var encodedAccepted: Data {
    var data = Data()
    for one in accepted {
      for shift in stride(from: UInt32(24), through: 0, by: -8) {
        data.append(UInt8(truncatingIfNeeded: one.counter >> shift))
      }
      for shift in stride(from: UInt64(56), through: 0, by: -8) {
        data.append(UInt8(truncatingIfNeeded: one.digest >> shift))
      }
    }
    return data
  }
}
