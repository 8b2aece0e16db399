// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Noise
import CountersignCrypto

/// Two states of one handshake, and the arrays that go between them.
struct Parties<C: Cipher.Function, H: Hash.Function>: ~Copyable {
  var initiator: HandshakeState<C, H>
  var responder: HandshakeState<C, H>

  /// Both started, with whatever keys the pattern asks for.
  init(
    _ pattern: HandshakePattern, initiatorKey: borrowing X25519.PrivateKey, responderKey: borrowing X25519.PrivateKey,
    psk: [UInt8] = [UInt8](repeating: 9, count: 32)
  ) throws {
    initiator = HandshakeState(pattern, role: .initiator)
    responder = HandshakeState(pattern, role: .responder)
    try Self.give(&initiator, initiatorKey, peer: responderKey.publicKey, psk)
    try Self.give(&responder, responderKey, peer: initiatorKey.publicKey, psk)
    try initiator.start()
    try responder.start()
  }

  private static func give(
    _ state: inout HandshakeState<C, H>, _ key: borrowing X25519.PrivateKey, peer: X25519.PublicKey,
    _ psk: [UInt8]
  ) throws {
    let pattern = state.pattern
    let isInitiator = state.role == .initiator
    let sends = (0..<pattern.messageCount).contains {
      ($0 & 1 == 0) == isInitiator && pattern.message($0).contains(.s)
    }
    let mine = isInitiator ? pattern.initiatorPreMessage : pattern.responderPreMessage
    let theirs = isInitiator ? pattern.responderPreMessage : pattern.initiatorPreMessage
    if sends || mine.contains(.s) { state.setStatic(key) }
    if theirs.contains(.s) { state.setRemoteStatic(peer) }
    for position in 0..<HandshakePattern.maximumPSKCount where pattern.hasPSK(at: position) {
      try state.setPSK(try SecretBytes<32>(copying: psk), at: position)
    }
  }

  /// The next message, from whoever's turn it is.
  mutating func write(_ payload: [UInt8] = []) throws(NoiseError) -> [UInt8] {
    if initiator.isMyTurn { try initiator.writeMessage(payload) } else { try responder.writeMessage(payload) }
  }

  /// The same message read by the other party.
  mutating func read(_ message: [UInt8]) throws(NoiseError) -> [UInt8] {
    // The writer has moved on already: whoever's turn it is now did not write it, unless nobody's is.
    if initiator.messageIndex > responder.messageIndex {
      try responder.readMessage(message)
    } else {
      try initiator.readMessage(message)
    }
  }

  mutating func finish() throws(NoiseError) {
    while !(initiator.isFinished && responder.isFinished) { _ = try read(try write()) }
  }
}

/// The memory of a state, secrets and all.
func memory<C: Cipher.Function, H: Hash.Function>(_ state: inout HandshakeState<C, H>) -> [UInt8] {
  withUnsafeBytes(of: &state) { [UInt8]($0) }
}
