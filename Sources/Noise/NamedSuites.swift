// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  import CountersignCrypto

  extension NoiseProtocolName {
    /// A handshake of this protocol, still without keys.
    public func makeHandshake(role: Role) -> any NamedHandshake {
      pattern.isHybrid ? makeHandshake(role, MLKEM768State.self) : makeHandshake(role, NoKEM.self)
    }

    private func makeHandshake<K: KEM & ~Copyable>(_ role: Role, _: K.Type) -> any NamedHandshake {
      switch (cipher, hash) {
      case (.chaChaPoly, .sha256): SuiteHandshake<Cipher.ChaChaPoly, Hash.SHA256, K>(pattern, role)
      case (.chaChaPoly, .sha512): SuiteHandshake<Cipher.ChaChaPoly, Hash.SHA512, K>(pattern, role)
      case (.chaChaPoly, .blake2s): SuiteHandshake<Cipher.ChaChaPoly, Hash.BLAKE2s, K>(pattern, role)
      case (.chaChaPoly, .blake2b): SuiteHandshake<Cipher.ChaChaPoly, Hash.BLAKE2b, K>(pattern, role)
      case (.aesGCM, .sha256): SuiteHandshake<Cipher.AESGCM, Hash.SHA256, K>(pattern, role)
      case (.aesGCM, .sha512): SuiteHandshake<Cipher.AESGCM, Hash.SHA512, K>(pattern, role)
      case (.aesGCM, .blake2s): SuiteHandshake<Cipher.AESGCM, Hash.BLAKE2s, K>(pattern, role)
      case (.aesGCM, .blake2b): SuiteHandshake<Cipher.AESGCM, Hash.BLAKE2b, K>(pattern, role)
      }
    }

    /// A state of this protocol's cipher under a key from elsewhere, n at zero.
    public func makeCipherState(key: borrowing SecretBytes<32>) -> any NamedCipherState {
      switch cipher {
      case .chaChaPoly: SuiteCipherState<Cipher.ChaChaPoly>(key: key)
      case .aesGCM: SuiteCipherState<Cipher.AESGCM>(key: key)
      }
    }
  }

  private final class SuiteHandshake<C: Cipher.Function, H: Hash.Function, K: KEM & ~Copyable>: NamedHandshake {
    private var state: HandshakeMachine<C, H, K>

    init(_ pattern: HandshakePattern, _ role: Role) { state = HandshakeMachine(pattern, role: role) }

    var pattern: HandshakePattern { state.pattern }
    var role: Role { state.role }
    var isFinished: Bool { state.isFinished }
    var isMyTurn: Bool { state.isMyTurn }
    var remoteStatic: X25519.PublicKey? { state.remoteStatic }
    var remoteEphemeral: X25519.PublicKey? { state.remoteEphemeral }
    var handshakeHash: [UInt8] { state.handshakeHashBytes }
    var nextMessageOverhead: Int { state.nextMessageOverhead }

    func setStatic(_ key: borrowing X25519.PrivateKey) { state.setStatic(key) }
    func setRemoteStatic(_ key: X25519.PublicKey) { state.setRemoteStatic(key) }
    func setRemoteEphemeral(_ key: X25519.PublicKey) { state.setRemoteEphemeral(key) }
    func setEphemeral(_ key: borrowing X25519.PrivateKey) { state.setEphemeral(key) }
    func setKEMRandomness(_ randomness: [UInt8]) { state.setKEMRandomness(randomness.bytes) }
    func deferPSK(at position: Int) throws(NoiseError) { try state.deferPSK(at: position) }
    func start(prologue: [UInt8]) throws(NoiseError) { try state.start(prologue: prologue.bytes) }

    func setPSK(_ key: borrowing SecretBytes<32>, at position: Int) throws(NoiseError) {
      try state.setPSK(key, at: position)
    }

    func writeMessage(_ payload: [UInt8]) throws(NoiseError) -> [UInt8] { try state.writeMessage(payload) }

    func readMessage(
      _ message: [UInt8], resolving: (X25519.PublicKey, inout PeerSecrets) throws(NoiseError) -> Void
    ) throws(NoiseError) -> [UInt8] {
      try state.readMessage(message, resolving: resolving)
    }

    func fallBack(to fallback: HandshakePattern, after message: [UInt8]) throws(NoiseError) {
      try state.fallBack(to: fallback, after: message.bytes)
    }

    func split() throws(NoiseError) -> (sending: any NamedCipherState, receiving: any NamedCipherState) {
      let halves = (sending: SuiteCipherState<C>(), receiving: SuiteCipherState<C>())
      try state.split(sending: &halves.sending.state, receiving: &halves.receiving.state)
      return halves
    }
  }

  private final class SuiteCipherState<C: Cipher.Function>: NamedCipherState {
    var state: CipherState<C>

    init() { state = CipherState() }
    init(key: borrowing SecretBytes<32>) { state = CipherState(key: key) }

    var hasKey: Bool { state.hasKey }
    var nonce: UInt64 {
      get { state.nonce }
      set { state.nonce = newValue }
    }

    func encrypt(_ plaintext: [UInt8], authenticating associatedData: [UInt8]) throws(NoiseError) -> [UInt8] {
      try state.encrypt(plaintext, authenticating: associatedData)
    }

    func decrypt(_ message: [UInt8], authenticating associatedData: [UInt8]) throws(NoiseError) -> [UInt8] {
      try state.decrypt(message, authenticating: associatedData)
    }

    func rekey() throws(NoiseError) { try state.rekey() }
  }
#endif
