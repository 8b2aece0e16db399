// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The mailbox database's history. A migration that was released is never changed: append another.
enum MailboxSchema {
  static var migrations: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1-founding") { try $0.execute(sql: founding) }
    migrator.registerMigration("2-counters") { try $0.execute(sql: counters) }
    migrator.registerMigration("3-applications") { try $0.execute(sql: applications) }
    migrator.registerMigration("4-suspended-sessions") { try $0.execute(sql: suspended) }
    return migrator
  }

  /// Marks the file as ours (`PRAGMA application_id`): the letters `CSMB`.
  static let applicationID: Int32 = 0x4353_4D42

  /// A row outlives its delivery for a while without its body: a deposit repeated because its receipt was lost is then known.
  /// Ids of 64 bits are stored as the signed integers of the same bits.
  private static let founding = """
    CREATE TABLE mail (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      recipient_system INTEGER NOT NULL,
      recipient_device INTEGER NOT NULL,
      sender_system INTEGER NOT NULL,
      sender_device INTEGER NOT NULL,
      message_id INTEGER NOT NULL,
      generation INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      size INTEGER NOT NULL,
      body BLOB,
      UNIQUE (recipient_system, recipient_device, sender_system, sender_device, message_id)
    ) STRICT;
    CREATE INDEX mail_waiting ON mail (recipient_system, recipient_device, sequence, size) WHERE body IS NOT NULL;
    CREATE INDEX mail_expiry ON mail (expires_at);
    """
}
