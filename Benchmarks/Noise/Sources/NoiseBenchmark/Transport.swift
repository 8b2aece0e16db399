// SPDX-License-Identifier: Apache-2.0

import Bare
import Noise
import CountersignCrypto

/// Sealing one transport message in place, and the same by the bare AEAD call.
struct Transport: ~Copyable {
  private var cipher: CipherState<Cipher.ChaChaPoly>

  init() {
    cipher = CipherState(key: SecretBytes<32>.random())
  }

  /// Nanoseconds for sealing `message` `count` times through a CipherState.
  mutating func seal(_ message: inout [UInt8], _ count: Int) throws(NoiseError) -> UInt64 {
    var bytes = message.mutableBytes
    let start = bare_now()
    for _ in 0..<count { try cipher.encrypt(inPlace: &bytes) }
    return bare_now() - start
  }

  /// Nanoseconds for the same through libsodium alone.
  func sealBare(_ message: inout [UInt8], _ count: Int) -> UInt64 {
    message.withUnsafeMutableBufferPointer { buffer in
      let start = bare_now()
      for n in 0..<UInt64(count) { bare_seal(buffer.baseAddress, buffer.count - tagLength, n) }
      return bare_now() - start
    }
  }
}
