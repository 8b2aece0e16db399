import Strangers

/// How much the server lets its clients cost it. Every queue and every table that a client can fill has its bound here.
public struct RelayLimits: Sendable {
  /// Seconds from accepting a connection to the device's first authenticated record.
  public var handshakeTimeout: Int64 = 10
  /// Seconds without a frame from the device after which its session ends. A device that means to stay pings more often.
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
  /// Keys that are tried for a first frame whose two bytes of hint many devices may share. Fleets with more devices to a hint
  /// are served all the same: each attempt begins with another key.
  public var trialKeys = 64
  /// The longest frame before authentication, in bytes: room for the first frame of any scheme and for `hello`.
  public var maximumUnauthenticatedFrame = 1_024
  /// Frames that a device may send after `hello` and before the server's `welcome`.
  public var framesBeforeWelcome = 64
  /// Certificates that one session may ask for before the first is answered.
  public var renewalsAtOnce = 4
  /// Bytes that wait for a device to read them; a slower reader is cut off.
  public var outboundBytes = 4 << 20
  /// Conversations with devices of other systems that one session can answer.
  public var correspondents = 256
  /// Seconds that a graceful shutdown gives to what is under way.
  public var drainTimeout: Int64 = 5
  public var mailbox = MailboxLimits()

  public init() {}

  func share(of source: SourceAddress) -> Int {
    gateways.contains { $0.contains(source) } ? gatewayShare : 1
  }
}

/// What the mailbox keeps, and for how long.
public struct MailboxLimits: Sendable {
  /// Messages that wait for one device.
  public var messagesPerDevice = 1_000
  /// Bytes of sealed messages that wait for one device.
  public var bytesPerDevice = 16 << 20
  /// Seconds that a message waits before it is dropped.
  public var lifetime: Int64 = 30 * 86_400
  /// Seconds that the server remembers a message that was delivered, so that a deposit that is repeated because its receipt
  /// was lost is not delivered again.
  public var memory: Int64 = 86_400
  /// Deposits and confirmations that wait for the disk; a deposit beyond it is refused.
  public var queueLength = 8_192

  public init() {}
}
