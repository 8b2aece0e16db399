// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// What a device that asks for its session to be suspended says: the number of the first message that a wake-up may carry, and which
/// suspended sessions it has, so that the server finds out about a second holder.
public struct Suspension: Equatable, Sendable {
  /// A suspended session that the device has, and the counter of its next wake-up: every lower one may have been used, no higher one was.
  public struct Quote: Equatable, Sendable {
    public static let encodedLength = 12

    public let name: Bytes<8>
    public let next: UInt32

    public init(name: Bytes<8>, next: UInt32) {
      self.name = name
      self.next = next
    }
  }

  /// Wake-ups of one suspended session at most, and so the message numbers that a device reserves for it.
  public static let maximumWakeUps = 256
  /// Counters beyond the highest one it has seen for which the server waits.
  public static let window: UInt32 = 32
  /// Counters that a device reserves with one store, at most.
  public static let maximumReserve: UInt32 = 8

  /// The message number of wake-up 0; that of wake-up c is c higher.
  public var firstMessage: MessageID
  /// The session in use, if there is one.
  public var active: Quote?
  /// The session of an attempt that was not answered, if there is one.
  public var pending: Quote?

  public init(firstMessage: MessageID, active: Quote? = nil, pending: Quote? = nil) {
    self.firstMessage = firstMessage
    self.active = active
    self.pending = pending
  }

  var encodedLength: Int {
    9 + (active == nil ? 0 : Quote.encodedLength) + (pending == nil ? 0 : Quote.encodedLength)
  }

  init(_ reader: inout ByteReader) throws(WireError) {
    firstMessage = MessageID(try reader.uint64())
    let which = try reader.uint8()
    guard which & ~3 == 0 else { throw .reservedFlags(which) }
    if which & 1 != 0 { active = try Quote(&reader) }
    if which & 2 != 0 { pending = try Quote(&reader) }
  }

  func encode(_ writer: inout ByteWriter) {
    writer.uint64(firstMessage.rawValue)
    writer.uint8((active == nil ? 0 : 1) | (pending == nil ? 0 : 2))
    active?.encode(&writer)
    pending?.encode(&writer)
  }
}

extension Suspension.Quote {
  init(_ reader: inout ByteReader) throws(WireError) {
    name = try Bytes(&reader)
    next = try reader.uint32()
  }

  func encode(_ writer: inout ByteWriter) {
    writer.bytes(name.bytes)
    writer.uint32(next)
  }
}
