// SPDX-License-Identifier: Apache-2.0

/// What the mailbox keeps, and for how long.
public struct MailboxLimits: Sendable {
  /// Messages that wait for one device. One sender may have as many waiting as are free, so that one alone gets half of them, and
  /// however many there are, something is left for the next.
  public var messagesPerDevice = 2_000
  /// Bytes of messages that wait for one device, shared out in the same way.
  public var bytesPerDevice = 32 << 20
  /// Messages of one sender that wait, whoever they are for.
  public var messagesPerSender = 100_000
  /// Bytes of one sender's messages that wait, whoever they are for.
  public var bytesPerSender = 1 << 30
  /// The number of bytes that a shorter message counts as.
  public static let smallestCharge = 512
  /// The number of bytes that remembering a message counts as.
  public static let rowCharge = 256
  /// How many delivered messages of one sender are remembered; the oldest are forgotten.
  public var rememberedPerSender = 4_096
  /// Seconds that a message waits before it is dropped.
  public var lifetime: Int64 = 30 * 86_400
  /// Seconds that the server remembers a message that was delivered, so that a deposit that is repeated because its receipt
  /// was lost is not delivered again.
  public var memory: Int64 = 86_400
  /// Deposits and confirmations that wait for the disk; a deposit beyond it is refused. The devices of one system may have as many
  /// waiting as are free; their connections rest while there are more.
  public var queueLength = 8_192
  /// Deposits and confirmations that reach the disk together at most.
  public var commitLength = 32
  /// Bytes of deposits that reach the disk together, and not many more.
  public var commitBytes = 256 << 10
  /// The queues of applications.
  public var queue = QueueLimits()
  /// Not a limit for anybody to set: see ``MailboxGuards``.
  package var guards = MailboxGuards.all

  public init() {}
}
