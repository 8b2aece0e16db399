// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// A suspended session as the server keeps it.
package struct SuspendedRow: Sendable {
  /// How many counters up to the highest one can be told apart, and their keys are kept.
  package static let depth: UInt32 = 16

  /// A frame that was accepted: its counter, and the first 8 bytes of its SHA-256.
  package struct Accepted: Equatable, Sendable {
    package let counter: UInt32
    package let digest: UInt64

    package init(counter: UInt32, digest: UInt64) {
      self.counter = counter
      self.digest = digest
    }
  }

  /// The row; 0 before it is stored.
  package internal(set) var id: Int64 = 0
  package let device: DeviceAddress
  package let generation: Generation
  package let name: Bytes<8>
  /// The number of the message in wake-up 0.
  package let firstMessage: MessageID
  /// How many wake-ups there may be.
  package let wakeUps: Int
  /// What the device knew when the session was suspended.
  package let epoch: Epoch
  package let revocationSequence: UInt32
  /// The sealed key of the chain at ``base``.
  package var key: [UInt8]
  /// The lowest counter whose key is kept.
  package var base: UInt32 = 0
  /// The frames accepted from ``base`` on, by counter.
  package var accepted: [Accepted] = []
  /// The first counter above every accepted one; 0 before any was.
  package var next: UInt32 = 0
  /// The answer to one wake-up, as it was sent, and that one's counter.
  package var answer: [UInt8] = []
  package var answered: UInt32 = 0

  package init(
    device: DeviceAddress, generation: Generation, name: Bytes<8>, firstMessage: MessageID, wakeUps: Int, epoch: Epoch,
    revocationSequence: UInt32, key: [UInt8]
  ) {
    self.device = device
    self.generation = generation
    self.name = name
    self.firstMessage = firstMessage
    self.wakeUps = wakeUps
    self.epoch = epoch
    self.revocationSequence = revocationSequence
    self.key = key
  }

  /// Whether a wake-up was ever accepted.
  package var isConfirmed: Bool { next > 0 }
}

/// What can be done to suspended sessions within one transaction of the mailbox, so that a message, the counter it came under and the answer
/// reach the disk together.
package protocol SuspensionTransaction {
  /// The sessions that wait for a wake-up with this hint, and under which counter. More than one may.
  func suspended(hinted hint: UInt64) throws(MailboxError) -> [(row: SuspendedRow, counter: UInt32)]

  /// A device's sessions, the latest first: at most the one in use and the one before it.
  func suspended(of device: DeviceAddress) throws(MailboxError) -> [SuspendedRow]

  /// Stores a new session and the hints that it waits for.
  func insert(_ row: SuspendedRow, waitingFor hints: [(counter: UInt32, hint: UInt64)]) throws(MailboxError)

  /// Stores a session that has changed: adds hints, and drops those of counters below its base.
  func update(_ row: SuspendedRow, waitingFor hints: [(counter: UInt32, hint: UInt64)]) throws(MailboxError)

  /// Forgets every session, of every device.
  func removeAllSuspended() throws(MailboxError)

  /// Forgets a session.
  func removeSuspended(_ id: Int64) throws(MailboxError)

  /// Keeps a session that another has replaced for comparison: nothing wakes it any more.
  func retireSuspended(_ id: Int64) throws(MailboxError)
}
