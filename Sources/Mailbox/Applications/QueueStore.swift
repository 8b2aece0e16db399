// SPDX-License-Identifier: Apache-2.0

import Wire

/// Where messages wait for applications: what can be asked of it outside a transaction.
package protocol QueueStore: Sendable {
  /// The next messages of an application after `sequence`, in the order of arrival, of all devices or of one: at most `limit`, and not
  /// many more bytes than `bytes`. The flag says whether there are none after these.
  func queued(
    for application: DeviceAddress, from sender: DeviceAddress?, after sequence: Int64, limit: Int, bytes: Int,
    at now: Int64
  ) throws(MailboxError) -> (reports: [QueuedReport], isLast: Bool)

  func queued(_ sequence: Int64) throws(MailboxError) -> QueuedReport?

  func channel(row: Int64) throws(MailboxError) -> DeviceChannel?

  /// The latest channel of a device to an application.
  func latestChannel(of device: DeviceAddress, to application: DeviceAddress) throws(MailboxError) -> DeviceChannel?

  /// Whether any device has a channel to an earlier generation of the application's key.
  func hasChannels(to application: DeviceAddress, before generation: Generation) throws(MailboxError) -> Bool

  /// The requests that wait for a device, oldest first.
  func requests(for device: DeviceAddress) throws(MailboxError) -> [WaitingRequest]

  /// All requests that wait, without their bodies, and those whose deadline has passed while nobody could be told.
  func requestList() throws(MailboxError) -> (waiting: [WaitingRequest], expired: [WaitingRequest])

  /// Messages that wait in all queues, and dead letters.
  func queueCounts() throws(MailboxError) -> (waiting: Int, dead: Int)

  /// A value that changes when another process has written to the mailbox.
  func otherChanges() throws(MailboxError) -> Int64

  /// Drops what has expired of queues, channels, notices and requests, and returns how many messages that nobody had done were among
  /// it.
  func purgeQueues(at now: Int64) throws(MailboxError) -> Int
}

/// What can be done to the queues of applications within a transaction.
package protocol QueueTransaction {
  /// Keeps a channel's opening. A repeated one changes nothing.
  ///
  /// - Returns: false when the device has too many channels with messages that wait.
  func keep(_ channel: DeviceChannel, at now: Int64) throws(MailboxError) -> Bool

  /// Stores a message; what has been stored before is known.
  func store(_ report: Report, at now: Int64) throws(MailboxError) -> ReportOutcome

  /// A message is done. Its body goes, unless it is kept for a while.
  ///
  /// - Returns: what it was; nil when it is not there, or was done before.
  func finish(
    _ sequence: Int64, of application: DeviceAddress, keeping seconds: Int64, at now: Int64
  ) throws(MailboxError) -> (sender: DeviceAddress, id: MessageID, wantsDone: Bool)?

  /// A message has been leased and not done.
  ///
  /// - Parameters:
  ///   - isStrike: whether it counts towards the attempts after which it is a dead letter.
  ///   - isDead: whether it becomes one whatever its attempts.
  /// - Returns: how many times it has been leased, and whether it is a dead letter now; nil when it does not wait.
  func giveBack(
    _ sequence: Int64, of application: DeviceAddress, counting isStrike: Bool, isDead: Bool, at now: Int64
  ) throws(MailboxError) -> (attempts: Int, isDead: Bool)?

  /// Lets messages that were done and kept wait again, from a sequence on; returns how many.
  func replay(of application: DeviceAddress, from sequence: Int64) throws(MailboxError) -> Int

  /// Whether a device has this channel to an application.
  func hasChannel(_ id: UInt64, of device: DeviceAddress, to application: DeviceAddress) throws(MailboxError) -> Bool

  /// Keeps a notice for a device that a message of it is done.
  func note(done id: MessageID, for device: DeviceAddress, at now: Int64) throws(MailboxError)

  /// Takes the notices that wait for a device.
  func takeNotices(for device: DeviceAddress) throws(MailboxError) -> [MessageID]

  func store(_ request: WaitingRequest) throws(MailboxError)

  /// Forgets a request.
  func removeRequest(_ id: UInt64, of application: DeviceAddress) throws(MailboxError)

  /// Its deadline has passed, and no instance of the application could be told yet.
  func markExpired(_ id: UInt64, of application: DeviceAddress, at now: Int64) throws(MailboxError)
}

/// What became of a report.
package enum ReportOutcome: Sendable {
  /// It is stored: its sequence, and the row of its channel.
  case stored(Int64, channelRow: Int64?)
  /// It was stored before.
  case known
  case unknownChannel
  /// The queue is full, or the sender has had its share of it.
  case noRoom
}
