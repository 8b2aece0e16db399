// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Secrecy

/// A secret number that stays where it is, in locked memory, and is overwritten when its last owner lets go of it.
final class SecretScalar: @unchecked Sendable {
  var value = Edwards25519.Scalar()
  private var pages = PageLock()

  init() { pages.hold(self) }

  deinit { value.wipe() }
}

extension Edwards25519.Scalar {
  borrowing func write(into target: inout SecretBytes<32>) { target.copy(from: bytes) }
}

extension SecretScalar {
  /// Whether both are the same number, found in constant time.
  func equals(_ other: SecretScalar) -> Bool {
    var difference = Edwards25519.Scalar()
    defer { difference.wipe() }
    difference.copy(from: other.value)
    difference.negate()
    difference.add(value)
    return difference.isZero
  }
}
