// SPDX-License-Identifier: Apache-2.0

import Mailbox
import Strangers

/// How much the server lets its clients cost it. Every queue and every table that a client can fill has its bound here.
public struct RelayLimits: Sendable {
  /// Seconds from accepting a connection to the device's first authenticated record.
  public var handshakeTimeout: Int64 = 10
  /// Seconds without a frame from the device after which its session ends. A device that wants to stay pings more often.
  public var idleTimeout: Int64 = 300
  /// Connections of every kind.
  public var maximumConnections = 16_384
  /// Connections whose device has not authenticated yet.
  public var maximumUnauthenticated = 2_048
  /// Addresses from which many devices come, such as those of a carrier's gateways.
  public var gateways: [SourcePrefix] = []
  /// How many connections or handshakes from a gateway's address weigh as much as one from another.
  public var gatewayShare = 16
  /// Handshakes begun per second on each event loop; what exceeds it waits in the queue.
  public var handshakesPerSecond = 4_000
  /// Handshakes that wait on each event loop; what exceeds it is turned away.
  public var handshakeQueueLength = 1_024
  /// First frames that wait for the thread that answers the costly ones; what exceeds it is turned away.
  public var costlyHandshakeQueueLength = 256
  /// Keys that are tried for a first frame whose two-byte hint many devices may share. Fleets with more devices to a hint are
  /// still served: each attempt begins with another key.
  public var trialKeys = 64
  /// The longest frame before authentication, in bytes: room for the first frame of any scheme and for `hello`.
  public var maximumUnauthenticatedFrame = 1_024
  /// Frames that a device may send after `hello` and before the server's `welcome`.
  public var framesBeforeWelcome = 64
  /// Requests of one device for certificates, credentials and keys that wait for their turn.
  public var renewalsAtOnce = 4
  /// Bytes of answers, statements and mail that wait for a device to read them; a slower reader is cut off.
  public var outboundBytes = 4 << 20
  /// Bytes of other devices' frames that wait for a device to read them, over all its sessions. One sender may have as many
  /// waiting as are free; anything more is not passed on.
  public var passedBytes = 2 << 20
  /// Conversations with devices of other systems that one session can answer.
  public var correspondents = 256
  /// Seconds that a graceful shutdown gives to work in progress.
  public var drainTimeout: Int64 = 5
  /// Frames that are taken from a connection before the others of its event loop get their turn.
  public var framesPerTurn = 32
  /// Bytes of frames that are taken from a connection before the others get their turn, and not many more.
  public var bytesPerTurn = 64 << 10
  /// Wake-ups of one suspended session, at most 256; then the device opens a session again, which finds out about a second holder.
  public var wakeUpsPerSession = 256
  /// Wake-ups that wait for the disk; the newest of the source with the most makes room.
  public var wakeUpQueueLength = 8_192
  /// Wake-ups that reach the disk together at most.
  public var wakeUpsPerCommit = 64
  /// Event loops among which the connections are shared out.
  public var eventLoops = 1
  public var device = DeviceLimits()
  public var system = SystemLimits()
  public var mailbox = MailboxLimits()

  public init() {}

  package func share(of source: SourceAddress) -> Int {
    gateways.contains { $0.contains(source) } ? gatewayShare : 1
  }

  /// The same for a server with this many event loops.
  package func shared(among eventLoops: Int) -> RelayLimits {
    var limits = self
    limits.eventLoops = eventLoops
    return limits
  }
}
