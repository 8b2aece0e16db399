// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  import CSodium

  #if SwiftCrypto
    private import Crypto
    private import Foundation
  #endif

  extension Cipher {
    /// AES-256-GCM (NIST SP 800-38D) with Noise's nonce: 32 zero bits, then n in big-endian. Hosts only.
    ///
    /// libsodium has it where it supports the processor's AES instructions. Elsewhere swift-crypto (BoringSSL) replaces it, which
    /// allocates and copies, if the package is built with the trait of that name. Both are constant-time.
    public enum AESGCM: Cipher.Function {
      public static var noiseName: StaticString { "AESGCM" }

      /// Whether swift-crypto is there for processors without AES instructions.
      #if SwiftCrypto
        @_spi(Testing) public static let hasFallback = true
      #else
        @_spi(Testing) public static let hasFallback = false
      #endif

      /// Whether this processor has the AES instructions that libsodium needs.
      public static let isHardwareAvailable: Bool = {
        return crypto_aead_aes256gcm_is_available() == 1
      }()

      /// Whether this build has AES-GCM on this processor. If not, a call is a fatal error.
      public static var isAvailable: Bool { isHardwareAvailable || hasFallback }

      public static func seal(
        _ plaintext: RawSpan, into ciphertext: inout MutableRawSpan, key: RawSpan, nonce: UInt64,
        authenticating associatedData: RawSpan
      ) {
        seal(plaintext, into: &ciphertext, key, nonce, associatedData, inHardware: isHardwareAvailable)
      }

      public static func seal(
        inPlace message: inout MutableRawSpan, key: RawSpan, nonce: UInt64, authenticating associatedData: RawSpan
      ) {
        seal(inPlace: &message, key, nonce, associatedData, inHardware: isHardwareAvailable)
      }

      public static func open(
        _ ciphertext: RawSpan, into plaintext: inout MutableRawSpan, key: RawSpan, nonce: UInt64,
        authenticating associatedData: RawSpan
      ) throws(CryptoError) {
        try open(ciphertext, into: &plaintext, key, nonce, associatedData, inHardware: isHardwareAvailable)
      }

      public static func open(
        inPlace message: inout MutableRawSpan, key: RawSpan, nonce: UInt64, authenticating associatedData: RawSpan
      ) throws(CryptoError) {
        try open(inPlace: &message, key, nonce, associatedData, inHardware: isHardwareAvailable)
      }
    }
  }

  // The same four with the path chosen by the caller, so that tests reach both.
  extension Cipher.AESGCM {
    @_spi(Testing)
    public static func seal(
      _ plaintext: RawSpan, into ciphertext: inout MutableRawSpan, _ key: RawSpan, _ nonce: UInt64,
      _ associatedData: RawSpan, inHardware: Bool
    ) {
      precondition(key.byteCount == 32 && ciphertext.byteCount - tagLength >= plaintext.byteCount)
      ciphertext.withUnsafeMutableBytes { output in
        plaintext.withUnsafeBytes { input in
          let output = UnsafeMutableRawBufferPointer(rebasing: output[..<(input.count + tagLength)])
          encrypt(input, to: output, key, nonce, associatedData, inHardware)
        }
      }
    }

    @_spi(Testing)
    public static func seal(
      inPlace message: inout MutableRawSpan, _ key: RawSpan, _ nonce: UInt64, _ associatedData: RawSpan,
      inHardware: Bool
    ) {
      precondition(key.byteCount == 32 && message.byteCount >= tagLength)
      message.withUnsafeMutableBytes { buffer in
        let input = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<(buffer.count - tagLength)])
        encrypt(input, to: buffer, key, nonce, associatedData, inHardware)
      }
    }

    @_spi(Testing)
    public static func open(
      _ ciphertext: RawSpan, into plaintext: inout MutableRawSpan, _ key: RawSpan, _ nonce: UInt64,
      _ associatedData: RawSpan, inHardware: Bool
    ) throws(CryptoError) {
      precondition(key.byteCount == 32)
      guard ciphertext.byteCount >= tagLength else { throw .authenticationFailed }
      precondition(plaintext.byteCount >= ciphertext.byteCount - tagLength)
      let isValid = plaintext.withUnsafeMutableBytes { output in
        ciphertext.withUnsafeBytes { decrypt($0, to: output, key, nonce, associatedData, inHardware) }
      }
      guard isValid else { throw .authenticationFailed }
    }

    @_spi(Testing)
    public static func open(
      inPlace message: inout MutableRawSpan, _ key: RawSpan, _ nonce: UInt64, _ associatedData: RawSpan,
      inHardware: Bool
    ) throws(CryptoError) {
      precondition(key.byteCount == 32)
      guard message.byteCount >= tagLength else { throw .authenticationFailed }
      let isValid = message.withUnsafeMutableBytes { buffer in
        decrypt(UnsafeRawBufferPointer(buffer), to: buffer, key, nonce, associatedData, inHardware)
      }
      guard isValid else { throw .authenticationFailed }
    }
  }

  // The two paths. Input and output may be the same memory.
  extension Cipher.AESGCM {
    private static func encrypt(
      _ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer, _ key: RawSpan, _ nonce: UInt64,
      _ associatedData: RawSpan, _ inHardware: Bool
    ) {
      withNonce(nonce) { encrypt(input, to: output, key, $0, associatedData, inHardware) }
    }

    private static func decrypt(
      _ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer, _ key: RawSpan, _ nonce: UInt64,
      _ associatedData: RawSpan, _ inHardware: Bool
    ) -> Bool {
      withNonce(nonce) { decrypt(input, to: output, key, $0, associatedData, inHardware) }
    }

    /// Under a nonce of 12 bytes.
    static func encrypt(
      _ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer, _ key: RawSpan,
      _ nonce: UnsafeRawBufferPointer, _ associatedData: RawSpan, _ inHardware: Bool
    ) {
      withPointers(key, associatedData) { key, data in
        if inHardware {
          _ = crypto_aead_aes256gcm_encrypt(
            output.u8, nil, input.u8, UInt64(input.count), data.u8, UInt64(data.count), nil, nonce.u8, key.u8)
          return
        }
        #if !SwiftCrypto
          preconditionFailure("this processor needs AES-GCM from swift-crypto: build with --traits SwiftCrypto")
        #else
          // Neither can fail: the lengths are right, and GCM's limit of 64 GiB is out of a span's reach here.
          let nonce = try! AES.GCM.Nonce(data: nonce)
          let box = try! AES.GCM.seal(input, using: Crypto.SymmetricKey(data: key), nonce: nonce, authenticating: data)
          box.ciphertext.copyBytes(to: output)
          box.tag.copyBytes(to: UnsafeMutableRawBufferPointer(rebasing: output[input.count...]))
        #endif
      }
    }

    /// Under a nonce of 12 bytes.
    static func decrypt(
      _ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer, _ key: RawSpan,
      _ nonce: UnsafeRawBufferPointer, _ associatedData: RawSpan, _ inHardware: Bool
    ) -> Bool {
      withPointers(key, associatedData) { key, data in
        if inHardware {
          return crypto_aead_aes256gcm_decrypt(
            output.u8, nil, nil, input.u8, UInt64(input.count), data.u8, UInt64(data.count), nonce.u8, key.u8) == 0
        }
        #if !SwiftCrypto
          preconditionFailure("this processor needs AES-GCM from swift-crypto: build with --traits SwiftCrypto")
        #else
          let length = input.count - tagLength
          guard
            let nonce = try? AES.GCM.Nonce(data: nonce),
            let box = try? AES.GCM.SealedBox(
              nonce: nonce, ciphertext: UnsafeRawBufferPointer(rebasing: input[..<length]),
              tag: UnsafeRawBufferPointer(rebasing: input[length...])),
            var plaintext = try? AES.GCM.open(box, using: Crypto.SymmetricKey(data: key), authenticating: data)
          else {
            sodium_memzero(output.u8, length)
            return false
          }
          plaintext.copyBytes(to: output)
          plaintext.resetBytes(in: plaintext.startIndex..<plaintext.endIndex)
          return true
        #endif
      }
    }

    private static func withPointers<R>(
      _ key: RawSpan, _ associatedData: RawSpan, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> R
    ) -> R {
      key.withUnsafeBytes { key in associatedData.withUnsafeBytes { data in body(key, data) } }
    }

    private static func withNonce<R>(_ nonce: UInt64, _ body: (UnsafeRawBufferPointer) -> R) -> R {
      let high = UInt32(truncatingIfNeeded: nonce >> 32)
      let low = UInt32(truncatingIfNeeded: nonce)
      return withUnsafeBytes(of: (UInt32(0), high.bigEndian, low.bigEndian), body)
    }
  }
#endif
