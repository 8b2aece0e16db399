// SPDX-License-Identifier: Apache-2.0
// libsodium as the Swift modules see it.
//
// A host has <sodium.h>. A microcontroller build links libsodium's own sources but has no installed header, so the
// prototypes that the device modules call are repeated here, unchanged in meaning and ABI.

#ifndef COUNTERSIGN_CSODIUM_SHIM_H
#define COUNTERSIGN_CSODIUM_SHIM_H

#include <stddef.h>
#include <stdint.h>

#if __has_include(<sodium.h>) && !defined(COUNTERSIGN_BARE_METAL)
#include <sodium.h>
#else

typedef struct crypto_hash_sha256_state {
  uint32_t state[8];
  uint64_t count;
  uint8_t buf[64];
} crypto_hash_sha256_state;

typedef struct crypto_hash_sha512_state {
  uint64_t state[8];
  uint64_t count[2];
  uint8_t buf[128];
} crypto_hash_sha512_state;

typedef struct crypto_generichash_blake2b_state crypto_generichash_blake2b_state;

void sodium_memzero(void *pnt, size_t len);
void sodium_stackzero(const size_t len);
int sodium_memcmp(const void *b1_, const void *b2_, size_t len);
int sodium_is_zero(const unsigned char *n, size_t nlen);
void randombytes_buf(void *buf, size_t size);

int crypto_scalarmult_curve25519(unsigned char *q, const unsigned char *n, const unsigned char *p);
int crypto_scalarmult_curve25519_base(unsigned char *q, const unsigned char *n);

int crypto_sign_ed25519_seed_keypair(unsigned char *pk, unsigned char *sk, const unsigned char *seed);
int crypto_sign_ed25519_detached(unsigned char *sig, unsigned long long *siglen_p, const unsigned char *m,
                                 unsigned long long mlen, const unsigned char *sk);
int crypto_sign_ed25519_verify_detached(const unsigned char *sig, const unsigned char *m, unsigned long long mlen,
                                        const unsigned char *pk);
int crypto_sign_ed25519_pk_to_curve25519(unsigned char *curve25519_pk, const unsigned char *ed25519_pk);

int crypto_core_ed25519_is_valid_point(const unsigned char *p);
int crypto_core_ed25519_add(unsigned char *r, const unsigned char *p, const unsigned char *q);
int crypto_scalarmult_ed25519_noclamp(unsigned char *q, const unsigned char *n, const unsigned char *p);
int crypto_scalarmult_ed25519_base_noclamp(unsigned char *q, const unsigned char *n);
void crypto_core_ed25519_scalar_reduce(unsigned char *r, const unsigned char *s);
void crypto_core_ed25519_scalar_add(unsigned char *z, const unsigned char *x, const unsigned char *y);
void crypto_core_ed25519_scalar_mul(unsigned char *z, const unsigned char *x, const unsigned char *y);

int crypto_aead_chacha20poly1305_ietf_encrypt(unsigned char *c, unsigned long long *clen_p, const unsigned char *m,
                                              unsigned long long mlen, const unsigned char *ad,
                                              unsigned long long adlen, const unsigned char *nsec,
                                              const unsigned char *npub, const unsigned char *k);
int crypto_aead_chacha20poly1305_ietf_decrypt(unsigned char *m, unsigned long long *mlen_p, unsigned char *nsec,
                                              const unsigned char *c, unsigned long long clen,
                                              const unsigned char *ad, unsigned long long adlen,
                                              const unsigned char *npub, const unsigned char *k);

int crypto_stream_chacha20_ietf(unsigned char *c, unsigned long long clen, const unsigned char *n, const unsigned char *k);

int crypto_hash_sha256_init(crypto_hash_sha256_state *state);
int crypto_hash_sha256_update(crypto_hash_sha256_state *state, const unsigned char *in, unsigned long long inlen);
int crypto_hash_sha256_final(crypto_hash_sha256_state *state, unsigned char *out);
int crypto_hash_sha512_init(crypto_hash_sha512_state *state);
int crypto_hash_sha512_update(crypto_hash_sha512_state *state, const unsigned char *in, unsigned long long inlen);
int crypto_hash_sha512_final(crypto_hash_sha512_state *state, unsigned char *out);

int crypto_generichash_blake2b_init(crypto_generichash_blake2b_state *state, const unsigned char *key,
                                    const size_t keylen, const size_t outlen);
int crypto_generichash_blake2b_update(crypto_generichash_blake2b_state *state, const unsigned char *in,
                                      unsigned long long inlen);
int crypto_generichash_blake2b_final(crypto_generichash_blake2b_state *state, unsigned char *out,
                                     const size_t outlen);

#endif

// crypto_generichash_blake2b_state is declared with an alignment of 64, which Swift does not import. libsodium itself
// needs no more than 8 (it uses unaligned vector loads), so the state lives in 48 words that Swift owns.
typedef struct countersign_blake2b_state {
  uint64_t opaque[48];
} countersign_blake2b_state;

static inline void countersign_blake2b_init(countersign_blake2b_state *state) {
  (void)crypto_generichash_blake2b_init((crypto_generichash_blake2b_state *)(void *)state, NULL, 0, 64);
}

static inline void countersign_blake2b_update(countersign_blake2b_state *state, const unsigned char *in, size_t n) {
  (void)crypto_generichash_blake2b_update((crypto_generichash_blake2b_state *)(void *)state, in, n);
}

// libsodium leaves the digest, which may be a key, in a buffer on the stack; what lies below is overwritten.
static inline void countersign_blake2b_final(countersign_blake2b_state *state, unsigned char *out) {
  (void)crypto_generichash_blake2b_final((crypto_generichash_blake2b_state *)(void *)state, out, 64);
  sodium_stackzero(1024);
}

static inline uint32_t countersign_value_barrier(uint32_t word) {
  __asm__("" : "+r"(word));
  return word;
}

#endif
