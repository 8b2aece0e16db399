// SPDX-License-Identifier: Apache-2.0

extension MailboxSchema {
  /// The queues of applications. State of a message: 0 it waits, 1 it is done, 2 it is a dead letter. A row outlives its body for a
  /// while, so that a repeated message is known. Leases are no part of it: they end with the server.
  static let applications = """
    CREATE TABLE channels (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      application_system INTEGER NOT NULL,
      application_device INTEGER NOT NULL,
      system INTEGER NOT NULL,
      device INTEGER NOT NULL,
      channel INTEGER NOT NULL,
      generation INTEGER NOT NULL,
      opening BLOB NOT NULL,
      expires_at INTEGER NOT NULL,
      UNIQUE (application_system, application_device, system, device, channel)
    ) STRICT;
    CREATE INDEX channels_generation ON channels (application_system, application_device, generation);
    CREATE INDEX channels_expiry ON channels (expires_at);

    CREATE TABLE queue (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      application_system INTEGER NOT NULL,
      application_device INTEGER NOT NULL,
      sender_system INTEGER NOT NULL,
      sender_device INTEGER NOT NULL,
      message_id INTEGER NOT NULL,
      channel INTEGER,
      flags INTEGER NOT NULL,
      request INTEGER,
      arrived_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2),
      attempts INTEGER NOT NULL DEFAULT 0,
      strikes INTEGER NOT NULL DEFAULT 0,
      size INTEGER NOT NULL,
      body BLOB,
      UNIQUE (application_system, application_device, sender_system, sender_device, message_id)
    ) STRICT;
    CREATE INDEX queue_waiting ON queue (application_system, application_device, sequence) WHERE state = 0;
    CREATE INDEX queue_of_sender ON queue (application_system, application_device, sender_system, sender_device, sequence)
      WHERE state = 0;
    CREATE INDEX queue_settled ON queue (state, application_system, application_device, sequence) WHERE state > 0;
    CREATE INDEX queue_channel ON queue (channel) WHERE channel IS NOT NULL AND body IS NOT NULL;
    CREATE INDEX queue_expiry ON queue (expires_at);

    CREATE TABLE queue_use (
      system INTEGER NOT NULL,
      device INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (system, device)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE queue_sender_use (
      application_system INTEGER NOT NULL,
      application_device INTEGER NOT NULL,
      system INTEGER NOT NULL,
      device INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      remembered INTEGER NOT NULL,
      PRIMARY KEY (application_system, application_device, system, device)
    ) STRICT, WITHOUT ROWID;

    CREATE TRIGGER queue_stored AFTER INSERT ON queue WHEN NEW.body IS NOT NULL BEGIN
      INSERT INTO queue_use VALUES (NEW.application_system, NEW.application_device, max(NEW.size, 512))
        ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
      INSERT INTO queue_sender_use VALUES (NEW.application_system, NEW.application_device, NEW.sender_system,
        NEW.sender_device, max(NEW.size, 512), 0)
        ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
    END;
    CREATE TRIGGER queue_emptied AFTER UPDATE OF body ON queue WHEN OLD.body IS NOT NULL AND NEW.body IS NULL BEGIN
      UPDATE queue_use SET bytes = bytes - max(OLD.size, 512)
        WHERE system = OLD.application_system AND device = OLD.application_device;
      UPDATE queue_sender_use SET bytes = bytes - max(OLD.size, 512), remembered = remembered + 1
        WHERE application_system = OLD.application_system AND application_device = OLD.application_device
          AND system = OLD.sender_system AND device = OLD.sender_device;
    END;
    CREATE TRIGGER queue_dropped AFTER DELETE ON queue BEGIN
      UPDATE queue_use SET bytes = bytes - iif(OLD.body IS NULL, 0, max(OLD.size, 512))
        WHERE system = OLD.application_system AND device = OLD.application_device;
      UPDATE queue_sender_use SET bytes = bytes - iif(OLD.body IS NULL, 0, max(OLD.size, 512)),
          remembered = remembered - (OLD.body IS NULL)
        WHERE application_system = OLD.application_system AND application_device = OLD.application_device
          AND system = OLD.sender_system AND device = OLD.sender_device;
      DELETE FROM queue_sender_use
        WHERE application_system = OLD.application_system AND application_device = OLD.application_device
          AND system = OLD.sender_system AND device = OLD.sender_device AND bytes <= 0 AND remembered <= 0;
    END;

    CREATE TABLE notices (
      sequence INTEGER PRIMARY KEY,
      system INTEGER NOT NULL,
      device INTEGER NOT NULL,
      message_id INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      UNIQUE (system, device, message_id)
    ) STRICT;
    CREATE INDEX notices_expiry ON notices (expires_at);

    CREATE TABLE requests (
      sequence INTEGER PRIMARY KEY,
      application_system INTEGER NOT NULL,
      application_device INTEGER NOT NULL,
      system INTEGER NOT NULL,
      device INTEGER NOT NULL,
      request INTEGER NOT NULL,
      channel INTEGER NOT NULL,
      flags INTEGER NOT NULL,
      instance BLOB NOT NULL CHECK (length(instance) = 16),
      counter INTEGER NOT NULL,
      deadline INTEGER NOT NULL,
      body BLOB,
      UNIQUE (application_system, application_device, request)
    ) STRICT;
    CREATE INDEX requests_device ON requests (system, device, sequence);
    CREATE INDEX requests_deadline ON requests (deadline);
    """
}
