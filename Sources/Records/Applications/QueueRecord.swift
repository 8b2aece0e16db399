// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// What an instance of an application says to the server about its queue and to devices. Records of an application's session, types
/// 0x18 to 0x1D.
public enum QueueRecord: ~Escapable {
  /// For how many bytes of messages it is ready beyond what it has been sent.
  case take(bytes: UInt32)
  /// Messages that it has done: their sequences, 8 bytes each, one or more. See ``sequences(in:_:)``.
  case done(RawSpan)
  /// Gives a message back: to another instance, or to the dead letters.
  case release(QueueSequence, isDead: Bool)
  /// A request to a device, sealed under the key of this instance.
  case request(Request, RawSpan)
  /// Asks for the opening of a device's latest channel.
  case find(DeviceID)
  /// Asks for everything from a sequence on that is still kept.
  case replay(from: QueueSequence)

  /// What stands before a request's ciphertext.
  public struct Request: Equatable, Sendable {
    /// Bytes of the record without its ciphertext.
    public static let overhead = 54

    public var device: DeviceID
    public var channel: ChannelID
    public var request: RequestID
    public var flags: RequestFlags
    /// Until its deadline.
    public var seconds: UInt32
    public var instance: InstanceID
    /// The number of this message among those of the instance, from 0: its nonce.
    public var counter: UInt64

    public init(
      device: DeviceID, channel: ChannelID, request: RequestID, flags: RequestFlags, seconds: UInt32,
      instance: InstanceID, counter: UInt64
    ) {
      self.device = device
      self.channel = channel
      self.request = request
      self.flags = flags
      self.seconds = seconds
      self.instance = instance
      self.counter = counter
    }
  }

  /// The types that ``init(_:_:)`` knows.
  static let types: ClosedRange<UInt8> = 0x18...0x1D

  /// Reads what follows the type.
  @_lifetime(copy reader)
  init(_ type: UInt8, _ reader: inout ByteReader) throws(WireError) {
    switch type {
    case 0x18: self = .take(bytes: try reader.uint32())
    case 0x19:
      guard reader.remaining > 0, reader.remaining.isMultiple(of: 8) else {
        throw .wrongLength(expected: 9, actual: 1 + reader.remaining)
      }
      self = .done(reader.rest())
    case 0x1A:
      let sequence = try reader.uint64()
      let flags = try reader.uint8()
      guard flags & ~1 == 0 else { throw .reservedFlags(flags) }
      self = .release(sequence, isDead: flags == 1)
    case 0x1B:
      let device = DeviceID(try reader.uint64())
      let channel = try ChannelID(&reader)
      let id = try reader.uint64()
      let flags = try RequestFlags(&reader)
      let seconds = try reader.uint32()
      self = .request(
        Request(
          device: device, channel: channel, request: id, flags: flags, seconds: seconds,
          instance: try InstanceID(&reader), counter: try reader.uint64()), reader.rest())
    case 0x1C: self = .find(DeviceID(try reader.uint64()))
    case 0x1D: self = .replay(from: try reader.uint64())
    default: throw .unexpectedKind(type)
    }
  }

  /// Calls `body` with each sequence of ``done(_:)``.
  public static func sequences(in bytes: RawSpan, _ body: (QueueSequence) -> Void) {
    var offset = 0
    while offset + 8 <= bytes.byteCount {
      body(UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset += 8
    }
  }

  /// Bytes of the record, its type included.
  var encodedLength: Int {
    switch self {
    case .take: 5
    case .done(let sequences): 1 + sequences.byteCount
    case .release: 10
    case .request(_, let body): Request.overhead + body.byteCount
    case .find, .replay: 9
    }
  }

  func encode(_ writer: inout ByteWriter) {
    switch self {
    case .take(let bytes):
      writer.uint8(0x18)
      writer.uint32(bytes)
    case .done(let sequences):
      writer.uint8(0x19)
      writer.bytes(sequences)
    case .release(let sequence, let isDead):
      writer.uint8(0x1A)
      writer.uint64(sequence)
      writer.uint8(isDead ? 1 : 0)
    case .request(let request, let body):
      writer.uint8(0x1B)
      writer.uint64(request.device.rawValue)
      writer.bytes(request.channel.bytes)
      writer.uint64(request.request)
      writer.uint8(request.flags.rawValue)
      writer.uint32(request.seconds)
      writer.bytes(request.instance.bytes)
      writer.uint64(request.counter)
      writer.bytes(body)
    case .find(let device):
      writer.uint8(0x1C)
      writer.uint64(device.rawValue)
    case .replay(let sequence):
      writer.uint8(0x1D)
      writer.uint64(sequence)
    }
  }
}
