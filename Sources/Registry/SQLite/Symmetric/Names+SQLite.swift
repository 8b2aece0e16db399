// SPDX-License-Identifier: Apache-2.0

import Credentials
import GRDB
import CountersignCrypto
import Keyring
import Schemes
import Wire

/// What devices show in their first frames instead of their ids, and which device that means.
///
/// A device makes its pseudonym for the epoch in its last `welcome`. Nobody knows whether that welcome arrived, so two epochs are
/// possible: the one that the device showed and the one that it was then told. For each of its keys both are indexed. A device
/// may sleep through any number of epochs.
extension SQLiteRegistry {
  public func devices(named name: Bytes<8>, scheme: SchemeID) throws(RegistryError) -> [NamedDevice] {
    try read { db, _ in try Self.named(scheme, name.column...name.column, limit: .max, db) }
  }

  public func devices(
    namedFrom hint: UInt16, scheme: SchemeID, limit: Int
  ) throws(RegistryError) -> [NamedDevice] {
    let first = Int64(bitPattern: UInt64(hint) << 48)
    let last = first | 0xFFFF_FFFF_FFFF
    return try read { db, _ in
      let found = try Self.named(scheme, first...last, limit: limit + 1, db)
      guard found.count > limit else { return found }
      let middle = Int64.random(in: first...last)
      let after = try Self.named(scheme, middle...last, limit: limit, db)
      return try after + Self.named(scheme, first...middle, limit: limit - after.count, db)
    }
  }

  /// Whom names of this range mean, in the order of the names.
  private static func named(
    _ scheme: SchemeID, _ names: ClosedRange<Int64>, limit: Int, _ db: Database
  ) throws -> [NamedDevice] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT \(symmetricColumns), names.generation FROM names
        JOIN symmetric_devices ON symmetric_devices.id = names.device
        WHERE names.scheme = ? AND name BETWEEN ? AND ? ORDER BY name LIMIT ?
        """)
    return try Row.fetchAll(
      statement, arguments: [Int(scheme.rawValue), names.lowerBound, names.upperBound, limit]
    ).compactMap { row in
      let device = try SymmetricDevice(row)
      let generation: Generation = row[17]
      if let credential = device.credential(generation) { return NamedDevice(device: device, credential: credential) }
      return try withdrawnKeys(of: device, db).first { $0.generation == generation }
        .map { NamedDevice(device: device, credential: $0, isWithdrawn: true) }
    }
  }

  /// Brings the index up to date with a device's row.
  static func index(_ device: SymmetricDevice, _ authority: Authority, _ db: Database) throws {
    let delete = try db.cachedStatement(sql: "DELETE FROM names WHERE device = ?")
    try delete.execute(arguments: [device.rowID])
    let insert = try db.cachedStatement(
      sql: "INSERT INTO names (scheme, name, device, generation) VALUES (?, ?, ?, ?)")
    let withdrawn = try withdrawnKeys(of: device, db)
    for credential in [device.current, device.pending].compactMap({ $0 }) + withdrawn {
      var names: Set<Bytes<8>> = []
      for epoch in [device.knownEpoch, device.toldEpoch] {
        if let name = try authority.name(credential, of: device.address, in: epoch) { names.insert(name) }
      }
      for name in names {
        try insert.execute(arguments: [
          Int(credential.scheme.rawValue), name.column, device.rowID, Int(credential.generation),
        ])
      }
    }
  }
}
