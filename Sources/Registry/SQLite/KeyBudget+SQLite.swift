// SPDX-License-Identifier: Apache-2.0

import Credentials
import GRDB
import Wire

extension SQLiteRegistry {
  /// Takes a key from the credits of a device and of its system, in the transaction that stages it.
  ///
  /// - Throws: ``RegistryError/tooManyKeys(_:retryAfter:)``.
  func spendKey(of address: DeviceAddress, in table: KeyTable, row: Int64, _ db: Database) throws {
    try spend(.device, table.rawValue, row, address, db)
    try spend(.system, "systems", address.system.column, address, db)
  }

  /// Takes a key that all devices share from the credit of their system.
  func spendSharedKey(of address: DeviceAddress, _ db: Database) throws {
    try spend(.sharedKey, "systems", address.system.column, address, db, column: "shared_key_credit")
  }

  /// The tables whose rows have a credit of a device.
  enum KeyTable: String {
    case devices
    case symmetricDevices = "symmetric_devices"
  }

  private func spend(
    _ budget: KeyBudget, _ table: String, _ row: Int64, _ address: DeviceAddress, _ db: Database,
    column: String = "key_credit"
  ) throws {
    let select = try db.cachedStatement(sql: "SELECT \(column), \(column)_since FROM \(table) WHERE id = ?")
    guard let found = try Row.fetchOne(select, arguments: [row]) else { throw RegistryError.unknownDevice(address) }
    let now = clock()
    let credit = KeyBudget.Credit(left: found[0] ?? budget.burst, since: found[1] ?? now)
    guard let rest = budget.spend(credit, at: now) else {
      throw RegistryError.tooManyKeys(address, retryAfter: budget.wait(credit, at: now))
    }
    let update = try db.cachedStatement(sql: "UPDATE \(table) SET \(column) = ?, \(column)_since = ? WHERE id = ?")
    try update.execute(arguments: [rest.left, rest.since, row])
  }
}
