// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// What a device says to the server inside a session; the first byte is the type.
public enum DeviceRecord: ~Escapable {
  /// The first record of every session: which deliveries the device wants and what it already knows.
  case hello(Hello)
  /// A frame of a conversation with another device. `session` 0 means that device's listening session.
  case frame(to: DeviceAddress, session: UInt32, RawSpan)
  /// Asks for a peer's certificate and whether it is online.
  case lookup(DeviceAddress)
  /// Leaves a sealed message in a peer's mailbox.
  case deposit(to: DeviceAddress, generation: Generation, id: MessageID, RawSpan)
  /// The application has the message; the mailbox may forget it.
  case delivered(from: DeviceAddress, id: MessageID)
  /// Asks for a certificate: for the key in use, or for the next one, which it proves to have (see ``KeyProof``).
  case renew(X25519.PublicKey, proof: Bytes<16>? = nil)
  /// Keeps an idle session open.
  case ping
  /// A message that the server can read, for a device or from a device that has no public key.
  case open(to: DeviceAddress, id: MessageID, RawSpan)
  /// Asks for a new key, in the schemes whose keys the server computes.
  case rekey
  /// Asks for an identity-based credential for the next key, with the device's point.
  case request(Bytes<32>)
  /// What a device says about its channels to applications.
  case channel(ChannelRecord)
  /// What an instance of an application says about its queue.
  case queue(QueueRecord)
  /// Asks that this session be suspended: afterwards one frame wakes it.
  case suspend(Suspension)

  /// What a device wants of a session and what it knows already.
  public struct Hello: Equatable, Sendable {
    /// Whether messages and conversations of other devices should come over this session.
    public var listens: Bool
    public var epoch: Epoch
    public var revocationSequence: UInt32
    /// Whether the device knows the server's records ``ServerRecord/rotation(_:)`` and
    /// ``ServerRecord/keyRefused(_:retryAfter:)``; one that does not is sent neither.
    public var knowsRotations: Bool
    /// Whether the device knows the server's records of applications (``ChannelNotice``); one that does not is sent none.
    public var knowsApplications: Bool

    public init(
      listens: Bool, epoch: Epoch, revocationSequence: UInt32, knowsRotations: Bool = false,
      knowsApplications: Bool = false
    ) {
      self.listens = listens
      self.knowsRotations = knowsRotations
      self.knowsApplications = knowsApplications
      self.epoch = epoch
      self.revocationSequence = revocationSequence
    }
  }

  @_lifetime(copy bytes)
  public init(decoding bytes: RawSpan) throws(WireError) {
    var reader = ByteReader(bytes)
    switch try reader.uint8() {
    case 0x01:
      let flags = try reader.uint8()
      guard flags & ~7 == 0 else { throw .reservedFlags(flags) }
      self = .hello(
        Hello(
          listens: flags & 1 != 0, epoch: try reader.uint16(), revocationSequence: try reader.uint32(),
          knowsRotations: flags & 2 != 0, knowsApplications: flags & 4 != 0))
    case 0x02:
      self = .frame(to: try DeviceAddress(&reader), session: try reader.uint32(), reader.rest())
    case 0x03: self = .lookup(try DeviceAddress(&reader))
    case 0x04:
      self = .deposit(
        to: try DeviceAddress(&reader), generation: try reader.uint16(), id: MessageID(try reader.uint64()),
        reader.rest())
    case 0x05: self = .delivered(from: try DeviceAddress(&reader), id: MessageID(try reader.uint64()))
    case 0x06:
      let key = try X25519.PublicKey(&reader)
      self = .renew(key, proof: reader.remaining == 0 ? nil : try Bytes(&reader))
    case 0x07: self = .ping
    case 0x08:
      self = .open(to: try DeviceAddress(&reader), id: MessageID(try reader.uint64()), reader.rest())
    case 0x09: self = .rekey
    case 0x0A: self = .request(try Bytes(&reader))
    case let type where ChannelRecord.types.contains(type): self = .channel(try ChannelRecord(type, &reader))
    case let type where QueueRecord.types.contains(type): self = .queue(try QueueRecord(type, &reader))
    case 0x0B: self = .suspend(try Suspension(&reader))
    case let type: throw .unexpectedKind(type)
    }
    try reader.finish()
  }

  /// How many bytes ``encode(into:)`` writes.
  public var encodedLength: Int {
    switch self {
    case .hello: 8
    case .frame(_, _, let body): 17 + body.byteCount
    case .lookup: 13
    case .deposit(_, _, _, let body): Framing.maximumRecordOverhead + body.byteCount
    case .delivered: 21
    case .renew(_, let proof): proof == nil ? 33 : 33 + 16
    case .request: 33
    case .ping, .rekey: 1
    case .open(_, _, let body): 21 + body.byteCount
    case .channel(let record): record.encodedLength
    case .queue(let record): record.encodedLength
    case .suspend(let suspension): 1 + suspension.encodedLength
    }
  }

  /// Writes the record and returns its length. `target` has room for ``encodedLength`` bytes.
  public func encode(into target: inout MutableRawSpan) -> Int {
    var writer = ByteWriter(&target)
    switch self {
    case .hello(let hello):
      writer.uint8(0x01)
      writer.uint8(
        (hello.listens ? 1 : 0) | (hello.knowsRotations ? 2 : 0) | (hello.knowsApplications ? 4 : 0))
      writer.uint16(hello.epoch)
      writer.uint32(hello.revocationSequence)
    case .frame(let to, let session, let body):
      writer.uint8(0x02)
      to.encode(&writer)
      writer.uint32(session)
      writer.bytes(body)
    case .lookup(let to):
      writer.uint8(0x03)
      to.encode(&writer)
    case .deposit(let to, let generation, let id, let body):
      writer.uint8(0x04)
      to.encode(&writer)
      writer.uint16(generation)
      writer.uint64(id.rawValue)
      writer.bytes(body)
    case .delivered(let from, let id):
      writer.uint8(0x05)
      from.encode(&writer)
      writer.uint64(id.rawValue)
    case .renew(let key, let proof):
      writer.uint8(0x06)
      writer.bytes(key.bytes)
      if let proof { writer.bytes(proof.bytes) }
    case .ping:
      writer.uint8(0x07)
    case .open(let to, let id, let body):
      writer.uint8(0x08)
      to.encode(&writer)
      writer.uint64(id.rawValue)
      writer.bytes(body)
    case .rekey:
      writer.uint8(0x09)
    case .request(let point):
      writer.uint8(0x0A)
      writer.bytes(point.bytes)
    case .channel(let record): record.encode(&writer)
    case .queue(let record): record.encode(&writer)
    case .suspend(let suspension):
      writer.uint8(0x0B)
      suspension.encode(&writer)
    }
    return writer.offset
  }
}
