// SPDX-License-Identifier: Apache-2.0

/// Why a primitive refused its input.
public enum CryptoError: Error, Equatable, Sendable {
  /// A byte string does not have the length that the algorithm requires.
  case wrongLength(expected: Int, actual: Int)
  /// A Diffie-Hellman result is all zero: the peer's point is of low order (RFC 7748, section 6.1).
  case lowOrderPoint
  /// The bytes are not the encoding of a point of the curve's prime-order group.
  case invalidPoint
  /// A number in a key is not below its modulus, or the parts of the key do not belong together.
  case invalidKey
  /// A tag or a signature does not verify.
  case authenticationFailed
  /// A buffer that the caller gave is too small for the result.
  case bufferTooSmall(needed: Int, available: Int)
  /// The machine lacks what the algorithm needs, for example AES instructions.
  case unavailable
}
