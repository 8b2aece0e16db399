// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// What a device says to the server about its channels to applications. Records of a device, types 0x10 to 0x12.
public enum ChannelRecord: ~Escapable {
  /// Opens a channel to an application's key of `generation`: a Noise_X message that only the application can read.
  case open(application: DeviceID, generation: Generation, channel: ChannelID, RawSpan)
  /// A message for an application, sealed under a channel's key.
  case report(Report, RawSpan)
  /// The device has stored that it had the request: the server forgets it.
  case taken(application: DeviceID, request: RequestID)

  /// What stands before a report's ciphertext, and is authenticated with it.
  public struct Report: Equatable, Sendable {
    /// Bytes of a report that answers no request, without its ciphertext; one that does has 8 more.
    public static let overhead = 26

    public var application: DeviceID
    public var channel: ChannelID
    public var id: MessageID
    /// Whether the device wants to hear when the application has it done.
    public var wantsDone: Bool
    /// The request that it answers.
    public var request: RequestID?

    public init(
      application: DeviceID, channel: ChannelID, id: MessageID, wantsDone: Bool = false, request: RequestID? = nil
    ) {
      self.application = application
      self.channel = channel
      self.id = id
      self.wantsDone = wantsDone
      self.request = request
    }

    /// The flags as they are on the wire. Bit 0: ``wantsDone``; bit 1: it answers a request.
    public var flags: UInt8 { (wantsDone ? 1 : 0) | (request == nil ? 0 : 2) }
  }

  /// The types that ``init(_:_:)`` knows.
  static let types: ClosedRange<UInt8> = 0x10...0x12

  /// Reads what follows the type.
  @_lifetime(copy reader)
  init(_ type: UInt8, _ reader: inout ByteReader) throws(WireError) {
    let application = DeviceID(try reader.uint64())
    switch type {
    case 0x10:
      self = .open(
        application: application, generation: try reader.uint16(), channel: try ChannelID(&reader), reader.rest())
    case 0x11:
      let channel = try ChannelID(&reader)
      let id = MessageID(try reader.uint64())
      let flags = try reader.uint8()
      guard flags & ~3 == 0 else { throw .reservedFlags(flags) }
      self = .report(
        Report(
          application: application, channel: channel, id: id, wantsDone: flags & 1 != 0,
          request: flags & 2 == 0 ? nil : try reader.uint64()), reader.rest())
    case 0x12: self = .taken(application: application, request: try reader.uint64())
    default: throw .unexpectedKind(type)
    }
  }

  /// Bytes of the record, its type included.
  var encodedLength: Int {
    switch self {
    case .open(_, _, _, let opening): 19 + opening.byteCount
    case .report(let report, let body): Report.overhead + (report.request == nil ? 0 : 8) + body.byteCount
    case .taken: 17
    }
  }

  func encode(_ writer: inout ByteWriter) {
    switch self {
    case .open(let application, let generation, let channel, let opening):
      writer.uint8(0x10)
      writer.uint64(application.rawValue)
      writer.uint16(generation)
      writer.bytes(channel.bytes)
      writer.bytes(opening)
    case .report(let report, let body):
      writer.uint8(0x11)
      writer.uint64(report.application.rawValue)
      writer.bytes(report.channel.bytes)
      writer.uint64(report.id.rawValue)
      writer.uint8(report.flags)
      if let request = report.request { writer.uint64(request) }
      writer.bytes(body)
    case .taken(let application, let request):
      writer.uint8(0x12)
      writer.uint64(application.rawValue)
      writer.uint64(request)
    }
  }
}
