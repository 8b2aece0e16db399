// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Switching from a handshake that the responder cannot read to one that it can (specification, section 10).
extension HandshakeMachine where K: ~Copyable {
  /// Turns this state, in place, into the other role of a `fallback` pattern: Alice, who sent the first message, keeps its
  /// ephemeral key and waits; Bob, who could not use the message, continues from it.
  ///
  /// The local static key is kept if the new pattern needs it, the peer's static key if the new pattern has it beforehand;
  /// pre-shared keys are forgotten. Set what is missing, then ``start(prologue:)``. If the first message negotiated anything, its
  /// handshake hash belongs in the new prologue (section 10.1).
  ///
  /// - Parameters:
  ///   - fallback: a pattern made by ``HandshakePattern/fallback()``, for example that of XX.
  ///   - message: for Bob, the first message as it arrived; its first 32 bytes are Alice's ephemeral key.
  /// - Throws: ``NoiseError/outOfTurn`` before or after the first message, ``NoiseError/invalidPattern(_:)``,
  ///   ``NoiseError/messageTooShort``.
  public mutating func fallBack(
    to fallback: HandshakePattern, after message: RawSpan = RawSpan()
  ) throws(NoiseError) {
    guard phase == .running, index == 1 || (index == 0 && role == .responder) else { throw .outOfTurn }
    guard !K.isPresent, fallback.isFallback, pattern.messages[0].first(where: { $0 != .psk }) == .e else {
      throw .invalidPattern(.notFallbackCapable)
    }
    if role == .responder && re == nil {
      guard message.byteCount >= X25519.keyLength else { throw .messageTooShort }
      var key = X25519.PublicKey()
      var bytes = key.mutableBytes
      copyBytes(message.extracting(0..<X25519.keyLength), to: &bytes)
      re = key
    }
    pattern = fallback
    role = role.opposite
    index = 0
    phase = .collectingKeys
    symmetric.wipe()
    peer.wipe()
    deferredPSKs = 0
    if !fallback.needsRemoteStatic(role) { rs = nil }
    if !fallback.needsStatic(role) {
      s = X25519.PrivateKey()
      hasS = false
    }
  }
}

extension TokenSequence {
  func first(where isMatch: (Token) -> Bool) -> Token? {
    var rest = self
    while let token = rest.popFirst() {
      if isMatch(token) { return token }
    }
    return nil
  }
}
