// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import CountersignCrypto

extension Migrations {
  /// Devices whose keys the server computes. A device's row outlives its move to its own key: the row refuses the old key. The
  /// floor is enforced here too, whoever asks: schemes 2 to 5 are one step above scheme 1, and a floor above both freezes the
  /// row.
  static let symmetricDevices = """
    CREATE TABLE symmetric_devices (
      id INTEGER PRIMARY KEY,
      system INTEGER NOT NULL REFERENCES systems (id),
      device_id INTEGER NOT NULL,
      scheme INTEGER NOT NULL CHECK (scheme BETWEEN 1 AND 5),
      generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 65534),
      material BLOB NOT NULL,
      counter INTEGER NOT NULL DEFAULT 0 CHECK (counter BETWEEN 0 AND 4294967295),
      pending_scheme INTEGER CHECK (pending_scheme BETWEEN 1 AND 5),
      pending_generation INTEGER CHECK (pending_generation > generation),
      pending_material BLOB,
      known_epoch INTEGER NOT NULL,
      told_epoch INTEGER NOT NULL,
      rotate_since INTEGER,
      migrate_to INTEGER CHECK (migrate_to BETWEEN 1 AND 9),
      migrate_since INTEGER,
      revoked_through INTEGER NOT NULL DEFAULT 0,
      floor INTEGER NOT NULL CHECK (floor BETWEEN 0 AND 3),
      created_at INTEGER NOT NULL,
      changed_at INTEGER NOT NULL,
      UNIQUE (system, device_id)
    ) STRICT;
    CREATE TABLE names (
      scheme INTEGER NOT NULL,
      name INTEGER NOT NULL,
      device INTEGER NOT NULL REFERENCES symmetric_devices (id),
      generation INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX symmetric_rotations ON symmetric_devices (rotate_since) WHERE rotate_since IS NOT NULL;
    CREATE INDEX symmetric_migrations ON symmetric_devices (migrate_since) WHERE migrate_since IS NOT NULL;
    CREATE INDEX names_name ON names (scheme, name);
    CREATE INDEX names_device ON names (device);
    CREATE TABLE shared_keys (
      system INTEGER NOT NULL REFERENCES systems (id),
      generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 65534),
      rotation_input BLOB NOT NULL,
      created_at INTEGER NOT NULL,
      UNIQUE (system, generation)
    ) STRICT;

    CREATE TRIGGER symmetric_floor_rises BEFORE UPDATE OF floor ON symmetric_devices WHEN NEW.floor < OLD.floor
    BEGIN SELECT RAISE(ABORT, 'a floor only rises'); END;
    CREATE TRIGGER symmetric_keeps_above_floor BEFORE UPDATE OF scheme, generation, counter ON symmetric_devices
    WHEN OLD.floor > (NEW.scheme <> 1) BEGIN SELECT RAISE(ABORT, 'the scheme is below the floor'); END;
    CREATE TRIGGER symmetric_stages_above_floor BEFORE UPDATE OF pending_scheme ON symmetric_devices
    WHEN NEW.pending_scheme IS NOT NULL AND OLD.floor > (NEW.pending_scheme <> 1)
    BEGIN SELECT RAISE(ABORT, 'the scheme is below the floor'); END;
    CREATE TRIGGER symmetric_comes_first BEFORE INSERT ON symmetric_devices
    WHEN EXISTS (SELECT 1 FROM devices WHERE system = NEW.system AND device_id = NEW.device_id)
      OR EXISTS (SELECT 1 FROM symmetric_devices WHERE system = NEW.system AND device_id = NEW.device_id)
    BEGIN SELECT RAISE(ABORT, 'a device that has a key never begins again'); END;
    CREATE TRIGGER symmetric_is_kept BEFORE DELETE ON symmetric_devices
    BEGIN SELECT RAISE(ABORT, 'a device is kept: its floor is'); END;
    CREATE TRIGGER symmetric_generation_rises BEFORE UPDATE OF generation ON symmetric_devices
    WHEN NEW.generation < OLD.generation BEGIN SELECT RAISE(ABORT, 'a generation only rises'); END;
    CREATE TRIGGER symmetric_counter_rises BEFORE UPDATE OF counter ON symmetric_devices
    WHEN NEW.generation = OLD.generation AND NEW.counter < OLD.counter
    BEGIN SELECT RAISE(ABORT, 'a counter only rises'); END;
    CREATE TRIGGER symmetric_revocation_rises BEFORE UPDATE OF revoked_through ON symmetric_devices
    WHEN NEW.revoked_through < OLD.revoked_through
    BEGIN SELECT RAISE(ABORT, 'a revocation is never taken back'); END;
    CREATE TRIGGER symmetric_retires AFTER UPDATE OF floor ON devices WHEN NEW.floor >= 2 AND OLD.floor < 2
    BEGIN
      UPDATE symmetric_devices SET floor = NEW.floor, material = x'', pending_scheme = NULL,
        pending_generation = NULL, pending_material = NULL, rotate_since = NULL, migrate_to = NULL,
        migrate_since = NULL, changed_at = NEW.changed_at
      WHERE system = NEW.system AND device_id = NEW.device_id;
      DELETE FROM names WHERE device =
        (SELECT id FROM symmetric_devices WHERE system = NEW.system AND device_id = NEW.device_id);
    END;

    ALTER TABLE devices ADD COLUMN hint INTEGER;
    ALTER TABLE devices ADD COLUMN pending_hint INTEGER;
    CREATE INDEX devices_hint ON devices (hint);
    CREATE INDEX devices_pending_hint ON devices (pending_hint) WHERE pending_hint IS NOT NULL;
    """

  /// Computes the routing hints of `compact-kk` for the keys that were there before.
  static func fillHints(_ db: Database) throws {
    let update = try db.makeStatement(sql: "UPDATE devices SET hint = ?, pending_hint = ? WHERE id = ?")
    let page = try db.makeStatement(
      sql: "SELECT id, public_key, pending_key FROM devices WHERE id > ? ORDER BY id LIMIT 1000")
    var last = Int64.min
    while true {
      let rows = try Row.fetchAll(page, arguments: [last])
      for row in rows {
        last = row[0]
        try update.execute(arguments: [try hint(row[1]), try hint(row[2]), last])
      }
      if rows.isEmpty { return }
    }
  }

  private static func hint(_ key: Data?) throws -> Int? {
    try key.map { try X25519.PublicKey(copying: [UInt8]($0)).hint }
  }
}
