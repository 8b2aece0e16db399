// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// What the server says to a device about applications. Records of the server, types 0xA0 to 0xA3 and 0xA7. Sent only to a device
/// whose `hello` says that it knows them.
public enum ChannelNotice: ~Escapable {
  /// An application of the device's system: its certificate and its name, 1 to 63 bytes of `a-z 0-9 -`.
  case application(isDefault: Bool, Certificate, name: RawSpan)
  case channelRefused(ChannelID, Refusal)
  /// In the place of `accepted`: the application's queue is full, or the device has had its share of it. Try again after so many
  /// seconds.
  case later(MessageID, seconds: UInt32)
  /// The application has a message done.
  case done(MessageID)
  /// A request of an application, sealed under the key of one of its instances.
  case request(Request, RawSpan)

  /// Why a channel is not open; one byte.
  public enum Refusal: UInt8, Equatable, Sendable {
    /// No such application, or none that this device may talk to.
    case unknownApplication = 1
    /// The application's key of this generation is not in use any more.
    case staleKey = 2
    /// The device has opened too many channels.
    case tooMany = 3
    /// The server cannot store it now.
    case unavailable = 4
  }

  /// What stands before a request's ciphertext.
  public struct Request: Equatable, Sendable {
    /// Bytes of the record without its ciphertext.
    public static let overhead = 54

    public var application: DeviceID
    public var channel: ChannelID
    public var request: RequestID
    public var flags: RequestFlags
    public var instance: InstanceID
    /// The number of this message among those of the instance, from 0: its nonce.
    public var counter: UInt64
    /// Until its deadline.
    public var secondsLeft: UInt32

    public init(
      application: DeviceID, channel: ChannelID, request: RequestID, flags: RequestFlags, instance: InstanceID,
      counter: UInt64, secondsLeft: UInt32
    ) {
      self.application = application
      self.channel = channel
      self.request = request
      self.flags = flags
      self.instance = instance
      self.counter = counter
      self.secondsLeft = secondsLeft
    }
  }

  /// The types that ``init(_:_:)`` knows.
  static func isKnown(_ type: UInt8) -> Bool { (0xA0...0xA3).contains(type) || type == 0xA7 }

  /// The longest name of an application, in bytes.
  public static let maximumNameLength = 63

  /// Reads what follows the type.
  @_lifetime(copy reader)
  init(_ type: UInt8, _ reader: inout ByteReader) throws(WireError) {
    switch type {
    case 0xA0:
      let flags = try reader.uint8()
      guard flags & ~1 == 0 else { throw .reservedFlags(flags) }
      let certificate = try Certificate(decoding: try reader.bytes(Certificate.standaloneLength))
      guard (1...Self.maximumNameLength).contains(reader.remaining) else {
        throw .wrongLength(expected: reader.offset + 1, actual: reader.offset + reader.remaining)
      }
      self = .application(isDefault: flags == 1, certificate, name: reader.rest())
    case 0xA1:
      let channel = try ChannelID(&reader)
      guard let reason = Refusal(rawValue: try reader.uint8()) else { throw .invalidValue }
      self = .channelRefused(channel, reason)
    case 0xA2: self = .later(MessageID(try reader.uint64()), seconds: try reader.uint32())
    case 0xA3: self = .done(MessageID(try reader.uint64()))
    case 0xA7:
      let application = DeviceID(try reader.uint64())
      let channel = try ChannelID(&reader)
      let id = try reader.uint64()
      let flags = try RequestFlags(&reader)
      let instance = try InstanceID(&reader)
      self = .request(
        Request(
          application: application, channel: channel, request: id, flags: flags, instance: instance,
          counter: try reader.uint64(), secondsLeft: try reader.uint32()), reader.rest())
    default: throw .unexpectedKind(type)
    }
  }

  /// Bytes of the record, its type included.
  var encodedLength: Int {
    switch self {
    case .application(_, let certificate, let name): 2 + certificate.encodedLength + name.byteCount
    case .channelRefused: 10
    case .later: 13
    case .done: 9
    case .request(_, let body): Request.overhead + body.byteCount
    }
  }

  func encode(_ writer: inout ByteWriter) {
    switch self {
    case .application(let isDefault, let certificate, let name):
      writer.uint8(0xA0)
      writer.uint8(isDefault ? 1 : 0)
      writer.certificate(certificate)
      writer.bytes(name)
    case .channelRefused(let channel, let reason):
      writer.uint8(0xA1)
      writer.bytes(channel.bytes)
      writer.uint8(reason.rawValue)
    case .later(let id, let seconds):
      writer.uint8(0xA2)
      writer.uint64(id.rawValue)
      writer.uint32(seconds)
    case .done(let id):
      writer.uint8(0xA3)
      writer.uint64(id.rawValue)
    case .request(let request, let body):
      writer.uint8(0xA7)
      writer.uint64(request.application.rawValue)
      writer.bytes(request.channel.bytes)
      writer.uint64(request.request)
      writer.uint8(request.flags.rawValue)
      writer.bytes(request.instance.bytes)
      writer.uint64(request.counter)
      writer.uint32(request.secondsLeft)
      writer.bytes(body)
    }
  }
}
