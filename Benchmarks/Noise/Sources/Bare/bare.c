// SPDX-License-Identifier: Apache-2.0
#include "bare.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

static unsigned char key[32], secret[32], peer[32], chaining_key[32], data[512], sealed_32[48], sealed_0[16];
static const unsigned char nonce[12];

void bare_prepare(void) {
  unsigned char other[32];
  randombytes_buf(key, sizeof key);
  randombytes_buf(secret, sizeof secret);
  randombytes_buf(other, sizeof other);
  (void)crypto_scalarmult_curve25519_base(peer, other);
  randombytes_buf(data, sizeof data);
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed_32, NULL, data, 32, data, 32, NULL, nonce, key);
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed_0, NULL, data, 0, data, 32, NULL, nonce, key);
}

static void hkdf(size_t length, uint32_t outputs) {
  unsigned char temporary[32], output[33];
  crypto_auth_hmacsha256_state extract, keyed, state;
  crypto_auth_hmacsha256_init(&extract, chaining_key, 32);
  crypto_auth_hmacsha256_update(&extract, data, length);
  crypto_auth_hmacsha256_final(&extract, temporary);
  // The outputs are under one key: its padding is hashed once.
  crypto_auth_hmacsha256_init(&keyed, temporary, 32);
  for (uint32_t i = 1; i <= outputs; i++) {
    output[i == 1 ? 0 : 32] = (unsigned char)i;
    state = keyed;
    crypto_auth_hmacsha256_update(&state, output, i == 1 ? 1 : 33);
    crypto_auth_hmacsha256_final(&state, output);
    if (i == 1) memcpy(chaining_key, output, 32);
  }
}

int bare_run(const bare_step *steps, size_t count) {
  unsigned char out[64], opened[32], made[32];
  int failed = 0;
  for (size_t i = 0; i < count; i++) {
    const bare_step *step = &steps[i];
    switch (step->operation) {
      case BARE_KEYGEN:
        randombytes_buf(made, 32);
        failed |= crypto_scalarmult_curve25519_base(out, made);
        break;
      case BARE_DH: failed |= crypto_scalarmult_curve25519(out, secret, peer); break;
      case BARE_HASH: failed |= crypto_hash_sha256(out, data, step->length); break;
      case BARE_HKDF: hkdf(step->length, step->outputs); break;
      case BARE_SEAL:
        crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, data, step->length, data, 32, NULL, nonce, key);
        break;
      case BARE_OPEN:
        failed |= crypto_aead_chacha20poly1305_ietf_decrypt(
            opened, NULL, NULL, step->length ? sealed_32 : sealed_0, step->length + 16, data, 32, nonce, key);
        break;
    }
  }
  return failed;
}

void bare_seal(uint8_t *message, size_t length, uint64_t n) {
  unsigned char counter[12] = {0};
  memcpy(counter + 4, &n, 8);
  crypto_aead_chacha20poly1305_ietf_encrypt(message, NULL, message, length, NULL, 0, NULL, counter, key);
}

uint64_t bare_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
