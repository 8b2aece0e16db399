// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Noise
import CountersignCrypto

/// One party of a vector: a handshake, then its two transport halves.
final class Party {
  let handshake: any NamedHandshake
  private var halves: (sending: any NamedCipherState, receiving: any NamedCipherState)?
  private(set) var finalHash: [UInt8]?

  /// The party `side` ("init" or "resp") of a vector, with the keys that its pattern needs and no others, started.
  init(_ vector: VectorObject, _ name: NoiseProtocolName, _ side: String) throws {
    handshake = name.makeHandshake(role: side == "init" ? .initiator : .responder)
    try give(vector, side)
    try handshake.start(prologue: vector.bytes("\(side)_prologue") ?? [])
  }

  /// Falls back to the pattern of `vector`, in which this party is `side`.
  func fallBack(to vector: VectorObject, _ name: NoiseProtocolName, _ side: String, after message: [UInt8]) throws {
    try handshake.fallBack(to: name.pattern, after: message)
    if side == "init" { try giveEphemeral(vector, side) }
    try handshake.start(prologue: vector.bytes("\(side)_prologue") ?? [])
  }

  private func give(_ vector: VectorObject, _ side: String) throws {
    let other = side == "init" ? "resp" : "init"
    let (pattern, role) = (handshake.pattern, handshake.role)
    if pattern.needsStatic(role) {
      let key = try X25519.PrivateKey(copying: vector.need("\(side)_static"))
      handshake.setStatic(key)
    }
    if pattern.needsRemoteStatic(role) {
      handshake.setRemoteStatic(try publicKey(vector, "\(side)_remote_static", orOf: "\(other)_static"))
    }
    if pattern.needsRemoteEphemeral(role) {
      handshake.setRemoteEphemeral(try publicKey(vector, "\(side)_remote_ephemeral", orOf: "\(other)_ephemeral"))
    }
    // The party that a pipe makes fall back before it has answered has no ephemeral key yet.
    let mayLack = !pattern.needsEphemeral(role) && vector["\(side)_ephemeral"] == nil
    if !mayLack && (pattern.needsEphemeral(role) || pattern.sends(.e, by: role)) { try giveEphemeral(vector, side) }
    if pattern.isHybrid { handshake.setKEMRandomness(try vector.need("\(side)_kem_seed")) }
    let psks = try vector.psks(side)
    let positions = (0..<HandshakePattern.maximumPSKCount).filter(pattern.hasPSK)
    guard positions.isEmpty || psks.count == positions.count || psks.count == 1 else {
      throw MalformedVector(description: "\(psks.count) psks for \(positions.count) places")
    }
    for (index, position) in positions.enumerated() {
      let key = try SecretBytes<32>(copying: psks[psks.count == 1 ? 0 : index])
      try handshake.setPSK(key, at: position)
    }
  }

  private func giveEphemeral(_ vector: VectorObject, _ side: String) throws {
    let key = try X25519.PrivateKey(copying: vector.need("\(side)_ephemeral"))
    handshake.setEphemeral(key)
  }

  private func publicKey(_ vector: VectorObject, _ field: String, orOf secret: String) throws -> X25519.PublicKey {
    if let bytes = try vector.bytes(field) { return try X25519.PublicKey(copying: bytes) }
    let key = try X25519.PrivateKey(copying: vector.need(secret))
    return key.publicKey
  }

  /// Writes the next message of whichever phase this party is in.
  func write(_ payload: [UInt8]) throws(NoiseError) -> [UInt8] {
    if let halves { return try halves.sending.encrypt(payload) }
    let message = try handshake.writeMessage(payload)
    try finish()
    return message
  }

  /// Reads the next message of whichever phase this party is in.
  func read(_ message: [UInt8]) throws(NoiseError) -> [UInt8] {
    if let halves { return try halves.receiving.decrypt(message) }
    let payload = try handshake.readMessage(message)
    try finish()
    return payload
  }

  private func finish() throws(NoiseError) {
    guard handshake.isFinished else { return }
    finalHash = handshake.handshakeHash
    halves = try handshake.split()
  }

  /// The transport half that serves `direction` ("init_to_resp" or "resp_to_init").
  func half(_ direction: String) throws -> any NamedCipherState {
    guard let halves else { throw MalformedVector(description: "a transport step before the end of the handshake") }
    return (direction == "init_to_resp") == (handshake.role == .initiator) ? halves.sending : halves.receiving
  }
}
