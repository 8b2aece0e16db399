// SPDX-License-Identifier: Apache-2.0

import CSodium

extension Cipher {
  /// ChaCha20 alone (RFC 8439), as a generator: it authenticates nothing.
  public enum ChaCha20 {
    /// Fills `output` with the keystream of `key`, 32 bytes, under the nonce of zeros. For keys that are used for nothing else.
    public static func keystream(into output: inout MutableRawSpan, key: RawSpan) {
      precondition(key.byteCount == 32)
      var nonce: (UInt32, UInt32, UInt32) = (0, 0, 0)
      output.withUnsafeMutableBytes { output in
        key.withUnsafeBytes { key in
          withUnsafeBytes(of: &nonce) { nonce in
            _ = crypto_stream_chacha20_ietf(output.u8, UInt64(output.count), nonce.u8, key.u8)
          }
        }
      }
    }
  }
}
