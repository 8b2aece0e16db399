import Credentials
@_spi(Testing) import Noise
import Primitives
import Relay
import Schemes

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
    _ scheme: Scheme, hint: [UInt8], serverKey: X25519.PublicKey, masterKey: MasterPublicKey, certificate: Certificate?
  ) throws {
    let prefix = [scheme.id.rawValue] + hint
    self.prefix = prefix
    switch scheme {
    case .sharedKey, .derivedKey, .derivedKeyRatchet: return nil
    case .derivedKeyEphemeral:
      pattern = try HandshakePattern.NN.psk(0)
      let start = Prologue(scheme: scheme.id, hint: prefix.bytes)
      prologue = [UInt8](copying: start.bytes)
    case .certified, .registered:
      pattern = .IK
      let start = Prologue(scheme: scheme.id, serverKey: serverKey)
      prologue = [UInt8](copying: start.bytes)
    case .compactKK:
      pattern = .KK
      let start = Prologue(scheme: scheme.id, serverKey: serverKey)
      prologue = [UInt8](copying: start.bytes)
    case .hybridIKpsk2:
      pattern = try HandshakePattern.IK.psk(2)
      let start = Prologue(scheme: scheme.id, serverKey: serverKey)
      prologue = [UInt8](copying: start.bytes)
    case .identityBased:
      pattern = .IK.implicit(credentialLength: IdentityCredential.encodedLength)
      let start = Prologue(scheme: scheme.id, serverKey: serverKey, master: masterKey)
      prologue = [UInt8](copying: start.bytes)
    }
    credential = scheme == .identityBased ? certificate?.handshakeBytes ?? [] : []
    payload = scheme == .certified ? certificate?.handshakeBytes ?? [] : []
  }
}

/// A device whose random generator gives a number that somebody knows: the handshake of its scheme, with that ephemeral key.
final class PredictableClient: ClientHandshake {
  private var noise: HandshakeState<ChaChaPoly, SHA256>
  private let recipe: NoiseRecipe

  init(_ memory: DeviceMemory, epoch: Epoch, ephemeral: [UInt8]) throws {
    guard
      let recipe = try NoiseRecipe(
        memory.scheme, hint: try memory.hint(epoch: epoch), serverKey: memory.serverKey,
        masterKey: memory.masterKey, certificate: memory.certificate)
    else { throw LaboratoryError.nothingToShow }
    self.recipe = recipe
    noise = HandshakeState(recipe.pattern, role: .initiator)
    if memory.scheme.hasOwnKey {
      noise.setStatic(try X25519.PrivateKey(copying: memory.privateKey))
      noise.setRemoteStatic(memory.serverKey)
    }
    if memory.scheme == .derivedKeyEphemeral { try noise.setPSK(try SymmetricKey(copying: memory.symmetricKey), at: 0) }
    if memory.scheme == .hybridIKpsk2 { try noise.setPSK(try SymmetricKey(copying: memory.symmetricKey), at: 2) }
    noise.setEphemeral(try X25519.PrivateKey(copying: ephemeral))
    try noise.start(prologue: recipe.prologue.bytes)
  }

  func hello() throws -> [UInt8] {
    let recipe = recipe
    guard !recipe.credential.isEmpty else { return recipe.prefix + (try noise.writeMessage(recipe.payload)) }
    return recipe.prefix
      + (try frame {
        try noise.writeMessage(payloadLength: 0, credential: recipe.credential.bytes, into: &$0) { _ in }
      })
  }

  func finish(_ reply: [UInt8], _ keys: inout SessionKeys) throws {
    _ = try noise.readMessage(reply)
    try noise.split(sending: &keys.sending, receiving: &keys.receiving)
  }
}
