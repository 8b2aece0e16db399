// SPDX-License-Identifier: Apache-2.0

import Credentials
@_spi(Testing) import Noise
import CountersignCrypto
import Relay
import Schemes
import Wire

/// How a scheme uses Noise: what its frames have around the messages.
struct NoiseRecipe {
  let pattern: HandshakePattern
  /// Scheme and hint, in front of the first message.
  let prefix: [UInt8]
  let prologue: [UInt8]
  let payload: [UInt8]
  /// What the first message sends in the place of the device's key; empty where it sends the key.
  let credential: [UInt8]

  /// The recipe of a scheme with ephemeral keys; nil for the others.
  init?(
    _ scheme: SchemeID, hint: [UInt8], serverKey: X25519.PublicKey, masterKey: MasterPublicKey,
    certificate: Certificate?
  ) throws {
    let row = scheme.row
    guard let pattern = row.exchange.pattern else { return nil }
    self.pattern = pattern
    let prefix = [scheme.rawValue] + hint
    self.prefix = prefix
    if row.hasKeyPair {
      let start = Prologue(scheme: scheme, serverKey: serverKey, master: row.shown == .credential ? masterKey : nil)
      prologue = [UInt8](copying: start.bytes)
    } else {
      let start = Prologue(scheme: scheme, hint: prefix.bytes)
      prologue = [UInt8](copying: start.bytes)
    }
    let shown = certificate?.handshakeBytes ?? []
    credential = row.shown == .credential ? shown : []
    payload = row.shown == .certificate ? shown : []
  }
}

/// A device whose random generator gives a number that somebody knows: the handshake of its scheme, with that ephemeral key.
final class PredictableClient: ClientHandshake {
  private var noise: HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>
  private let recipe: NoiseRecipe

  init(_ memory: DeviceMemory, epoch: Epoch, ephemeral: [UInt8]) throws {
    guard
      let recipe = try NoiseRecipe(
        memory.scheme, hint: try memory.hint(epoch: epoch), serverKey: memory.serverKey,
        masterKey: memory.masterKey, certificate: memory.certificate)
    else { throw LaboratoryError.nothingToShow }
    self.recipe = recipe
    noise = HandshakeState(recipe.pattern, role: .initiator)
    if memory.scheme.row.hasKeyPair {
      noise.setStatic(try X25519.PrivateKey(copying: memory.privateKey))
      noise.setRemoteStatic(memory.serverKey)
    }
    if memory.scheme.row.usesPSK {
      let position = recipe.pattern.pskPositions.trailingZeroBitCount
      try noise.setPSK(try SecretBytes<32>(copying: memory.symmetricKey), at: position)
    }
    noise.setEphemeral(try X25519.PrivateKey(copying: ephemeral))
    try noise.start(prologue: recipe.prologue.bytes)
  }

  func hello() throws -> [UInt8] {
    let recipe = recipe
    guard !recipe.credential.isEmpty else {
      return recipe.prefix + (try noise.writeMessage(recipe.pattern.messageCount == 2 ? recipe.payload : []))
    }
    return recipe.prefix
      + (try frame {
        try noise.writeMessage(payloadLength: 0, credential: recipe.credential.bytes, into: &$0) { _ in }
      })
  }

  func finish(_ reply: [UInt8], _ keys: inout SessionKeys) throws {
    _ = try noise.readMessage(reply)
    if noise.isFinished { try noise.split(sending: &keys.sending, receiving: &keys.receiving) }
  }

  func last(_ keys: inout SessionKeys) throws -> [UInt8]? {
    guard noise.isMyTurn else { return nil }
    let message = try noise.writeMessage(recipe.payload)
    try noise.split(sending: &keys.sending, receiving: &keys.receiving)
    return message
  }
}
