// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Crypto
import Noise

/// Noise_XX between two parties, and swift-crypto's names beside it in one file.
func converse() throws {
  let alice = X25519.PrivateKey.random()
  let bob = X25519.PrivateKey.random()
  var initiator = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.XX, role: .initiator)
  var responder = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.XX, role: .responder)
  initiator.setStatic(alice)
  responder.setStatic(bob)
  try initiator.start()
  try responder.start()
  _ = try responder.readMessage(try initiator.writeMessage([]))
  _ = try initiator.readMessage(try responder.writeMessage([]))
  let card = try responder.readMessage(try initiator.writeMessage(Array("I am Alice".utf8)))
  guard responder.remoteStatic == alice.publicKey, initiator.remoteStatic == bob.publicKey else {
    fatalError("each learns the other's key")
  }
  // Both name the session alike; the name of the name is swift-crypto's.
  guard SHA256.hash(data: initiator.handshakeHashBytes) == SHA256.hash(data: responder.handshakeHashBytes) else {
    fatalError("the handshake hash is the same on both sides")
  }
  var up = try initiator.split()
  var down = try responder.split()
  let text = try down.receiving.decrypt(try up.sending.encrypt(Array("open the north valve".utf8)))
  print(String(decoding: card, as: UTF8.self) + ": " + String(decoding: text, as: UTF8.self))
}

try converse()
