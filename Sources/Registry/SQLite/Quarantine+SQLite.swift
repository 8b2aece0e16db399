// SPDX-License-Identifier: Apache-2.0

import Credentials
import GRDB
import Wire

extension SQLiteRegistry {
  public func quarantine(_ address: DeviceAddress, because detail: String) throws(RegistryError) {
    _ = try write { db, _ in try quarantine(address, detail, db) }
  }

  /// Puts a device into quarantine in the transaction under way, and returns why.
  func quarantine(_ address: DeviceAddress, _ detail: String, _ db: Database) throws -> String {
    if let known = try Self.quarantine(of: address, db) { return known }
    try db.execute(
      sql: "INSERT INTO quarantine (system, device_id, detail, at) VALUES (?, ?, ?, ?)",
      arguments: [address.system.column, address.device.column, detail, now()])
    try record(.deviceQuarantine, db, of: address, detail: detail)
    return detail
  }

  public func quarantine(of address: DeviceAddress) throws(RegistryError) -> String? {
    try read { db, _ in try Self.quarantine(of: address, db) }
  }

  public func quarantines() throws(RegistryError) -> [DeviceAddress: String] {
    try read { db, _ in
      let rows = try Row.fetchAll(db, sql: "SELECT system, device_id, detail FROM quarantine")
      return Dictionary(
        uniqueKeysWithValues: rows.map { row in
          (DeviceAddress(system: SystemID(row[0]), device: DeviceID(column: row[1])), row[2] as String)
        })
    }
  }

  public func releaseFromQuarantine(_ address: DeviceAddress) throws(RegistryError) {
    try write { db, _ in
      guard try Self.quarantine(of: address, db) != nil else { return }
      try Self.lift(address, db)
      try record(.deviceRelease, db, of: address)
    }
  }

  /// Ends a quarantine: a device that got a new key at the bench has only one holder again.
  static func lift(_ address: DeviceAddress, _ db: Database) throws {
    try db.execute(
      sql: "DELETE FROM quarantine WHERE system = ? AND device_id = ?",
      arguments: [address.system.column, address.device.column])
  }

  static func quarantine(of address: DeviceAddress, _ db: Database) throws -> String? {
    let statement = try db.cachedStatement(sql: "SELECT detail FROM quarantine WHERE system = ? AND device_id = ?")
    return try String.fetchOne(statement, arguments: [address.system.column, address.device.column])
  }
}
