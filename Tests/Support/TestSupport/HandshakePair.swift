// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto

/// Both parties of a handshake with keys made beforehand, so that what is measured is the handshake alone.
public struct HandshakePair: ~Copyable {
  public let pattern: HandshakePattern
  public var initiatorKey = X25519.PrivateKey()
  public var responderKey = X25519.PrivateKey()
  public var psk = SecretBytes<32>()

  public init(_ pattern: HandshakePattern) {
    self.pattern = pattern
    initiatorKey.generate()
    responderKey.generate()
    psk.fillWithRandom()
  }

  /// One handshake from making both states to the transport keys, and `transportMessages` messages each way.
  public borrowing func run<C: Cipher.Function, H: Hash.Function, K: KEM & ~Copyable>(
    _ cipher: C.Type, _ hash: H.Type, kem: K.Type = NoKEM.self, transportMessages: Int = 0
  ) throws(NoiseError) {
    var wire = Bytes<1400>()
    var payload = Bytes<1400>()
    var wireBytes = wire.mutableBytes
    var payloadBytes = payload.mutableBytes
    var initiator = HandshakeMachine<C, H, K>(pattern, role: .initiator)
    var responder = HandshakeMachine<C, H, K>(pattern, role: .responder)
    try give(&initiator, initiatorKey, peer: responderKey.publicKey)
    try give(&responder, responderKey, peer: initiatorKey.publicKey)
    try initiator.start()
    try responder.start()
    while !initiator.isFinished {
      if initiator.isMyTurn {
        let length = try initiator.writeMessage(into: &wireBytes)
        _ = try responder.readMessage(wireBytes.bytes.extracting(0..<length), into: &payloadBytes)
      } else {
        let length = try responder.writeMessage(into: &wireBytes)
        _ = try initiator.readMessage(wireBytes.bytes.extracting(0..<length), into: &payloadBytes)
      }
    }
    guard constantTimeEquals(initiator.handshakeHash, responder.handshakeHash) else { throw .decryptionFailed }

    var there = CipherState<C>()
    var back = CipherState<C>()
    var thereAtPeer = CipherState<C>()
    var backAtPeer = CipherState<C>()
    try initiator.split(sending: &there, receiving: &back)
    try responder.split(sending: &backAtPeer, receiving: &thereAtPeer)
    for _ in 0..<transportMessages {
      var message = wireBytes.prefix(80)
      try there.encrypt(inPlace: &message)
      try thereAtPeer.decrypt(inPlace: &message)
      try backAtPeer.encrypt(inPlace: &message)
      try back.decrypt(inPlace: &message)
    }
  }

  /// Gives `state` the keys that its pattern asks for, and no others.
  private borrowing func give<C: Cipher.Function, H: Hash.Function, K: KEM & ~Copyable>(
    _ state: inout HandshakeMachine<C, H, K>, _ key: borrowing X25519.PrivateKey, peer: X25519.PublicKey
  ) throws(NoiseError) {
    let mine = state.role == .initiator ? pattern.initiatorPreMessage : pattern.responderPreMessage
    let theirs = state.role == .initiator ? pattern.responderPreMessage : pattern.initiatorPreMessage
    var needsStatic = mine.contains(.s)
    for index in 0..<pattern.messageCount where (index & 1 == 0) == (state.role == .initiator) {
      needsStatic = needsStatic || pattern.message(index).contains(.s)
    }
    if needsStatic { state.setStatic(key) }
    if theirs.contains(.s) { state.setRemoteStatic(peer) }
    for position in 0..<HandshakePattern.maximumPSKCount where pattern.hasPSK(at: position) {
      try state.setPSK(psk, at: position)
    }
  }
}
