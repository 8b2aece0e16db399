// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Relay
import Schemes
import Wire

/// A device's end of one session with the server. Honest devices and attackers who hold a device's memory run the same code,
/// which is that of module Schemes.
final class DeviceEnd {
  private let handshake: any ClientHandshake
  private var keys = SessionKeys()

  init(_ handshake: any ClientHandshake) { self.handshake = handshake }

  /// Begins a session as firmware does: what counts or moves forward is stored before the first frame leaves.
  static func begin(_ memory: inout DeviceMemory, epoch: Epoch) throws -> DeviceEnd {
    if memory.scheme.row.hasCounter { memory.counter += 1 }
    if memory.scheme.row.derivation == .ratchet { memory.symmetricKey = try Derivation.ratchet(memory.symmetricKey) }
    defer { memory.ephemeralKey = [] }
    return DeviceEnd(try ClientHandshakes.make(memory, epoch: epoch))
  }

  func hello() throws -> [UInt8] { try handshake.hello() }
  /// Reads the server's answer, and sends the handshake's third message where there is one.
  func finish(_ reply: [UInt8], sending send: ([UInt8]) throws -> Void) throws {
    try handshake.finish(reply, &keys)
    if let last = try handshake.last(&keys) { try send(last) }
  }

  func seal(_ record: [UInt8]) throws -> [UInt8] { try keys.sending.encrypt(record) }
  func open(_ frame: [UInt8]) throws -> [UInt8] { try keys.receiving.decrypt(frame) }
}

/// The device's side of one scheme's handshake, in a place that does not move.
protocol ClientHandshake: AnyObject {
  func hello() throws -> [UInt8]
  func finish(_ reply: [UInt8], _ keys: inout SessionKeys) throws
  /// The handshake's third message; nil where there is none.
  func last(_ keys: inout SessionKeys) throws -> [UInt8]?
}

extension ClientHandshake {
  func last(_ keys: inout SessionKeys) throws -> [UInt8]? { nil }
}

enum ClientHandshakes {
  static func make(_ memory: DeviceMemory, epoch: Epoch) throws -> any ClientHandshake {
    memory.scheme.row.exchange.isNoise ? try NoiseClient(memory, epoch) : try SymmetricClient(memory, epoch)
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
  private var handshake: SymmetricHandshake<Hash.SHA256>
  private let key: SecretBytes<32>
  private let hint: [UInt8]
  private let counter: UInt32

  convenience init(_ memory: DeviceMemory, _ epoch: Epoch) throws {
    try self.init(
      memory.scheme, key: memory.symmetricKey, hint: try memory.hint(epoch: epoch), counter: memory.counter)
  }

  init(_ scheme: SchemeID, key: [UInt8], hint: [UInt8], counter: UInt32) throws {
    handshake = SymmetricHandshake(scheme: scheme)
    self.key = try SecretBytes<32>(copying: key)
    self.hint = hint
    self.counter = counter
  }

  func hello() throws -> [UInt8] {
    let hint = hint
    return try frame { try handshake.writeHello(key: key, hint: hint.bytes, counter: counter, into: &$0) }
  }

  func finish(_ reply: [UInt8], _ keys: inout SessionKeys) throws {
    try handshake.readReply(reply.bytes, keys: &keys)
  }
}

final class NoiseClient: ClientHandshake {
  private var handshake: Initiator
  private let hint: [UInt8]
  private let shown: [UInt8]
  private let masterKey: MasterPublicKey

  init(_ memory: DeviceMemory, _ epoch: Epoch) throws {
    let row = memory.scheme.row
    handshake = Initiator(memory.scheme)
    hint = try memory.hint(epoch: epoch)
    masterKey = memory.masterKey
    if row.hasKeyPair {
      handshake.setStatic(try X25519.PrivateKey(copying: memory.privateKey), server: memory.serverKey)
    }
    if row.usesPSK { try handshake.setPSK(try SecretBytes<32>(copying: memory.symmetricKey)) }
    if !memory.ephemeralKey.isEmpty {
      var ephemeral = try X25519.PrivateKey(copying: memory.ephemeralKey)
      handshake.takeEphemeral(&ephemeral)
    }
    guard row.shown == .nothing || memory.certificate != nil else { throw LaboratoryError.nothingToShow }
    shown = row.shown == .nothing ? [] : memory.certificate?.handshakeBytes ?? []
  }

  func hello() throws -> [UInt8] {
    let (hint, shown) = (hint, handshake.scheme.row.messageCount == 2 ? shown : [])
    return try frame {
      try handshake.writeHello(hint: hint.bytes, showing: shown.bytes, master: masterKey, into: &$0)
    }
  }

  func finish(_ reply: [UInt8], _ keys: inout SessionKeys) throws {
    try handshake.readReply(reply.bytes, keys: &keys)
  }

  func last(_ keys: inout SessionKeys) throws -> [UInt8]? {
    guard handshake.isMyTurn else { return nil }
    let shown = shown
    return try frame { try handshake.writeLast(showing: shown.bytes, into: &$0, keys: &keys) }
  }
}
