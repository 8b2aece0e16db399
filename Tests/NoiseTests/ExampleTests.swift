// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto
import Testing

/// The examples of docs/reference/noise.md, as they stand there.
@Suite("The reference's examples")
struct ExampleTests {
  @Test("A protocol known at compile time")
  func compileTime() throws {
    let bobKey = X25519.PrivateKey.random()
    let aliceKey = X25519.PrivateKey.random()

    // begin: compile-time
    var alice = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.IK, role: .initiator)
    alice.setStatic(aliceKey)
    alice.setRemoteStatic(bobKey.publicKey)
    try alice.start(prologue: [1, 0].span.bytes)

    var bob = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.IK, role: .responder)
    bob.setStatic(bobKey)
    try bob.start(prologue: [1, 0].span.bytes)

    let payload = try bob.readMessage(alice.writeMessage(Array("certificate".utf8)))
    _ = try alice.readMessage(bob.writeMessage([]))

    var toBob = CipherState<Cipher.ChaChaPoly>()
    var fromBob = CipherState<Cipher.ChaChaPoly>()
    try alice.split(sending: &toBob, receiving: &fromBob)
    // end: compile-time

    #expect(payload == Array("certificate".utf8) && bob.remoteStatic == aliceKey.publicKey)
    var bobs = try bob.split()
    #expect(try bobs.receiving.decrypt(toBob.encrypt([1, 2, 3])) == [1, 2, 3])
  }

  @Test("Hybrid forward secrecy")
  func hybrid() throws {
    let aliceKey = X25519.PrivateKey.random()
    let bobKey = X25519.PrivateKey.random()

    // begin: hybrid
    var alice = HybridHandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.XXhfs, role: .initiator)
    alice.setStatic(aliceKey)
    try alice.start()
    // end: hybrid

    let name = try NoiseProtocolName("Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256")
    let bob = name.makeHandshake(role: .responder)
    bob.setStatic(bobKey)
    try bob.start(prologue: [])
    _ = try bob.readMessage(alice.writeMessage([]))
    _ = try alice.readMessage(bob.writeMessage([]))
    _ = try bob.readMessage(alice.writeMessage([]))
    #expect(alice.handshakeHashBytes == bob.handshakeHash)
  }

  @Test("The peer's psk, chosen when its key is known")
  func resolving() throws {
    var pair = try StartedPair.make("XXpsk3", bobDefers: 3)
    try pair.deliver(2)
    let third = try pair.alice.writeMessage([])
    let psks = [pair.aliceKey.publicKey: StartedPair.psk(3)]

    // begin: resolving
    let payload = try pair.bob.readMessage(third) { key, secrets throws(NoiseError) in
      guard let psk = psks[key], let secret = try? SecretBytes<32>(copying: psk) else { throw .peerRefused }
      try secrets.setPSK(secret, at: 3)
    }
    // end: resolving
    #expect(payload.isEmpty && pair.bob.isFinished)
  }

  @Test("Bytes in place, nothing allocated")
  func inPlace() throws {
    var sender = CipherState<Cipher.ChaChaPoly>()
    var receiver = CipherState<Cipher.ChaChaPoly>()
    let key = SecretBytes<32>.random()
    sender = CipherState(key: key)
    receiver = CipherState(key: key)

    // begin: in-place
    var message = Bytes<80>()  // 64 bytes of plaintext, 16 of tag
    var bytes = message.mutableBytes
    try sender.encrypt(inPlace: &bytes)
    try receiver.decrypt(inPlace: &bytes)
    // end: in-place
    #expect(sender.nonce == 1 && receiver.nonce == 1)
  }

  @Test("A protocol named at run time")
  func runTime() throws {
    // begin: run-time
    let name = try NoiseProtocolName("Noise_NNpsk0_25519_AESGCM_BLAKE2b")
    let alice = name.makeHandshake(role: .initiator)
    let psk = SecretBytes<32>.random()
    try alice.setPSK(psk, at: 0)
    try alice.start(prologue: [])
    let first = try alice.writeMessage([])
    // end: run-time
    #expect(first.count == 48 && "\(name)" == "Noise_NNpsk0_25519_AESGCM_BLAKE2b")
  }

  @Test("Noise Pipes: from IK to XXfallback")
  func pipes() throws {
    let bobKey = X25519.PrivateKey.random()
    let aliceKey = X25519.PrivateKey.random()
    var alice = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.IK, role: .initiator)
    alice.setStatic(aliceKey)
    alice.setRemoteStatic(X25519.PrivateKey.random().publicKey)
    try alice.start()
    var bob = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.IK, role: .responder)
    bob.setStatic(bobKey)
    try bob.start()
    let first = try alice.writeMessage([])
    #expect(throws: NoiseError.decryptionFailed) { try bob.readMessage(first) }

    // begin: pipes
    let fallback = try HandshakePattern.XX.fallback()
    try bob.fallBack(to: fallback, after: first.span.bytes)  // Bob could not read `first`
    try bob.start()
    try alice.fallBack(to: fallback)
    try alice.start()
    _ = try alice.readMessage(bob.writeMessage([]))
    _ = try bob.readMessage(alice.writeMessage([]))
    // end: pipes
    #expect(alice.isFinished && alice.remoteStatic == bobKey.publicKey && bob.remoteStatic == aliceKey.publicKey)
    #expect(alice.handshakeHashBytes == bob.handshakeHashBytes)
  }

  @Test("Datagrams and grades")
  func rest() throws {
    var pair = try StartedPair.make("NN")
    try pair.finish()
    // begin: datagrams
    var alice = DatagramTransport<Cipher.ChaChaPoly>()
    try pair.alice.split(into: &alice)
    var datagram = [UInt8](repeating: 0, count: 5 + DatagramTransport<Cipher.ChaChaPoly>.overhead)
    var bytes = datagram.mutableBytes
    let length = try alice.seal(Array("hello".utf8).span.bytes, into: &bytes)
    // end: datagrams
    #expect(length == 29)

    // begin: grades
    let grades = HandshakePattern.IK.payloadSecurity!  // [1 2, 2 4, 2 5, 2 5]
    let hiding = HandshakePattern.IK.identityHiding!  // initiator 4, responder 3
    // end: grades
    #expect("\(grades)" == "[1 2, 2 4, 2 5, 2 5]" && hiding == (.property(4), .property(3)))

    // begin: notation
    let pattern = try HandshakePattern(
      text: """
        IKplain:
          <- s
          ...
          -> e, es, s
          <- e, ee, se
        """)
    // end: notation
    #expect(pattern.messageOverhead(0) == 96)
  }
}
