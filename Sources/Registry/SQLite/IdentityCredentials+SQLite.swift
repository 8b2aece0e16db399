// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import CountersignCrypto
import Keyring
import Wire

extension SQLiteRegistry {
  public func record(_ issued: [IssuedCredential], enrolAgain: Bool) throws(RegistryError) {
    try write { db, lookup in
      for issued in issued { try record(issued, enrolAgain, lookup, db) }
    }
  }

  private func record(
    _ issued: IssuedCredential, _ enrolAgain: Bool, _ lookup: DeviceLookup, _ db: Database
  ) throws {
    let certificate = issued.certificate
    let address = certificate.fields.address
    try require(address.system, db)
    let known = try lookup.device(address, db)
    if known?.certificate == certificate { return }
    try checkUnused(certificate.publicKey, lookup, db)
    let detail = certificate.identityCredential.map { "identity-based, \($0.issuance)" }
    if let known {
      guard enrolAgain else { throw RegistryError.deviceExists(address) }
      guard known.isRevoked else { throw RegistryError.deviceActive(address) }
      try expect(try known.nextGeneration(), of: certificate)
      try forgetPendingKey(of: known, db)
      try store(certificate, of: known, db)
      try enter(certificate, db)
      try Self.lift(address, db)
      try note(issued, of: known, db)
      try record(.deviceEnrolAgain, db, of: address, generation: certificate.fields.generation, detail: detail)
    } else {
      guard !enrolAgain else { throw RegistryError.unknownDevice(address) }
      try expect(1, of: certificate)
      try insert(certificate, db)
      try enter(certificate, db)
      guard let device = try lookup.device(address, db) else { throw RegistryError.unknownDevice(address) }
      try note(issued, of: device, db)
      try record(.deviceAdd, db, of: address, generation: 1, detail: detail)
    }
  }

  public func issuedCredential(of address: DeviceAddress) throws(RegistryError) -> IssuedCredential? {
    try read { db, lookup in
      try lookup.device(address, db).flatMap { try Self.issued($0.certificate, of: $0, "", db) }
    }
  }

  public func nextGeneration(of address: DeviceAddress) throws(RegistryError) -> Generation {
    try read { db, lookup in try lookup.device(address, db)?.nextGeneration() ?? 1 }
  }

  public func issue(
    request: Bytes<32>, asked claim: SessionClaim, authority: Authority
  ) throws(RegistryError) -> KeyAnswer<BlindedCredential> {
    try write { db, lookup in
      let address = claim.address
      let device = try servingDevice(address, lookup, db)
      guard claim.publicKey == device.certificate.publicKey else {
        guard claim.isRetired else { throw RegistryError.superseded(address) }
        // A device that speaks under the previous key has the credential of the key in use, and need not ask.
        return .quarantined(try quarantine(address, "two keys follow generation \(claim.generation)", db))
      }
      let state = try AuthorityState(db)
      if let pending = device.pending, let known = try Self.issued(pending, of: device, "pending_", db) {
        guard known.request == request else {
          return .quarantined(
            try quarantine(address, "two keys for generation \(pending.fields.generation)", db))
        }
        if pending.fields.lastEpoch >= state.epoch, let answer = known.answer { return .granted(answer) }
      }
      let fields = authority.identityMaster.fields(
        for: address, generation: try device.nextGeneration(), lastEpoch: state.lastEpoch)
      let issued: IssuedCredential
      do { issued = try IssuedCredential(fields, request: request, authority: authority) } catch {
        throw RegistryError.unusableKey
      }
      try checkUnused(issued.certificate.publicKey, lookup, db)
      if try !isOrdered(.rotate, of: device, db), device.certificate.fields.lastEpoch > state.epoch {
        try spendKey(of: address, in: .devices, row: device.rowID, db)
      }
      try stage(issued.certificate, of: device, db)
      try enter(issued.certificate, db)
      try note(issued, of: device, db, "pending_")
      try record(.deviceStage, db, of: address, generation: fields.generation)
      guard let answer = issued.answer else { throw RegistryError.unusableKey }
      return .granted(answer)
    }
  }

  public func report(_ evidence: MisissuanceEvidence) throws(RegistryError) -> Bool {
    var bytes = [UInt8](repeating: 0, count: MisissuanceEvidence.encodedLength)
    var target = bytes.mutableBytes
    evidence.encode(into: &target)
    let detail = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return try write { db, _ in
      let fields = evidence.first.fields
      let known = try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM audit WHERE action = ? AND detail = ?)",
        arguments: [AuditEntry.Action.misissuance.rawValue, detail])
      guard known != true else { return false }
      try record(.misissuance, db, of: fields.address, generation: fields.generation, detail: detail)
      return true
    }
  }

  /// Writes what `insert`, `store` and `stage` leave out of a credential.
  func note(
    _ issued: IssuedCredential, of device: RegisteredDevice, _ db: Database, _ prefix: String = ""
  ) throws {
    guard let credential = issued.certificate.identityCredential else {
      let statement = try db.cachedStatement(
        sql: "UPDATE devices SET \(prefix)issuance = 0, \(prefix)request = NULL WHERE id = ?")
      return try statement.execute(arguments: [device.rowID])
    }
    let statement = try db.cachedStatement(
      sql: "UPDATE devices SET \(prefix)issuance = ?, \(prefix)signature = ?, \(prefix)request = ? WHERE id = ?")
    try statement.execute(arguments: [
      credential.issuance.column, credential.point.data + issued.contribution.data,
      issued.request == Bytes() ? nil : issued.request.data, device.rowID,
    ])
  }

  private static func issued(
    _ certificate: Certificate, of device: RegisteredDevice, _ prefix: String, _ db: Database
  ) throws -> IssuedCredential? {
    guard certificate.identityCredential != nil else { return nil }
    let row = try Row.fetchOne(
      db, sql: "SELECT \(prefix)signature, \(prefix)request FROM devices WHERE id = ?", arguments: [device.rowID])
    guard let row, let proof = row[0] as Data?, proof.count == 64 else { return nil }
    let request = (row[1] as Data?).flatMap { try? Bytes<32>(copying: [UInt8]($0)) }
    return IssuedCredential(
      certificate, request: request ?? Bytes(), contribution: try Bytes(copying: [UInt8](proof.suffix(32))))
  }

  private func expect(_ generation: Generation, of certificate: Certificate) throws {
    guard certificate.fields.generation == generation else {
      throw RegistryError.unexpectedGeneration(certificate.fields.generation, expected: generation)
    }
  }
}

extension IdentityCredential.Issuance {
  /// As a column's value: 0 is a certificate.
  var column: Int { Int(rawValue) + 1 }

  init?(column: Int64) {
    guard column > 0, let raw = UInt8(exactly: column - 1) else { return nil }
    self.init(rawValue: raw)
  }
}

extension Certificate.Proof {
  /// As a column's value: a signature, or a point and 32 zeros in the contribution's place.
  var data: Data {
    switch self {
    case .signature(let signature): signature.data
    case .point(let point, _): point.data + Data(count: 32)
    }
  }
}
