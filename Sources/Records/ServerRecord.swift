// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Wire

/// What the server says to a device inside a session; the first byte is the type.
public enum ServerRecord: ~Escapable {
  /// Answers `hello`: the session's number, whether it may only renew, and the epoch.
  case welcome(session: UInt32, mayOnlyRenew: Bool, EpochStatement)
  /// A frame of a conversation, from a session of another device.
  case frame(from: DeviceAddress, session: UInt32, RawSpan)
  /// Answers `lookup`.
  case peer(DeviceAddress, Presence, Certificate?)
  /// A deposited message is stored; the server will not lose it.
  case accepted(MessageID)
  /// A deposited message is not stored.
  case refused(MessageID, Refusal)
  /// A sealed message from the mailbox.
  case mail(from: DeviceAddress, id: MessageID, RawSpan)
  /// Answers `renew`.
  case certificate(Certificate)
  /// The server wants the device to change its key.
  case rotate
  case revocation(RevocationStatement)
  case policy(PolicyStatement)
  case epoch(EpochStatement)
  /// The mailbox holds nothing that arrived before this session.
  case caughtUp
  case pong
  /// A frame could not be passed on: the device is not there, or has no such session.
  case unreachable(DeviceAddress, session: UInt32)
  /// A message that the server could read: of or for a device that has no public key.
  case open(from: DeviceAddress, id: MessageID, RawSpan)
  /// The next key of a device whose keys the server computes, in force once the device has used it: the key (32), and what
  /// the scheme needs to name the device (see ``SymmetricSlot/nameLength(of:)``).
  case key(scheme: SchemeID, generation: Generation, RawSpan)
  /// The device is to make a key pair for `scheme` and have it certified with ``DeviceRecord/renew(_:)``.
  case migrate(scheme: SchemeID, epoch: Epoch, serverKey: X25519.PublicKey, anchor: Ed25519.PublicKey)
  /// Answers `request`.
  case credential(BlindedCredential)
  /// Answers `renew`, `rekey` or `request`: not now, and after how many seconds to ask again; 0 if unknown. The session
  /// continues. Sent only to a device whose `hello` says that it knows this record.
  case keyRefused(KeyRefusal, retryAfter: UInt32)
  /// Another device's next key is in use. Sent only to a device whose `hello` says that it knows this record.
  case rotation(RotationStatement)
  /// In the place of `welcome`: why there is no session, found out after the handshake's second message. The connection ends.
  case turnedAway(SessionRefusal)
  /// What a device hears of applications.
  case channel(ChannelNotice)
  /// What an instance of an application hears of its queue.
  case queue(QueueNotice)
  /// Answers `suspend`: how many wake-ups there may be, for how many counters beyond the highest it has seen the server waits, and how many
  /// a device may reserve with one store.
  case suspended(wakeUps: UInt16, window: UInt8, reserve: UInt8)

  /// Whether a device that was looked up is there; one byte.
  public enum Presence: UInt8, Sendable {
    /// No such device, or none that this one may talk to.
    case unknown = 0
    case online = 1
    case asleep = 2
  }

  /// Why a message is not stored; one byte.
  public enum Refusal: UInt8, Sendable {
    /// No such device, or none that this one may talk to.
    case unknownRecipient = 1
    /// The mailbox is full.
    case quotaExceeded = 2
    /// The message is sealed to a key that is no longer in use: look the peer up again.
    case staleCertificate = 3
    case tooLong = 4
    /// The server cannot store anything now.
    case unavailable = 5
    /// The session may only renew its certificate.
    case mayOnlyRenew = 6
    /// The message's number is of a generation that this session's device does not have yet.
    case impossibleNumber = 7
    /// The application has no such channel of this device: open it again.
    case unknownChannel = 8
  }

  @_lifetime(copy bytes)
  public init(decoding bytes: RawSpan) throws(WireError) {
    var reader = ByteReader(bytes)
    switch try reader.uint8() {
    case 0x81:
      let session = try reader.uint32()
      let flags = try reader.uint8()
      guard flags & ~1 == 0 else { throw .reservedFlags(flags) }
      self = .welcome(session: session, mayOnlyRenew: flags == 1, try EpochStatement(decoding: reader.rest()))
    case 0x82:
      self = .frame(from: try DeviceAddress(&reader), session: try reader.uint32(), reader.rest())
    case 0x83:
      let address = try DeviceAddress(&reader)
      guard let presence = Presence(rawValue: try reader.uint8()) else { throw .invalidValue }
      let certificate = reader.remaining == 0 ? nil : try Certificate(decoding: reader.rest())
      self = .peer(address, presence, certificate)
    case 0x84: self = .accepted(MessageID(try reader.uint64()))
    case 0x85:
      let id = MessageID(try reader.uint64())
      guard let refusal = Refusal(rawValue: try reader.uint8()) else { throw .invalidValue }
      self = .refused(id, refusal)
    case 0x86:
      self = .mail(from: try DeviceAddress(&reader), id: MessageID(try reader.uint64()), reader.rest())
    case 0x87: self = .certificate(try Certificate(decoding: reader.rest()))
    case 0x88: self = .rotate
    case 0x89: self = .revocation(try RevocationStatement(decoding: reader.rest()))
    case 0x8A: self = .policy(try PolicyStatement(decoding: reader.rest()))
    case 0x8B: self = .epoch(try EpochStatement(decoding: reader.rest()))
    case 0x8C: self = .caughtUp
    case 0x8D: self = .pong
    case 0x8E: self = .unreachable(try DeviceAddress(&reader), session: try reader.uint32())
    case 0x8F:
      self = .open(from: try DeviceAddress(&reader), id: MessageID(try reader.uint64()), reader.rest())
    case 0x90: self = .key(scheme: try SchemeID(&reader), generation: try reader.uint16(), reader.rest())
    case 0x91:
      self = .migrate(
        scheme: try SchemeID(&reader), epoch: try reader.uint16(), serverKey: try Bytes(&reader),
        anchor: try Bytes(&reader))
    case 0x92: self = .credential(try BlindedCredential(decoding: reader.rest()))
    case 0x93:
      let reason = try reader.uint8()
      guard let refusal = KeyRefusal(rawValue: reason) else { throw .invalidValue }
      self = .keyRefused(refusal, retryAfter: try reader.uint32())
    case 0x94: self = .rotation(try RotationStatement(decoding: reader.rest()))
    case 0x95: self = .turnedAway(SessionRefusal(rawValue: try reader.uint8()))
    case let type where ChannelNotice.isKnown(type): self = .channel(try ChannelNotice(type, &reader))
    case let type where QueueNotice.isKnown(type): self = .queue(try QueueNotice(type, &reader))
    case 0x96:
      self = .suspended(wakeUps: try reader.uint16(), window: try reader.uint8(), reserve: try reader.uint8())
    case let type: throw .unexpectedKind(type)
    }
    try reader.finish()
  }

  /// How many bytes ``encode(into:)`` writes.
  public var encodedLength: Int {
    switch self {
    case .welcome: 6 + EpochStatement.encodedLength
    case .frame(_, _, let body): 17 + body.byteCount
    case .peer(_, _, let certificate): 14 + (certificate?.encodedLength ?? 0)
    case .accepted: 9
    case .refused: 10
    case .mail(_, _, let body): 21 + body.byteCount
    case .certificate(let certificate): 1 + certificate.encodedLength
    case .credential: 1 + BlindedCredential.encodedLength
    case .revocation: 1 + RevocationStatement.encodedLength
    case .policy: 1 + PolicyStatement.encodedLength
    case .epoch: 1 + EpochStatement.encodedLength
    case .rotate, .caughtUp, .pong: 1
    case .unreachable: 17
    case .open(_, _, let body): 21 + body.byteCount
    case .key(_, _, let body): 4 + body.byteCount
    case .migrate: 4 + 32 + 32
    case .keyRefused: 6
    case .rotation: 1 + RotationStatement.encodedLength
    case .turnedAway: 1 + SessionRefusal.length
    case .channel(let notice): notice.encodedLength
    case .queue(let notice): notice.encodedLength
    case .suspended: 5
    }
  }

  /// Writes the record and returns its length. `target` has room for ``encodedLength`` bytes.
  public func encode(into target: inout MutableRawSpan) -> Int {
    var writer = ByteWriter(&target)
    switch self {
    case .welcome(let session, let mayOnlyRenew, let statement):
      writer.uint8(0x81)
      writer.uint32(session)
      writer.uint8(mayOnlyRenew ? 1 : 0)
      writer.statement(statement)
    case .frame(let from, let session, let body):
      writer.uint8(0x82)
      from.encode(&writer)
      writer.uint32(session)
      writer.bytes(body)
    case .peer(let address, let presence, let certificate):
      writer.uint8(0x83)
      address.encode(&writer)
      writer.uint8(presence.rawValue)
      if let certificate { writer.certificate(certificate) }
    case .accepted(let id):
      writer.uint8(0x84)
      writer.uint64(id.rawValue)
    case .refused(let id, let refusal):
      writer.uint8(0x85)
      writer.uint64(id.rawValue)
      writer.uint8(refusal.rawValue)
    case .mail(let from, let id, let body):
      writer.uint8(0x86)
      from.encode(&writer)
      writer.uint64(id.rawValue)
      writer.bytes(body)
    case .certificate(let certificate):
      writer.uint8(0x87)
      writer.certificate(certificate)
    case .rotate: writer.uint8(0x88)
    case .revocation(let statement):
      writer.uint8(0x89)
      writer.statement(statement)
    case .policy(let statement):
      writer.uint8(0x8A)
      writer.statement(statement)
    case .epoch(let statement):
      writer.uint8(0x8B)
      writer.statement(statement)
    case .caughtUp: writer.uint8(0x8C)
    case .pong: writer.uint8(0x8D)
    case .unreachable(let address, let session):
      writer.uint8(0x8E)
      address.encode(&writer)
      writer.uint32(session)
    case .open(let from, let id, let body):
      writer.uint8(0x8F)
      from.encode(&writer)
      writer.uint64(id.rawValue)
      writer.bytes(body)
    case .key(let scheme, let generation, let body):
      writer.uint8(0x90)
      writer.uint8(scheme.rawValue)
      writer.uint16(generation)
      writer.bytes(body)
    case .migrate(let scheme, let epoch, let serverKey, let anchor):
      writer.uint8(0x91)
      writer.uint8(scheme.rawValue)
      writer.uint16(epoch)
      writer.bytes(serverKey.bytes)
      writer.bytes(anchor.bytes)
    case .credential(let answer):
      writer.uint8(0x92)
      var encoded = Bytes<84>()
      var target = encoded.mutableBytes
      answer.encode(into: &target)
      writer.bytes(encoded.bytes)
    case .keyRefused(let reason, let seconds):
      writer.uint8(0x93)
      writer.uint8(reason.rawValue)
      writer.uint32(seconds)
    case .rotation(let statement):
      writer.uint8(0x94)
      writer.statement(statement)
    case .turnedAway(let reason):
      writer.uint8(0x95)
      writer.uint8(reason.rawValue)
    case .channel(let notice): notice.encode(&writer)
    case .queue(let notice): notice.encode(&writer)
    case .suspended(let wakeUps, let window, let reserve):
      writer.uint8(0x96)
      writer.uint16(wakeUps)
      writer.uint8(window)
      writer.uint8(reserve)
    }
    return writer.offset
  }
}

extension SchemeID {
  fileprivate init(_ reader: inout ByteReader) throws(WireError) {
    let value = try reader.uint8()
    guard let scheme = SchemeID(rawValue: value) else { throw .invalidValue }
    self = scheme
  }
}
