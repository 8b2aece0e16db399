// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Secrecy

/// The co-signer's static key, in locked memory, where it stays.
final class StaticKey: @unchecked Sendable {
  // Nothing changes after init, so that threads may share it; the compiler cannot see that of move-only values.
  private(set) var key = X25519.PrivateKey()
  private var pages = PageLock()

  init(_ key: borrowing X25519.PrivateKey) {
    self.key.copy(from: key)
    pages.hold(self)
  }
}
