// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import Keyring
import Wire

extension SQLiteRegistry {
  public func revoke(
    _ address: DeviceAddress, through generation: Generation?, reason: RevocationReason, issuer: AuthorityIssuer
  ) throws(RegistryError) -> RevocationStatement {
    try write { db, lookup in try revoke(address, through: generation, reason: reason, lookup, issuer, db) }
  }

  func revoke(
    _ address: DeviceAddress, through generation: Generation?, reason: RevocationReason, _ lookup: DeviceLookup,
    _ issuer: AuthorityIssuer, _ db: Database
  ) throws -> RevocationStatement {
    let symmetric = try Self.symmetric(address, db)
    guard let device = try lookup.device(address, db) else {
      guard let symmetric else { throw RegistryError.unknownDevice(address) }
      return try revoke(symmetric, nil, through: generation, reason, issuer, db)
    }
    if let symmetric, !symmetric.isRetired {
      return try revoke(symmetric, device, through: generation, reason, issuer, db)
    }
    var through = generation ?? device.highestGeneration
    // A pending key was certified at the request of the one in use and falls with it.
    if through >= device.generation { through = max(through, device.highestGeneration) }
    if through <= device.revokedThrough, let known = try Self.revocation(of: address, db) {
      return try revise(known, reason, issuer, db)
    }

    let state = try AuthorityState(db)
    let content = RevocationContent(
      reason: reason, system: address.system, device: address.device, generation: through,
      lastEpoch: max(state.lastEpoch, device.lastEpoch), sequence: try state.revocationNumber())
    let statement = try put(content, issuer, db)
    try db.execute(
      sql: "UPDATE devices SET revoked_through = ?, changed_at = ? WHERE id = ?",
      arguments: [Int(through), now(), device.rowID])
    if through >= device.generation {
      try forgetPendingKey(of: device, db)
      try db.execute(sql: "DELETE FROM orders WHERE device = ?", arguments: [device.rowID])
    }
    try record(.deviceRevoke, db, of: address, generation: through, detail: "\(reason)")
    return statement
  }

  /// What is already covered stays as it is. If another reason is given, a statement with that reason replaces the earlier one.
  func revise(
    _ known: RevocationStatement, _ reason: RevocationReason, _ issuer: AuthorityIssuer, _ db: Database
  ) throws -> RevocationStatement {
    let old = known.content
    guard reason != .unspecified, reason != old.reason else { return known }
    let statement = try put(
      RevocationContent(
        reason: reason, system: old.system, device: old.device, generation: old.generation, lastEpoch: old.lastEpoch,
        sequence: try AuthorityState(db).revocationNumber()), issuer, db)
    try record(
      .deviceRevoke, db, of: DeviceAddress(system: old.system, device: old.device), generation: old.generation,
      detail: "\(reason) instead of \(old.reason)")
    return statement
  }

  public func revocations(
    since sequence: UInt32, for system: SystemID?
  ) throws(RegistryError) -> [RevocationStatement] {
    try read { db, _ in
      let statement = try db.cachedStatement(
        sql: """
          SELECT statement FROM revocations
          WHERE system = ? AND sequence > ? AND last_epoch >= (SELECT epoch FROM authority)
          """)
      return try Self.heard(by: system, since: sequence, in: .revocations, db).flatMap { system in
        try Data.fetchAll(statement, arguments: [system, Int64(sequence)]).map { try RevocationStatement(column: $0) }
      }.sorted { $0.content.sequence < $1.content.sequence }
    }
  }

  /// Gives the revocations still in force in two systems new numbers: a device that has seen the sequence so far would never ask
  /// for those that a new policy makes relevant to it.
  func renumberRevocations(of a: SystemID, _ b: SystemID, _ issuer: AuthorityIssuer, _ db: Database) throws {
    let statements = try Data.fetchAll(
      db,
      sql: """
        SELECT statement FROM revocations
        WHERE system IN (?, ?) AND last_epoch >= (SELECT epoch FROM authority) ORDER BY sequence
        """, arguments: [a.column, b.column])
    for data in statements {
      let old = try RevocationStatement(column: data).content
      let sequence = try AuthorityState(db).revocationNumber()
      _ = try put(
        RevocationContent(
          reason: old.reason, system: old.system, device: old.device, generation: old.generation,
          lastEpoch: old.lastEpoch, sequence: sequence), issuer, db)
    }
  }

  /// Signs and stores a revocation; it takes the place of an earlier one of the same device, which it covers.
  func put(
    _ content: RevocationContent, _ issuer: AuthorityIssuer, _ db: Database
  ) throws -> RevocationStatement {
    let statement = try issuer.statement(content)
    try db.execute(
      sql: """
        INSERT OR REPLACE INTO revocations (sequence, system, device_id, last_epoch, statement, at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        Int64(content.sequence), content.system.column, content.device.column, Int(content.lastEpoch),
        statement.data, now(),
      ])
    try db.execute(sql: "UPDATE authority SET revocation_sequence = ?", arguments: [Int64(content.sequence)])
    return statement
  }

  static func revocation(of address: DeviceAddress, _ db: Database) throws -> RevocationStatement? {
    try Data.fetchOne(
      db, sql: "SELECT statement FROM revocations WHERE system = ? AND device_id = ?",
      arguments: [address.system.column, address.device.column]
    ).map { try RevocationStatement(column: $0) }
  }
}

extension RegisteredDevice {
  /// The newest generation that any certificate of this device was ever issued under.
  var highestGeneration: Generation {
    let issued = max(generation, pending?.fields.generation ?? 0)
    return revokedThrough == RevocationContent.everyGeneration ? issued : max(issued, revokedThrough)
  }

  /// The last epoch of its longest-lived certificate.
  var lastEpoch: Epoch { max(certificate.fields.lastEpoch, pending?.fields.lastEpoch ?? 0) }
}
