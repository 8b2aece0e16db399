// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Synchronization

/// The Diffie-Hellman of the server's static key with a device's, which is the same in every handshake of the two.
final class StaticSecret: @unchecked Sendable {
  // Filled once, before it is shared.
  private(set) var bytes = SecretBytes<32>()
  init(_ key: borrowing X25519.PrivateKey, _ peer: X25519.PublicKey) throws(CryptoError) {
    try key.agree(with: peer, into: &bytes)
  }
}

/// Remembers static secrets of devices that have authenticated, so that their next handshakes cost one multiplication less.
/// Of bounded size; the oldest goes first and overwrites itself.
final class StaticSecrets: Sendable {
  private struct State {
    var secrets: [X25519.PublicKey: StaticSecret] = [:]
    /// Keys in the order in which they came, as a ring.
    var order: [X25519.PublicKey] = []
    var oldest = 0
  }

  private let capacity: Int
  private let state = Mutex(State())

  init(capacity: Int = 16_384) {
    self.capacity = capacity
  }

  func secret(for key: X25519.PublicKey) -> StaticSecret? {
    state.withLock { $0.secrets[key] }
  }

  func remember(_ secret: StaticSecret, for key: X25519.PublicKey) {
    state.withLock { state in
      guard state.secrets.updateValue(secret, forKey: key) == nil else { return }
      if state.order.count < capacity {
        state.order.append(key)
      } else {
        state.secrets[state.order[state.oldest]] = nil
        state.order[state.oldest] = key
        state.oldest = (state.oldest + 1) % capacity
      }
    }
  }

  var count: Int { state.withLock { $0.secrets.count } }
}
