// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// A throw-away key that tests whether a handshake could use a public key: with a point of low order the Diffie-Hellman result
/// would be zero. One per registry, because making a key costs as much as testing one.
final class KeyProbe: @unchecked Sendable {
  // Immutable after init, so that threads may share it; the compiler cannot see that of a move-only value.
  let key = X25519.PrivateKey.random()
}
