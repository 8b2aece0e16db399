import Credentials
import GRDB
import Primitives

extension SQLiteRegistry {
  public func renew(
    _ key: X25519.PublicKey, for address: DeviceAddress, issuer: AuthorityIssuer
  ) throws(RegistryError) -> Certificate {
    try write { db, lookup in
      guard let device = try lookup.device(address, db) else { throw RegistryError.unknownDevice(address) }
      guard !device.isRevoked else { throw RegistryError.deviceRevoked(address) }
      let lastEpoch = try AuthorityState(db).lastEpoch
      if key == device.certificate.publicKey {
        guard device.certificate.fields.lastEpoch < lastEpoch else { return device.certificate }
        let certificate = try issuer.certificate(renewing: device.certificate, lastEpoch: lastEpoch)
        try store(certificate, of: device, db)
        try record(.deviceRenew, db, of: address, generation: device.generation)
        return certificate
      }
      if let pending = device.pending, key == pending.publicKey {
        guard pending.fields.lastEpoch < lastEpoch else { return pending }
        let certificate = try issuer.certificate(renewing: pending, lastEpoch: lastEpoch)
        try stage(certificate, of: device, db)
        try record(.deviceRenew, db, of: address, generation: pending.fields.generation)
        return certificate
      }
      try checkUnused(key, lookup, db)
      let certificate = try issuer.certificate(
        for: key, system: address.system, device: address.device, generation: try device.nextGeneration(),
        lastEpoch: lastEpoch)
      try stage(certificate, of: device, db)
      try enter(certificate, db)
      try record(.deviceStage, db, of: address, generation: certificate.fields.generation)
      return certificate
    }
  }

  public func promotePending(_ key: X25519.PublicKey, for address: DeviceAddress) throws(RegistryError) {
    try write { db, lookup in
      guard let device = try lookup.device(address, db) else { throw RegistryError.unknownDevice(address) }
      guard !device.isRevoked else { throw RegistryError.deviceRevoked(address) }
      if key == device.certificate.publicKey { return }
      guard let pending = device.pending, key == pending.publicKey else { throw RegistryError.unknownKey(address) }
      try forgetPendingKey(of: device, db)
      try store(pending, of: device, db)
      try complete(.rotate, of: device, db)
      try record(.devicePromote, db, of: address, generation: pending.fields.generation)
    }
  }

  public func wasInUse(
    between lower: Generation, and upper: Generation, of address: DeviceAddress
  ) throws(RegistryError) -> Bool {
    guard Int(upper) - Int(lower) > 1 else { return false }
    return try read { db, _ in
      try Bool.fetchOne(
        db,
        sql: """
          SELECT EXISTS (SELECT 1 FROM audit WHERE action = ? AND system = ? AND device_id = ?
            AND generation > ? AND generation < ?)
          """,
        arguments: [
          AuditEntry.Action.devicePromote.rawValue, address.system.column, address.device.column, Int(lower),
          Int(upper),
        ]) ?? false
    }
  }

  /// Makes `certificate` the one in use.
  func store(_ certificate: Certificate, of device: RegisteredDevice, _ db: Database) throws {
    let fields = certificate.fields
    let statement = try db.cachedStatement(
      sql: """
        UPDATE devices SET public_key = ?, key_tag = ?, issuer = ?, generation = ?, last_epoch = ?, signature = ?,
          hint = ?, changed_at = ? WHERE id = ?
        """)
    try statement.execute(arguments: [
      certificate.publicKey.data, certificate.publicKey.tag, Int(fields.issuer.rawValue), Int(fields.generation),
      Int(fields.lastEpoch), certificate.proof.data, certificate.publicKey.hint, now(), device.rowID,
    ])
    try note(IssuedCredential(certificate), of: device, db)
  }

  func forgetPendingKey(of device: RegisteredDevice, _ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: """
        UPDATE devices SET pending_key = NULL, pending_tag = NULL, pending_issuer = NULL, pending_generation = NULL,
          pending_last_epoch = NULL, pending_signature = NULL, pending_hint = NULL, pending_issuance = NULL,
          pending_request = NULL WHERE id = ?
        """)
    try statement.execute(arguments: [device.rowID])
  }

  /// Makes `certificate` the pending one.
  func stage(_ certificate: Certificate, of device: RegisteredDevice, _ db: Database) throws {
    let fields = certificate.fields
    let statement = try db.cachedStatement(
      sql: """
        UPDATE devices SET pending_key = ?, pending_tag = ?, pending_issuer = ?, pending_generation = ?,
          pending_last_epoch = ?, pending_signature = ?, pending_hint = ?, changed_at = ? WHERE id = ?
        """)
    try statement.execute(arguments: [
      certificate.publicKey.data, certificate.publicKey.tag, Int(fields.issuer.rawValue), Int(fields.generation),
      Int(fields.lastEpoch), certificate.proof.data, certificate.publicKey.hint, now(), device.rowID,
    ])
    try note(IssuedCredential(certificate), of: device, db, "pending_")
  }
}

extension Issuer {
  /// The same subject, key and generation, good for longer.
  fileprivate func certificate(
    renewing old: Certificate, lastEpoch: Epoch
  ) throws(CredentialsError) -> Certificate {
    try certificate(
      for: old.publicKey, system: old.fields.system, device: old.fields.device, generation: old.fields.generation,
      lastEpoch: lastEpoch)
  }
}
