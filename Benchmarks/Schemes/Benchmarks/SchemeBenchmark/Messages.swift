// SPDX-License-Identifier: Apache-2.0

import Benchmark
import Noise
import CountersignCrypto

/// One message of a session, in place. All schemes have the same session: what differs is how its keys came about.
func messages() {
  for length in [64, 1_024] {
    let session = Session()
    var message = [UInt8](repeating: 1, count: length + tagLength)
    Benchmark.work("message/seal \(length) B", repeats: 20) {
      var bytes = message.mutableBytes
      try session.sending.encrypt(inPlace: &bytes)
    }
    var both = [UInt8](repeating: 1, count: length + tagLength)
    let other = Session()
    Benchmark.work("message/seal and open \(length) B", repeats: 20) {
      var bytes = both.mutableBytes
      try other.sending.encrypt(inPlace: &bytes)
      try other.receiving.decrypt(inPlace: &bytes)
    }
  }
}

private final class Session {
  var sending: CipherState<Cipher.ChaChaPoly>
  var receiving: CipherState<Cipher.ChaChaPoly>

  init() {
    let key = SecretBytes<32>.random()
    var copy = SecretBytes<32>()
    copy.copy(from: key.bytes)
    sending = CipherState(key: key)
    receiving = CipherState(key: copy)
  }
}
