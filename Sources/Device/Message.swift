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

extension DeviceIdentity {
  /// At most so many numbers are marked as used at once, so that not every message costs a write.
  public static let counterReserve: UInt64 = 64

  /// The next message number. When ``isDirty`` afterwards, store the identity before the message leaves.
  public mutating func nextMessageID() throws(DeviceError) -> MessageID {
    guard let certificate else { throw .noUsableKey }
    guard nextCounter < 1 << 48 else { throw .countersExhausted }
    let counter = nextCounter
    nextCounter += 1
    if nextCounter > reservedCounter {
      // As many as were used since the identity was loaded: who sends one message and stops leaves no gap, for a recipient
      // tells messages apart only so far behind the highest number.
      reservedCounter = counter + min(max(counter - loadedCounter, 1), Self.counterReserve)
      isDirty = true
    }
    return MessageID(UInt64(certificate.fields.generation) << 48 | counter)
  }
}
