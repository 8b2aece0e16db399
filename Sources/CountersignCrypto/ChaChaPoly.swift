// SPDX-License-Identifier: Apache-2.0

import CSodium

extension Cipher {
  /// ChaCha20-Poly1305 (RFC 8439) with Noise's nonce: 32 zero bits, then n in little-endian.
  public enum ChaChaPoly: Cipher.Function {
    public static var noiseName: StaticString { "ChaChaPoly" }

    public static func seal(
      _ plaintext: RawSpan, into ciphertext: inout MutableRawSpan, key: RawSpan, nonce: UInt64,
      authenticating associatedData: RawSpan
    ) {
      precondition(key.byteCount == 32 && ciphertext.byteCount - tagLength >= plaintext.byteCount)
      ciphertext.withUnsafeMutableBytes { output in
        plaintext.withUnsafeBytes { input in
          seal(input.u8, input.count, to: output.u8, key, nonce, associatedData)
        }
      }
    }

    public static func seal(
      inPlace message: inout MutableRawSpan, key: RawSpan, nonce: UInt64, authenticating associatedData: RawSpan
    ) {
      precondition(key.byteCount == 32 && message.byteCount >= tagLength)
      message.withUnsafeMutableBytes { buffer in
        seal(
          UnsafePointer(buffer.u8), buffer.count - tagLength, to: buffer.u8, key, nonce, associatedData)
      }
    }

    public static func open(
      _ ciphertext: RawSpan, into plaintext: inout MutableRawSpan, key: RawSpan, nonce: UInt64,
      authenticating associatedData: RawSpan
    ) throws(CryptoError) {
      precondition(key.byteCount == 32)
      guard ciphertext.byteCount >= tagLength else { throw .authenticationFailed }
      precondition(plaintext.byteCount >= ciphertext.byteCount - tagLength)
      let isValid = plaintext.withUnsafeMutableBytes { output in
        ciphertext.withUnsafeBytes { input in
          open(input.u8, input.count, to: output.u8, key, nonce, associatedData)
        }
      }
      guard isValid else { throw .authenticationFailed }
    }

    public static func open(
      inPlace message: inout MutableRawSpan, key: RawSpan, nonce: UInt64, authenticating associatedData: RawSpan
    ) throws(CryptoError) {
      precondition(key.byteCount == 32)
      guard message.byteCount >= tagLength else { throw .authenticationFailed }
      let isValid = message.withUnsafeMutableBytes { buffer in
        open(UnsafePointer(buffer.u8), buffer.count, to: buffer.u8, key, nonce, associatedData)
      }
      guard isValid else { throw .authenticationFailed }
    }

    private static func seal(
      _ input: UnsafePointer<UInt8>, _ count: Int, to output: UnsafeMutablePointer<UInt8>, _ key: RawSpan,
      _ nonce: UInt64, _ associatedData: RawSpan
    ) {
      withNonce(nonce) { seal(input, count, to: output, key, $0, associatedData) }
    }

    private static func open(
      _ input: UnsafePointer<UInt8>, _ count: Int, to output: UnsafeMutablePointer<UInt8>, _ key: RawSpan,
      _ nonce: UInt64, _ associatedData: RawSpan
    ) -> Bool {
      withNonce(nonce) { open(input, count, to: output, key, $0, associatedData) }
    }

    /// Under a nonce of 12 bytes.
    @inline(__always)
    static func seal(
      _ input: UnsafePointer<UInt8>, _ count: Int, to output: UnsafeMutablePointer<UInt8>, _ key: RawSpan,
      _ nonce: UnsafePointer<UInt8>, _ associatedData: RawSpan
    ) {
      key.withUnsafeBytes { key in
        associatedData.withUnsafeBytes { data in
          _ = crypto_aead_chacha20poly1305_ietf_encrypt(
            output, nil, input, UInt64(count), data.u8, UInt64(data.count), nil, nonce, key.u8)
        }
      }
    }

    /// Under a nonce of 12 bytes.
    @inline(__always)
    static func open(
      _ input: UnsafePointer<UInt8>, _ count: Int, to output: UnsafeMutablePointer<UInt8>, _ key: RawSpan,
      _ nonce: UnsafePointer<UInt8>, _ associatedData: RawSpan
    ) -> Bool {
      key.withUnsafeBytes { key in
        associatedData.withUnsafeBytes { data in
          crypto_aead_chacha20poly1305_ietf_decrypt(
            output, nil, nil, input, UInt64(count), data.u8, UInt64(data.count), nonce, key.u8) == 0
        }
      }
    }

    @inline(__always)
    private static func withNonce<R>(_ nonce: UInt64, _ body: (UnsafePointer<UInt8>) -> R) -> R {
      var bytes: (UInt32, UInt32, UInt32) = (
        0, UInt32(truncatingIfNeeded: nonce).littleEndian, UInt32(truncatingIfNeeded: nonce >> 32).littleEndian
      )
      return withUnsafeBytes(of: &bytes) { body($0.u8) }
    }
  }
}
