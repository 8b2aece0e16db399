// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  // Noise's nonces begin with 32 zero bits, published test vectors' do not. Here any 12 bytes will do, for those vectors only.

  @_spi(Testing)
  extension Cipher.ChaChaPoly {
    /// Ciphertext and tag.
    public static func seal(
      _ plaintext: [UInt8], key: [UInt8], nonce: Bytes<12>, authenticating associatedData: [UInt8]
    ) -> [UInt8] {
      var output = [UInt8](repeating: 0, count: plaintext.count + tagLength)
      output.withUnsafeMutableBytes { output in
        plaintext.withUnsafeBytes { input in
          nonce.bytes.withUnsafeBytes { nonce in
            seal(input.u8, input.count, to: output.u8, key.bytes, nonce.u8, associatedData.bytes)
          }
        }
      }
      return output
    }

    /// The plaintext, or nil when the tag does not verify.
    public static func open(
      _ ciphertext: [UInt8], key: [UInt8], nonce: Bytes<12>, authenticating associatedData: [UInt8]
    ) -> [UInt8]? {
      guard ciphertext.count >= tagLength else { return nil }
      var output = [UInt8](repeating: 0, count: ciphertext.count - tagLength)
      let isValid = output.withUnsafeMutableBytes { output in
        ciphertext.withUnsafeBytes { input in
          nonce.bytes.withUnsafeBytes { nonce in
            open(input.u8, input.count, to: output.u8, key.bytes, nonce.u8, associatedData.bytes)
          }
        }
      }
      return isValid ? output : nil
    }
  }

  @_spi(Testing)
  extension Cipher.AESGCM {
    /// Ciphertext and tag.
    public static func seal(
      _ plaintext: [UInt8], key: [UInt8], nonce: Bytes<12>, authenticating associatedData: [UInt8], inHardware: Bool
    ) -> [UInt8] {
      var output = [UInt8](repeating: 0, count: plaintext.count + tagLength)
      output.withUnsafeMutableBytes { output in
        plaintext.withUnsafeBytes { input in
          nonce.bytes.withUnsafeBytes { encrypt(input, to: output, key.bytes, $0, associatedData.bytes, inHardware) }
        }
      }
      return output
    }

    /// The plaintext, or nil when the tag does not verify.
    public static func open(
      _ ciphertext: [UInt8], key: [UInt8], nonce: Bytes<12>, authenticating associatedData: [UInt8], inHardware: Bool
    ) -> [UInt8]? {
      guard ciphertext.count >= tagLength else { return nil }
      var output = [UInt8](repeating: 0, count: ciphertext.count - tagLength)
      let isValid = output.withUnsafeMutableBytes { output in
        ciphertext.withUnsafeBytes { input in
          nonce.bytes.withUnsafeBytes { decrypt(input, to: output, key.bytes, $0, associatedData.bytes, inHardware) }
        }
      }
      return isValid ? output : nil
    }
  }
#endif
