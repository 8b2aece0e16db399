// SPDX-License-Identifier: Apache-2.0

import Credentials
import Keyring
import Schemes
import GRDB
import CountersignCrypto
import Wire

extension SQLiteRegistry {
  public func addDevices(_ devices: [NewDevice], issuer: AuthorityIssuer) throws(RegistryError) -> [Certificate] {
    try write { db, lookup in
      let lastEpoch = try AuthorityState(db).lastEpoch
      var knownSystem: SystemID?
      return try devices.map { device in
        let address = device.address
        if address.system != knownSystem {
          try require(address.system, db)
          knownSystem = address.system
        }
        guard try lookup.device(address, db) == nil, try Self.symmetric(address, db) == nil else {
          throw RegistryError.deviceExists(address)
        }
        try checkUnused(device.publicKey, lookup, db)
        let certificate = try issuer.certificate(
          for: device.publicKey, system: address.system, device: address.device, generation: 1, lastEpoch: lastEpoch)
        try insert(certificate, db)
        try enter(certificate, db)
        try record(.deviceAdd, db, of: address, generation: 1)
        return certificate
      }
    }
  }

  public func enrolAgain(_ device: NewDevice, issuer: AuthorityIssuer) throws(RegistryError) -> Certificate {
    try write { db, lookup in
      let address = device.address
      guard let old = try lookup.device(address, db) else { return try enrolWithKeyPair(device, lookup, issuer, db) }
      guard old.isRevoked else { throw RegistryError.deviceActive(address) }
      try checkUnused(device.publicKey, lookup, db)
      let certificate = try issuer.certificate(
        for: device.publicKey, system: address.system, device: address.device,
        generation: try old.nextGeneration(), lastEpoch: try AuthorityState(db).lastEpoch,
        isApplication: old.isApplication)
      try forgetPendingKey(of: old, db)
      try store(certificate, of: old, db)
      // Whoever had the previous key may have proved one, although the device's firmware cannot.
      try db.execute(sql: "UPDATE devices SET proves_keys = 0 WHERE id = ?", arguments: [old.rowID])
      // It was on its way to a key pair when it was revoked.
      if old.floor < .certified { try raise(.certified, of: address, db) }
      try enter(certificate, db)
      try Self.lift(address, db)
      try record(.deviceEnrolAgain, db, of: address, generation: certificate.fields.generation)
      return certificate
    }
  }

  public func device(_ address: DeviceAddress) throws(RegistryError) -> RegisteredDevice? {
    try read { db, lookup in try lookup.device(address, db) }
  }

  public func device(holding key: X25519.PublicKey) throws(RegistryError) -> KeyHolder? {
    try read { db, lookup in try lookup.holder(of: key, db) }
  }

  public func deviceCount(in system: SystemID?) throws(RegistryError) -> Int {
    try read { db, _ in
      try Int.fetchOne(
        db, sql: "SELECT count(*) FROM devices WHERE role = 0 AND (:system IS NULL OR system = :system)",
        arguments: ["system": system?.column]) ?? 0
    }
  }

  public func devices(
    in system: SystemID?, after address: DeviceAddress?, limit: Int
  ) throws(RegistryError) -> [RegisteredDevice] {
    try read { db, _ in try Self.page(in: system, after: address, limit: limit, db) }
  }

  public func raiseFloor(of address: DeviceAddress, to floor: SchemeFloor) throws(RegistryError) {
    try write { db, lookup in
      guard let device = try lookup.device(address, db) else { throw RegistryError.unknownDevice(address) }
      guard floor > device.floor else { return }
      try raise(floor, of: address, db)
      try record(.deviceFloor, db, of: address, generation: device.generation, detail: "\(floor)")
      if device.floor < .certified && floor >= .certified {
        // The trigger has retired the row of the scheme that it came from.
        try record(.deviceRetire, db, of: address, generation: device.generation)
      }
    }
  }

  /// A revoked device without a key pair comes back with one.
  private func enrolWithKeyPair(
    _ device: NewDevice, _ lookup: DeviceLookup, _ issuer: AuthorityIssuer, _ db: Database
  ) throws -> Certificate {
    let address = device.address
    guard let old = try Self.symmetric(address, db) else { throw RegistryError.unknownDevice(address) }
    guard old.isRevoked else { throw RegistryError.deviceActive(address) }
    try checkUnused(device.publicKey, lookup, db)
    let certificate = try issuer.certificate(
      for: device.publicKey, system: address.system, device: address.device,
      generation: try old.nextGeneration(nil), lastEpoch: try AuthorityState(db).lastEpoch)
    try insert(certificate, floor: old.floor, db)
    // This retires the row that it had.
    try raise(.certified, of: address, db)
    try enter(certificate, db)
    try record(.deviceEnrolAgain, db, of: address, generation: certificate.fields.generation)
    return certificate
  }

  private func raise(_ floor: SchemeFloor, of address: DeviceAddress, _ db: Database) throws {
    try db.execute(
      sql: "UPDATE devices SET floor = ?, changed_at = ? WHERE system = ? AND device_id = ?",
      arguments: [floor.rawValue, now(), address.system.column, address.device.column])
  }

  /// Refuses a key that was ever certified, or that no handshake could use. Somebody who had the device's memory may know a
  /// replaced key: under another name it would let them in again.
  func checkUnused(_ key: X25519.PublicKey, _ lookup: DeviceLookup, _ db: Database) throws {
    guard try lookup.holder(of: key, db) == nil, try Self.issuance(of: key, db) == nil else {
      throw RegistryError.keyInUse
    }
    // Another encoding of a key would pass for a new key, and no device may have the server's key.
    guard key.isCanonical, try AuthorityState(db).serverKey != key else { throw RegistryError.unusableKey }
    var shared = SecretBytes<32>()
    do { try probe.key.agree(with: key, into: &shared) } catch { throw RegistryError.unusableKey }
  }

  /// - Parameter floor: below ``SchemeFloor/certified`` until a device that comes from another scheme has used the key.
  func insert(_ certificate: Certificate, floor: SchemeFloor = .certified, _ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO devices (system, device_id, public_key, key_tag, issuer, generation, last_epoch, signature,
          hint, floor, created_at, changed_at, role) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    let fields = certificate.fields
    let at = now()
    try statement.execute(arguments: [
      fields.system.column, fields.device.column, certificate.publicKey.data, certificate.publicKey.tag,
      Int(fields.issuer.rawValue), Int(fields.generation), Int(fields.lastEpoch), certificate.proof.data,
      certificate.publicKey.hint, floor.rawValue, at, at, fields.isApplication,
    ])
  }
}

extension RegisteredDevice {
  /// The generation after every one that was ever issued or revoked: no two keys share one.
  func nextGeneration() throws(RegistryError) -> Generation {
    let next = max(highestGeneration, revokedThrough).addingReportingOverflow(1)
    guard !next.overflow, next.partialValue != RevocationContent.everyGeneration else {
      throw .generationsExhausted(address)
    }
    return next.partialValue
  }
}
