import Credentials
import Noise
import Primitives

/// The server's side of `certified` and `registered`.
///
/// The first message can be replayed and, by whoever holds the server's key, forged. So reading it changes nothing outside
/// this value, and the server must act on nothing before the device's first transport message.
public struct CertifiedResponder: ~Copyable {
  private var noise = HandshakeState<ChaChaPoly, SHA256>(.IK, role: .responder)

  public init() {}

  /// What the first frame claims: a key, and with `certified` also its certificate, not yet verified.
  public struct Claim {
    public let scheme: SchemeID
    public let publicKey: X25519.PublicKey
    public let certificate: Certificate?
  }

  /// Reads the first frame. After an error this handshake is over.
  ///
  /// - Parameter resolving: called with the key that the frame shows, not yet authenticated; it may give the static shared
  ///   secret, so that it is not computed again.
  public mutating func readHello(
    _ frame: RawSpan, key: borrowing X25519.PrivateKey,
    resolving: (X25519.PublicKey, inout PeerSecrets) throws(NoiseError) -> Void = { _, _ throws(NoiseError) in }
  ) throws(SchemesError) -> Claim {
    guard frame.byteCount > 0 else { throw .malformed }
    let first = frame.unsafeLoad(as: UInt8.self)
    guard let scheme = SchemeID(rawValue: first), scheme == .certified || scheme == .registered else {
      throw .unexpectedScheme(first)
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

  /// Writes the answer, ``CertifiedHandshake/replyLength`` bytes, and derives the session's keys.
  public mutating func writeReply(
    into frame: inout MutableRawSpan, sending: inout CipherState<ChaChaPoly>,
    receiving: inout CipherState<ChaChaPoly>
  ) throws(SchemesError) -> Int {
    do {
      let length = try noise.writeMessage(into: &frame)
      try noise.split(sending: &sending, receiving: &receiving)
      return length
    } catch { throw .noise(error) }
  }
}
