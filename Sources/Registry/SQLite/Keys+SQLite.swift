// SPDX-License-Identifier: Apache-2.0

import Credentials
import GRDB
import CountersignCrypto
import Keyring
import Wire

extension SQLiteRegistry {
  public func renew(
    _ key: X25519.PublicKey, proof: ShownProof, asked claim: SessionClaim, issuer: AuthorityIssuer
  ) throws(RegistryError) -> KeyAnswer<Certificate> {
    try write { db, lookup in
      let device = try servingDevice(claim.address, lookup, db)
      switch try judge(claim, key, of: device, db) {
      case .current: break
      case .other(let answer): return answer
      }
      return .granted(try renew(key, proof: proof, for: device, lookup, issuer, db))
    }
  }

  /// The device at `address`, neither revoked nor in quarantine.
  func servingDevice(_ address: DeviceAddress, _ lookup: DeviceLookup, _ db: Database) throws -> RegisteredDevice {
    guard let device = try lookup.device(address, db) else { throw RegistryError.unknownDevice(address) }
    guard !device.isRevoked else { throw RegistryError.deviceRevoked(address) }
    guard try Self.quarantine(of: address, db) == nil else { throw RegistryError.deviceQuarantined(address) }
    return device
  }

  private enum Judgement {
    /// The session was opened with the key in use, and may ask for this one.
    case current
    case other(KeyAnswer<Certificate>)
  }

  /// Checks a session that asks for a certificate of `key` against the row as it is now.
  ///
  /// A device stores each key before it shows it, and shows no other until that one is its active key. So whoever shows another
  /// key than the one that waits for its first use, or than the one that followed, has made it elsewhere from the same memory.
  private func judge(
    _ claim: SessionClaim, _ key: X25519.PublicKey, of device: RegisteredDevice, _ db: Database
  ) throws -> Judgement {
    guard claim.publicKey == device.certificate.publicKey else {
      // Opened before another session took the next key into use: that one counts.
      guard claim.isRetired else { throw RegistryError.superseded(claim.address) }
      if key == device.certificate.publicKey { return .other(.granted(device.certificate)) }
      // Its own old key, which it asks to renew before it asks for the next.
      if key == claim.publicKey { return .other(.settled) }
      if device.isApplication { throw RegistryError.sharedByInstances(claim.address) }
      return .other(
        .quarantined(try quarantine(claim.address, "two keys follow generation \(claim.generation)", db)))
    }
    if key != device.certificate.publicKey, let pending = device.pending, pending.publicKey != key {
      // Two instances of an application that change the key they share at the same time: the first one does it.
      if device.isApplication { throw RegistryError.sharedByInstances(claim.address) }
      return .other(
        .quarantined(
          try quarantine(claim.address, "two keys for generation \(pending.fields.generation)", db)))
    }
    return .current
  }

  /// Shows an identity-based device, which cannot renew a key, the credential of the key that it shows: of its next one when the
  /// registry knows that, or else the one in use.
  public func credential(
    of key: X25519.PublicKey, asked claim: SessionClaim
  ) throws(RegistryError) -> KeyAnswer<Certificate> {
    try write { db, lookup in
      let device = try servingDevice(claim.address, lookup, db)
      switch try judge(claim, key, of: device, db) {
      case .current: break
      case .other(let answer): return answer
      }
      guard let pending = device.pending, pending.publicKey == key else { return .granted(device.certificate) }
      return .granted(pending)
    }
  }

  /// Certifies the key of a device that moves from a key that the server computes, and has had one certified before.
  func renew(
    _ key: X25519.PublicKey, proof: ShownProof, ofSuccessor device: RegisteredDevice, _ lookup: DeviceLookup,
    _ issuer: AuthorityIssuer, _ db: Database
  ) throws -> Certificate {
    guard !device.isRevoked else { throw RegistryError.deviceRevoked(device.address) }
    return try renew(key, proof: proof, for: device, lookup, issuer, db)
  }

  private func renew(
    _ key: X25519.PublicKey, proof: ShownProof, for device: RegisteredDevice, _ lookup: DeviceLookup,
    _ issuer: AuthorityIssuer, _ db: Database
  ) throws -> Certificate {
    let address = device.address
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
    try check(proof, of: device, db)
    let generation = try device.nextGeneration()
    if try !isOrdered(.rotate, of: device, db) { try spendKey(of: address, in: .devices, row: device.rowID, db) }
    let certificate = try issuer.certificate(
      for: key, system: address.system, device: address.device, generation: generation, lastEpoch: lastEpoch,
      isApplication: device.isApplication)
    try stage(certificate, of: device, db)
    try enter(certificate, db)
    let detail = proof == .valid ? nil : "without a proof of the key"
    try record(.deviceStage, db, of: address, generation: generation, detail: detail)
    return certificate
  }

  /// A device that has proved a key it asked for never again gets a certificate for a key that it does not prove. A wrong proof
  /// is always refused: firmware older than proofs shows none.
  private func check(_ proof: ShownProof, of device: RegisteredDevice, _ db: Database) throws {
    guard proof != .wrong else { throw RegistryError.unprovedKey(device.address) }
    let isProved = proof == .valid
    let select = try db.cachedStatement(sql: "SELECT proves_keys FROM devices WHERE id = ?")
    let proves = try Bool.fetchOne(select, arguments: [device.rowID]) ?? false
    guard isProved != proves else { return }
    guard isProved else { throw RegistryError.unprovedKey(device.address) }
    try db.execute(sql: "UPDATE devices SET proves_keys = 1 WHERE id = ?", arguments: [device.rowID])
  }

  public func promotePending(
    _ key: X25519.PublicKey, for address: DeviceAddress, issuer: AuthorityIssuer
  ) throws(RegistryError) {
    try write { db, lookup in
      let device = try servingDevice(address, lookup, db)
      if key == device.certificate.publicKey { return }
      guard let pending = device.pending, key == pending.publicKey else { throw RegistryError.unknownKey(address) }
      try noteReplaced(device, db)
      try forgetPendingKey(of: device, db)
      try store(pending, of: device, db)
      try complete(.rotate, of: device, db)
      try announceRotation(of: device, to: pending.fields.generation, issuer, db)
      try record(.devicePromote, db, of: address, generation: pending.fields.generation)
    }
  }

  public func wasInUse(
    between lower: Generation, and upper: Generation, of address: DeviceAddress
  ) throws(RegistryError) -> Bool {
    guard Int(upper) - Int(lower) > 1 else { return false }
    return try read { db, _ in
      // The action is in the text, so that the index of promotions is used.
      try Bool.fetchOne(
        db,
        sql: """
          SELECT EXISTS (SELECT 1 FROM audit WHERE action = 'device.promote' AND system = ? AND device_id = ?
            AND generation > ? AND generation < ?)
          """, arguments: [address.system.column, address.device.column, Int(lower), Int(upper)]) ?? false
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
  /// The same subject, key and generation, with a later last epoch.
  fileprivate func certificate(
    renewing old: Certificate, lastEpoch: Epoch
  ) throws(CredentialsError) -> Certificate {
    try certificate(
      for: old.publicKey, system: old.fields.system, device: old.fields.device, generation: old.fields.generation,
      lastEpoch: lastEpoch, isApplication: old.fields.isApplication)
  }
}
