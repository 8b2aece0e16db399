// SPDX-License-Identifier: Apache-2.0

import Credentials
import GRDB
import Keyring
import Wire

extension SQLiteRegistry {
  /// Revokes a device whose keys the server computes, and the key pair that it may have asked for meanwhile. Only the server
  /// verifies such a device, so the statement is for the record, and for the server's watch.
  func revoke(
    _ device: SymmetricDevice, _ successor: RegisteredDevice?, through generation: Generation?,
    _ reason: RevocationReason, _ issuer: AuthorityIssuer, _ db: Database
  ) throws -> RevocationStatement {
    let address = device.address
    let highest = max(device.generation, device.pending?.generation ?? 0, successor?.highestGeneration ?? 0)
    var through = generation ?? highest
    if through >= device.generation { through = max(through, highest) }
    if through <= device.revokedThrough, let known = try Self.revocation(of: address, db) {
      return try revise(known, reason, issuer, db)
    }

    let state = try AuthorityState(db)
    let statement = try put(
      RevocationContent(
        reason: reason, system: address.system, device: address.device, generation: through,
        lastEpoch: max(state.lastEpoch, successor?.lastEpoch ?? 0), sequence: try state.revocationNumber()), issuer,
      db)
    for table in ["symmetric_devices", "devices"] {
      try db.execute(
        sql: """
          UPDATE \(table) SET revoked_through = ?, changed_at = ?
          WHERE system = ? AND device_id = ? AND revoked_through < ?
          """,
        arguments: [Int(through), now(), address.system.column, address.device.column, Int(through)])
    }
    if through >= device.generation {
      // The names stay: whoever has the key is told that it is revoked.
      try Self.withdrawPendingKey(of: device, db)
      try db.execute(
        sql: "UPDATE symmetric_devices SET rotate_since = NULL, migrate_to = NULL, migrate_since = NULL WHERE id = ?",
        arguments: [device.rowID])
      if let successor { try forgetPendingKey(of: successor, db) }
    }
    try record(.deviceRevoke, db, of: address, generation: through, detail: "\(reason)")
    return statement
  }
}
