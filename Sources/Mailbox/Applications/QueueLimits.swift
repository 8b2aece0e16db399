// SPDX-License-Identifier: Apache-2.0

/// What the queues of applications keep, and for how long. Every queue, table and list that a device or an application can fill has
/// its bound here.
public struct QueueLimits: Sendable {
  /// Bytes in one application's queue, at least ``MailboxLimits/smallestCharge`` for each message; those that are kept after they are
  /// done and dead letters count too. One sender may have as many waiting as are free.
  public var bytesPerApplication = 1 << 30
  /// Seconds that a message waits before it is dropped, and that a replaced key of an application stays good.
  public var lifetime: Int64 = 30 * 86_400
  /// How many messages of one sender that an application has done are remembered, so that a repeated one is known.
  public var rememberedPerSender = 128
  /// Seconds for which they are.
  public var memory: Int64 = 86_400
  /// Channels of one device to one application with messages that wait; one more is refused.
  public var channelsPerDevice = 64
  /// Seconds after which a message that an instance has not done goes to another.
  public var lease: Int64 = 60
  /// How many times a message is leased before it becomes a dead letter.
  public var attempts = 5
  /// Bytes of messages that one instance may be ready for; what it takes beyond that is not counted.
  public var credit = 2 << 20
  /// Messages that one instance may have leased.
  public var leasesPerInstance = 65_536
  /// Messages in memory that wait for one application's instances; the others wait on the disk.
  public var messagesAtHand = 2_048
  /// Bytes of the same.
  public var bytesAtHand = 8 << 20
  /// The same of one device: the others' do not wait for it.
  public var messagesAtHandPerDevice = 64
  /// Notices to one device that messages are done; the oldest give way.
  public var noticesPerDevice = 256
  /// Requests that wait for one device.
  public var requestsPerDevice = 16
  /// Requests of one application that wait.
  public var requestsPerApplication = 10_000
  /// Seconds that a request may wait.
  public var longestRequest: Int64 = 30 * 86_400
  /// Messages that one `replay` delivers again.
  public var replayed = 10_000

  public init() {}
}
