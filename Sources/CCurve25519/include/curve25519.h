// SPDX-License-Identifier: Apache-2.0
// Curve25519 for microcontrollers: X25519, verification of Ed25519 signatures, and the hashes beside them. The field's
// operations are in assembly for each core (generator/) or in portable C (field_portable.c); all else is C over them.
//
// Nothing allocates, and no function keeps state. Time, and the addresses that are read and written, depend on no secret.
#ifndef COUNTERSIGN_CURVE25519_H
#define COUNTERSIGN_CURVE25519_H

#include <stddef.h>
#include <stdint.h>

/// X25519 (RFC 7748, section 5): the 32 bytes that two keys share. The scalar is clamped here; the point's top bit is ignored, and
/// a coordinate that is not reduced is taken. Returns 0, or -1 when the result is all zero (a point of small order).
int curve25519_agree(uint8_t shared[32], const uint8_t scalar[32], const uint8_t point[32]);

/// X25519 with the base point 9: the public key, 32 bytes, of a private one.
void curve25519_public_key(uint8_t key[32], const uint8_t scalar[32]);

/// Whether a signature of 64 bytes over `size` bytes of `message` is valid under a public key of 32 bytes: 0 when it is, else -1.
/// The verdict is libsodium's. Refused are a scalar that is not below the group's order, a key that is not reduced, a key or a
/// commitment of small order, and what is not a point. Takes a time that depends on what it is given: all of it is public.
int curve25519_verify(const uint8_t signature[64], const uint8_t *message, size_t size, const uint8_t key[32]);

/// SHA-512 (FIPS 180-4) of a message given in pieces. 208 bytes, as libsodium's.
typedef struct curve25519_sha512 {
  uint64_t state[8];
  uint64_t count[2];  // bytes so far; the second word keeps libsodium's size
  uint64_t block[16];
} curve25519_sha512;

void curve25519_sha512_init(curve25519_sha512 *hash);
void curve25519_sha512_update(curve25519_sha512 *hash, const uint8_t *data, size_t size);
/// Writes the 64 bytes of the digest and overwrites the state.
void curve25519_sha512_final(curve25519_sha512 *hash, uint8_t digest[64]);

/// SHA-256 (FIPS 180-4), from which a handshake takes its keys. 104 bytes, as libsodium's.
typedef struct curve25519_sha256 {
  uint32_t state[8];
  uint64_t count;  // bytes so far
  uint32_t block[16];
} curve25519_sha256;

void curve25519_sha256_init(curve25519_sha256 *hash);
void curve25519_sha256_update(curve25519_sha256 *hash, const uint8_t *data, size_t size);
/// Writes the 32 bytes of the digest and overwrites the state.
void curve25519_sha256_final(curve25519_sha256 *hash, uint8_t digest[32]);

#endif
