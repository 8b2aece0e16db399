import Credentials
import GRDB

extension SQLiteRegistry {
  public func order(_ kind: DeviceOrder.Kind, for address: DeviceAddress) throws(RegistryError) {
    try write { db, lookup in
      guard let device = try lookup.device(address, db) else { throw RegistryError.unknownDevice(address) }
      guard !device.isRevoked else { throw RegistryError.deviceRevoked(address) }
      try db.execute(
        sql: "INSERT OR IGNORE INTO orders (device, kind, created_at) VALUES (?, ?, ?)",
        arguments: [device.rowID, kind.rawValue, now()])
      guard db.changesCount > 0 else { return }
      try record(.orderAdd, db, of: address, generation: device.generation, detail: kind.rawValue)
    }
  }

  public func orders(for address: DeviceAddress) throws(RegistryError) -> [DeviceOrder] {
    try read { db, _ in
      let statement = try db.cachedStatement(sql: Self.select + " WHERE system = ? AND device_id = ? ORDER BY kind")
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

  func complete(_ kind: DeviceOrder.Kind, of device: RegisteredDevice, _ db: Database) throws {
    let statement = try db.cachedStatement(sql: "DELETE FROM orders WHERE device = ? AND kind = ?")
    try statement.execute(arguments: [device.rowID, kind.rawValue])
    guard db.changesCount > 0 else { return }
    try record(.orderComplete, db, of: device.address, generation: device.generation, detail: kind.rawValue)
  }

  private static let select = """
    SELECT system, device_id, kind, orders.created_at FROM orders JOIN devices ON devices.id = orders.device
    """
}

extension DeviceOrder {
  /// nil for a kind that a later version has written.
  fileprivate init?(_ row: Row) {
    guard let kind = Kind(rawValue: row[2]) else { return nil }
    self.init(
      address: DeviceAddress(system: SystemID(row[0]), device: DeviceID(column: row[1])), kind: kind,
      createdAt: row[3])
  }
}
