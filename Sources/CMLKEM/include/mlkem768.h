// SPDX-License-Identifier: Apache-2.0
// ML-KEM-768 (FIPS 203) for microcontrollers: the matrix is never stored, the ciphertext is compared as it is made again.
//
// Nothing allocates, no function keeps state, and nothing is drawn: whoever calls brings the randomness. Time, and the addresses
// that are read and written, depend on no secret; they do depend on the matrix, which follows from the public key.
#ifndef COUNTERSIGN_MLKEM768_H
#define COUNTERSIGN_MLKEM768_H

#include <stdint.h>

enum {
  mlkem768_public_key_size = 1184,
  mlkem768_private_key_size = 2400,
  mlkem768_ciphertext_size = 1088,
  mlkem768_secret_size = 32,
  /// Where the public key begins in a private key, which holds it.
  mlkem768_public_key_place = 1152,
};

/// ML-KEM.KeyGen_internal: the decapsulation key of two seeds of 32 random bytes. The encapsulation key is a part of it.
void mlkem768_generate(uint8_t key[2400], const uint8_t d[32], const uint8_t z[32]);

/// ML-KEM.Encaps_internal: a ciphertext and the secret that it carries, from 32 random bytes. Returns 0, or -1 and nothing written
/// when a coefficient of the key is not below the modulus (section 7.2).
int mlkem768_encapsulate(uint8_t ciphertext[1088], uint8_t secret[32], const uint8_t public_key[1184], const uint8_t m[32]);

/// ML-KEM.Decaps_internal: the secret that a ciphertext carries. One that nobody made with the key gives a secret that follows from
/// both and that nobody else can compute (implicit rejection): there is no verdict.
void mlkem768_decapsulate(uint8_t secret[32], const uint8_t key[2400], const uint8_t ciphertext[1088]);

/// Whether every coefficient of a public key is below the modulus: 0 when it is so, else -1. Takes a time that depends on the key.
int mlkem768_check_public_key(const uint8_t key[1184]);

/// Whether a private key from elsewhere holds the hash of its public key (section 7.3) and coefficients below the modulus: 0 when it
/// is so, else -1.
int mlkem768_check_private_key(const uint8_t key[2400]);

#endif
