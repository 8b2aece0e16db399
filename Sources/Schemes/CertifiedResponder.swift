import Credentials
import Noise
import Primitives

/// The server's side of `certified`, `registered` and `identity-based`.
///
/// The first message can be replayed and, by whoever holds the server's key, forged. So reading it changes nothing outside
/// this value, and the server must act on nothing before the device's first transport message.
public struct CertifiedResponder: ~Copyable {
  private var noise = HandshakeState<ChaChaPoly, SHA256>(.IK, role: .responder)

  public init() {}

  /// What the first frame claims: a key, with `certified` also its certificate, not yet verified, and with `identity-based`
  /// the implicit certificate of the credential from which the key was computed.
  public struct Claim {
    public let scheme: SchemeID
    public let publicKey: X25519.PublicKey
    public let certificate: Certificate?
  }

  /// Reads the first frame. After an error this handshake is over.
  ///
  /// - Parameters:
  ///   - master: the master public key; without it `identity-based` is refused.
  ///   - reconstructing: gives the key of a credential under `master`, where it is known already; nil has it computed here. It
  ///     may throw to refuse a stranger before anything is computed.
  ///   - resolving: called with the key that the frame shows, not yet authenticated; it may give the static shared secret, so
  ///     that it is not computed again.
  public mutating func readHello(
    _ frame: RawSpan, key: borrowing X25519.PrivateKey, master: MasterPublicKey? = nil,
    reconstructing: (IdentityCredential) throws(NoiseError) -> X25519.PublicKey? = { _ throws(NoiseError) in nil },
    resolving: (X25519.PublicKey, inout PeerSecrets) throws(NoiseError) -> Void = { _, _ throws(NoiseError) in }
  ) throws(SchemesError) -> Claim {
    guard frame.byteCount > 0 else { throw .malformed }
    let first = frame.unsafeLoad(as: UInt8.self)
    guard let scheme = SchemeID(rawValue: first), scheme.isCertified, scheme != .identityBased || master != nil else {
      throw .unexpectedScheme(first)
    }
    if scheme == .identityBased {
      noise = HandshakeState(.certified(scheme), role: .responder)
      return try readImplicitHello(frame, key: key, master: master, reconstructing, resolving)
    }
    let prologue = Prologue(scheme: scheme, serverKey: key.publicKey)
    var payload = Bytes<84>()
    var payloadBytes = payload.mutableBytes
    let length: Int
    do {
      noise.setStatic(key)
      try noise.start(prologue: prologue.bytes)
      length = try noise.readMessage(frame.extracting(1...), into: &payloadBytes, resolving: resolving)
    } catch { throw .noise(error) }
    guard let publicKey = noise.remoteStatic, length == (scheme == .certified ? Certificate.handshakeLength : 0) else {
      noise.wipe()
      throw .malformed
    }
    guard scheme == .certified else { return Claim(scheme: scheme, publicKey: publicKey, certificate: nil) }
    do {
      let certificate = try Certificate(decoding: payload.bytes, publicKey: publicKey)
      return Claim(scheme: scheme, publicKey: publicKey, certificate: certificate)
    } catch {
      noise.wipe()
      throw .credentials(error)
    }
  }

  private mutating func readImplicitHello(
    _ frame: RawSpan, key: borrowing X25519.PrivateKey, master: MasterPublicKey?,
    _ reconstructing: (IdentityCredential) throws(NoiseError) -> X25519.PublicKey?,
    _ resolving: (X25519.PublicKey, inout PeerSecrets) throws(NoiseError) -> Void
  ) throws(SchemesError) -> Claim {
    guard let master else { throw .unexpectedScheme(SchemeID.identityBased.rawValue) }
    let prologue = Prologue(scheme: .identityBased, serverKey: key.publicKey, master: master)
    var nothing = Bytes<1>()
    var payload = nothing.mutableBytes
    var shown: IdentityCredential?
    let length: Int
    do throws(NoiseError) {
      noise.setStatic(key)
      try noise.start(prologue: prologue.bytes)
      length = try noise.readMessage(
        frame.extracting(1...), into: &payload,
        reconstructing: { bytes throws(NoiseError) in
          let credential = try IdentityCredential(claimedIn: bytes)
          shown = credential
          if let known = try reconstructing(credential) { return known }
          return try credential.claimedKey(under: master)
        }, resolving: resolving)
    } catch { throw .noise(error) }
    guard let publicKey = noise.remoteStatic, let shown, length == 0 else {
      noise.wipe()
      throw .malformed
    }
    return Claim(
      scheme: .identityBased, publicKey: publicKey, certificate: Certificate(shown, publicKey: publicKey))
  }

  /// Writes the answer, ``CertifiedHandshake/replyLength`` bytes, and derives the session's keys.
  ///
  /// - Parameter keeping: lent what a ``ProofContext`` is made of.
  public mutating func writeReply(
    into frame: inout MutableRawSpan, sending: inout CipherState<ChaChaPoly>,
    receiving: inout CipherState<ChaChaPoly>,
    keeping: (borrowing X25519.PrivateKey, RawSpan) -> Void = { _, _ in }
  ) throws(SchemesError) -> Int {
    do {
      let length = try noise.writeMessage(into: &frame)
      try noise.withEphemeral(keeping)
      try noise.split(sending: &sending, receiving: &receiving)
      return length
    } catch { throw .noise(error) }
  }
}

extension IdentityCredential {
  /// ``init(decoding:)`` in the midst of a handshake.
  public init(claimedIn bytes: RawSpan) throws(NoiseError) {
    do { self = try IdentityCredential(decoding: bytes) } catch { throw .peerRefused }
  }

  /// ``publicKey(under:)`` in the midst of a handshake.
  public func claimedKey(under master: MasterPublicKey?) throws(NoiseError) -> X25519.PublicKey {
    guard let master else { throw .peerRefused }
    do { return try publicKey(under: master) } catch { throw .peerRefused }
  }
}
