// SPDX-License-Identifier: Apache-2.0
// The primitives of a handshake called straight from C, nothing between them: the floor that a handshake is held against.

#ifndef BARE_H
#define BARE_H

#include <stddef.h>
#include <stdint.h>

typedef enum bare_operation {
  BARE_KEYGEN,   // 32 random bytes and their public key
  BARE_DH,       // X25519
  BARE_HASH,     // SHA-256 of `length` bytes
  BARE_HKDF,     // HMAC-SHA-256 HKDF of `length` input bytes to `outputs` outputs
  BARE_SEAL,     // ChaCha20-Poly1305 of `length` bytes, 32 bytes authenticated
  BARE_OPEN,
} bare_operation;

typedef struct bare_step {
  bare_operation operation;
  uint32_t length;
  uint32_t outputs;
} bare_step;

/// Prepares the inputs. Call it once.
void bare_prepare(void);

/// Does the steps in order. Returns 0; anything else is a failure of libsodium.
int bare_run(const bare_step *steps, size_t count);

/// Seals `length` bytes in place, `length + 16` of room, the n-th message.
void bare_seal(uint8_t *message, size_t length, uint64_t n);

/// Monotonic nanoseconds.
uint64_t bare_now(void);

#endif
