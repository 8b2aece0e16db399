// SPDX-License-Identifier: Apache-2.0

import Bare
import Noise
import CountersignCrypto

/// A responder's whole part in a handshake, timed apart from its initiator's: from an empty state to its transport keys.
struct Responder: ~Copyable {
  let pattern: HandshakePattern
  let cachesStaticShared: Bool
  private var initiatorKey = X25519.PrivateKey()
  private var responderKey = X25519.PrivateKey()
  private var psk = SecretBytes<32>()
  private var staticShared = SecretBytes<32>()
  private let initiatorHasStatic: Bool
  private let responderHasStatic: Bool

  init(_ pattern: HandshakePattern, cachesStaticShared: Bool = false) throws {
    self.pattern = pattern
    self.cachesStaticShared = cachesStaticShared
    initiatorKey.generate()
    responderKey.generate()
    psk.fillWithRandom()
    try responderKey.agree(with: initiatorKey.publicKey, into: &staticShared)
    func sendsStatic(_ parity: Int) -> Bool {
      (0..<pattern.messageCount).contains { $0 & 1 == parity && pattern.message($0).contains(.s) }
    }
    initiatorHasStatic = sendsStatic(0) || pattern.initiatorPreMessage.contains(.s)
    responderHasStatic = sendsStatic(1) || pattern.responderPreMessage.contains(.s)
  }

  /// One handshake; returns the nanoseconds that the responder's calls took.
  borrowing func handshake() throws(NoiseError) -> UInt64 {
    var wire = Bytes<256>()
    var payload = Bytes<256>()
    var wireBytes = wire.mutableBytes
    var payloadBytes = payload.mutableBytes
    var sending = CipherState<Cipher.ChaChaPoly>()
    var receiving = CipherState<Cipher.ChaChaPoly>()
    var initiator = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(pattern, role: .initiator)
    try give(&initiator, initiatorHasStatic, initiatorKey, peer: responderKey.publicKey)
    try initiator.start()

    var length = try initiator.writeMessage(into: &wireBytes)
    let start = bare_now()
    var responder = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(pattern, role: .responder)
    try give(&responder, responderHasStatic, responderKey, peer: initiatorKey.publicKey)
    if cachesStaticShared { responder.setStaticSharedSecret(staticShared) }
    try responder.start()
    _ = try responder.readMessage(wireBytes.bytes.extracting(0..<length), into: &payloadBytes)
    length = try responder.writeMessage(into: &wireBytes)
    var elapsed = bare_now() - start
    _ = try initiator.readMessage(wireBytes.bytes.extracting(0..<length), into: &payloadBytes)
    if !initiator.isFinished {
      length = try initiator.writeMessage(into: &wireBytes)
      let resumed = bare_now()
      _ = try responder.readMessage(wireBytes.bytes.extracting(0..<length), into: &payloadBytes)
      elapsed += bare_now() - resumed
    }
    let end = bare_now()
    try responder.split(sending: &sending, receiving: &receiving)
    return elapsed + (bare_now() - end)
  }

  @inline(__always)
  private borrowing func give(
    _ state: inout HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>, _ hasStatic: Bool,
    _ key: borrowing X25519.PrivateKey,
    peer: X25519.PublicKey
  ) throws(NoiseError) {
    let theirs = state.role == .initiator ? pattern.responderPreMessage : pattern.initiatorPreMessage
    if hasStatic { state.setStatic(key) }
    if theirs.contains(.s) { state.setRemoteStatic(peer) }
    for position in 0..<HandshakePattern.maximumPSKCount where pattern.hasPSK(at: position) {
      try state.setPSK(psk, at: position)
    }
  }
}
