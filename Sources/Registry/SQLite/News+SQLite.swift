// SPDX-License-Identifier: Apache-2.0

import Credentials
import GRDB
import Wire

/// Whose news a device hears. The tables are read one system at a time, by index: no session has to scan what other systems have
/// left there.
extension SQLiteRegistry {
  /// The tables that count in one sequence.
  enum NewsTable: String {
    case revocations
    case rotations
  }

  /// The systems whose devices those of `system` may meet, itself among them; with nil every one with something above `sequence`.
  static func heard(
    by system: SystemID?, since sequence: UInt32, in table: NewsTable, _ db: Database
  ) throws -> [Int64] {
    guard let system else {
      let statement = try db.cachedStatement(
        sql: "SELECT DISTINCT system FROM \(table.rawValue) WHERE sequence > ?")
      return try Int64.fetchAll(statement, arguments: [Int64(sequence)])
    }
    let statement = try db.cachedStatement(
      sql: """
        SELECT :system UNION SELECT from_system FROM policies WHERE to_system = :system
        UNION SELECT to_system FROM policies WHERE from_system = :system
        """)
    return try Int64.fetchAll(statement, arguments: ["system": system.column])
  }
}
