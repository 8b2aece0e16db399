// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Noise
import CountersignCrypto
import Testing

@Suite("Bugs of others: handshakes that nobody else understands")
struct InteroperabilityRegressions {
  @Test("IK: MixKey(e) happens with a psk only, HMAC is HMAC, 64-byte keys are cut to 32")
  func ik() throws {
    try check(Hash.SHA256.self)
    try check(Hash.SHA512.self)
    try check(Hash.BLAKE2s.self)
    try check(Hash.BLAKE2b.self)
  }

  /// Our initiator against a responder by hand, message by message, and the transport key that follows.
  private func check<H: Hash.Function>(_: H.Type) throws {
    for pattern in [HandshakePattern.IK, .XK] {
      let initiatorKey = X25519.PrivateKey.random()
      let responderKey = X25519.PrivateKey.random()
      let responderPublic = [UInt8](copying: responderKey.publicKey.bytes)
      let isIK = pattern.messageCount == 2
      var state = HandshakeState<Cipher.ChaChaPoly, H>(pattern, role: .initiator)
      state.setStatic(initiatorKey)
      state.setRemoteStatic(responderKey.publicKey)
      try state.start()
      var hand = ByHand<H>(name: "Noise_\(isIK ? "IK" : "XK")_25519_ChaChaPoly_\(H.noiseName)")
      hand.mixHash([])
      hand.mixHash(responderPublic)

      let message = try state.writeMessage(Array("hello".utf8))
      let ephemeral = Array(message.prefix(32))
      hand.mixHash(ephemeral)
      hand.mixKey(try agree(responderKey, ephemeral))
      if isIK {
        let initiatorPublic = try hand.decryptAndHash(Array(message[32..<80]))
        #expect(initiatorPublic == [UInt8](copying: initiatorKey.publicKey.bytes))
        hand.mixKey(try agree(responderKey, initiatorPublic))
      }
      let payload = try hand.decryptAndHash(Array(message[(isIK ? 80 : 32)...]))
      #expect(payload == Array("hello".utf8), "\(pattern.messageCount) messages, \(H.noiseName)")
      #expect(state.handshakeHashBytes == hand.h)
    }
  }

  @Test("NN: the first message is in clear and its key not mixed; the transport keys are halves of the 64 bytes")
  func nn() throws {
    try checkNN(Hash.SHA256.self)
    try checkNN(Hash.SHA512.self)
    try checkNN(Hash.BLAKE2s.self)
    try checkNN(Hash.BLAKE2b.self)
  }

  private func checkNN<H: Hash.Function>(_: H.Type) throws {
    let ephemeral = X25519.PrivateKey.random()
    var initiator = HandshakeState<Cipher.ChaChaPoly, H>(.NN, role: .initiator)
    initiator.setEphemeral(ephemeral)
    try initiator.start()
    var responder = HandshakeState<Cipher.ChaChaPoly, H>(.NN, role: .responder)
    try responder.start()
    var hand = ByHand<H>(name: "Noise_NN_25519_ChaChaPoly_\(H.noiseName)")
    hand.mixHash([])

    let first = try initiator.writeMessage([1, 2, 3])
    #expect(first == [UInt8](copying: ephemeral.publicKey.bytes) + [1, 2, 3])
    hand.mixHash(Array(first.prefix(32)))
    hand.mixHash([1, 2, 3])
    _ = try responder.readMessage(first)
    let second = try responder.writeMessage([4, 5])
    hand.mixHash(Array(second.prefix(32)))
    hand.mixKey(try agree(ephemeral, Array(second.prefix(32))))
    #expect(try hand.decryptAndHash(Array(second.dropFirst(32))) == [4, 5])

    _ = try initiator.readMessage(second)
    var sending = CipherState<Cipher.ChaChaPoly>()
    var receiving = CipherState<Cipher.ChaChaPoly>()
    try initiator.split(sending: &sending, receiving: &receiving)
    let keys = hand.hkdf([])
    for (key, isSending) in [(keys.0, true), (keys.1, false)] {
      var expected = CipherState<Cipher.ChaChaPoly>(key: try SecretBytes<32>(copying: Array(key.prefix(32))))
      let message = isSending ? try sending.encrypt([9]) : try receiving.encrypt([9])
      #expect(try expected.encrypt([9]) == message)
    }
  }

  @Test("With a psk the ephemeral key is mixed into the chaining key as well as the hash")
  func pskMixesTheEphemeralKey() throws {
    let psk = [UInt8](repeating: 3, count: 32)
    var initiator = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(try .NN.psk(1), role: .initiator)
    try initiator.setPSK(try SecretBytes<32>(copying: psk), at: 1)
    try initiator.start()
    var hand = ByHand<Hash.SHA256>(name: "Noise_NNpsk1_25519_ChaChaPoly_SHA256")
    hand.mixHash([])
    let message = try initiator.writeMessage([7])
    hand.mixHash(Array(message.prefix(32)))
    hand.mixKey(Array(message.prefix(32)))
    // MixKeyAndHash(psk): three outputs.
    let temporary = ByHand<Hash.SHA256>.hmac(hand.ck, psk)
    let first = ByHand<Hash.SHA256>.hmac(temporary, [1])
    let second = ByHand<Hash.SHA256>.hmac(temporary, first + [2])
    hand.ck = first
    hand.mixHash(second)
    hand.k = ByHand<Hash.SHA256>.hmac(temporary, second + [3])
    hand.n = 0
    #expect(try hand.decryptAndHash(Array(message.dropFirst(32))) == [7])
  }
}

@Suite("A bug of our own: a span of a temporary")
struct TemporarySpanRegressions {
  /// In a release build Swift 6.3 specialised the generic getter with self passed as a value, and the span of the hash pointed
  /// into a dead stack slot. A function that is not inlined sees what other modules' code sees.
  @inline(never)
  private func copyOfHash(_ state: borrowing HandshakeState<Cipher.ChaChaPoly, Hash.BLAKE2b>) -> [UInt8] {
    [UInt8](copying: state.handshakeHash)
  }

  @Test("The handshake hash that another module reads is the handshake's")
  func handshakeHash() throws {
    var state = HandshakeState<Cipher.ChaChaPoly, Hash.BLAKE2b>(.NN, role: .initiator)
    try state.start(prologue: Array("prologue".utf8).bytes)
    var hand = ByHand<Hash.BLAKE2b>(name: "Noise_NN_25519_ChaChaPoly_BLAKE2b")
    hand.mixHash(Array("prologue".utf8))
    #expect(copyOfHash(state) == hand.h)
    let message = try state.writeMessage([])
    hand.mixHash(message)
    hand.mixHash([])
    #expect(copyOfHash(state) == hand.h)
  }
}
