// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Noise
import CountersignCrypto

/// Both sides of a handshake with the modifier `hfs`, with all the keys that its pattern needs, started.
struct HybridPair: ~Copyable {
  var alice: HybridHandshakeState<Cipher.ChaChaPoly, Hash.SHA256>
  var bob: HybridHandshakeState<Cipher.ChaChaPoly, Hash.SHA256>

  init(_ pattern: HandshakePattern) throws {
    let aliceKey = X25519.PrivateKey.random()
    let bobKey = X25519.PrivateKey.random()
    alice = HybridHandshakeState(pattern, role: .initiator)
    bob = HybridHandshakeState(pattern, role: .responder)
    if pattern.needsStatic(.initiator) { alice.setStatic(aliceKey) }
    if pattern.needsStatic(.responder) { bob.setStatic(bobKey) }
    if pattern.needsRemoteStatic(.initiator) { alice.setRemoteStatic(bobKey.publicKey) }
    if pattern.needsRemoteStatic(.responder) { bob.setRemoteStatic(aliceKey.publicKey) }
    for position in 0..<HandshakePattern.maximumPSKCount where pattern.hasPSK(at: position) {
      let psk = SecretBytes<32>.random()
      try alice.setPSK(psk, at: position)
      try bob.setPSK(psk, at: position)
    }
    try alice.start()
    try bob.start()
  }

  /// The next message, from whoever's turn it is.
  mutating func write() throws(NoiseError) -> [UInt8] {
    alice.isMyTurn ? try alice.writeMessage([]) : try bob.writeMessage([])
  }

  /// The message to the party that waits for one.
  mutating func read(_ message: [UInt8], toAlice: Bool) throws(NoiseError) {
    _ = toAlice ? try alice.readMessage(message) : try bob.readMessage(message)
  }

  mutating func deliver() throws {
    let toAlice = bob.isMyTurn
    try read(write(), toAlice: toAlice)
  }
}
