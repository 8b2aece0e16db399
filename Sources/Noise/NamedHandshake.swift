// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  import CountersignCrypto

  /// A handshake whose suite was named at run time: ``HandshakeState`` behind one type, with byte arrays.
  ///
  /// It costs a dynamic call and an array for each message. Code that knows its protocol uses ``HandshakeState``.
  public protocol NamedHandshake: AnyObject {
    var pattern: HandshakePattern { get }
    var role: Role { get }
    /// Whether all messages of the pattern have been written or read.
    var isFinished: Bool { get }
    /// Whether the next message is this party's to write.
    var isMyTurn: Bool { get }
    var remoteStatic: X25519.PublicKey? { get }
    var remoteEphemeral: X25519.PublicKey? { get }
    /// h: after the last message it uniquely identifies this session.
    var handshakeHash: [UInt8] { get }
    var nextMessageOverhead: Int { get }

    func setStatic(_ key: borrowing X25519.PrivateKey)
    func setRemoteStatic(_ key: X25519.PublicKey)
    func setRemoteEphemeral(_ key: X25519.PublicKey)
    func setPSK(_ key: borrowing SecretBytes<32>, at position: Int) throws(NoiseError)
    func deferPSK(at position: Int) throws(NoiseError)
    @_spi(Testing) func setEphemeral(_ key: borrowing X25519.PrivateKey)
    @_spi(Testing) func setKEMRandomness(_ randomness: [UInt8])
    /// See ``HandshakeState/start(prologue:)``.
    func start(prologue: [UInt8]) throws(NoiseError)

    /// The next message with its payload.
    func writeMessage(_ payload: [UInt8]) throws(NoiseError) -> [UInt8]
    /// The payload of the next message. See ``HandshakeState/readMessage(_:into:resolving:)``.
    func readMessage(
      _ message: [UInt8], resolving: (X25519.PublicKey, inout PeerSecrets) throws(NoiseError) -> Void
    ) throws(NoiseError) -> [UInt8]
    /// See ``HandshakeState/fallBack(to:after:)``.
    func fallBack(to fallback: HandshakePattern, after message: [UInt8]) throws(NoiseError)
    /// The transport keys; wipes this handshake.
    func split() throws(NoiseError) -> (sending: any NamedCipherState, receiving: any NamedCipherState)
  }

  extension NamedHandshake {
    /// The payload of the next message, when all keys are known beforehand.
    public func readMessage(_ message: [UInt8]) throws(NoiseError) -> [UInt8] {
      try readMessage(message) { _, _ throws(NoiseError) in }
    }
  }

  /// One direction of a session whose cipher was named at run time: ``CipherState`` with byte arrays.
  public protocol NamedCipherState: AnyObject {
    /// The next nonce, n.
    var nonce: UInt64 { get set }
    var hasKey: Bool { get }
    /// The message: ciphertext and tag, 16 bytes more than the plaintext.
    func encrypt(_ plaintext: [UInt8], authenticating associatedData: [UInt8]) throws(NoiseError) -> [UInt8]
    /// The plaintext of the next message.
    func decrypt(_ message: [UInt8], authenticating associatedData: [UInt8]) throws(NoiseError) -> [UInt8]
    /// See ``CipherState/rekey()``.
    func rekey() throws(NoiseError)
  }

  extension NamedCipherState {
    public func encrypt(_ plaintext: [UInt8]) throws(NoiseError) -> [UInt8] {
      try encrypt(plaintext, authenticating: [])
    }

    public func decrypt(_ message: [UInt8]) throws(NoiseError) -> [UInt8] { try decrypt(message, authenticating: []) }
  }
#endif
