import Noise
import Primitives

/// Scheme `derived-key-ephemeral`: Noise_NNpsk0_25519_ChaChaPoly_SHA256 under the derived key: forward secrecy at the price
/// of two X25519 operations, with nothing stored beyond the derived key. Both sides.
///
/// Hello: scheme (1), hint (2), e and tag (48). Reply: e and tag (48). The hint is the start of this epoch's pseudonym: the
/// server tries the keys that share it, which costs a few hashes each, and the hello fits one frame of the slowest radios. A
/// replayed hello gets an answer that its sender cannot use; the server acts on nothing before the first transport message.
public struct EphemeralHandshake: ~Copyable {
  public static let hintLength = 2
  public static let helloLength = 1 + hintLength + 48
  public static let replyLength = 48

  private var noise: HandshakeState<ChaChaPoly, SHA256>

  public init(role: Role) throws(SchemesError) {
    do { noise = HandshakeState(try HandshakePattern.NN.psk(0), role: role) } catch { throw .noise(error) }
  }

  /// Device: writes the first frame and returns its length.
  ///
  /// - Parameter pseudonym: this epoch's; its first two bytes are sent.
  public mutating func writeHello(
    key: borrowing SymmetricKey, pseudonym: Bytes<8>, into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    guard frame.byteCount >= Self.helloLength else { throw .bufferTooSmall(needed: Self.helloLength) }
    frame.storeBytes(of: SchemeID.derivedKeyEphemeral.rawValue, as: UInt8.self)
    copyBytes(pseudonym.bytes.extracting(0..<Self.hintLength), to: &frame, at: 1)
    try start(key: key, hint: frame.bytes.extracting(0..<1 + Self.hintLength))
    var message = frame.suffix(from: 1 + Self.hintLength)
    do { return 1 + Self.hintLength + (try noise.writeMessage(into: &message)) } catch { throw .noise(error) }
  }

  /// What the server indexes a pseudonym under.
  public static func hint(for pseudonym: Bytes<8>) -> UInt16 { UInt16(pseudonym[0]) << 8 | UInt16(pseudonym[1]) }

  /// Server: the hint of a first frame.
  public static func hint(of frame: RawSpan) throws(SchemesError) -> UInt16 {
    guard frame.byteCount == helloLength else { throw .malformed }
    let first = frame.unsafeLoad(as: UInt8.self)
    guard first == SchemeID.derivedKeyEphemeral.rawValue else { throw .unexpectedScheme(first) }
    return UInt16(bigEndian: frame.unsafeLoadUnaligned(fromByteOffset: 1, as: UInt16.self))
  }

  /// Server: reads the first frame with a key that its hint led to. When it throws, try the next one, with a new value.
  public mutating func readHello(_ frame: RawSpan, key: borrowing SymmetricKey) throws(SchemesError) {
    _ = try Self.hint(of: frame)
    try start(key: key, hint: frame.extracting(0..<1 + Self.hintLength))
    var nothing = Bytes<1>()
    var payload = nothing.mutableBytes
    do { _ = try noise.readMessage(frame.extracting((1 + Self.hintLength)...), into: &payload) } catch {
      throw .noise(error)
    }
  }

  /// Server: writes the answer and derives the session's keys.
  public mutating func writeReply(
    into frame: inout MutableRawSpan, sending: inout CipherState<ChaChaPoly>, receiving: inout CipherState<ChaChaPoly>
  ) throws(SchemesError) -> Int {
    do throws(NoiseError) {
      let length = try noise.writeMessage(into: &frame)
      try noise.split(sending: &sending, receiving: &receiving)
      return length
    } catch { throw .noise(error) }
  }

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

  /// The hint is bound with the prologue: the label, the scheme, and the hint as it was sent.
  private mutating func start(key: borrowing SymmetricKey, hint: RawSpan) throws(SchemesError) {
    let prologue = Prologue(scheme: .derivedKeyEphemeral, hint: hint)
    do throws(NoiseError) {
      try noise.setPSK(key, at: 0)
      try noise.start(prologue: prologue.bytes)
    } catch { throw .noise(error) }
  }
}
