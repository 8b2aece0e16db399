// SPDX-License-Identifier: Apache-2.0

extension Cipher {
  /// A Noise cipher function (specification, section 4.2): 32-byte key, 64-bit nonce, 16-byte tag.
  public protocol Function {
    /// The function's name in a Noise protocol name.
    static var noiseName: StaticString { get }

    /// ENCRYPT: writes the ciphertext and its tag, `plaintext.byteCount + 16` bytes, to the start of `ciphertext`.
    static func seal(
      _ plaintext: RawSpan, into ciphertext: inout MutableRawSpan, key: RawSpan, nonce: UInt64,
      authenticating associatedData: RawSpan)

    /// ENCRYPT in place: all but the last 16 bytes of `message` are plaintext and become ciphertext; then the tag.
    static func seal(
      inPlace message: inout MutableRawSpan, key: RawSpan, nonce: UInt64, authenticating associatedData: RawSpan)

    /// DECRYPT: verifies the tag, then writes `ciphertext.byteCount - 16` bytes to the start of `plaintext`.
    ///
    /// - Throws: ``CryptoError/authenticationFailed``; `plaintext` then holds nothing of the message.
    static func open(
      _ ciphertext: RawSpan, into plaintext: inout MutableRawSpan, key: RawSpan, nonce: UInt64,
      authenticating associatedData: RawSpan) throws(CryptoError)

    /// DECRYPT in place: verifies the tag in the last 16 bytes, then turns the rest into plaintext.
    static func open(
      inPlace message: inout MutableRawSpan, key: RawSpan, nonce: UInt64, authenticating associatedData: RawSpan
    ) throws(CryptoError)
  }
}

/// Length of an authentication tag, in bytes.
public let tagLength = 16
