import Credentials
import Foundation
import GRDB

extension SQLiteRegistry {
  /// Tells a device's peers that a generation is in use: the certificate of the key before would verify until its last epoch.
  func announceRotation(
    of device: RegisteredDevice, to generation: Generation, _ issuer: AuthorityIssuer, _ db: Database
  ) throws {
    let state = try AuthorityState(db)
    let content = RotationContent(
      system: device.address.system, device: device.address.device, generation: generation,
      lastEpoch: device.certificate.fields.lastEpoch, sequence: try state.revocationNumber())
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

  public func rotations(
    since sequence: UInt32, for system: SystemID?, limit: Int
  ) throws(RegistryError) -> [RotationStatement] {
    try read { db, _ in
      let statement = try db.cachedStatement(
        sql: """
          SELECT statement FROM rotations
          WHERE sequence > :sequence AND last_epoch >= (SELECT epoch FROM authority)
            AND (:system IS NULL OR system = :system
              OR system IN (SELECT from_system FROM policies WHERE to_system = :system)
              OR system IN (SELECT to_system FROM policies WHERE from_system = :system))
          ORDER BY sequence DESC LIMIT :limit
          """)
      return try Data.fetchAll(
        statement, arguments: ["sequence": Int64(sequence), "system": system?.column, "limit": limit]
      ).map { try RotationStatement(column: $0) }.reversed()
    }
  }
}
