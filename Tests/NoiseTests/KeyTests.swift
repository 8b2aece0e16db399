// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Noise
import CountersignCrypto
import Testing

/// Which keys a state accepts, and when.
@Suite("Keys of a handshake")
struct KeyTests {
  private typealias State = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>

  @Test("A missing static, remote static, ephemeral or pre-shared key is refused at the start, and can then be given")
  func missing() throws {
    var initiator = State(try HandshakePattern(named: "IKpsk0+psk2"), role: .initiator)
    #expect(throws: NoiseError.missingKey(.localStatic)) { try initiator.start() }
    initiator.setStatic(X25519.PrivateKey.random())
    #expect(throws: NoiseError.missingKey(.remoteStatic)) { try initiator.start() }
    initiator.setRemoteStatic(X25519.PrivateKey.random().publicKey)
    #expect(throws: NoiseError.missingKey(.psk(0))) { try initiator.start() }
    try initiator.setPSK(SecretBytes<32>.random(), at: 0)
    #expect(throws: NoiseError.missingKey(.psk(2))) { try initiator.start() }
    try initiator.deferPSK(at: 2)
    try initiator.start()

    let fallback = try HandshakePattern.XX.fallback()
    var alice = State(fallback, role: .responder)
    alice.setStatic(X25519.PrivateKey.random())
    #expect(throws: NoiseError.missingKey(.localEphemeral)) { try alice.start() }
    var bob = State(fallback, role: .initiator)
    bob.setStatic(X25519.PrivateKey.random())
    #expect(throws: NoiseError.missingKey(.remoteEphemeral)) { try bob.start() }
  }

  @Test("A key that the pattern has no use for is refused")
  func surplus() throws {
    var state = State(.NN, role: .initiator)
    state.setStatic(X25519.PrivateKey.random())
    #expect(throws: NoiseError.surplusKey(.localStatic)) { try state.start() }

    var remote = State(.XX, role: .initiator)
    remote.setStatic(X25519.PrivateKey.random())
    remote.setRemoteStatic(X25519.PrivateKey.random().publicKey)
    #expect(throws: NoiseError.surplusKey(.remoteStatic)) { try remote.start() }

    var ephemeral = State(.N, role: .responder)
    ephemeral.setStatic(X25519.PrivateKey.random())
    ephemeral.setEphemeral(X25519.PrivateKey.random())
    #expect(throws: NoiseError.surplusKey(.localEphemeral)) { try ephemeral.start() }

    var remoteEphemeral = State(.NN, role: .responder)
    remoteEphemeral.setRemoteEphemeral(X25519.PrivateKey.random().publicKey)
    #expect(throws: NoiseError.surplusKey(.remoteEphemeral)) { try remoteEphemeral.start() }

    var cached = State(.NN, role: .responder)
    cached.setStaticSharedSecret(SecretBytes<32>.random())
    #expect(throws: NoiseError.surplusKey(.staticSharedSecret)) { try cached.start() }

    var psk = State(try HandshakePattern.NN.psk(2), role: .initiator)
    for position in [-1, 0, 1, 3, 4, 5, 8, 64, Int.max, Int.min] {
      #expect(throws: NoiseError.surplusKey(.psk(position))) { try psk.setPSK(SecretBytes<32>.random(), at: position) }
      #expect(throws: NoiseError.surplusKey(.psk(position))) { try psk.deferPSK(at: position) }
    }
    #expect(throws: NoiseError.missingKey(.psk(2))) { try psk.start() }
  }

  @Test("XXpsk3: the responder learns the peer's key, then chooses the psk, within one message")
  func pskWithinAMessage() throws {
    var pair = try StartedPair.make("XXpsk3", bobDefers: 3)
    try pair.deliver(2)
    let third = try pair.alice.writeMessage([7, 7])

    // Without an answer, with a refusal and with a wrong psk the state stays; with the right one it goes on.
    let before = pair.bob.stateDigest
    #expect(throws: NoiseError.missingKey(.psk(3))) { try pair.bob.readMessage(third) }
    #expect(pair.bob.stateDigest == before)
    #expect(throws: NoiseError.peerRefused) {
      try pair.bob.readMessage(third) { _, _ throws(NoiseError) in throw .peerRefused }
    }
    #expect(pair.bob.stateDigest == before)
    #expect(throws: NoiseError.decryptionFailed) {
      try pair.bob.readMessage(third) { _, secrets throws(NoiseError) in
        try secrets.setPSK(SecretBytes<32>.random(), at: 3)
        secrets.setStaticSharedSecret(SecretBytes<32>.random())
      }
    }
    #expect(pair.bob.stateDigest == before)
    #expect(throws: NoiseError.surplusKey(.psk(0))) {
      try pair.bob.readMessage(third) { _, secrets throws(NoiseError) in
        try secrets.setPSK(SecretBytes<32>.random(), at: 0)
      }
    }
    #expect(pair.bob.stateDigest == before)

    let psk = StartedPair.psk(3)
    var seen: X25519.PublicKey?
    let payload = try pair.bob.readMessage(third) { key, secrets throws(NoiseError) in
      seen = key
      let copy = try! SecretBytes<32>(copying: psk)
      try secrets.setPSK(copy, at: 3)
    }
    #expect(payload == [7, 7] && seen == pair.aliceKey.publicKey)
    #expect(pair.bob.isFinished && pair.bob.handshakeHashBytes == pair.alice.handshakeHashBytes)
  }

  @Test("IKpsk2: the responder reads message 1, looks the peer up, gives the psk and answers")
  func pskBetweenMessages() throws {
    var pair = try StartedPair.make("IKpsk2", bobDefers: 2)
    let first = try pair.alice.writeMessage([1])
    #expect(try pair.bob.readMessage(first) == [1])
    #expect(pair.bob.remoteStatic == pair.aliceKey.publicKey)
    let before = pair.bob.stateDigest
    #expect(throws: NoiseError.missingKey(.psk(2))) { try pair.bob.writeMessage([2]) }
    #expect(pair.bob.stateDigest == before)
    let psk = try SecretBytes<32>(copying: StartedPair.psk(2))
    try pair.bob.setPSK(psk, at: 2)
    let second = try pair.bob.writeMessage([2])
    #expect(try pair.alice.readMessage(second) == [2])
    #expect(pair.bob.handshakeHashBytes == pair.alice.handshakeHashBytes)
  }

  @Test("IK with ss from the cache: same bytes as without")
  func cachedStaticShared() throws {
    var pair = try StartedPair.make("IK")
    let first = try pair.alice.writeMessage([])
    let peer = pair.aliceKey.publicKey
    var shared = SecretBytes<32>()
    try pair.bobKey.agree(with: peer, into: &shared)
    let bytes = [UInt8](copying: shared.bytes)
    _ = try pair.bob.readMessage(first) { key, secrets throws(NoiseError) in
      #expect(key == peer)
      let copy = try! SecretBytes<32>(copying: bytes)
      secrets.setStaticSharedSecret(copy)
    }
    _ = try pair.alice.readMessage(pair.bob.writeMessage([]))
    #expect(pair.bob.handshakeHashBytes == pair.alice.handshakeHashBytes)
  }
}
