// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Noise

/// The exchange of the schemes without public keys, as both parties compute it: four values of one PRF under the shared key,
/// told apart by their first byte, over everything that was said.
///
/// Hello: scheme (1), hint (12 or 8), counter (4), PRF 1 truncated to 16. Reply: nonce (16), PRF 2 truncated to 16. The
/// session's keys are PRF 3 and PRF 4, and what it exports is PRF 6. The counter makes the hello fresh for the server, and the reply for the device.
///
/// A refusal takes the reply's place: nonce (16), and the reason (1) under ChaCha20-Poly1305 with the key PRF 5 and nonce 0 (17).
struct SymmetricTranscript<H: Hash.Function>: ~Copyable {
  static var codeLength: Int { 16 }
  static var nonceLength: Int { 16 }
  static var replyLength: Int { nonceLength + codeLength }
  static var refusalLength: Int { nonceLength + SessionRefusal.length + tagLength }

  /// Scheme, hint, counter, then the reply's nonce.
  var said = Bytes<41>()
  var count = 0
  private var key = SecretBytes<32>()

  mutating func setKey(_ key: borrowing SecretBytes<32>) { self.key.copy(from: key.bytes) }

  mutating func append(_ bytes: RawSpan) {
    var target = said.mutableBytes
    copyBytes(bytes, to: &target, at: count)
    count += bytes.byteCount
  }

  /// PRF `index` over the prologue and what has been said, truncated to the length of `output`.
  func value(_ index: UInt8, scheme: SchemeID, into output: inout MutableRawSpan) {
    var whole = SecretBytes<64>()
    defer { whole.wipe() }
    var bytes = whole.mutableBytes
    let prologue = Prologue(scheme: scheme)
    var mac = Hash.HMAC<H>(key: key.bytes)
    withUnsafeBytes(of: index) { mac.update(RawSpan(_unsafeBytes: $0)) }
    mac.update(prologue.bytes)
    mac.update(said.bytes.extracting(0..<count))
    mac.finalize(into: &bytes)
    copyBytes(bytes.bytes.extracting(0..<output.byteCount), to: &output)
  }

  /// Whether `code` is PRF `index`.
  func isValue(_ index: UInt8, scheme: SchemeID, _ code: RawSpan) -> Bool {
    var expected = SecretBytes<16>()
    defer { expected.wipe() }
    var bytes = expected.mutableBytes
    value(index, scheme: scheme, into: &bytes)
    return constantTimeEquals(expected.bytes, code)
  }

  /// A key of the session: 3 is the device's direction, 4 the server's, 6 the export.
  func sessionKey(_ index: UInt8, scheme: SchemeID, into key: inout SecretBytes<32>) {
    var bytes = key.mutableBytes
    value(index, scheme: scheme, into: &bytes)
  }

  /// Gives `cipher` the key of a refusal, which is used once.
  func keyRefusal(scheme: SchemeID, _ cipher: inout CipherState<Cipher.ChaChaPoly>) {
    var key = SecretBytes<32>()
    defer { key.wipe() }
    sessionKey(5, scheme: scheme, into: &key)
    cipher.setKey(key)
  }

  mutating func wipe() { key.wipe() }
}
