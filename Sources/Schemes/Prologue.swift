// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// What both parties must agree on before a handshake: protocol version, what kind of handshake, and between whom.
public struct Prologue {
  private var storage = Bytes<48>()
  private var count: Int

  /// Between a device and the server whose static key is `serverKey`: the label, the scheme, and the first eight bytes of
  /// a hash of the key. With an identity-based credential also those of a hash of the master public key: system, id, epoch and
  /// version are part of the credential, which the handshake hashes.
  public init(scheme: SchemeID, serverKey: X25519.PublicKey, master: MasterPublicKey? = nil) {
    count = 0
    append(kind: scheme.rawValue)
    append(hashOf: serverKey)
    if let master { append(hashOf: master.bytes) }
  }

  /// Between a device and a server that share a key: the label, the scheme, and the hint where nothing else binds it. Knowing the
  /// key identifies the server.
  public init(scheme: SchemeID, hint: RawSpan = RawSpan()) {
    count = 0
    append(kind: scheme.rawValue)
    append(hint)
  }

  /// Between two devices: the label, what kind of conversation, and both addresses where the initiator knows them.
  ///
  /// - Parameter master: the master public key, in a relayed conversation whose initiator sends an identity-based credential
  ///   in place of its key.
  public init(_ conversation: Conversation, master: MasterPublicKey? = nil) {
    count = 0
    switch conversation {
    case .direct:
      append(kind: 0x20)
    case .relayed(let from, let to):
      append(kind: master == nil ? 0x21 : 0x23)
      append(from)
      append(to)
      if let master { append(hashOf: master.bytes) }
    case .sealed(let from, let to, let generation):
      append(kind: 0x22)
      append(from)
      append(to)
      append(generation)
    case .channel(let from, let to, let generation):
      append(kind: 0x24)
      append(from)
      append(to)
      append(generation)
    }
  }

  /// The ways in which two devices talk.
  public enum Conversation {
    /// Noise_XX over a direct socket.
    case direct
    /// Noise_IK through the relay.
    case relayed(from: DeviceAddress, to: DeviceAddress)
    /// Noise_X to a generation of a device that is asleep.
    case sealed(from: DeviceAddress, to: DeviceAddress, generation: Generation)
    /// Noise_X to a generation of an application: the opening of a device's channel.
    case channel(from: DeviceAddress, to: DeviceAddress, generation: Generation)
  }

  public var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get { storage.bytes.extracting(0..<count) }
  }

  private mutating func append(kind: UInt8) {
    let label: StaticString = "countersign-v1"
    for index in 0..<label.utf8CodeUnitCount { append(byte: label.utf8Start[index]) }
    append(byte: 0)
    append(byte: kind)
  }

  private mutating func append(hashOf key: Bytes<32>) {
    var digest = Bytes<32>()
    var bytes = digest.mutableBytes
    Hash.SHA256.hash(key.bytes, into: &bytes)
    append(digest.bytes.extracting(0..<8))
  }

  private mutating func append(_ address: DeviceAddress) {
    var encoded = Bytes<12>()
    var target = encoded.mutableBytes
    var writer = ByteWriter(&target)
    address.encode(&writer)
    append(encoded.bytes)
  }

  private mutating func append(_ generation: Generation) {
    append(byte: UInt8(truncatingIfNeeded: generation >> 8))
    append(byte: UInt8(truncatingIfNeeded: generation))
  }

  private mutating func append(byte: UInt8) {
    storage[count] = byte
    count += 1
  }

  private mutating func append(_ bytes: RawSpan) {
    var target = storage.mutableBytes
    copyBytes(bytes, to: &target, at: count)
    count += bytes.byteCount
  }
}
