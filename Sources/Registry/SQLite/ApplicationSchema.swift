// SPDX-License-Identifier: Apache-2.0

extension Migrations {
  /// Which principals are applications, their names, and the keys that were replaced: instances that have not heard of the next one
  /// may use them for a while.
  static let applications = """
    ALTER TABLE devices ADD COLUMN role INTEGER NOT NULL DEFAULT 0 CHECK (role IN (0, 1));
    CREATE TRIGGER devices_role_stays BEFORE UPDATE OF role ON devices WHEN NEW.role <> OLD.role
    BEGIN SELECT RAISE(ABORT, 'a role never changes'); END;

    CREATE TABLE applications (
      device INTEGER PRIMARY KEY REFERENCES devices (id),
      system INTEGER NOT NULL REFERENCES systems (id),
      name TEXT NOT NULL,
      is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
      keep_done INTEGER NOT NULL CHECK (keep_done >= 0),
      UNIQUE (system, name)
    ) STRICT;
    CREATE UNIQUE INDEX applications_default ON applications (system) WHERE is_default = 1;

    CREATE TABLE application_keys (
      device INTEGER NOT NULL REFERENCES devices (id),
      generation INTEGER NOT NULL,
      last_epoch INTEGER NOT NULL,
      replaced_at INTEGER NOT NULL,
      UNIQUE (device, generation)
    ) STRICT;
    """
}
