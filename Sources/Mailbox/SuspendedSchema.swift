// SPDX-License-Identifier: Apache-2.0

extension MailboxSchema {
  /// Suspended sessions, and the hints that they wait for. Hints of 5 bytes are not unique: whoever has one tries each.
  static let suspended = """
    CREATE TABLE suspended (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      system INTEGER NOT NULL,
      device INTEGER NOT NULL,
      generation INTEGER NOT NULL,
      name BLOB NOT NULL,
      first_message INTEGER NOT NULL,
      wake_ups INTEGER NOT NULL,
      epoch INTEGER NOT NULL,
      revocation_sequence INTEGER NOT NULL,
      key BLOB NOT NULL,
      base INTEGER NOT NULL,
      accepted BLOB NOT NULL,
      next INTEGER NOT NULL,
      answer BLOB NOT NULL,
      answered INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX suspended_device ON suspended (system, device, id);
    CREATE TABLE suspended_hints (
      hint INTEGER NOT NULL,
      session INTEGER NOT NULL,
      counter INTEGER NOT NULL,
      PRIMARY KEY (hint, session)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX suspended_counters ON suspended_hints (session, counter);
    """
}
