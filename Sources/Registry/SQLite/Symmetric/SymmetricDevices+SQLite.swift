// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import CountersignCrypto
import Keyring
import Schemes
import Wire

extension SQLiteRegistry {
  public func addSymmetricDevice(
    _ address: DeviceAddress, scheme: SchemeID, authority: Authority
  ) throws(RegistryError) -> SymmetricDevice {
    try addSymmetricDevice(address, scheme: scheme, authority: authority, note: "") { db in
      scheme.row.derivation == .system
        ? try Self.newestSharedKey(of: address.system, db)
        : try authority.newCredential(scheme, 1, of: address, isFirst: true)
    }
  }

  /// - Parameters:
  ///   - note: what the audit record says beside the scheme.
  ///   - first: makes the device's first key.
  func addSymmetricDevice(
    _ address: DeviceAddress, scheme: SchemeID, authority: Authority, note: String,
    _ first: (Database) throws -> SymmetricCredential
  ) throws(RegistryError) -> SymmetricDevice {
    try write { db, lookup in
      try require(address.system, db)
      guard try lookup.device(address, db) == nil else { throw RegistryError.deviceExists(address) }
      if let known = try Self.symmetric(address, db) {
        // A call that was interrupted before the device had its file.
        guard known.isUnused, known.current.scheme == scheme else { throw RegistryError.deviceExists(address) }
        return known
      }
      let credential = try first(db)
      let epoch = Int(try AuthorityState(db).epoch)
      let at = now()
      try db.execute(
        sql: """
          INSERT INTO symmetric_devices (system, device_id, scheme, generation, material, known_epoch, told_epoch, floor,
            created_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          address.system.column, address.device.column, Int(scheme.rawValue), Int(credential.generation),
          Data(credential.material), epoch, epoch, scheme.row.floor.rawValue, at, at,
        ])
      let device = try Self.serving(address, db)
      try Self.index(device, authority, db)
      try record(
        .deviceAdd, db, of: address, generation: credential.generation, detail: "scheme \(scheme.rawValue)\(note)")
      return device
    }
  }

  public func stageKey(
    asked claim: SessionClaim, authority: Authority
  ) throws(RegistryError) -> SymmetricCredential {
    try write { db, lookup in
      let address = claim.address
      let device = try Self.asking(claim, db)
      let scheme = device.migration.flatMap { $0.isSymmetric ? $0 : nil } ?? device.current.scheme
      if let pending = device.pending, pending.scheme == scheme { return pending }
      let isOrdered = try Self.isOrdered(device, db)
      // A shared key is the same for all its devices, taken back or not.
      let withdrawn =
        scheme.row.derivation == .system ? 0 : try Self.withdrawnKeys(of: device, db).first?.generation ?? 0
      let generation = try device.nextGeneration(try lookup.device(address, db), withdrawn: withdrawn)
      let credential =
        scheme.row.derivation == .system
        ? try sharedKey(of: device, notBefore: generation, isOrdered: isOrdered, db)
        : try authority.newCredential(scheme, generation, of: address, isFirst: false)
      if !isOrdered { try spendKey(of: address, in: .symmetricDevices, row: device.rowID, db) }
      try db.execute(
        sql: """
          UPDATE symmetric_devices SET pending_scheme = ?, pending_generation = ?, pending_material = ?, changed_at = ?
          WHERE id = ?
          """,
        arguments: [
          Int(scheme.rawValue), Int(credential.generation), Data(credential.material), now(), device.rowID,
        ])
      try Self.index(try Self.serving(address, db), authority, db)
      try record(.deviceStage, db, of: address, generation: credential.generation, detail: "scheme \(scheme.rawValue)")
      return credential
    }
  }

  /// The device whose session asks, if the session's key is still in use and the device is not in quarantine.
  private static func asking(_ claim: SessionClaim, _ db: Database) throws -> SymmetricDevice {
    let device = try serving(claim.address, db)
    guard device.generation == claim.generation else { throw RegistryError.superseded(claim.address) }
    guard try quarantine(of: claim.address, db) == nil else { throw RegistryError.deviceQuarantined(claim.address) }
    return device
  }

  private static func isOrdered(_ device: SymmetricDevice, _ db: Database) throws -> Bool {
    let statement = try db.cachedStatement(
      sql: """
        SELECT 1 FROM symmetric_devices WHERE id = ? AND (rotate_since IS NOT NULL OR migrate_since IS NOT NULL)
        """)
    return try Int.fetchOne(statement, arguments: [device.rowID]) != nil
  }

  public func certifySuccessor(
    _ key: X25519.PublicKey, proof: ShownProof, asked claim: SessionClaim, issuer: AuthorityIssuer
  ) throws(RegistryError) -> Certificate {
    try write { db, lookup in
      let address = claim.address
      let device = try Self.asking(claim, db)
      guard let target = device.migration, !target.isSymmetric else { throw RegistryError.notOrdered(address) }
      if let successor = try lookup.device(address, db) {
        return try renew(key, proof: proof, ofSuccessor: successor, lookup, issuer, db)
      }
      try checkUnused(key, lookup, db)
      let certificate = try issuer.certificate(
        for: key, system: address.system, device: address.device, generation: try device.nextGeneration(nil),
        lastEpoch: try AuthorityState(db).lastEpoch)
      try insert(certificate, floor: device.floor, db)
      try enter(certificate, db)
      try record(
        .deviceStage, db, of: address, generation: certificate.fields.generation, detail: "scheme \(target.rawValue)")
      return certificate
    }
  }
}

extension SymmetricDevice {
  /// Whether the device has never proved itself, so that its first key may be handed out again.
  public var isUnused: Bool { counter == 0 && pending == nil && !isRetired && !isRevoked }
}
