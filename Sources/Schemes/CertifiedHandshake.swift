import Credentials
import Noise
import Primitives

/// Schemes `certified`, `registered` and `identity-based`: Noise_IK_25519_ChaChaPoly_SHA256 to the server whose key was installed
/// at assembly.
///
/// The device's static key travels encrypted. `certified` adds the certificate as the payload of the first message, so that
/// the server can tell who it is without its registry; `registered` leaves it out; `identity-based` sends an identity-based
/// credential in place of the key (IKimplicit). The device's side.
public struct CertifiedHandshake: ~Copyable {
  /// The longest first frame: scheme, e, encrypted s, encrypted certificate.
  public static let maximumHelloLength = 1 + 96 + Certificate.handshakeLength
  /// The server's answer: e and the tag of an empty payload.
  public static let replyLength = 48

  private var noise: HandshakeState<ChaChaPoly, SHA256>
  private let scheme: SchemeID

  /// - Parameter scheme: `certified`, `registered` or `identity-based`.
  public init(scheme: SchemeID) {
    self.scheme = scheme
    noise = HandshakeState(.certified(scheme), role: .initiator)
  }

  /// Gives DH of the device's static key and the server's, where it is kept, before ``writeHello(key:certificate:serverKey:master:into:)``.
  /// With a wrong one the server refuses the first frame.
  public mutating func setStaticSharedSecret(_ shared: borrowing SecretBytes<32>) {
    noise.setStaticSharedSecret(shared)
  }

  /// Writes the first frame and returns its length.
  ///
  /// - Parameter master: the master public key; only `identity-based` uses it.
  /// - Throws: ``SchemesError/unexpectedScheme(_:)`` for a scheme that is not one of these, and for a certificate of the other
  ///   kind than the scheme's.
  public mutating func writeHello(
    key: borrowing X25519.PrivateKey, certificate: Certificate, serverKey: X25519.PublicKey,
    master: MasterPublicKey? = nil, into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    let isImplicit = certificate.identityCredential != nil
    guard scheme.isCertified, (scheme == .identityBased) == (isImplicit && master != nil) else {
      throw .unexpectedScheme(scheme.rawValue)
    }
    guard frame.byteCount >= Self.maximumHelloLength else { throw .bufferTooSmall(needed: Self.maximumHelloLength) }
    let prologue = Prologue(scheme: scheme, serverKey: serverKey, master: isImplicit ? master : nil)
    var payload = Bytes<84>()
    var payloadBytes = payload.mutableBytes
    certificate.encodeForHandshake(into: &payloadBytes)
    frame.storeBytes(of: scheme.rawValue, as: UInt8.self)
    var message = frame.suffix(from: 1)
    do {
      noise.setStatic(key)
      noise.setRemoteStatic(serverKey)
      try noise.start(prologue: prologue.bytes)
      let shown = payload.bytes.extracting(0..<certificate.encodedHandshakeLength)
      if isImplicit {
        return 1 + (try noise.writeMessage(payloadLength: 0, credential: shown, into: &message) { _ in })
      }
      return 1 + (try noise.writeMessage(scheme == .certified ? shown : RawSpan(), into: &message))
    } catch { throw .noise(error) }
  }

  /// Reads the server's answer and derives the session's keys into the caller's places.
  public mutating func readReply(
    _ frame: RawSpan, sending: inout CipherState<ChaChaPoly>, receiving: inout CipherState<ChaChaPoly>
  ) throws(SchemesError) {
    var nothing = Bytes<1>()
    var payload = nothing.mutableBytes
    do throws(NoiseError) {
      guard try noise.readMessage(frame, into: &payload) == 0 else { throw .messageTooLong }
      try noise.split(sending: &sending, receiving: &receiving)
    } catch { throw .noise(error) }
  }

  /// Device: proves a key in this session, after the server's answer has been read.
  ///
  /// - Throws: ``SchemesError/malformed`` before that.
  public func proof(of key: borrowing X25519.PrivateKey) throws(SchemesError) -> Bytes<16> {
    guard let ephemeral = noise.remoteEphemeral else { throw .malformed }
    return try KeyProof.make(for: key, serverEphemeral: ephemeral, handshakeHash: noise.handshakeHash)
  }

  /// Overwrites the keys of a handshake that will not be finished; a finished one has done so.
  public mutating func close() {
    noise.wipe()
  }

  /// The hash that names this session (channel binding), after the reply has been read.
  public var handshakeHash: RawSpan {
    @_lifetime(borrow self)
    borrowing get { noise.handshakeHash }
  }
}

extension SchemeID {
  /// Whether the device proves itself to the server by Noise_IK under a key of its own and nothing else.
  var isCertified: Bool { self == .certified || self == .registered || self == .identityBased }
}

extension HandshakePattern {
  /// The pattern of a scheme of which ``SchemeID/isCertified`` holds.
  static func certified(_ scheme: SchemeID) -> HandshakePattern {
    scheme == .identityBased ? .IK.implicit(credentialLength: IdentityCredential.encodedLength) : .IK
  }
}
