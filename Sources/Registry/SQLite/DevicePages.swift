import Credentials
import GRDB
import GRDBSQLite

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

  public func devices(hinted hint: UInt16) throws(RegistryError) -> [KeyHolder] {
    try read { db, _ in
      let active = try db.cachedStatement(sql: "SELECT \(DeviceLookup.columns) FROM devices WHERE hint = ?")
      try active.setArguments([Int(hint)])
      let pending = try db.cachedStatement(
        sql: "SELECT \(DeviceLookup.columns) FROM devices WHERE pending_hint = ?")
      try pending.setArguments([Int(hint)])
      return try Self.all(active, db).map { KeyHolder(device: $0, slot: .active) }
        + Self.all(pending, db).map { KeyHolder(device: $0, slot: .pending) }
    }
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
