// SPDX-License-Identifier: Apache-2.0

import Credentials
import Keyring
import Noise
import CountersignCrypto
import Relay
import Schemes
import Wire

/// What a server does that is weak on purpose: see ``Weaknesses``.
extension LabServer {
  /// Noise_IK whose first message carries the text, as protocols do that want to save a round trip. The server believes it.
  func admitEarly(_ frame: [UInt8], _ keys: inout SessionKeys) throws -> (Admitted, [UInt8]) {
    var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.IK, role: .responder)
    noise.setStatic(authority.serverKey)
    try noise.start()
    let text = try noise.readMessage(frame)
    guard let row = book.rows.values.first(where: { $0.publicKey == noise.remoteStatic }) else {
      throw GateRefusal.unknownDevice
    }
    let reply = try noise.writeMessage([])
    try noise.split(sending: &keys.sending, receiving: &keys.receiving)
    return (Admitted(address: row.address, scheme: .registered, generation: row.generation, earlyText: text), reply)
  }

  /// Noise_NNpsk0 under a key of zeros; whoever comes is taken for Alice.
  func admitAnybody(_ frame: [UInt8], _ keys: inout SessionKeys) throws -> (Admitted, [UInt8]) {
    var responder = Responder(.derivedKeyEphemeral)
    try responder.setPSK(SecretBytes<32>())
    _ = try responder.readHello(frame.bytes, key: authority.serverKey)
    guard let row = book.rows.values.first(where: { $0.address.device == World.names[0] }) else {
      throw GateRefusal.unknownDevice
    }
    let reply = try Compromise.frame { try responder.writeReply(into: &$0, keys: &keys) }
    return (Admitted(address: row.address, scheme: .derivedKeyEphemeral, generation: 1), reply)
  }
}

/// A device's side of Noise_IK with the text in the first message.
final class EarlyClient: ClientHandshake {
  private var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.IK, role: .initiator)
  private let text: [UInt8]

  init(_ memory: DeviceMemory, saying text: [UInt8]) throws {
    self.text = text
    noise.setStatic(try X25519.PrivateKey(copying: memory.privateKey))
    noise.setRemoteStatic(memory.serverKey)
    try noise.start()
  }

  func hello() throws -> [UInt8] { try noise.writeMessage(text) }

  func finish(_ reply: [UInt8], _ keys: inout SessionKeys) throws {
    _ = try noise.readMessage(reply)
    try noise.split(sending: &keys.sending, receiving: &keys.receiving)
  }
}
