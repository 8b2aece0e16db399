// SPDX-License-Identifier: Apache-2.0

import Wire

/// What two devices say to each other inside their session; the first byte is the type.
public enum PeerRecord: ~Escapable {
  case message(MessageID, RawSpan)
  /// The application has the message.
  case acknowledgement(MessageID)
  /// The application does not get the message, and why.
  case refusal(MessageID, MessageRefusal)

  /// Bytes that a message has in front of its text.
  public static let messageOverhead = 9

  /// How many bytes ``encode(into:)`` writes.
  public var encodedLength: Int {
    switch self {
    case .message(_, let text): Self.messageOverhead + text.byteCount
    case .acknowledgement: Self.messageOverhead
    case .refusal: Self.messageOverhead + 1
    }
  }

  @_lifetime(copy bytes)
  public init(decoding bytes: RawSpan) throws(WireError) {
    var reader = ByteReader(bytes)
    switch try reader.uint8() {
    case 0x01: self = .message(MessageID(try reader.uint64()), reader.rest())
    case 0x02: self = .acknowledgement(MessageID(try reader.uint64()))
    case 0x03:
      let id = MessageID(try reader.uint64())
      let reason = try reader.uint8()
      guard let refusal = MessageRefusal(rawValue: reason) else { throw .invalidValue }
      self = .refusal(id, refusal)
    case let type: throw .unexpectedKind(type)
    }
    try reader.finish()
  }

  /// Writes the record and returns its length.
  public func encode(into target: inout MutableRawSpan) -> Int {
    var writer = ByteWriter(&target)
    switch self {
    case .message(let id, let text):
      writer.uint8(0x01)
      writer.uint64(id.rawValue)
      writer.bytes(text)
    case .acknowledgement(let id):
      writer.uint8(0x02)
      writer.uint64(id.rawValue)
    case .refusal(let id, let reason):
      writer.uint8(0x03)
      writer.uint64(id.rawValue)
      writer.uint8(reason.rawValue)
    }
    return writer.offset
  }
}
