import Noise
import Primitives

/// Scheme `hybrid-ikpsk2`: Noise_IKpsk2_25519_ChaChaPoly_SHA256 whose psk is the derived key: what was recorded today stays
/// closed even if X25519 falls to a quantum computer, as long as the derived key stays secret. Both sides.
///
/// Hello: scheme (1), e, encrypted s, tag (96). Reply: e and tag (48). The server learns from the first message whose psk
/// the second needs.
public struct HybridHandshake: ~Copyable {
  public static let helloLength = 1 + 96
  public static let replyLength = 48

  private var noise: HandshakeState<ChaChaPoly, SHA256>

  public init(role: Role) throws(SchemesError) {
    do { noise = HandshakeState(try HandshakePattern.IK.psk(2), role: role) } catch { throw .noise(error) }
  }

  /// Device: gives DH of its static key and the server's, where it is kept, before ``writeHello(key:psk:serverKey:into:)``. With a
  /// wrong one the server refuses the first frame.
  public mutating func setStaticSharedSecret(_ shared: borrowing SecretBytes<32>) {
    noise.setStaticSharedSecret(shared)
  }

  /// Device: writes the first frame and returns its length.
  public mutating func writeHello(
    key: borrowing X25519.PrivateKey, psk: borrowing SymmetricKey, serverKey: X25519.PublicKey,
    into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    guard frame.byteCount >= Self.helloLength else { throw .bufferTooSmall(needed: Self.helloLength) }
    frame.storeBytes(of: SchemeID.hybridIKpsk2.rawValue, as: UInt8.self)
    let prologue = Prologue(scheme: .hybridIKpsk2, serverKey: serverKey)
    var message = frame.suffix(from: 1)
    do throws(NoiseError) {
      noise.setStatic(key)
      noise.setRemoteStatic(serverKey)
      try noise.setPSK(psk, at: 2)
      try noise.start(prologue: prologue.bytes)
      return 1 + (try noise.writeMessage(into: &message))
    } catch { throw .noise(error) }
  }

  /// Server: reads the first frame and returns the key that it claims. Give its psk with ``setPSK(_:)`` before replying.
  public mutating func readHello(
    _ frame: RawSpan, key: borrowing X25519.PrivateKey
  ) throws(SchemesError) -> X25519.PublicKey {
    guard frame.byteCount == Self.helloLength else { throw .malformed }
    let first = frame.unsafeLoad(as: UInt8.self)
    guard first == SchemeID.hybridIKpsk2.rawValue else { throw .unexpectedScheme(first) }
    let prologue = Prologue(scheme: .hybridIKpsk2, serverKey: key.publicKey)
    var nothing = Bytes<1>()
    var payload = nothing.mutableBytes
    do throws(NoiseError) {
      noise.setStatic(key)
      try noise.deferPSK(at: 2)
      try noise.start(prologue: prologue.bytes)
      _ = try noise.readMessage(frame.extracting(1...), into: &payload)
    } catch { throw .noise(error) }
    guard let claimed = noise.remoteStatic else { throw .malformed }
    return claimed
  }

  /// Server: gives the derived key of the device that the hello named.
  public mutating func setPSK(_ psk: borrowing SymmetricKey) throws(SchemesError) {
    do { try noise.setPSK(psk, at: 2) } catch { throw .noise(error) }
  }

  /// Server: writes the answer and derives the session's keys.
  ///
  /// - Parameter keeping: lent what a ``ProofContext`` is made of.
  public mutating func writeReply(
    into frame: inout MutableRawSpan, sending: inout CipherState<ChaChaPoly>, receiving: inout CipherState<ChaChaPoly>,
    keeping: (borrowing X25519.PrivateKey, RawSpan) -> Void = { _, _ in }
  ) throws(SchemesError) -> Int {
    do throws(NoiseError) {
      let length = try noise.writeMessage(into: &frame)
      try noise.withEphemeral(keeping)
      try noise.split(sending: &sending, receiving: &receiving)
      return length
    } catch { throw .noise(error) }
  }

  /// Device: what a key is proved against in this session; nil before the server's answer has been read.
  public var binding: SessionBinding? { SessionBinding(noise.remoteEphemeral, noise.handshakeHash) }

  /// Overwrites the keys of a handshake that will not be finished; a finished one has done so.
  public mutating func close() {
    noise.wipe()
  }

  /// Device: reads the answer and derives the session's keys.
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
}
