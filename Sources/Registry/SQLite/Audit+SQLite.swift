// SPDX-License-Identifier: Apache-2.0

import Credentials
import GRDB
import Wire

extension SQLiteRegistry {
  /// Adds an audit row to the transaction under way.
  func record(
    _ action: AuditEntry.Action, _ db: Database, of address: DeviceAddress? = nil, system: SystemID? = nil,
    generation: Generation? = nil, detail: String? = nil
  ) throws {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO audit (at, actor, action, system, device_id, generation, detail) VALUES (?, ?, ?, ?, ?, ?, ?)
        """)
    try statement.execute(arguments: [
      now(), actor, action.rawValue, (address?.system ?? system)?.column, address?.device.column,
      generation.map { Int($0) }, detail,
    ])
  }

  public func audit(since sequence: Int64, limit: Int) throws(RegistryError) -> [AuditEntry] {
    try read { db, _ in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT sequence, at, actor, action, system, device_id, generation, detail FROM audit
          WHERE sequence > ? ORDER BY sequence LIMIT ?
          """, arguments: [sequence, limit])
      return rows.map { row in
        let system: UInt32? = row[4]
        let device: Int64? = row[5]
        return AuditEntry(
          sequence: row[0], at: row[1], actor: row[2], action: row[3], system: system.map { SystemID($0) },
          device: device.map { DeviceID(column: $0) }, generation: row[6], detail: row[7])
      }
    }
  }
}
