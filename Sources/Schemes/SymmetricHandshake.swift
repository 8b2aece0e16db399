// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto

/// The schemes of ``Scheme/Exchange/challenge``: mutual challenge and response and two session keys, with a key that both sides
/// have and no public-key operation. The device's side.
///
/// The schemes differ in where the key comes from: see ``DerivedKeys``. The counter must be stored before the hello leaves
/// and never be used twice; in `derived-key-ratchet` it also says how far the key has been moved forward.
public struct SymmetricHandshake<H: Hash.Function>: ~Copyable {
  private var transcript = SymmetricTranscript<H>()
  private let scheme: SchemeID

  public init(scheme: SchemeID) { self.scheme = scheme }

  /// Writes the first frame and returns its length.
  ///
  /// - Parameter hint: what the scheme's ``Scheme/Hint`` says, as many bytes as that has.
  public mutating func writeHello(
    key: borrowing SecretBytes<32>, hint: RawSpan, counter: UInt32, into frame: inout MutableRawSpan
  ) throws(SchemesError) -> Int {
    let row = scheme.row
    guard row.exchange == .challenge else { throw .unexpectedScheme(scheme.rawValue) }
    guard hint.byteCount == row.hint.length else { throw .malformed }
    let length = 1 + hint.byteCount + 4 + SymmetricTranscript<H>.codeLength
    guard frame.byteCount >= length else { throw .bufferTooSmall(needed: length) }
    frame.storeBytes(of: scheme.rawValue, as: UInt8.self)
    copyBytes(hint, to: &frame, at: 1)
    frame.storeBytes(of: counter.bigEndian, toByteOffset: 1 + hint.byteCount, as: UInt32.self)
    transcript.setKey(key)
    transcript.append(frame.bytes.extracting(0..<length - SymmetricTranscript<H>.codeLength))
    var code = frame.suffix(from: length - SymmetricTranscript<H>.codeLength)
    var target = code.prefix(SymmetricTranscript<H>.codeLength)
    transcript.value(1, scheme: scheme, into: &target)
    return length
  }

  /// Reads the server's answer and derives the session's keys into the caller's place.
  ///
  /// - Throws: ``SchemesError/refused(_:)`` when the server proves to be it and opens no session with this key. The exchange is over
  ///   then.
  public mutating func readReply(_ frame: RawSpan, keys: inout SessionKeys) throws(SchemesError) {
    if frame.byteCount == SymmetricTranscript<H>.refusalLength { throw .refused(try readRefusal(frame)) }
    guard frame.byteCount == SymmetricTranscript<H>.replyLength else { throw .malformed }
    // A forged reply must not spoil the exchange: the real one may still come.
    let before = transcript.count
    transcript.append(frame.extracting(0..<SymmetricTranscript<H>.nonceLength))
    guard
      transcript.isValue(2, scheme: scheme, frame.extracting(SymmetricTranscript<H>.nonceLength...))
    else {
      transcript.count = before
      throw .authenticationFailed
    }
    var key = SecretBytes<32>()
    defer { key.wipe() }
    transcript.sessionKey(3, scheme: scheme, into: &key)
    keys.sending.setKey(key)
    transcript.sessionKey(4, scheme: scheme, into: &key)
    keys.receiving.setKey(key)
    transcript.sessionKey(6, scheme: scheme, into: &keys.export)
    transcript.wipe()
  }

  @inline(never)
  private mutating func readRefusal(_ frame: RawSpan) throws(SchemesError) -> SessionRefusal {
    let before = transcript.count
    transcript.append(frame.extracting(0..<SymmetricTranscript<H>.nonceLength))
    var cipher = CipherState<Cipher.ChaChaPoly>()
    defer { cipher.wipe() }
    transcript.keyRefusal(scheme: scheme, &cipher)
    var sealed = Bytes<17>()
    var bytes = sealed.mutableBytes
    copyBytes(frame.extracting(SymmetricTranscript<H>.nonceLength...), to: &bytes)
    do { try cipher.decrypt(inPlace: &bytes) } catch {
      transcript.count = before
      throw .authenticationFailed
    }
    transcript.wipe()
    return SessionRefusal(rawValue: sealed[0])
  }

  /// Overwrites the key of an exchange that will not be finished; a finished one has done so.
  public mutating func close() {
    transcript.wipe()
  }
}
