import Credentials
import Noise
import Primitives

/// Schemes `certified` and `registered`: Noise_IK_25519_ChaChaPoly_SHA256 to the server whose key was installed at assembly.
///
/// The device's static key travels encrypted. `certified` adds the certificate as the payload of the first message, so that
/// the server can tell who it is without its registry; `registered` leaves it out. The device's side.
public struct CertifiedHandshake: ~Copyable {
  /// The longest first frame: scheme, e, encrypted s, encrypted certificate.
  public static let maximumHelloLength = 1 + 96 + Certificate.handshakeLength
  /// The server's answer: e and the tag of an empty payload.
  public static let replyLength = 48

  private var noise: HandshakeState<ChaChaPoly, SHA256>
  private let scheme: SchemeID

  /// - Parameter scheme: `certified` or `registered`.
  public init(scheme: SchemeID) {
    self.scheme = scheme
    noise = HandshakeState(.IK, role: .initiator)
  }

  /// Writes the first frame and returns its length.
  ///
  /// - Throws: ``SchemesError/unexpectedScheme(_:)`` for a scheme that is not one of these two.
  public mutating func writeHello(
    key: borrowing X25519.PrivateKey, certificate: Certificate, serverKey: X25519.PublicKey,
    into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    guard scheme == .certified || scheme == .registered else { throw .unexpectedScheme(scheme.rawValue) }
    guard frame.byteCount >= Self.maximumHelloLength else { throw .bufferTooSmall(needed: Self.maximumHelloLength) }
    let prologue = Prologue(scheme: scheme, serverKey: serverKey)
    var payload = Bytes<84>()
    var payloadBytes = payload.mutableBytes
    certificate.encodeForHandshake(into: &payloadBytes)
    frame.storeBytes(of: scheme.rawValue, as: UInt8.self)
    var message = frame.suffix(from: 1)
    do {
      noise.setStatic(key)
      noise.setRemoteStatic(serverKey)
      try noise.start(prologue: prologue.bytes)
      let sent = payload.bytes.extracting(0..<(scheme == .certified ? Certificate.handshakeLength : 0))
      return 1 + (try noise.writeMessage(sent, into: &message))
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
