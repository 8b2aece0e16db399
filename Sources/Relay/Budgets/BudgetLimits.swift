// SPDX-License-Identifier: Apache-2.0

/// How much one device may cost the server, over all its sessions. The budgets belong to the device's address, so that nothing is
/// gained by connecting again.
///
/// What exceeds a rate is not lost: it is carried out when the debt is paid, and until then nothing more is read from the
/// connection. Only a device that owes a whole burst, over many connections, is turned away.
public struct DeviceLimits: Sendable {
  /// Sessions at once; the oldest one that does not listen gives way to a new one.
  public var sessions = 16
  /// Sessions of one application at once; the oldest gives way.
  public var applicationSessions = 64
  /// The same while more than half of all connections that the server keeps are sessions.
  public var sessionsUnderPressure = 2
  /// Sessions begun. A session beyond it waits for its welcome.
  public var sessionsBegun = Rate(perSecond: 20, burst: 64)
  /// Records of every kind.
  public var records = Rate(perSecond: 10_000, burst: 1_000)
  /// Bytes of records.
  public var bytes = Rate(perSecond: 8 * 1_048_576, burst: 2 * 1_048_576)
  public var lookups = Rate(perSecond: 1_000, burst: 250)
  /// Messages for the mailbox; not those that are refused because it is known to be full.
  public var deposits = Rate(perSecond: 500, burst: 250)
  /// Confirmations of messages that were delivered.
  public var confirmations = Rate(perSecond: 1_000, burst: 1_000)
  /// Certificates, credentials and keys asked for.
  public var keys = Rate(perSecond: 1, burst: 32)
  /// Channels opened to applications.
  public var channels = Rate(perSecond: 0.1, burst: 16)
  /// Requests of an application to devices.
  public var requests = Rate(perSecond: 10_000, burst: 5_000)
  /// Replays of an application's queue.
  public var replays = Rate(perSecond: 0.1, burst: 4)
  /// Deposits and confirmations that wait for the disk; the connection rests while there are more.
  public var depositsUnderWay = 128
  /// Bytes of deposits that wait for the disk.
  public var depositBytesUnderWay = 1 << 20
  /// Conversations that one device opens with another. Each costs the other a key agreement.
  public var openings = Rate(perSecond: 0.5, burst: 8)
  /// Conversations that all devices together open with one.
  public var openingsReceived = Rate(perSecond: 4, burst: 32)
  /// How many devices' openings are counted separately at one device.
  public var openersKnown = 256
  /// Bytes of mail: at least ``MailboxLimits/smallestCharge`` for each message, and ``MailboxLimits/rowCharge`` for remembering it.
  public var mailBytes = Rate.perDay(8 * 1_073_741_824, burst: 4 * 1_073_741_824)
  /// Bytes of mail that a device may send regardless of the others in its system.
  public var assuredMailBytes = Rate.perDay(256 * 1_048_576, burst: 256 * 1_048_576)

  public init() {}
}

/// How much the devices of one system together may cost.
public struct SystemLimits: Sendable {
  /// Records a second of all devices on each event loop; each 4,096 bytes count as one more. While devices of several systems are
  /// busy and together send more, each system gets an equal share of it, plus what others leave of theirs. One system alone is
  /// not held back.
  public var sharedRecords: Double = 30_000
  /// Events that each instance of the system's applications hears of: a device came, went, or has another key. What exceeds it is
  /// not told.
  public var presence = Rate(perSecond: 1_000, burst: 4_000)
  /// Bytes of mail beyond what each device is guaranteed.
  public var mailBytes = Rate.perDay(64 * 1_073_741_824, burst: 32 * 1_073_741_824)

  public init() {}
}
