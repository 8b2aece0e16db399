// SPDX-License-Identifier: Apache-2.0

/// What a session that asks for a certificate shows of the private half of the key.
public enum ShownProof: Sendable {
  /// Nothing: the device's firmware is older than proofs, or its scheme has none.
  case none
  case valid
  /// A proof, but not of this key in this session.
  case wrong
}
