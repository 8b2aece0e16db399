// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import Keyring
import Wire

extension SQLiteRegistry {
  /// Tells a device's peers that a generation is in use: the certificate of the previous key would verify until its last epoch.
  func announceRotation(
    of device: RegisteredDevice, to generation: Generation, _ issuer: AuthorityIssuer, _ db: Database
  ) throws {
    let state = try AuthorityState(db)
    let content = RotationContent(
      system: device.address.system, device: device.address.device, generation: generation,
      lastEpoch: device.certificate.fields.lastEpoch, sequence: try state.revocationNumber())
    try put(content, issuer, db)
  }

  public func rotations(
    since sequence: UInt32, for system: SystemID?, limit: Int
  ) throws(RegistryError) -> [RotationStatement] {
    try read { db, _ in
      let statement = try db.cachedStatement(
        sql: """
          SELECT statement FROM rotations
          WHERE system = ? AND sequence > ? AND last_epoch >= (SELECT epoch FROM authority)
          ORDER BY sequence DESC LIMIT ?
          """)
      return try Self.heard(by: system, since: sequence, in: .rotations, db).flatMap { system in
        try Data.fetchAll(statement, arguments: [system, Int64(sequence), limit])
          .map { try RotationStatement(column: $0) }
      }.sorted { $0.content.sequence < $1.content.sequence }
    }
  }

  /// Gives the rotations still in force in two systems new numbers: see ``renumberRevocations(of:_:_:_:)``.
  func renumberRotations(of a: SystemID, _ b: SystemID, _ issuer: AuthorityIssuer, _ db: Database) throws {
    let statements = try Data.fetchAll(
      db,
      sql: """
        SELECT statement FROM rotations
        WHERE system IN (?, ?) AND last_epoch >= (SELECT epoch FROM authority) ORDER BY sequence
        """, arguments: [a.column, b.column])
    for data in statements {
      let old = try RotationStatement(column: data).content
      try put(
        RotationContent(
          system: old.system, device: old.device, generation: old.generation, lastEpoch: old.lastEpoch,
          sequence: try AuthorityState(db).revocationNumber()), issuer, db)
    }
  }

  /// Signs and stores the statement of a rotation; it takes the place of an earlier one of the same device.
  private func put(_ content: RotationContent, _ issuer: AuthorityIssuer, _ db: Database) throws {
    let statement = try issuer.statement(content)
    try db.execute(
      sql: """
        INSERT OR REPLACE INTO rotations (sequence, system, device_id, last_epoch, statement, at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        Int64(content.sequence), content.system.column, content.device.column, Int(content.lastEpoch), statement.data,
        now(),
      ])
    try db.execute(sql: "UPDATE authority SET revocation_sequence = ?", arguments: [Int64(content.sequence)])
  }
}
