// SPDX-License-Identifier: Apache-2.0

import Credentials
import Keyring
import Wire
import Foundation
import GRDB
import Schemes

/// Keys that were given and taken back before their first use.
///
/// A device shows a key that it was given before the one in use, and goes back only on the server's word under that key. So the
/// registry keeps what the word is made with, until the device has used a later key.
extension Migrations {
  static let withdrawnKeys = """
    CREATE TABLE withdrawn_keys (
      device INTEGER NOT NULL REFERENCES symmetric_devices (id),
      scheme INTEGER NOT NULL CHECK (scheme BETWEEN 1 AND 5),
      generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 65534),
      material BLOB NOT NULL,
      UNIQUE (device, generation)
    ) STRICT;
    CREATE TRIGGER withdrawn_keys_retire AFTER UPDATE OF floor ON devices WHEN NEW.floor >= 2 AND OLD.floor < 2
    BEGIN
      DELETE FROM withdrawn_keys WHERE device =
        (SELECT id FROM symmetric_devices WHERE system = NEW.system AND device_id = NEW.device_id);
    END;
    """
}

extension SQLiteRegistry {
  public func withdrawnKeys(of device: SymmetricDevice) throws(RegistryError) -> [SymmetricCredential] {
    try read { db, _ in try Self.withdrawnKeys(of: device, db) }
  }

  static func withdrawnKeys(of device: SymmetricDevice, _ db: Database) throws -> [SymmetricCredential] {
    let statement = try db.cachedStatement(
      sql: "SELECT scheme, generation, material FROM withdrawn_keys WHERE device = ? ORDER BY generation DESC")
    return try Row.fetchAll(statement, arguments: [device.rowID]).map { row in
      SymmetricCredential(
        scheme: try SymmetricDevice.scheme(row[0]), generation: row[1], material: [UInt8](row[2] as Data))
    }
  }

  /// Takes back the device's pending key, where it has one.
  static func withdrawPendingKey(of device: SymmetricDevice, _ db: Database) throws {
    guard let pending = device.pending else { return }
    try db.execute(
      sql: "INSERT OR IGNORE INTO withdrawn_keys (device, scheme, generation, material) VALUES (?, ?, ?, ?)",
      arguments: [device.rowID, Int(pending.scheme.rawValue), Int(pending.generation), Data(pending.material)])
    try db.execute(
      sql: """
        UPDATE symmetric_devices SET pending_scheme = NULL, pending_generation = NULL, pending_material = NULL
        WHERE id = ?
        """,
      arguments: [device.rowID])
  }

  /// The device has used a key that it was given later: it has none of these any more.
  static func forgetWithdrawnKeys(of device: SymmetricDevice, _ db: Database) throws {
    let statement = try db.cachedStatement(sql: "DELETE FROM withdrawn_keys WHERE device = ?")
    try statement.execute(arguments: [device.rowID])
  }
}
