// SPDX-License-Identifier: Apache-2.0

import Credentials
import GRDB
import CountersignCrypto
import Keyring
import Wire

extension SQLiteRegistry {
  public func addApplication(
    _ new: NewDevice, named name: String, asDefault: Bool, issuer: AuthorityIssuer
  ) throws(RegistryError) -> Certificate {
    guard RegisteredApplication.isValid(name: name) else { throw .invalidApplicationName(name) }
    return try write { db, lookup in
      let address = new.address
      try require(address.system, db)
      guard try lookup.device(address, db) == nil, try Self.symmetric(address, db) == nil else {
        throw RegistryError.deviceExists(address)
      }
      let others = try Self.applications(in: address.system, lookup, db)
      guard !others.contains(where: { $0.name == name }) else { throw RegistryError.applicationExists(name) }
      guard others.count < RegisteredApplication.maximumPerSystem else {
        throw RegistryError.tooManyApplications(address.system)
      }
      try checkUnused(new.publicKey, lookup, db)
      let certificate = try issuer.certificate(
        for: new.publicKey, system: address.system, device: address.device, generation: 1,
        lastEpoch: try AuthorityState(db).lastEpoch, isApplication: true)
      try insert(certificate, db)
      try enter(certificate, db)
      guard let device = try lookup.device(address, db) else { throw RegistryError.unknownDevice(address) }
      try db.execute(
        sql: "INSERT INTO applications (device, system, name, is_default, keep_done) VALUES (?, ?, ?, 0, 0)",
        arguments: [device.rowID, address.system.column, name])
      // The first one is the default: most systems have one.
      if asDefault || others.isEmpty { try makeDefault(device, db) }
      try record(.applicationAdd, db, of: address, generation: 1, detail: name)
      return certificate
    }
  }

  public func applications(in system: SystemID?) throws(RegistryError) -> [RegisteredApplication] {
    try read { db, lookup in try Self.applications(in: system, lookup, db) }
  }

  public func makeDefault(_ address: DeviceAddress) throws(RegistryError) {
    try write { db, lookup in
      let application = try Self.application(address, lookup, db)
      guard !application.isDefault else { return }
      try makeDefault(application.device, db)
      try record(.applicationDefault, db, of: address, detail: application.name)
    }
  }

  public func keepDone(_ seconds: Int64, of address: DeviceAddress) throws(RegistryError) {
    try write { db, lookup in
      let application = try Self.application(address, lookup, db)
      guard application.keepsDone != seconds else { return }
      try db.execute(
        sql: "UPDATE applications SET keep_done = ? WHERE device = ?", arguments: [seconds, application.device.rowID])
      try record(.applicationKeep, db, of: address, detail: "\(seconds) seconds")
    }
  }

  public func removeApplication(
    _ address: DeviceAddress, issuer: AuthorityIssuer
  ) throws(RegistryError) -> RevocationStatement {
    try write { db, lookup in
      let application = try Self.application(address, lookup, db)
      let statement = try revoke(
        address, through: RevocationContent.everyGeneration, reason: .cessationOfOperation, lookup, issuer, db)
      try db.execute(sql: "DELETE FROM application_keys WHERE device = ?", arguments: [application.device.rowID])
      try db.execute(sql: "DELETE FROM applications WHERE device = ?", arguments: [application.device.rowID])
      try record(.applicationRemove, db, of: address, detail: application.name)
      return statement
    }
  }

  /// Remembers when the key in use is replaced: other instances may use it for a while.
  func noteReplaced(_ device: RegisteredDevice, _ db: Database) throws {
    guard device.isApplication else { return }
    try db.execute(
      sql: "INSERT OR REPLACE INTO application_keys (device, generation, last_epoch, replaced_at) VALUES (?, ?, ?, ?)",
      arguments: [device.rowID, Int(device.generation), Int(device.certificate.fields.lastEpoch), clock()])
    // Beyond any overlap there is no use for it.
    try db.execute(
      sql: "DELETE FROM application_keys WHERE device = ? AND replaced_at < ?",
      arguments: [device.rowID, clock() - Self.longestOverlap])
  }

  /// Seconds: a year.
  private static let longestOverlap: Int64 = 366 * 86_400

  private func makeDefault(_ device: RegisteredDevice, _ db: Database) throws {
    try db.execute(
      sql: "UPDATE applications SET is_default = 0 WHERE system = ? AND is_default = 1",
      arguments: [device.address.system.column])
    try db.execute(sql: "UPDATE applications SET is_default = 1 WHERE device = ?", arguments: [device.rowID])
  }

  private static func application(
    _ address: DeviceAddress, _ lookup: DeviceLookup, _ db: Database
  ) throws -> RegisteredApplication {
    guard let found = try applications(in: address.system, lookup, db).first(where: { $0.address == address }) else {
      throw RegistryError.unknownDevice(address)
    }
    return found
  }

  private static func applications(
    in system: SystemID?, _ lookup: DeviceLookup, _ db: Database
  ) throws -> [RegisteredApplication] {
    let rows = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT a.device, a.system, d.device_id, a.name, a.is_default, a.keep_done
          FROM applications a JOIN devices d ON d.id = a.device
          WHERE (:system IS NULL OR a.system = :system) ORDER BY a.system, a.name
          """), arguments: ["system": system?.column])
    let keys = try db.cachedStatement(
      sql: """
        SELECT generation, last_epoch, replaced_at FROM application_keys WHERE device = ? ORDER BY generation DESC
        """)
    return try rows.map { row in
      let address = DeviceAddress(system: SystemID(row[1]), device: DeviceID(column: row[2]))
      guard let device = try lookup.device(address, db) else {
        throw RegistryError.corrupted("applications: no device of \(address)")
      }
      let replaced = try Row.fetchAll(keys, arguments: [device.rowID]).map {
        RegisteredApplication.ReplacedKey(generation: $0[0], lastEpoch: $0[1], replacedAt: $0[2])
      }
      return RegisteredApplication(
        device: device, name: row[3], isDefault: row[4], keepsDone: row[5], replacedKeys: replaced)
    }
  }
}
