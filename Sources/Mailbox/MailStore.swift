// SPDX-License-Identifier: Apache-2.0

import Wire

/// Where messages wait for their recipients. What it acknowledges survives a power cut.
package protocol MailStore: QueueStore {
  var limits: MailboxLimits { get }

  /// Runs `body` in one transaction: what several devices ask for at once reaches the disk together. If it throws, none of it
  /// happens.
  func transaction<R>(_ body: (any MailTransaction) throws(MailboxError) -> R) throws(MailboxError) -> R

  /// The next messages for a device after `sequence`, in the order of arrival: at most `limit`, and not many more bytes than
  /// `bytes`. The flag says whether there are none after these. May be called from any thread.
  func page(
    for recipient: DeviceAddress, after sequence: Int64, limit: Int, bytes: Int, at now: Int64
  ) throws(MailboxError) -> (mail: [WaitingMessage], isLast: Bool)

  /// Drops what has expired and returns how many messages that nobody fetched were among it.
  func purge(at now: Int64) throws(MailboxError) -> Int

  /// The latest time recorded in the mailbox, of a message's arrival or delivery; nil when there is none. Never so late that a
  /// message has waited for too long.
  func lastTime() throws(MailboxError) -> Int64?

  /// How many messages wait.
  func waitingCount() throws(MailboxError) -> Int

  /// Nothing can be asked for afterwards.
  func close() throws(MailboxError)
}

/// What can be done to a mailbox within one transaction.
package protocol MailTransaction: SuspensionTransaction, QueueTransaction {
  /// Whether this message was deposited before, delivered or not.
  func isKnown(_ deposit: Deposit) throws(MailboxError) -> Bool

  /// Whether a mailbox has room: in all, and for this much from this sender. One sender may have as many waiting as are free, and
  /// so may one other system: one gets at most half, two a third each, and the next sender finds room.
  ///
  /// What has expired takes no room: it is dropped here and counted in `expired`.
  func room(for deposit: Deposit, at now: Int64, sweeping expired: inout Int) throws(MailboxError) -> MailboxRoom

  /// What is needed to refuse a sender's next messages without asking again. What waits elsewhere is queried once a second.
  func refusal(
    of deposit: Deposit, because room: MailboxRoom, at now: Int64
  ) throws(MailboxError) -> FullMailbox

  /// Stores a message and returns its place in the order of arrival.
  func store(_ deposit: Deposit, at now: Int64) throws(MailboxError) -> Int64

  /// Whether anything waits for a device.
  func hasMail(for recipient: DeviceAddress) throws(MailboxError) -> Bool

  /// Forgets a message that the application has; only its existence is remembered for a while. False if it was not there.
  func remove(
    for recipient: DeviceAddress, from sender: DeviceAddress, id: MessageID, at now: Int64
  ) throws(MailboxError) -> Bool
}

/// Whether there is room for a message, and if not, whose messages take it.
package enum MailboxRoom: Sendable {
  case enough
  /// The recipient's mailbox is full, or the sender has had its share of it.
  case noneAtRecipient
  /// Too much from the sender waits, for all recipients together.
  case noneOfSender
}

/// Why a recipient has no room for anything new from a sender.
package struct FullMailbox: Sendable {
  /// When, by the mailbox's clock, the first waiting message expires.
  package let until: Int64
  /// The number of bytes that the refused message counted as; a smaller one may have room.
  package let weight: Int
  /// The last number stored of this sender's messages: a message below it may be a repetition, not a new message.
  package let lastID: UInt64
}
