import Credentials
import Noise
import Primitives
import Relay
import Schemes

/// A device's end of one session with the server. Honest devices and attackers who hold a device's memory run the same code,
/// which is that of module Schemes.
final class Client {
  private let handshake: any ClientHandshake
  private var keys = SessionKeys()

  init(_ handshake: any ClientHandshake) { self.handshake = handshake }

  /// Begins a session as firmware does: what counts or moves forward is stored before the first frame leaves.
  static func begin(_ memory: inout DeviceMemory, epoch: Epoch) throws -> Client {
    if !memory.scheme.hasEphemerals { memory.counter += 1 }
    if memory.scheme == .derivedKeyRatchet { memory.symmetricKey = try Derivation.ratchet(memory.symmetricKey) }
    return Client(try ClientHandshakes.make(memory, epoch: epoch))
  }

  func hello() throws -> [UInt8] { try handshake.hello() }
  func finish(_ reply: [UInt8]) throws { try handshake.finish(reply, &keys) }
  func seal(_ record: [UInt8]) throws -> [UInt8] { try keys.sending.encrypt(record) }
  func open(_ frame: [UInt8]) throws -> [UInt8] { try keys.receiving.decrypt(frame) }
}

/// The device's side of one scheme's handshake, in a place that does not move.
protocol ClientHandshake: AnyObject {
  func hello() throws -> [UInt8]
  func finish(_ reply: [UInt8], _ keys: inout SessionKeys) throws
}

enum ClientHandshakes {
  static func make(_ memory: DeviceMemory, epoch: Epoch) throws -> any ClientHandshake {
    switch memory.scheme {
    case .sharedKey, .derivedKey, .derivedKeyRatchet: try SymmetricClient(memory, epoch)
    case .derivedKeyEphemeral: try EphemeralClient(memory, epoch)
    case .certified, .registered, .identityBased: try CertifiedClient(memory)
    case .compactKK: try CompactClient(memory)
    case .hybridIKpsk2: try HybridClient(memory)
    }
  }
}

/// Calls `write` with room for any first frame and returns what it wrote.
func frame(_ write: (inout MutableRawSpan) throws -> Int) rethrows -> [UInt8] {
  var frame = [UInt8](repeating: 0, count: 256)
  var span = frame.mutableBytes
  let length = try write(&span)
  return Array(frame[..<length])
}

final class SymmetricClient: ClientHandshake {
  private var handshake: SymmetricHandshake<SHA256>
  private let key: SymmetricKey
  private let hint: [UInt8]
  private let counter: UInt32

  convenience init(_ memory: DeviceMemory, _ epoch: Epoch) throws {
    try self.init(
      memory.scheme.id, key: memory.symmetricKey, hint: try memory.hint(epoch: epoch), counter: memory.counter)
  }

  init(_ scheme: SchemeID, key: [UInt8], hint: [UInt8], counter: UInt32) throws {
    handshake = SymmetricHandshake(scheme: scheme)
    self.key = try SymmetricKey(copying: key)
    self.hint = hint
    self.counter = counter
  }

  func hello() throws -> [UInt8] {
    let hint = hint
    return try frame { try handshake.writeHello(key: key, hint: hint.bytes, counter: counter, into: &$0) }
  }

  func finish(_ reply: [UInt8], _ keys: inout SessionKeys) throws {
    try handshake.readReply(reply.bytes, sending: &keys.sending, receiving: &keys.receiving)
  }
}

final class EphemeralClient: ClientHandshake {
  private var handshake: EphemeralHandshake
  private let key: SymmetricKey
  private let pseudonym: Bytes<8>

  init(_ memory: DeviceMemory, _ epoch: Epoch) throws {
    handshake = try EphemeralHandshake(role: .initiator)
    key = try SymmetricKey(copying: memory.symmetricKey)
    pseudonym = Pseudonym<SHA256>.make(for: epoch, key: key)
  }

  func hello() throws -> [UInt8] {
    try frame { try handshake.writeHello(key: key, pseudonym: pseudonym, into: &$0) }
  }

  func finish(_ reply: [UInt8], _ keys: inout SessionKeys) throws {
    try handshake.readReply(reply.bytes, sending: &keys.sending, receiving: &keys.receiving)
  }
}

final class CertifiedClient: ClientHandshake {
  private var handshake: CertifiedHandshake
  private let key: X25519.PrivateKey
  private let certificate: Certificate
  private let serverKey: X25519.PublicKey
  private let masterKey: MasterPublicKey

  init(_ memory: DeviceMemory) throws {
    guard let certificate = memory.certificate else { throw LaboratoryError.nothingToShow }
    handshake = CertifiedHandshake(scheme: memory.scheme.id)
    key = try X25519.PrivateKey(copying: memory.privateKey)
    self.certificate = certificate
    serverKey = memory.serverKey
    masterKey = memory.masterKey
  }

  func hello() throws -> [UInt8] {
    try frame {
      try handshake.writeHello(
        key: key, certificate: certificate, serverKey: serverKey, master: masterKey, into: &$0)
    }
  }

  func finish(_ reply: [UInt8], _ keys: inout SessionKeys) throws {
    try handshake.readReply(reply.bytes, sending: &keys.sending, receiving: &keys.receiving)
  }
}

final class CompactClient: ClientHandshake {
  private var handshake = CompactHandshake(role: .initiator)
  private let key: X25519.PrivateKey
  private let serverKey: X25519.PublicKey

  init(_ memory: DeviceMemory) throws {
    key = try X25519.PrivateKey(copying: memory.privateKey)
    serverKey = memory.serverKey
  }

  func hello() throws -> [UInt8] {
    try frame { try handshake.writeHello(key: key, serverKey: serverKey, into: &$0) }
  }

  func finish(_ reply: [UInt8], _ keys: inout SessionKeys) throws {
    try handshake.readReply(reply.bytes, sending: &keys.sending, receiving: &keys.receiving)
  }
}

final class HybridClient: ClientHandshake {
  private var handshake: HybridHandshake
  private let key: X25519.PrivateKey
  private let psk: SymmetricKey
  private let serverKey: X25519.PublicKey

  init(_ memory: DeviceMemory) throws {
    handshake = try HybridHandshake(role: .initiator)
    key = try X25519.PrivateKey(copying: memory.privateKey)
    psk = try SymmetricKey(copying: memory.symmetricKey)
    serverKey = memory.serverKey
  }

  func hello() throws -> [UInt8] {
    try frame { try handshake.writeHello(key: key, psk: psk, serverKey: serverKey, into: &$0) }
  }

  func finish(_ reply: [UInt8], _ keys: inout SessionKeys) throws {
    try handshake.readReply(reply.bytes, sending: &keys.sending, receiving: &keys.receiving)
  }
}
