// SPDX-License-Identifier: Apache-2.0

import Credentials
import GRDB
import Keyring
import Schemes
import Wire

extension SQLiteRegistry {
  public func order(_ kind: DeviceOrder.Kind, for address: DeviceAddress) throws(RegistryError) {
    try write { db, lookup in
      guard let device = try lookup.device(address, db), device.floor >= .certified else {
        return try orderSymmetric(kind, for: address, db)
      }
      guard !device.isRevoked else { throw RegistryError.deviceRevoked(address) }
      guard kind == .rotate else { throw RegistryError.unsuitableScheme(.certified) }
      // Each of its instances would make a key of its own.
      guard !device.isApplication else { throw RegistryError.sharedByInstances(address) }
      try db.execute(
        sql: "INSERT OR IGNORE INTO orders (device, kind, created_at) VALUES (?, ?, ?)",
        arguments: [device.rowID, kind.rawValue, now()])
      guard db.changesCount > 0 else { return }
      try record(.orderAdd, db, of: address, generation: device.generation, detail: kind.rawValue)
    }
  }

  private func orderSymmetric(_ kind: DeviceOrder.Kind, for address: DeviceAddress, _ db: Database) throws {
    let device = try Self.serving(address, db)
    guard kind == .rotate else { throw RegistryError.unsuitableScheme(device.current.scheme) }
    try db.execute(
      sql: "UPDATE symmetric_devices SET rotate_since = ? WHERE id = ? AND rotate_since IS NULL",
      arguments: [now(), device.rowID])
    guard db.changesCount > 0 else { return }
    try record(.orderAdd, db, of: address, generation: device.generation, detail: kind.rawValue)
  }

  public func orderMigration(to scheme: SchemeID, for address: DeviceAddress) throws(RegistryError) {
    try write { db, lookup in
      if let device = try lookup.device(address, db), device.floor >= .certified {
        guard device.floor.admits(scheme) else { throw RegistryError.belowFloor(address) }
        throw RegistryError.unsuitableScheme(scheme)
      }
      let device = try Self.serving(address, db)
      guard device.floor.admits(scheme) else { throw RegistryError.belowFloor(address) }
      guard scheme.row.isOrdered else { throw RegistryError.unsuitableScheme(scheme) }
      let target = scheme == device.current.scheme ? nil : scheme
      guard target != device.migration else { return }
      // A key under way to another scheme is none that this order asks for.
      try Self.withdrawPendingKey(of: device, db)
      try db.execute(
        sql: "UPDATE symmetric_devices SET migrate_to = ?, migrate_since = ? WHERE id = ?",
        arguments: [target.map { Int($0.rawValue) }, target == nil ? nil : now(), device.rowID])
      try record(
        .orderAdd, db, of: address, generation: device.generation, detail: "migrate to scheme \(scheme.rawValue)")
    }
  }

  public func orders(for address: DeviceAddress) throws(RegistryError) -> [DeviceOrder] {
    try read { db, _ in
      let statement = try db.cachedStatement(
        sql: "SELECT * FROM (\(Self.select)) WHERE system = ? AND device_id = ? ORDER BY kind")
      return try Row.fetchAll(statement, arguments: [address.system.column, address.device.column])
        .compactMap(DeviceOrder.init)
    }
  }

  public func orders() throws(RegistryError) -> [DeviceOrder] {
    try read { db, _ in try Row.fetchAll(db.cachedStatement(sql: Self.select)).compactMap(DeviceOrder.init) }
  }

  public func completeOrder(_ kind: DeviceOrder.Kind, for address: DeviceAddress) throws(RegistryError) {
    try write { db, lookup in
      guard let device = try lookup.device(address, db) else { throw RegistryError.unknownDevice(address) }
      try complete(kind, of: device, db)
    }
  }

  /// Whether the owner has ordered the device to do this.
  func isOrdered(_ kind: DeviceOrder.Kind, of device: RegisteredDevice, _ db: Database) throws -> Bool {
    let statement = try db.cachedStatement(sql: "SELECT 1 FROM orders WHERE device = ? AND kind = ?")
    return try Int.fetchOne(statement, arguments: [device.rowID, kind.rawValue]) != nil
  }

  func complete(_ kind: DeviceOrder.Kind, of device: RegisteredDevice, _ db: Database) throws {
    let statement = try db.cachedStatement(sql: "DELETE FROM orders WHERE device = ? AND kind = ?")
    try statement.execute(arguments: [device.rowID, kind.rawValue])
    guard db.changesCount > 0 else { return }
    try record(.orderComplete, db, of: device.address, generation: device.generation, detail: kind.rawValue)
  }

  private static let select = """
    SELECT system, device_id, kind, orders.created_at AS at, NULL AS scheme
    FROM orders JOIN devices ON devices.id = orders.device
    UNION ALL SELECT system, device_id, 'rotate', rotate_since, NULL
    FROM symmetric_devices WHERE rotate_since IS NOT NULL
    UNION ALL SELECT system, device_id, 'migrate', migrate_since, migrate_to
    FROM symmetric_devices WHERE migrate_since IS NOT NULL
    """
}

extension DeviceOrder {
  /// nil for a kind that a later version has written.
  fileprivate init?(_ row: Row) {
    guard let kind = Kind(rawValue: row[2]) else { return nil }
    let scheme: UInt8? = row[4]
    self.init(
      address: DeviceAddress(system: SystemID(row[0]), device: DeviceID(column: row[1])), kind: kind,
      scheme: scheme.flatMap { SchemeID(rawValue: $0) }, createdAt: row[3])
  }
}
