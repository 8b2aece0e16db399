// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  import CSodium

  extension Cipher {
    /// XChaCha20-Poly1305: its nonce of 24 bytes is long enough to be drawn at random. For files, not for sessions.
    public enum XChaChaPoly {
      /// Length of a nonce, in bytes.
      public static let nonceLength = 24

      /// Writes ciphertext and tag, `plaintext.byteCount + 16` bytes, to the start of `ciphertext`.
      public static func seal(
        _ plaintext: RawSpan, into ciphertext: inout MutableRawSpan, key: borrowing SecretBytes<32>, nonce: RawSpan,
        authenticating associatedData: RawSpan
      ) {
        precondition(nonce.byteCount == nonceLength && ciphertext.byteCount - tagLength >= plaintext.byteCount)
        ciphertext.withUnsafeMutableBytes { output in
          plaintext.withUnsafeBytes { input in
            key.bytes.withUnsafeBytes { key in
              nonce.withUnsafeBytes { nonce in
                associatedData.withUnsafeBytes { data in
                  _ = crypto_aead_xchacha20poly1305_ietf_encrypt(
                    output.u8, nil, input.u8, UInt64(input.count), data.u8, UInt64(data.count), nil, nonce.u8, key.u8)
                }
              }
            }
          }
        }
      }

      /// Verifies the tag, then writes `ciphertext.byteCount - 16` bytes to the start of `plaintext`.
      ///
      /// - Throws: ``CryptoError/authenticationFailed``; `plaintext` then holds nothing of the message.
      public static func open(
        _ ciphertext: RawSpan, into plaintext: inout MutableRawSpan, key: borrowing SecretBytes<32>, nonce: RawSpan,
        authenticating associatedData: RawSpan
      ) throws(CryptoError) {
        precondition(nonce.byteCount == nonceLength)
        guard ciphertext.byteCount >= tagLength else { throw .authenticationFailed }
        precondition(plaintext.byteCount >= ciphertext.byteCount - tagLength)
        let status = plaintext.withUnsafeMutableBytes { output in
          ciphertext.withUnsafeBytes { input in
            key.bytes.withUnsafeBytes { key in
              nonce.withUnsafeBytes { nonce in
                associatedData.withUnsafeBytes { data in
                  crypto_aead_xchacha20poly1305_ietf_decrypt(
                    output.u8, nil, nil, input.u8, UInt64(input.count), data.u8, UInt64(data.count), nonce.u8, key.u8)
                }
              }
            }
          }
        }
        guard status == 0 else { throw .authenticationFailed }
      }
    }
  }
#endif
