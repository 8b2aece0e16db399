// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Noise
import CountersignCrypto

/// Both sides of a handshake, with all the keys that its pattern needs, started.
struct StartedPair: ~Copyable {
  var alice: HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>
  var bob: HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>
  let aliceKey: X25519.PrivateKey
  let bobKey: X25519.PrivateKey

  /// - Parameter bobDefers: the psk that the responder gets in mid-handshake.
  static func make(_ name: String, bobDefers: Int? = nil) throws -> StartedPair {
    let pattern = try HandshakePattern(named: name)
    var pair = StartedPair(pattern)
    try pair.giveKeys(pattern, bobDefers)
    try pair.alice.start()
    try pair.bob.start()
    return pair
  }

  private init(_ pattern: HandshakePattern) {
    aliceKey = X25519.PrivateKey.random()
    bobKey = X25519.PrivateKey.random()
    alice = HandshakeState(pattern, role: .initiator)
    bob = HandshakeState(pattern, role: .responder)
  }

  private mutating func giveKeys(_ pattern: HandshakePattern, _ bobDefers: Int?) throws {
    if pattern.needsStatic(.initiator) { alice.setStatic(aliceKey) }
    if pattern.needsStatic(.responder) { bob.setStatic(bobKey) }
    if pattern.needsRemoteStatic(.initiator) { alice.setRemoteStatic(bobKey.publicKey) }
    if pattern.needsRemoteStatic(.responder) { bob.setRemoteStatic(aliceKey.publicKey) }
    for position in 0..<HandshakePattern.maximumPSKCount where pattern.hasPSK(at: position) {
      let psk = try SecretBytes<32>(copying: Self.psk(position))
      try alice.setPSK(psk, at: position)
      if position == bobDefers {
        try bob.deferPSK(at: position)
      } else {
        try bob.setPSK(psk, at: position)
      }
    }
  }

  /// The pre-shared key of `psk<position>`.
  static func psk(_ position: Int) -> [UInt8] { [UInt8](repeating: UInt8(position + 1), count: 32) }

  /// Delivers the next messages, whoever's turn it is.
  mutating func deliver(_ count: Int) throws {
    for _ in 0..<count {
      if alice.isMyTurn {
        _ = try bob.readMessage(alice.writeMessage([]))
      } else {
        _ = try alice.readMessage(bob.writeMessage([]))
      }
    }
  }

  /// Delivers what is left.
  mutating func finish() throws {
    try deliver(alice.pattern.messageCount - alice.messageIndex)
  }
}
