// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Noise
import CountersignCrypto
import TestSeed
import Testing

@Suite("The modifier hfs: handshakes")
struct HybridHandshakeTests {
  private static let names = ["NNhfs", "IKhfs", "XKhfs", "XXhfs", "X1X1hfs", "KKhfs+psk0+psk2", "NNhfs+psk0"]

  @Test("both sides agree; sizes are those that the pattern tells", arguments: names)
  func agreement(name: String) throws {
    let pattern = try HandshakePattern(named: name)
    var pair = try HybridPair(pattern)
    for index in 0..<pattern.messageCount {
      let overhead = pattern.messageOverhead(index)
      #expect(pair.alice.nextMessageOverhead == overhead && pair.bob.nextMessageOverhead == overhead)
      try pair.deliver()
    }
    #expect(pair.alice.handshakeHashBytes == pair.bob.handshakeHashBytes)
    var there = CipherState<Cipher.ChaChaPoly>()
    var back = CipherState<Cipher.ChaChaPoly>()
    var thereAtBob = CipherState<Cipher.ChaChaPoly>()
    var backAtBob = CipherState<Cipher.ChaChaPoly>()
    try pair.alice.split(sending: &there, receiving: &back)
    try pair.bob.split(sending: &backAtBob, receiving: &thereAtBob)
    #expect(try thereAtBob.decrypt(there.encrypt([1, 2, 3])) == [1, 2, 3])
    #expect(try back.decrypt(backAtBob.encrypt([4])) == [4])
  }

  /// The last of those that js-libp2p-noise made for libp2p's draft.
  @Test("a vector of another implementation")
  func foreignVector() throws {
    func bytes(_ value: UInt8, _ count: Int = 32) -> [UInt8] { [UInt8](repeating: value, count: count) }
    let name = try NoiseProtocolName("Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256")
    let initiator = name.makeHandshake(role: .initiator)
    let responder = name.makeHandshake(role: .responder)
    var key = try X25519.PrivateKey(copying: bytes(0x51))
    initiator.setStatic(key)
    try key.load(bytes(0x52).bytes)
    responder.setStatic(key)
    try key.load(bytes(0x53).bytes)
    initiator.setEphemeral(key)
    try key.load(bytes(0x54).bytes)
    responder.setEphemeral(key)
    initiator.setKEMRandomness(bytes(0x55, 64))
    responder.setKEMRandomness(bytes(0x56))
    try initiator.start(prologue: [])
    try responder.start(prologue: [])
    _ = try responder.readMessage(initiator.writeMessage([]))
    _ = try initiator.readMessage(responder.writeMessage([]))
    let third = try initiator.writeMessage([])
    #expect(
      third.hexadecimal
        == """
        0167a61322a57abf26861150071f9b88bf44ad17520285b8be35c495d9ee6f56\
        bbd0b2c0f6f9a83b532a0b6a18849ba5a2394fa5419c75062f2e8542bc436865
        """)
    #expect(
      initiator.handshakeHash.hexadecimal == "1a4caf599d82b7de6605d8f20745e05067fa4f0d6ee755bc1382775b6e3890e4")
  }

  @Test("the sizes of IKhfs, in bytes")
  func sizes() {
    let (hybrid, classical) = (HandshakePattern.IKhfs, HandshakePattern.IK)
    #expect(hybrid.messageOverhead(0) == classical.messageOverhead(0) + 1184 + 16)
    #expect(hybrid.messageOverhead(1) == classical.messageOverhead(1) + 1088 + 16)
    // Nothing is encrypted yet where XXhfs sends its key.
    #expect(HandshakePattern.XXhfs.messageOverhead(0) == HandshakePattern.XX.messageOverhead(0) + 1184)
  }

  @Test("a refused message leaves no trace, and the right one is still read", arguments: names)
  func refusals(name: String) throws {
    var random = SeededGenerator(for: name)
    let pattern = try HandshakePattern(named: name)
    var pair = try HybridPair(pattern)
    for index in 0..<pattern.messageCount {
      let toAlice = pair.bob.isMyTurn
      let message = try pair.write()
      let before = toAlice ? pair.alice.stateDigest : pair.bob.stateDigest
      var changes = (0..<6).map { _ in Int.random(in: 0..<message.count, using: &random) }
      changes += [0, 31, 32, 33, message.count - 1].filter { $0 < message.count }
      for place in changes {
        var changed = message
        changed[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        // A first message without a tag may be read: then the next one is refused.
        guard index > 0 || pattern.messageOverhead(0) != 32 + 1184 else { break }
        #expect(throws: NoiseError.self, "message \(index), byte \(place)") {
          try pair.read(changed, toAlice: toAlice)
        }
        #expect((toAlice ? pair.alice.stateDigest : pair.bob.stateDigest) == before)
      }
      for length in [0, 31, message.count / 2, message.count - 1] {
        let short = Array(message.prefix(min(length, pattern.messageOverhead(index) - 1)))
        #expect(throws: NoiseError.messageTooShort) { try pair.read(short, toAlice: toAlice) }
        #expect((toAlice ? pair.alice.stateDigest : pair.bob.stateDigest) == before)
      }
      try pair.read(message, toAlice: toAlice)
    }
    #expect(pair.alice.handshakeHashBytes == pair.bob.handshakeHashBytes)
  }

  @Test("a key that is not below the modulus is refused, and the right one is still read")
  func malformedKey() throws {
    var pair = try HybridPair(.XXhfs)
    let message = try pair.write()
    let before = pair.bob.stateDigest
    var changed = message
    (changed[32], changed[33]) = (0xff, 0xff)
    #expect(throws: NoiseError.malformedKEMKey) { try pair.read(changed, toAlice: false) }
    #expect(pair.bob.stateDigest == before)
    try pair.read(message, toAlice: false)
    try pair.deliver()
    try pair.deliver()
    #expect(pair.alice.handshakeHashBytes == pair.bob.handshakeHashBytes)
  }

  @Test("a message that fails behind its KEM key leaves no key, and is written once the psk is there")
  func failedWrite() throws {
    let pattern = try HandshakePattern(named: "NNhfs+psk1")
    let psk = SecretBytes<32>.random()
    var alice = HybridHandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(pattern, role: .initiator)
    var bob = HybridHandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(pattern, role: .responder)
    try alice.deferPSK(at: 1)
    try bob.setPSK(psk, at: 1)
    try alice.start()
    try bob.start()
    let before = alice.stateDigest
    #expect(throws: NoiseError.missingKey(.psk(1))) { try alice.writeMessage([]) }
    let isGone = alice.hasNoKEMKey
    #expect(alice.stateDigest == before && isGone)
    try alice.setPSK(psk, at: 1)
    _ = try bob.readMessage(alice.writeMessage([]))
    _ = try alice.readMessage(bob.writeMessage([]))
    #expect(alice.handshakeHashBytes == bob.handshakeHashBytes)
  }

  @Test("each handshake has a key pair and a ciphertext of its own")
  func freshness() throws {
    var seen: Set<[UInt8]> = []
    for _ in 0..<4 {
      var pair = try HybridPair(.XXhfs)
      let first = try pair.write()
      #expect(seen.insert(Array(first[32..<1216])).inserted)
      try pair.read(first, toAlice: false)
      let second = try pair.write()
      #expect(seen.insert(Array(second[32..<1120])).inserted)
      try pair.read(second, toAlice: true)
    }
  }

  @Test("a pattern with the modifier needs a state with a KEM, and the other way round")
  func wrongState() throws {
    var classical = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(try HandshakePattern.NN.hfs(), role: .initiator)
    #expect(throws: NoiseError.invalidPattern(.kem)) { try classical.start() }
    var hybrid = HybridHandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.NN, role: .initiator)
    #expect(throws: NoiseError.invalidPattern(.kem)) { try hybrid.start() }
    var pair = try HybridPair(.NN.hfs())
    _ = try pair.write()
    let fallback = try HandshakePattern.NN.fallback()
    #expect(throws: NoiseError.invalidPattern(.notFallbackCapable)) { try pair.alice.fallBack(to: fallback) }
  }

  @Test("secrets are overwritten at the end")
  func wiped() throws {
    var pair = try HybridPair(.NN.hfs())
    try pair.deliver()
    try pair.deliver()
    var there = CipherState<Cipher.ChaChaPoly>()
    var back = CipherState<Cipher.ChaChaPoly>()
    try pair.alice.split(sending: &there, receiving: &back)
    let isGone = pair.alice.hasNoKEMKey
    #expect(isGone)
  }

  @Test("a state without a KEM is no larger for it")
  func sizeOfStates() {
    let classical = MemoryLayout<HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>>.size
    let hybrid = MemoryLayout<HybridHandshakeState<Cipher.ChaChaPoly, Hash.SHA256>>.size
    #expect(MemoryLayout<NoKEM>.size == 0)
    #expect(hybrid - classical == MemoryLayout<MLKEM768State>.size)
  }
}
