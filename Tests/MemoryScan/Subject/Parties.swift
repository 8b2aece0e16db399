// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto

/// Everything that holds a secret, made empty in its final place.
struct Parties<H: Hash.Function>: ~Copyable {
  let pattern: HandshakePattern
  var initiatorKey = X25519.PrivateKey()
  var responderKey = X25519.PrivateKey()
  var psk = SecretBytes<32>()
  var initiatorSending = CipherState<Cipher.ChaChaPoly>()
  var initiatorReceiving = CipherState<Cipher.ChaChaPoly>()
  var responderSending = CipherState<Cipher.ChaChaPoly>()
  var responderReceiving = CipherState<Cipher.ChaChaPoly>()

  init(_ pattern: HandshakePattern) {
    self.pattern = pattern
  }

  /// Draws the long-term secrets; the script `run` draws the same in the same order.
  mutating func generate() {
    initiatorKey.generate()
    responderKey.generate()
    psk.fillWithRandom()
  }

  mutating func wipe() {
    initiatorKey.wipe()
    responderKey.wipe()
    psk.wipe()
    initiatorSending.wipe()
    initiatorReceiving.wipe()
    responderSending.wipe()
    responderReceiving.wipe()
  }

  /// A handshake between two states that stay alive until both have been split, and one message each way.
  @inline(never)
  mutating func handshake() throws(NoiseError) {
    var wire = Bytes<256>()
    var payload = Bytes<256>()
    var wireBytes = wire.mutableBytes
    var payloadBytes = payload.mutableBytes
    var initiator = HandshakeState<Cipher.ChaChaPoly, H>(pattern, role: .initiator)
    var responder = HandshakeState<Cipher.ChaChaPoly, H>(pattern, role: .responder)
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
    stage("live", initiator.handshakeHash)
    try initiator.split(sending: &initiatorSending, receiving: &initiatorReceiving)
    try responder.split(sending: &responderSending, receiving: &responderReceiving)
    var length = try initiatorSending.encrypt(RawSpan(), into: &wireBytes)
    _ = try responderReceiving.decrypt(wireBytes.bytes.extracting(0..<length), into: &payloadBytes)
    length = try responderSending.encrypt(RawSpan(), into: &wireBytes)
    _ = try initiatorReceiving.decrypt(wireBytes.bytes.extracting(0..<length), into: &payloadBytes)
    stage("split", initiator.handshakeHash)
  }

  private borrowing func give(
    _ state: inout HandshakeState<Cipher.ChaChaPoly, H>, _ key: borrowing X25519.PrivateKey, peer: X25519.PublicKey
  ) throws(NoiseError) {
    let isInitiator = state.role == .initiator
    let mine = isInitiator ? pattern.initiatorPreMessage : pattern.responderPreMessage
    let theirs = isInitiator ? pattern.responderPreMessage : pattern.initiatorPreMessage
    let sendsStatic = (0..<pattern.messageCount).contains {
      ($0 & 1 == 0) == isInitiator && pattern.message($0).contains(.s)
    }
    if sendsStatic || mine.contains(.s) { state.setStatic(key) }
    if theirs.contains(.s) { state.setRemoteStatic(peer) }
    for position in 0..<HandshakePattern.maximumPSKCount where pattern.hasPSK(at: position) {
      try state.setPSK(psk, at: position)
    }
  }
}
