// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import CountersignCrypto
import Keyring
import Schemes
import Wire

extension SQLiteRegistry {
  static let symmetricColumns = """
    symmetric_devices.id, system, device_id, symmetric_devices.scheme, symmetric_devices.generation, material, counter,
    pending_scheme, pending_generation, pending_material, known_epoch, told_epoch, migrate_to, revoked_through, floor,
    created_at, changed_at
    """

  static func symmetric(_ address: DeviceAddress, _ db: Database) throws -> SymmetricDevice? {
    let statement = try db.cachedStatement(
      sql: "SELECT \(symmetricColumns) FROM symmetric_devices WHERE system = ? AND device_id = ?")
    return try Row.fetchOne(statement, arguments: [address.system.column, address.device.column])
      .map(SymmetricDevice.init)
  }

  /// The device at `address`, not retired, not revoked.
  static func serving(_ address: DeviceAddress, _ db: Database) throws -> SymmetricDevice {
    guard let device = try symmetric(address, db) else { throw RegistryError.unknownDevice(address) }
    guard !device.isRevoked else { throw RegistryError.deviceRevoked(address) }
    guard !device.isRetired else { throw RegistryError.belowFloor(address) }
    return device
  }

  public func symmetricDevice(_ address: DeviceAddress) throws(RegistryError) -> SymmetricDevice? {
    try read { db, _ in try Self.symmetric(address, db) }
  }

  public func symmetricDevices(
    in system: SystemID?, after address: DeviceAddress?, limit: Int
  ) throws(RegistryError) -> [SymmetricDevice] {
    try read { db, _ in
      let statement = try db.cachedStatement(
        sql: """
          SELECT \(Self.symmetricColumns) FROM symmetric_devices
          WHERE (:system IS NULL OR system = :system) AND floor < 2
            AND (:afterSystem IS NULL OR (system, device_id) > (:afterSystem, :afterDevice))
          ORDER BY system, device_id LIMIT :limit
          """)
      let arguments: StatementArguments = [
        "system": system?.column, "afterSystem": address?.system.column, "afterDevice": address?.device.column,
        "limit": max(limit, 0),
      ]
      return try Row.fetchAll(statement, arguments: arguments).map(SymmetricDevice.init)
    }
  }
}

extension SymmetricDevice {
  /// Reads a row of ``SQLiteRegistry/symmetricColumns``.
  init(_ row: Row) throws {
    let pending: SymmetricCredential? =
      row[7] == nil
      ? nil : SymmetricCredential(scheme: try Self.scheme(row[7]), generation: row[8], material: Self.bytes(row[9]))
    let target: Int? = row[12]
    self.init(
      address: DeviceAddress(system: SystemID(row[1]), device: DeviceID(column: row[2])),
      current: SymmetricCredential(
        scheme: try Self.scheme(row[3]), generation: row[4], material: Self.bytes(row[5])),
      counter: row[6], pending: pending, knownEpoch: row[10], toldEpoch: row[11],
      migration: try target.map { try Self.scheme($0) }, revokedThrough: row[13],
      floor: SchemeFloor(rawValue: row[14]) ?? .hybrid, createdAt: row[15], changedAt: row[16], rowID: row[0])
  }

  static func scheme(_ column: Int) throws -> SchemeID {
    guard let scheme = SchemeID(rawValue: UInt8(truncatingIfNeeded: column)) else {
      throw RegistryError.corrupted("symmetric_devices: scheme \(column)")
    }
    return scheme
  }

  private static func bytes(_ column: Data) -> [UInt8] { [UInt8](column) }

  /// The generation after every one that was issued or revoked for this scheme, or for the key that takes its place.
  ///
  /// - Parameter withdrawn: the highest of a key that was taken back: no two keys share one.
  func nextGeneration(
    _ successor: RegisteredDevice?, withdrawn: Generation = 0
  ) throws(RegistryError) -> Generation {
    let issued = max(generation, pending?.generation ?? 0, successor?.highestGeneration ?? 0, withdrawn)
    let next = max(issued, revokedThrough).addingReportingOverflow(1)
    guard !next.overflow, next.partialValue != RevocationContent.everyGeneration else {
      throw .generationsExhausted(address)
    }
    return next.partialValue
  }
}
