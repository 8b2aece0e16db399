import Credentials
import Foundation
import GRDB
import Primitives
import Schemes

extension SQLiteRegistry {
  public func addSymmetricDevice(
    _ address: DeviceAddress, scheme: SchemeID, authority: Authority
  ) throws(RegistryError) -> SymmetricDevice {
    try write { db, lookup in
      try require(address.system, db)
      guard try lookup.device(address, db) == nil else { throw RegistryError.deviceExists(address) }
      if let known = try Self.symmetric(address, db) {
        // A call that was cut off before the device had its file.
        guard known.isUnused, known.current.scheme == scheme else { throw RegistryError.deviceExists(address) }
        return known
      }
      let credential =
        scheme == .sharedKey
        ? try Self.newestSharedKey(of: address.system, db)
        : try authority.newCredential(scheme, 1, of: address, isFirst: true)
      let epoch = Int(try AuthorityState(db).epoch)
      let at = now()
      try db.execute(
        sql: """
          INSERT INTO symmetric_devices (system, device_id, scheme, generation, material, known_epoch, told_epoch, floor,
            created_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          address.system.column, address.device.column, Int(scheme.rawValue), Int(credential.generation),
          Data(credential.material), epoch, epoch, SchemeFloor(scheme).rawValue, at, at,
        ])
      let device = try Self.serving(address, db)
      try Self.index(device, authority, db)
      try record(.deviceAdd, db, of: address, generation: credential.generation, detail: "scheme \(scheme.rawValue)")
      return device
    }
  }

  public func stageKey(
    for address: DeviceAddress, authority: Authority
  ) throws(RegistryError) -> SymmetricCredential {
    try write { db, lookup in
      let device = try Self.serving(address, db)
      let scheme = device.migration.flatMap { $0.isSymmetric ? $0 : nil } ?? device.current.scheme
      if let pending = device.pending, pending.scheme == scheme { return pending }
      let generation = try device.nextGeneration(try lookup.device(address, db))
      let credential =
        scheme == .sharedKey
        ? try Self.sharedKey(of: address.system, notBefore: generation, db)
        : try authority.newCredential(scheme, generation, of: address, isFirst: false)
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

  public func certifySuccessor(
    _ key: X25519.PublicKey, of address: DeviceAddress, issuer: AuthorityIssuer
  ) throws(RegistryError) -> Certificate {
    let first: Certificate? = try write { db, lookup in
      let device = try Self.serving(address, db)
      guard let target = device.migration, !target.isSymmetric else { throw RegistryError.notOrdered(address) }
      guard try lookup.device(address, db) == nil else { return nil }
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
    if let first { return first }
    return try renew(key, for: address, issuer: issuer)
  }
}

extension SymmetricDevice {
  /// Whether the device has never proved itself, so that its first key may be handed out again.
  public var isUnused: Bool { counter == 0 && pending == nil && !isRetired && !isRevoked }
}

extension SchemeID {
  /// Whether a device of this scheme has nothing but a key that the server computes.
  public var isSymmetric: Bool {
    switch self {
    case .sharedKey, .derivedKey, .derivedKeyPBKDF2, .derivedKeyEphemeral, .derivedKeyRatchet: true
    default: false
    }
  }
}
