// SPDX-License-Identifier: Apache-2.0

/// Why identity-based encryption refused something.
public enum IBEError: Error, Equatable, Sendable {
  /// A message is longer than the limit, in bytes.
  case messageTooLong(limit: Int)
  /// The bytes are no key or share: of another length, 0, or not below the order of the group.
  case invalidScalar
  /// The bytes are not the canonical encoding of a point of the group other than the neutral one.
  case invalidPoint
  /// The key is not the one of this identity from this issuer.
  case wrongDeviceKey
  /// The message was sealed to another identity or issuer, with other associated data, or has been changed. Which of these, nobody
  /// learns.
  case cannotOpen
  /// There are 2 to 255 holders, and the threshold is between 2 and their number.
  case invalidThreshold
  /// The share is not the one that the commitments lead to.
  case wrongShare(holder: UInt8)
  /// What this holder gave is not its part of this identity's key.
  case wrongPartialKey(holder: UInt8)
  /// A key is combined from as many different holders as the threshold says, each of which gives its part once.
  case wrongHolders(threshold: Int)
}
