// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto

/// The server's side of the schemes without public keys.
///
/// Reading a hello changes nothing outside this value. The server stores the counter when the device's first transport
/// message has been opened, and from then on refuses every counter that is not above it.
public struct SymmetricResponder<H: Hash.Function>: ~Copyable {
  private var transcript = SymmetricTranscript<H>()
  private var scheme = SchemeID.derivedKey
  private var code = Bytes<16>()

  public init() {}

  /// What the first frame claims, before anything has been verified.
  public struct Claim: Equatable, Sendable {
    public let scheme: SchemeID
    /// The address or the pseudonym; a pseudonym fills the first eight bytes.
    public let hint: Bytes<12>
    public let counter: UInt32
  }

  /// Parses the first frame, so that the server can look for the key.
  public mutating func readHello(_ frame: RawSpan) throws(SchemesError) -> Claim {
    guard frame.byteCount > 0 else { throw .malformed }
    let first = frame.unsafeLoad(as: UInt8.self)
    guard let scheme = SchemeID(rawValue: first), scheme.row.exchange == .challenge else {
      throw .unexpectedScheme(first)
    }
    let hintLength = scheme.row.hint.length
    guard frame.byteCount == 1 + hintLength + 4 + 16 else { throw .malformed }
    self.scheme = scheme
    transcript.append(frame.extracting(0..<5 + hintLength))
    var codeBytes = code.mutableBytes
    copyBytes(frame.extracting((5 + hintLength)...), to: &codeBytes)
    var hint = Bytes<12>()
    var hintBytes = hint.mutableBytes
    copyBytes(frame.extracting(1..<1 + hintLength), to: &hintBytes)
    let counter = UInt32(bigEndian: frame.unsafeLoadUnaligned(fromByteOffset: 1 + hintLength, as: UInt32.self))
    return Claim(scheme: scheme, hint: hint, counter: counter)
  }

  /// Checks that the hello was made with `key`.
  ///
  /// - Parameter lastCounter: the highest counter that a session of this device has been opened with.
  public mutating func verify(
    _ claim: Claim, key: borrowing SecretBytes<32>, lastCounter: UInt32?
  ) throws(SchemesError) {
    transcript.setKey(key)
    guard transcript.isValue(1, scheme: scheme, code.bytes) else { throw .authenticationFailed }
    if let lastCounter, claim.counter <= lastCounter { throw .staleCounter }
  }

  /// Writes the answer, ``Scheme/replyLength`` bytes, and derives the session's keys.
  public mutating func writeReply(into frame: inout MutableRawSpan, keys: inout SessionKeys) throws(SchemesError) -> Int
  {
    let length = SymmetricTranscript<H>.replyLength
    guard frame.byteCount >= length else { throw .bufferTooSmall(needed: length) }
    var nonce = frame.prefix(SymmetricTranscript<H>.nonceLength)
    fillWithRandomBytes(&nonce)
    transcript.append(nonce.bytes)
    var rest = frame.suffix(from: SymmetricTranscript<H>.nonceLength)
    var target = rest.prefix(SymmetricTranscript<H>.codeLength)
    transcript.value(2, scheme: scheme, into: &target)
    var key = SecretBytes<32>()
    defer { key.wipe() }
    transcript.sessionKey(3, scheme: scheme, into: &key)
    keys.receiving.setKey(key)
    transcript.sessionKey(4, scheme: scheme, into: &key)
    keys.sending.setKey(key)
    transcript.sessionKey(6, scheme: scheme, into: &keys.export)
    transcript.wipe()
    return length
  }

  /// Writes, in the place of the answer, why the server opens no session, ``Scheme/refusalLength`` bytes, after ``verify(_:key:lastCounter:)``:
  /// only who has that key can read it. The exchange is over then.
  public mutating func writeRefusal(
    _ reason: SessionRefusal, into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    let length = SymmetricTranscript<H>.refusalLength
    guard frame.byteCount >= length else { throw .bufferTooSmall(needed: length) }
    defer { transcript.wipe() }
    var nonce = frame.prefix(SymmetricTranscript<H>.nonceLength)
    fillWithRandomBytes(&nonce)
    transcript.append(nonce.bytes)
    var cipher = CipherState<Cipher.ChaChaPoly>()
    defer { cipher.wipe() }
    transcript.keyRefusal(scheme: scheme, &cipher)
    var rest = frame.suffix(from: SymmetricTranscript<H>.nonceLength)
    var sealed = rest.prefix(SessionRefusal.length + tagLength)
    sealed.storeBytes(of: reason.rawValue, as: UInt8.self)
    do { try cipher.encrypt(inPlace: &sealed) } catch { throw .noise(error) }
    return length
  }
}
