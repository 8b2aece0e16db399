import Credentials

/// What one device sends another.
public enum Message {
  /// The longest text or data of one message, in bytes: what fits a sealed message in a relayed frame.
  public static let maximumLength = 64_000
}

/// A message's number: the sender's generation (16 bits) and a counter (48 bits) that only rises. Together with the sender's
/// address it names the message for ever, so that it is delivered to the application once.
public struct MessageID: Hashable, Comparable, Sendable {
  public let rawValue: UInt64

  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// The sender's generation when the number was drawn.
  public var generation: Generation { Generation(truncatingIfNeeded: rawValue >> 48) }
  public var counter: UInt64 { rawValue & 0xFFFF_FFFF_FFFF }

  public static func < (a: MessageID, b: MessageID) -> Bool { a.rawValue < b.rawValue }
}

/// Numbers a device's messages, and keeps ahead of what is stored.
public struct MessageCounter: Equatable, Sendable {
  /// At most so many numbers are marked as used at once, so that not every message costs a write.
  public static let reserve: UInt64 = 64

  /// Numbers below this one may have been used. Stored.
  public internal(set) var reserved: UInt64
  /// The next number; ahead of it everything up to ``reserved`` is already stored as used.
  private var next: UInt64
  /// The number with which this counter began when it was loaded.
  private let loaded: UInt64

  init(reserved: UInt64 = 0) {
    self.reserved = reserved
    next = reserved
    loaded = reserved
  }

  /// The next message number of `generation`; when ``reserved`` has changed, it must be stored before the message leaves.
  mutating func draw(_ generation: Generation) throws(DeviceError) -> MessageID {
    guard next < 1 << 48 else { throw .countersExhausted }
    let counter = next
    next += 1
    if next > reserved {
      // As many as were used since it was loaded: who sends one message and stops leaves no gap, for a recipient tells
      // messages apart only so far behind the highest number.
      let used = counter - loaded
      reserved = counter + (used < 1 ? 1 : used > Self.reserve ? Self.reserve : used)
    }
    return MessageID(UInt64(generation) << 48 | counter)
  }
}

extension DeviceIdentity {
  /// Message numbers below this one may have been used.
  public var reservedCounter: UInt64 { messageCounter.reserved }

  /// The next message number. When ``isDirty`` afterwards, store the identity before the message leaves.
  public mutating func nextMessageID() throws(DeviceError) -> MessageID {
    guard let certificate else { throw .noUsableKey }
    let before = messageCounter.reserved
    let id = try messageCounter.draw(certificate.fields.generation)
    if messageCounter.reserved != before { isDirty = true }
    return id
  }
}
