// SPDX-License-Identifier: Apache-2.0

import Credentials
import Records
import Wire

/// Numbers a device's messages, and keeps ahead of what is stored.
public struct MessageCounter: Equatable, Sendable {
  /// How many numbers are marked as used at once, so that not every message costs a write.
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
      // As many as were used since it was loaded: a device that sends one message and stops leaves no gap, because a recipient
      // tells messages apart only within a window below the highest number.
      let used = counter - loaded
      reserved = counter + (used < 1 ? 1 : used > Self.reserve ? Self.reserve : used)
    }
    return MessageID(UInt64(generation) << 48 | counter)
  }

  /// Takes `count` numbers of `generation` at once and returns the first; all of them are marked as used.
  mutating func take(_ count: UInt64, _ generation: Generation) throws(DeviceError) -> MessageID {
    guard next + count < 1 << 48 else { throw .countersExhausted }
    let first = next
    next += count
    if next > reserved { reserved = next }
    return MessageID(UInt64(generation) << 48 | first)
  }
}

extension DeviceIdentity {
  /// Takes message numbers for the wake-ups of a suspended session and returns the first. Store the identity before it is suspended.
  public mutating func takeMessageIDs(_ count: Int = Suspension.maximumWakeUps) throws(DeviceError) -> MessageID {
    guard let certificate else { throw .noUsableKey }
    isDirty = true
    return try messageCounter.take(UInt64(count), certificate.fields.generation)
  }

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
