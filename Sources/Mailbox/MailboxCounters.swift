// SPDX-License-Identifier: Apache-2.0

extension MailboxSchema {
  /// Waiting messages are counted as they come and go, by recipient and by sender, and so is what is remembered of each sender. A
  /// message counts as 512 bytes at least.
  static let counters = """
    CREATE TABLE recipient_use (
      system INTEGER NOT NULL,
      device INTEGER NOT NULL,
      messages INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (system, device)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE sender_use (
      recipient_system INTEGER NOT NULL,
      recipient_device INTEGER NOT NULL,
      sender_system INTEGER NOT NULL,
      sender_device INTEGER NOT NULL,
      messages INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (recipient_system, recipient_device, sender_system, sender_device)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE senders (
      system INTEGER NOT NULL,
      device INTEGER NOT NULL,
      messages INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      remembered INTEGER NOT NULL,
      PRIMARY KEY (system, device)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX mail_remembered ON mail (sender_system, sender_device, expires_at, sequence) WHERE body IS NULL;

    INSERT INTO recipient_use SELECT recipient_system, recipient_device, count(*), sum(max(size, 512)) FROM mail
      WHERE body IS NOT NULL GROUP BY 1, 2;
    INSERT INTO sender_use SELECT recipient_system, recipient_device, sender_system, sender_device, count(*),
      sum(max(size, 512)) FROM mail WHERE body IS NOT NULL GROUP BY 1, 2, 3, 4;
    INSERT INTO senders SELECT sender_system, sender_device, sum(body IS NOT NULL),
      sum(iif(body IS NULL, 0, max(size, 512))), sum(body IS NULL) FROM mail GROUP BY 1, 2;

    CREATE TRIGGER mail_stored AFTER INSERT ON mail WHEN NEW.body IS NOT NULL BEGIN
      INSERT INTO recipient_use VALUES (NEW.recipient_system, NEW.recipient_device, 1, max(NEW.size, 512))
        ON CONFLICT DO UPDATE SET messages = messages + 1, bytes = bytes + excluded.bytes;
      INSERT INTO sender_use VALUES (NEW.recipient_system, NEW.recipient_device, NEW.sender_system, NEW.sender_device, 1,
        max(NEW.size, 512))
        ON CONFLICT DO UPDATE SET messages = messages + 1, bytes = bytes + excluded.bytes;
      INSERT INTO senders VALUES (NEW.sender_system, NEW.sender_device, 1, max(NEW.size, 512), 0)
        ON CONFLICT DO UPDATE SET messages = messages + 1, bytes = bytes + excluded.bytes;
    END;
    CREATE TRIGGER mail_delivered AFTER UPDATE OF body ON mail WHEN OLD.body IS NOT NULL AND NEW.body IS NULL BEGIN
      \(left)
      UPDATE senders SET remembered = remembered + 1 WHERE system = NEW.sender_system AND device = NEW.sender_device;
    END;
    CREATE TRIGGER mail_dropped AFTER DELETE ON mail WHEN OLD.body IS NOT NULL BEGIN
      \(left)
      \(unused)
    END;
    CREATE TRIGGER mail_forgotten AFTER DELETE ON mail WHEN OLD.body IS NULL BEGIN
      UPDATE senders SET remembered = remembered - 1 WHERE system = OLD.sender_system AND device = OLD.sender_device;
      \(unused)
    END;
    """

  /// A message that waited does not any more.
  private static let left = """
    UPDATE recipient_use SET messages = messages - 1, bytes = bytes - max(OLD.size, 512)
      WHERE system = OLD.recipient_system AND device = OLD.recipient_device;
    DELETE FROM recipient_use
      WHERE system = OLD.recipient_system AND device = OLD.recipient_device AND messages <= 0;
    UPDATE sender_use SET messages = messages - 1, bytes = bytes - max(OLD.size, 512)
      WHERE recipient_system = OLD.recipient_system AND recipient_device = OLD.recipient_device
        AND sender_system = OLD.sender_system AND sender_device = OLD.sender_device;
    DELETE FROM sender_use
      WHERE recipient_system = OLD.recipient_system AND recipient_device = OLD.recipient_device
        AND sender_system = OLD.sender_system AND sender_device = OLD.sender_device AND messages <= 0;
    UPDATE senders SET messages = messages - 1, bytes = bytes - max(OLD.size, 512)
      WHERE system = OLD.sender_system AND device = OLD.sender_device;
    """

  /// Nothing of a sender is kept any more.
  private static let unused = """
    DELETE FROM senders
      WHERE system = OLD.sender_system AND device = OLD.sender_device AND messages <= 0 AND remembered <= 0;
    """
}
