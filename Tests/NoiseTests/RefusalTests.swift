// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Noise
import CountersignCrypto
import Testing

/// A refused message leaves the state byte for byte as it was, and the right message then succeeds.
@Suite("After a refusal")
struct RefusalTests {
  @Test(
    "Every cut and every changed byte of every message",
    arguments: ["XX", "IK", "NNpsk0", "IKpsk2", "XXpsk3", "X1K1"])
  func reads(name: String) throws {
    var pair = try StartedPair.make(name)
    while !pair.alice.isFinished {
      let isAlices = pair.alice.isMyTurn
      let message = try isAlices ? pair.alice.writeMessage([1, 2, 3]) : pair.bob.writeMessage([1, 2, 3])
      let overhead = isAlices ? pair.bob.nextMessageOverhead : pair.alice.nextMessageOverhead
      let before = isAlices ? pair.bob.stateDigest : pair.alice.stateDigest

      func refuse(_ wrong: [UInt8]) {
        do {
          _ = try isAlices ? pair.bob.readMessage(wrong) : pair.alice.readMessage(wrong)
          Issue.record("\(name): accepted a wrong message")
        } catch {
          #expect((isAlices ? pair.bob.stateDigest : pair.alice.stateDigest) == before, "\(name): \(error)")
        }
      }
      for length in 0..<overhead { refuse(Array(message.prefix(length))) }
      // A message without a tag cannot be told from a forgery: the next one is.
      let isAuthenticated = overhead > 32
      if isAuthenticated {
        for index in message.indices {
          var wrong = message
          wrong[index] ^= 0x80
          refuse(wrong)
        }
        refuse(message + [0])
      }
      refuse([UInt8](repeating: 0, count: 65_536))
      _ = try isAlices ? pair.bob.readMessage(message) : pair.alice.readMessage(message)
    }
    #expect(pair.alice.handshakeHashBytes == pair.bob.handshakeHashBytes)
  }

  @Test("A write that is refused: too long, too small a buffer, a psk that never came, a point of low order")
  func writes() throws {
    var pair = try StartedPair.make("IKpsk2", bobDefers: 2)
    _ = try pair.bob.readMessage(pair.alice.writeMessage([]))
    let before = pair.bob.stateDigest
    #expect(throws: NoiseError.messageTooLong) { try pair.bob.writeMessage([UInt8](repeating: 0, count: 65_536 - 48)) }
    #expect(throws: NoiseError.missingKey(.psk(2))) { try pair.bob.writeMessage([]) }
    var small = [UInt8](repeating: 0, count: 47)
    var smallBytes = small.mutableBytes
    #expect(throws: NoiseError.bufferTooSmall(needed: 48)) { try pair.bob.writeMessage(into: &smallBytes) }
    #expect(throws: NoiseError.outOfTurn) { try pair.bob.readMessage([]) }
    #expect(throws: NoiseError.outOfTurn) { try pair.bob.start() }
    #expect(pair.bob.stateDigest == before)

    var initiator = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.NK, role: .initiator)
    initiator.setRemoteStatic(X25519.PublicKey())
    try initiator.start()
    let unwritten = initiator.stateDigest
    #expect(throws: NoiseError.lowOrderPoint) { try initiator.writeMessage([]) }
    #expect(initiator.stateDigest == unwritten)
  }

  @Test("65,535 bytes is the limit both ways, in handshake and transport, tag included")
  func limits() throws {
    var pair = try StartedPair.make("NN")
    #expect(throws: NoiseError.messageTooLong) { try pair.alice.writeMessage([UInt8](repeating: 0, count: 65_504)) }
    let longest = try pair.alice.writeMessage([UInt8](repeating: 0, count: 65_503))
    #expect(longest.count == 65_535)
    #expect(throws: NoiseError.messageTooLong) { try pair.bob.readMessage(longest + [0]) }
    #expect(try pair.bob.readMessage(longest).count == 65_503)
    try pair.finish()

    var alice = CipherState<Cipher.ChaChaPoly>()
    var bob = CipherState<Cipher.ChaChaPoly>()
    var unused = CipherState<Cipher.ChaChaPoly>()
    try pair.alice.split(sending: &alice, receiving: &unused)
    try pair.bob.split(sending: &unused, receiving: &bob)
    #expect(throws: NoiseError.messageTooLong) { try alice.encrypt([UInt8](repeating: 0, count: 65_520)) }
    var tooLong = [UInt8](repeating: 0, count: 65_536)
    var tooLongBytes = tooLong.mutableBytes
    #expect(throws: NoiseError.messageTooLong) { try alice.encrypt(inPlace: &tooLongBytes) }
    #expect(throws: NoiseError.messageTooLong) { try bob.decrypt(inPlace: &tooLongBytes) }
    #expect(alice.nonce == 0 && bob.nonce == 0)
    let full = try alice.encrypt([UInt8](repeating: 9, count: 65_519))
    #expect(full.count == 65_535)
    #expect(throws: NoiseError.messageTooLong) { try bob.decrypt(full + [0]) }
    #expect(try bob.decrypt(full).count == 65_519)
    #expect(throws: NoiseError.messageTooShort) { try bob.decrypt([UInt8](repeating: 0, count: 15)) }
    #expect(bob.nonce == 1)
  }
}
