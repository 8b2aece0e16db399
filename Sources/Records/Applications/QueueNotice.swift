// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// What the server says to an instance of an application. Records of the server, types 0xA4 to 0xA6 and 0xA8.
public enum QueueNotice: ~Escapable {
  /// The opening of a device's channel. Comes before the first report of that channel in a session, and answers `find`; channel 0 and
  /// no opening: the device has none.
  case opening(DeviceAddress, generation: Generation, channel: ChannelID, RawSpan)
  /// A message of a device. It is leased to this session.
  case report(Report, RawSpan)
  case requestState(RequestID, RequestState)
  /// What has become of a device, and when: milliseconds since 1970.
  case presence(DeviceAddress, Event, milliseconds: UInt64)

  /// What can become of a device; one byte.
  public enum Event: UInt8, Equatable, Sendable {
    case came = 1
    case went = 2
    case rotated = 3
    case revoked = 4
    case quarantined = 5
  }

  /// What stands before a message's body.
  public struct Report: Equatable, Sendable {
    /// Bytes of a report that answers no request, without its body; one that does has 8 more.
    public static let overhead = 47

    public var sequence: QueueSequence
    public var device: DeviceAddress
    /// When it arrived at the server: since 1970.
    public var milliseconds: UInt64
    /// How many times it has been leased, this time included, from 1.
    public var attempt: UInt8
    /// Whether the body is a text that the server could read, not a ciphertext: ``channel`` is zero.
    public var isOpen: Bool
    public var wantsDone: Bool
    /// Whether the device has sent it by a wake-up.
    public var isByWakeUp: Bool
    public var channel: ChannelID
    public var id: MessageID
    /// The request that it answers.
    public var request: RequestID?

    public init(
      sequence: QueueSequence, device: DeviceAddress, milliseconds: UInt64, attempt: UInt8, isOpen: Bool = false,
      wantsDone: Bool = false, isByWakeUp: Bool = false, channel: ChannelID, id: MessageID, request: RequestID? = nil
    ) {
      self.sequence = sequence
      self.device = device
      self.milliseconds = milliseconds
      self.attempt = attempt
      self.isOpen = isOpen
      self.wantsDone = wantsDone
      self.isByWakeUp = isByWakeUp
      self.channel = channel
      self.id = id
      self.request = request
    }

    fileprivate var flags: UInt8 {
      (isOpen ? 1 : 0) | (wantsDone ? 2 : 0) | (request == nil ? 0 : 4) | (isByWakeUp ? 8 : 0)
    }
  }

  /// The types that ``init(_:_:)`` knows.
  static func isKnown(_ type: UInt8) -> Bool { (0xA4...0xA6).contains(type) || type == 0xA8 }

  /// Reads what follows the type.
  @_lifetime(copy reader)
  init(_ type: UInt8, _ reader: inout ByteReader) throws(WireError) {
    switch type {
    case 0xA4:
      self = .opening(
        try DeviceAddress(&reader), generation: try reader.uint16(), channel: try ChannelID(&reader), reader.rest())
    case 0xA5: self = .report(try Report(&reader), reader.rest())
    case 0xA6:
      let id = try reader.uint64()
      guard let state = RequestState(rawValue: try reader.uint8()) else { throw .invalidValue }
      self = .requestState(id, state)
    case 0xA8:
      let device = try DeviceAddress(&reader)
      guard let event = Event(rawValue: try reader.uint8()) else { throw .invalidValue }
      self = .presence(device, event, milliseconds: try reader.uint64())
    default: throw .unexpectedKind(type)
    }
  }

  /// Bytes of the record, its type included.
  var encodedLength: Int {
    switch self {
    case .opening(_, _, _, let opening): 23 + opening.byteCount
    case .report(let report, let body): Report.overhead + (report.request == nil ? 0 : 8) + body.byteCount
    case .requestState: 10
    case .presence: 22
    }
  }

  func encode(_ writer: inout ByteWriter) {
    switch self {
    case .opening(let device, let generation, let channel, let opening):
      writer.uint8(0xA4)
      device.encode(&writer)
      writer.uint16(generation)
      writer.bytes(channel.bytes)
      writer.bytes(opening)
    case .report(let report, let body):
      writer.uint8(0xA5)
      report.encode(&writer)
      writer.bytes(body)
    case .requestState(let id, let state):
      writer.uint8(0xA6)
      writer.uint64(id)
      writer.uint8(state.rawValue)
    case .presence(let device, let event, let milliseconds):
      writer.uint8(0xA8)
      device.encode(&writer)
      writer.uint8(event.rawValue)
      writer.uint64(milliseconds)
    }
  }
}

extension QueueNotice.Report {
  fileprivate init(_ reader: inout ByteReader) throws(WireError) {
    sequence = try reader.uint64()
    device = try DeviceAddress(&reader)
    milliseconds = try reader.uint64()
    attempt = try reader.uint8()
    let flags = try reader.uint8()
    guard flags & ~15 == 0 else { throw .reservedFlags(flags) }
    isOpen = flags & 1 != 0
    wantsDone = flags & 2 != 0
    isByWakeUp = flags & 8 != 0
    channel = try ChannelID(&reader)
    id = MessageID(try reader.uint64())
    request = flags & 4 == 0 ? nil : try reader.uint64()
  }

  fileprivate func encode(_ writer: inout ByteWriter) {
    writer.uint64(sequence)
    device.encode(&writer)
    writer.uint64(milliseconds)
    writer.uint8(attempt)
    writer.uint8(flags)
    writer.bytes(channel.bytes)
    writer.uint64(id.rawValue)
    if let request { writer.uint64(request) }
  }
}
