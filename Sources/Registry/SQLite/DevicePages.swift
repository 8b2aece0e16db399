// SPDX-License-Identifier: Apache-2.0

import Credentials
import GRDB
import GRDBSQLite
import Wire

extension SQLiteRegistry {
  /// Devices in the order of their addresses. The index sorts ids as signed integers, so that the upper half of the id space
  /// comes first; the order is total and stable, which is what paging needs.
  static func page(
    in system: SystemID?, after address: DeviceAddress?, limit: Int, _ db: Database
  ) throws -> [RegisteredDevice] {
    let condition =
      switch (system, address) {
      case (nil, nil): ""
      case (.some, nil): "WHERE system = :system"
      case (nil, .some): "WHERE (system, device_id) > (:afterSystem, :afterDevice)"
      case (.some, .some): "WHERE system = :system AND (system, device_id) > (:afterSystem, :afterDevice)"
      }
    let statement = try db.cachedStatement(
      sql: "SELECT \(DeviceLookup.columns) FROM devices \(condition) ORDER BY system, device_id LIMIT :limit")
    var arguments: [String: (any DatabaseValueConvertible)?] = ["limit": max(limit, 0)]
    if let system { arguments["system"] = system.column }
    if let address {
      arguments["afterSystem"] = address.system.column
      arguments["afterDevice"] = address.device.column
    }
    try statement.setArguments(StatementArguments(arguments))
    return try all(statement, db)
  }

  public func devices(hinted hint: UInt16, limit: Int) throws(RegistryError) -> [KeyHolder] {
    try read { db, _ in
      let active = try Self.hinted(hint, "hint", limit, db).map { KeyHolder(device: $0, slot: .active) }
      return try active
        + Self.hinted(hint, "pending_hint", limit - active.count, db).map { KeyHolder(device: $0, slot: .pending) }
    }
  }

  private static func hinted(
    _ hint: UInt16, _ column: String, _ limit: Int, _ db: Database
  ) throws -> [RegisteredDevice] {
    guard limit > 0 else { return [] }
    return try anywhere(in: "devices", limit: limit, db) { rows, limit in
      let statement = try db.cachedStatement(
        sql: """
          SELECT \(DeviceLookup.columns) FROM devices WHERE \(column) = ? AND id BETWEEN ? AND ? ORDER BY id LIMIT ?
          """)
      try statement.setArguments([Int(hint), rows.lowerBound, rows.upperBound, limit])
      return try all(statement, db)
    }
  }

  /// What `fetch` finds in all rows of a table; if that is more than `limit`, as many from some row on.
  static func anywhere<Found>(
    in table: String, limit: Int, _ db: Database, _ fetch: (ClosedRange<Int64>, Int) throws -> [Found]
  ) throws -> [Found] {
    let found = try fetch(0...Int64.max, limit + 1)
    guard found.count > limit else { return found }
    let last = try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(rowid) FROM \(table)")) ?? 0
    let middle = Int64.random(in: 1...max(last, 1))
    let after = try fetch(middle...Int64.max, limit)
    return try after + fetch(0...(middle - 1), limit - after.count)
  }

  private static func all(_ statement: GRDB.Statement, _ db: Database) throws -> [RegisteredDevice] {
    var devices = [RegisteredDevice]()
    let row = statement.sqliteStatement
    sqlite3_reset(row)
    defer { sqlite3_reset(row) }
    var status = sqlite3_step(row)
    while status == SQLITE_ROW {
      devices.append(try RegisteredDevice(row))
      status = sqlite3_step(row)
    }
    guard status == SQLITE_DONE else {
      throw DatabaseError(resultCode: ResultCode(rawValue: status), message: db.lastErrorMessage)
    }
    return devices
  }
}
