// SPDX-License-Identifier: Apache-2.0

import CSodiumBare

/// The primitives by libsodium alone, from plain memory: what a scheme's time is held against.
final class Bare {
  private let secret = Bare.memory(32)
  private let point = Bare.memory(32)
  private let output = Bare.memory(64)
  private let signature = Bare.memory(64)
  private let signingKey = Bare.memory(64)
  private let verifyingKey = Bare.memory(32)
  private let scalar = Bare.memory(32)
  private let message = Bare.memory(4_096)
  private let nonce = Bare.memory(12)

  init() {
    precondition(sodium_init() >= 0)
    randombytes_buf(secret, 32)
    crypto_sign_keypair(verifyingKey, signingKey)
    randombytes_buf(output, 32)
    precondition(crypto_scalarmult_curve25519_base(point, output) == 0)
    crypto_core_ed25519_scalar_random(scalar)
    sign()
  }

  func base() { precondition(crypto_scalarmult_curve25519_base(output, secret) == 0) }
  func agree() { precondition(crypto_scalarmult_curve25519(output, secret, point) == 0) }
  func sign() { crypto_sign_detached(signature, nil, message, 116, signingKey) }
  func verify() { precondition(crypto_sign_verify_detached(signature, message, 116, verifyingKey) == 0) }

  /// A device's public key from an identity-based credential: one multiplication of a point, one addition, one change of curve.
  func reconstruct() {
    let (product, sum) = (output, signature)
    precondition(crypto_scalarmult_ed25519_noclamp(product, scalar, verifyingKey) == 0)
    precondition(crypto_core_ed25519_add(sum, product, verifyingKey) == 0)
    precondition(crypto_sign_ed25519_pk_to_curve25519(product, sum) == 0)
  }

  /// 65 compressions of SHA-256: 4,096 bytes, and the padding's.
  func hashBlocks() { crypto_hash_sha256(output, message, 4_096) }

  /// Encrypts `length` bytes in place.
  func seal(_ length: Int) {
    crypto_aead_chacha20poly1305_ietf_encrypt(message, nil, message, UInt64(length), nil, 0, nil, nonce, secret)
  }

  /// For as long as the program runs.
  private static func memory(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
    memory.initialize(repeating: 0, count: count)
    return memory
  }
}
