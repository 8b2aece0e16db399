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
  /// Requests of one device for certificates, credentials and keys that wait for their turn.
  public var renewalsAtOnce = 4
  /// Bytes of answers, statements and mail that wait for a device to read them; a slower reader is cut off.
  public var outboundBytes = 4 << 20
  /// Bytes of other devices' frames that wait for a device to read them, over all its sessions. Of one sender
  /// there may wait as many as are free; what is more is not passed on.
  public var passedBytes = 2 << 20
  /// Conversations with devices of other systems that one session can answer.
  public var correspondents = 256
  /// Seconds that a graceful shutdown gives to what is under way.
  public var drainTimeout: Int64 = 5
  /// Frames that are taken from a connection before the others of its event loop get their turn.
  public var framesPerTurn = 32
  /// Bytes of frames that are taken from a connection before the others get their turn, and not many more.
  public var bytesPerTurn = 64 << 10
  /// Event loops among which the connections are shared out.
  public var eventLoops = 1
  public var device = DeviceLimits()
  public var system = SystemLimits()
  public var mailbox = MailboxLimits()

  public init() {}

  func share(of source: SourceAddress) -> Int {
    gateways.contains { $0.contains(source) } ? gatewayShare : 1
  }

  /// The same for a server with so many event loops.
  func shared(among eventLoops: Int) -> RelayLimits {
    var limits = self
    limits.eventLoops = eventLoops
    return limits
  }
}

/// What the mailbox keeps, and for how long.
public struct MailboxLimits: Sendable {
  /// Messages that wait for one device. Of one sender there may wait as many as are free, so that one alone gets half of them,
  /// and however many there are, something is left for the next.
  public var messagesPerDevice = 2_000
  /// Bytes of messages that wait for one device, shared out in the same way.
  public var bytesPerDevice = 32 << 20
  /// Messages of one sender that wait, whoever they are for.
  public var messagesPerSender = 100_000
  /// Bytes of one sender's messages that wait, whoever they are for.
  public var bytesPerSender = 1 << 30
  /// Bytes as which a shorter message counts.
  public static let smallestCharge = 512
  /// Bytes as which it counts that a message is remembered.
  public static let rowCharge = 256
  /// Messages of one sender that are remembered at most after they were delivered; the oldest are forgotten.
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
  /// Not a limit that anybody sets: see ``MailboxGuards``.
  package var guards = MailboxGuards.all

  public init() {}
}
