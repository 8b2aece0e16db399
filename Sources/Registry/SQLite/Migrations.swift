// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The schema's history. A migration that was released is never changed: append another.
enum Migrations {
  static var all: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1-founding") { try $0.execute(sql: founding) }
    migrator.registerMigration("2-symmetric-devices") {
      try $0.execute(sql: symmetricDevices)
      try fillHints($0)
    }
    migrator.registerMigration("3-identity-credentials") { try $0.execute(sql: identityCredentials) }
    migrator.registerMigration("4-issuances") {
      try $0.execute(sql: issuances)
      try SQLiteRegistry.enterEveryKey($0)
    }
    migrator.registerMigration("5-enrolled-keys") { try SQLiteRegistry.enterEnrolledKeys($0) }
    migrator.registerMigration("6-rotations") { try $0.execute(sql: rotations) }
    migrator.registerMigration("7-news") { try $0.execute(sql: news) }
    migrator.registerMigration("8-withdrawn-keys") { try $0.execute(sql: withdrawnKeys) }
    migrator.registerMigration("9-applications") { try $0.execute(sql: applications) }
    return migrator
  }

  /// What a session's first record makes the server look for: the news of a system, and whether a generation was ever in use.
  /// Without these indexes, one device's hello would scan what all others have left.
  private static let news = """
    CREATE INDEX rotations_news ON rotations (system, sequence);
    CREATE INDEX revocations_news ON revocations (system, sequence);
    CREATE INDEX audit_promotions ON audit (system, device_id, generation) WHERE action = 'device.promote';
    """

  /// Which generation of a device is in use, for its peers; the credits of ``KeyBudget``, NULL while they are full; whether a device
  /// has proved a key that it asked for.
  private static let rotations = """
    CREATE TABLE rotations (
      sequence INTEGER PRIMARY KEY,
      system INTEGER NOT NULL,
      device_id INTEGER NOT NULL,
      last_epoch INTEGER NOT NULL,
      statement BLOB NOT NULL,
      at INTEGER NOT NULL,
      UNIQUE (system, device_id)
    ) STRICT;
    ALTER TABLE devices ADD COLUMN proves_keys INTEGER NOT NULL DEFAULT 0 CHECK (proves_keys IN (0, 1));
    ALTER TABLE devices ADD COLUMN key_credit INTEGER;
    ALTER TABLE devices ADD COLUMN key_credit_since INTEGER;
    ALTER TABLE symmetric_devices ADD COLUMN key_credit INTEGER;
    ALTER TABLE symmetric_devices ADD COLUMN key_credit_since INTEGER;
    ALTER TABLE systems ADD COLUMN key_credit INTEGER;
    ALTER TABLE systems ADD COLUMN key_credit_since INTEGER;
    ALTER TABLE systems ADD COLUMN shared_key_credit INTEGER;
    ALTER TABLE systems ADD COLUMN shared_key_credit_since INTEGER;
    """

  /// Issuance: 0 certificate, 1 blinded, 2 injected, 3 escrow. The column `signature` of the last three holds the credential's
  /// point and the issuer's contribution; `request` the device's point, by which a repeated request is known.
  private static let identityCredentials = """
    ALTER TABLE authority ADD COLUMN master_key BLOB CHECK (length(master_key) = 32);
    ALTER TABLE devices ADD COLUMN issuance INTEGER NOT NULL DEFAULT 0 CHECK (issuance BETWEEN 0 AND 3);
    ALTER TABLE devices ADD COLUMN request BLOB CHECK (length(request) = 32);
    ALTER TABLE devices ADD COLUMN pending_issuance INTEGER CHECK (pending_issuance BETWEEN 0 AND 3);
    ALTER TABLE devices ADD COLUMN pending_request BLOB CHECK (length(pending_request) = 32);
    """

  /// Marks the file as ours (`PRAGMA application_id`): the letters `CSRG`.
  static let applicationID: Int32 = 0x4353_5247

  /// Ordinary rowid tables: with random ids they insert faster than `WITHOUT ROWID`. Ids of 64 bits are stored as the
  /// signed integers of the same bits.
  private static let founding = """
    CREATE TABLE authority (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      epoch INTEGER NOT NULL CHECK (epoch BETWEEN 1 AND 65535),
      epoch_statement BLOB NOT NULL,
      certificate_epochs INTEGER NOT NULL CHECK (certificate_epochs BETWEEN 0 AND 65535),
      revocation_sequence INTEGER NOT NULL DEFAULT 0,
      issuer_key BLOB NOT NULL CHECK (length(issuer_key) = 32),
      server_key BLOB NOT NULL CHECK (length(server_key) = 32),
      created_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE systems (
      id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 4294967295),
      name TEXT NOT NULL UNIQUE,
      created_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE devices (
      id INTEGER PRIMARY KEY,
      system INTEGER NOT NULL REFERENCES systems (id),
      device_id INTEGER NOT NULL,
      public_key BLOB NOT NULL CHECK (length(public_key) = 32),
      key_tag INTEGER NOT NULL,
      issuer INTEGER NOT NULL,
      generation INTEGER NOT NULL CHECK (generation BETWEEN 1 AND 65534),
      last_epoch INTEGER NOT NULL,
      signature BLOB NOT NULL CHECK (length(signature) = 64),
      pending_key BLOB CHECK (length(pending_key) = 32),
      pending_tag INTEGER,
      pending_issuer INTEGER,
      pending_generation INTEGER CHECK (pending_generation > generation),
      pending_last_epoch INTEGER,
      pending_signature BLOB CHECK (length(pending_signature) = 64),
      revoked_through INTEGER NOT NULL DEFAULT 0,
      floor INTEGER NOT NULL DEFAULT 2 CHECK (floor BETWEEN 0 AND 3),
      created_at INTEGER NOT NULL,
      changed_at INTEGER NOT NULL,
      UNIQUE (system, device_id)
    ) STRICT;
    CREATE INDEX devices_key ON devices (key_tag);
    CREATE INDEX devices_pending_key ON devices (pending_tag) WHERE pending_tag IS NOT NULL;
    CREATE TRIGGER devices_floor_rises BEFORE UPDATE OF floor ON devices WHEN NEW.floor < OLD.floor
    BEGIN SELECT RAISE(ABORT, 'a floor only rises'); END;
    CREATE TRIGGER devices_generation_rises BEFORE UPDATE OF generation ON devices WHEN NEW.generation < OLD.generation
    BEGIN SELECT RAISE(ABORT, 'a generation only rises'); END;
    CREATE TRIGGER devices_revocation_rises BEFORE UPDATE OF revoked_through ON devices
    WHEN NEW.revoked_through < OLD.revoked_through
    BEGIN SELECT RAISE(ABORT, 'a revocation is never taken back'); END;

    CREATE TABLE revocations (
      sequence INTEGER PRIMARY KEY,
      system INTEGER NOT NULL,
      device_id INTEGER NOT NULL,
      last_epoch INTEGER NOT NULL,
      statement BLOB NOT NULL,
      at INTEGER NOT NULL,
      UNIQUE (system, device_id)
    ) STRICT;

    CREATE TABLE policies (
      from_system INTEGER NOT NULL REFERENCES systems (id),
      to_system INTEGER NOT NULL REFERENCES systems (id),
      last_epoch INTEGER NOT NULL,
      standing INTEGER NOT NULL CHECK (standing IN (0, 1)),
      statement BLOB NOT NULL,
      changed_at INTEGER NOT NULL,
      UNIQUE (from_system, to_system)
    ) STRICT;

    CREATE TABLE orders (
      device INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
      kind TEXT NOT NULL CHECK (kind IN ('rotate')),
      created_at INTEGER NOT NULL,
      UNIQUE (device, kind)
    ) STRICT;

    CREATE TABLE audit (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      at INTEGER NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      system INTEGER,
      device_id INTEGER,
      generation INTEGER,
      detail TEXT
    ) STRICT;
    CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit record is append-only'); END;
    CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit record is append-only'); END;
    """

  /// Every key that was ever certified, chained by hashes; the signed heads; and devices of which a copy seems to exist.
  private static let issuances = """
    CREATE TABLE issuances (
      sequence INTEGER PRIMARY KEY,
      system INTEGER NOT NULL,
      device_id INTEGER NOT NULL,
      generation INTEGER NOT NULL,
      public_key BLOB NOT NULL CHECK (length(public_key) = 32),
      key_tag INTEGER NOT NULL,
      hint INTEGER NOT NULL,
      head BLOB NOT NULL CHECK (length(head) = 32),
      UNIQUE (system, device_id, generation)
    ) STRICT;
    CREATE INDEX issuances_key ON issuances (key_tag);
    CREATE INDEX issuances_hint ON issuances (hint);
    CREATE TRIGGER issuances_are_final BEFORE UPDATE ON issuances
    BEGIN SELECT RAISE(ABORT, 'the issuance log is append-only'); END;
    CREATE TRIGGER issuances_are_kept BEFORE DELETE ON issuances
    BEGIN SELECT RAISE(ABORT, 'the issuance log is append-only'); END;

    CREATE TABLE issuance_heads (
      sequence INTEGER PRIMARY KEY,
      statement BLOB NOT NULL,
      at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE quarantine (
      system INTEGER NOT NULL,
      device_id INTEGER NOT NULL,
      detail TEXT NOT NULL,
      at INTEGER NOT NULL,
      UNIQUE (system, device_id)
    ) STRICT;
    """
}
