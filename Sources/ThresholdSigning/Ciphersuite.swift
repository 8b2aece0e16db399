// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// The hashes of FROST(Ed25519, SHA-512): RFC 9591, section 6.1. H2, the challenge, has no context string, so that the signature is an
/// ordinary Ed25519 signature.
enum Ciphersuite {
  static let context: StaticString = "FROST-ED25519-SHA512-v1"

  /// H1, without its message: binding factors.
  static func bindingFactor() -> Hash.SHA512 { labelled("rho") }

  /// H3, without its message: nonces.
  static func nonce() -> Hash.SHA512 { labelled("nonce") }

  /// H4, without its message: what is signed.
  static func message() -> Hash.SHA512 { labelled("msg") }

  /// H5, without its message: the list of commitments.
  static func commitments() -> Hash.SHA512 { labelled("com") }

  private static func labelled(_ label: StaticString) -> Hash.SHA512 {
    var hash = Hash.SHA512()
    hash.update(context)
    hash.update(label)
    return hash
  }
}

extension Hash.SHA512 {
  /// The digest as a number modulo L.
  mutating func finalize(reducedInto scalar: inout Edwards25519.Scalar) {
    var wide = SecretBytes<64>()
    defer { wide.wipe() }
    var target = wide.mutableBytes
    finalize(into: &target)
    scalar.reduce(wide.bytes)
  }

  mutating func digest() -> Bytes<64> {
    var digest = Bytes<64>()
    var target = digest.mutableBytes
    finalize(into: &target)
    return digest
  }

  mutating func update(_ scalar: borrowing Edwards25519.Scalar) { update(scalar.bytes) }

  mutating func update(_ participant: Participant) { update(participant.number) }

  /// Absorbs a number, big-endian.
  mutating func update<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.bigEndian) { update(RawSpan(_unsafeBytes: $0)) }
  }
}
