import Credentials
import Noise
import Primitives

/// Scheme `compact-kk`: Noise_KK_25519_ChaChaPoly_SHA256 between keys that both sides know, for radios that pay by the frame.
/// Both sides.
///
/// Hello: scheme (1), hint (2), e and tag (48): 51 bytes, what LoRaWAN's slowest data rates carry in one frame. Reply: e and
/// tag (48). The hint is the start of a hash of the device's key; the server tries every key that shares it. It never
/// changes, so an eavesdropper can tell most devices of a small fleet apart.
public struct CompactHandshake: ~Copyable {
  public static let hintLength = 2
  public static let helloLength = 1 + hintLength + 48
  public static let replyLength = 48

  private var noise: HandshakeState<ChaChaPoly, SHA256>

  public init(role: Role) { noise = HandshakeState(.KK, role: role) }

  /// The hint of a device's key: under it the server's registry indexes the key.
  public static func hint(for key: X25519.PublicKey) -> UInt16 {
    var hash = SHA256()
    let label: StaticString = "countersign-v1 routing hint"
    hash.update(label)
    hash.update(key.bytes)
    var digest = Bytes<32>()
    var bytes = digest.mutableBytes
    hash.finalize(into: &bytes)
    return UInt16(digest[0]) << 8 | UInt16(digest[1])
  }

  /// Device: gives DH of its static key and the server's, where it is kept, before ``writeHello(key:serverKey:into:)``. With a
  /// wrong one the server refuses the first frame.
  public mutating func setStaticSharedSecret(_ shared: borrowing SecretBytes<32>) {
    noise.setStaticSharedSecret(shared)
  }

  /// Device: writes the first frame and returns its length.
  public mutating func writeHello(
    key: borrowing X25519.PrivateKey, serverKey: X25519.PublicKey, into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    guard frame.byteCount >= Self.helloLength else { throw .bufferTooSmall(needed: Self.helloLength) }
    frame.storeBytes(of: SchemeID.compactKK.rawValue, as: UInt8.self)
    frame.storeBytes(of: Self.hint(for: key.publicKey).bigEndian, toByteOffset: 1, as: UInt16.self)
    let prologue = Prologue(scheme: .compactKK, serverKey: serverKey)
    var message = frame.suffix(from: 1 + Self.hintLength)
    do throws(NoiseError) {
      noise.setStatic(key)
      noise.setRemoteStatic(serverKey)
      try noise.start(prologue: prologue.bytes)
      return 1 + Self.hintLength + (try noise.writeMessage(into: &message))
    } catch { throw .noise(error) }
  }

  /// Server: the hint of a first frame.
  public static func hint(of frame: RawSpan) throws(SchemesError) -> UInt16 {
    guard frame.byteCount == helloLength else { throw .malformed }
    let first = frame.unsafeLoad(as: UInt8.self)
    guard first == SchemeID.compactKK.rawValue else { throw .unexpectedScheme(first) }
    return UInt16(bigEndian: frame.unsafeLoadUnaligned(fromByteOffset: 1, as: UInt16.self))
  }

  /// Server: reads the first frame as coming from `device`. When it throws, try the next key that has this hint, with a new
  /// value.
  public mutating func readHello(
    _ frame: RawSpan, from device: X25519.PublicKey, key: borrowing X25519.PrivateKey
  ) throws(SchemesError) {
    guard frame.byteCount == Self.helloLength else { throw .malformed }
    let prologue = Prologue(scheme: .compactKK, serverKey: key.publicKey)
    var nothing = Bytes<1>()
    var payload = nothing.mutableBytes
    do throws(NoiseError) {
      noise.setStatic(key)
      noise.setRemoteStatic(device)
      try noise.start(prologue: prologue.bytes)
      _ = try noise.readMessage(frame.extracting((1 + Self.hintLength)...), into: &payload)
    } catch { throw .noise(error) }
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
