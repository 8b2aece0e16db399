// SPDX-License-Identifier: Apache-2.0
#include "mlkem768.h"
#include "polynomial.h"

// A private key: the secret vector, the public key, its hash, and the secret of implicit rejection.
enum { packed = 384, rank = 3, public_key = mlkem768_public_key_place, rho = rank * packed, hash = 2336, rejection = 2368 };
// A ciphertext: a vector of 10 bits a coefficient, and a polynomial of 4.
enum { packed10 = 320, last = rank * packed10 };

// How far the stack goes below the three functions, in words. On microcontrollers a few words more would be the deepest themselves.
#if defined(__ARM_ARCH_6M__)
enum { deepest = 108 };
#elif defined(__thumb2__)
enum { deepest = 68 };
#elif defined(__riscv)
enum { deepest = 132 };
#else
enum { deepest = 256 };
#endif

// Overwrites the stack below the caller, where Keccak and the sums had their temporaries.
static __attribute__((noinline)) void wipe_stack(void) {
  uint32_t below[deepest];
  mlkem_wipe(below, sizeof below);
}

static void hash_of(uint8_t digest[32], const uint8_t *key, mlkem_keccak *sponge) {
  mlkem_keccak_begin(sponge, mlkem_keccak_sha3_256_rate);
  mlkem_keccak_absorb(sponge, key, mlkem768_public_key_size / 8);
  mlkem_keccak_finish(sponge, mlkem_keccak_sha3_suffix);
  mlkem_keccak_squeeze(sponge, digest, 4);
}

void mlkem768_generate(uint8_t key[2400], const uint8_t d[32], const uint8_t z[32]) {
  mlkem_work work;
  uint8_t seeds[64];  // rho and sigma
  mlkem_keccak_begin(&work.sponge, mlkem_keccak_sha3_512_rate);
  mlkem_keccak_absorb(&work.sponge, d, 4);
  mlkem_keccak_finish(&work.sponge, rank | mlkem_keccak_sha3_suffix << 8);
  mlkem_keccak_squeeze(&work.sponge, seeds, 8);

  for (uint32_t i = 0; i < rank; i++) {
    mlkem_polynomial_clear(work.vector[i]);
    mlkem_polynomial_add_noise(work.vector[i], seeds + 32, i, &work.sponge);
    mlkem_polynomial_ntt(work.vector[i]);
    mlkem_polynomial_pack(key + packed * i, work.vector[i]);
    mlkem_polynomial_scale(work.vector[i]);
  }
  for (uint32_t i = 0; i < rank; i++) {
    mlkem_polynomial_clear(work.sum);
    mlkem_polynomial_add_noise(work.sum, seeds + 32, rank + i, &work.sponge);
    mlkem_polynomial_ntt(work.sum);
    for (uint32_t j = 0; j < rank; j++) mlkem_polynomial_add_drawn_product(work.sum, seeds, j, i, work.vector[j], &work.sponge);
    mlkem_polynomial_pack(key + public_key + packed * i, work.sum);
  }
  for (int i = 0; i < 32; i++) {
    key[public_key + rho + i] = seeds[i];
    key[rejection + i] = z[i];
  }
  hash_of(key + hash, key + public_key, &work.sponge);
  mlkem_wipe(&work, sizeof work);
  mlkem_wipe(seeds, sizeof seeds);
  wipe_stack();
}

// G: the secret and the seed of the noise, 64 bytes, of a message and the hash of the key.
static void derive(uint8_t derived[64], const uint8_t m[32], const uint8_t digest[32], mlkem_keccak *sponge) {
  mlkem_keccak_begin(sponge, mlkem_keccak_sha3_512_rate);
  mlkem_keccak_absorb(sponge, m, 4);
  mlkem_keccak_absorb(sponge, digest, 4);
  mlkem_keccak_finish(sponge, mlkem_keccak_sha3_suffix);
  mlkem_keccak_squeeze(sponge, derived, 8);
}

// K-PKE.Encrypt of 32 bytes. Writes the ciphertext, or without a place for it compares it with the one expected: returns 0, or
// something else where a byte differs.
static uint32_t encrypt(
    uint8_t *ciphertext, const uint8_t *expected, const uint8_t *key, const uint8_t m[32], const uint8_t noise[32],
    mlkem_work *work) {
  uint32_t differences = 0;
  for (uint32_t i = 0; i < rank; i++) {
    mlkem_polynomial_clear(work->vector[i]);
    mlkem_polynomial_add_noise(work->vector[i], noise, i, &work->sponge);
    mlkem_polynomial_ntt(work->vector[i]);
  }
  for (uint32_t i = 0; i <= rank; i++) {
    mlkem_polynomial_clear(work->sum);
    for (uint32_t j = 0; j < rank; j++) {
      if (i < rank) mlkem_polynomial_add_drawn_product(work->sum, key + rho, i, j, work->vector[j], &work->sponge);
      else mlkem_polynomial_add_packed_product(work->sum, key + packed * j, work->vector[j]);
    }
    mlkem_polynomial_inverse_ntt(work->sum);
    mlkem_polynomial_add_noise(work->sum, noise, rank + i, &work->sponge);
    uint8_t *place = ciphertext ? ciphertext + packed10 * i : 0;
    const uint8_t *beside = expected ? expected + packed10 * i : 0;
    if (i < rank) {
      differences |= mlkem_polynomial_pack10(place, beside, work->sum);
    } else {
      mlkem_polynomial_add_bits(work->sum, m);
      differences |= mlkem_polynomial_pack4(place, beside, work->sum);
    }
  }
  return differences;
}

int mlkem768_encapsulate(uint8_t ciphertext[1088], uint8_t secret[32], const uint8_t key[1184], const uint8_t m[32]) {
  mlkem_work work;
  uint8_t derived[64];
  if (mlkem768_check_public_key(key)) return -1;
  hash_of(secret, key, &work.sponge);
  derive(derived, m, secret, &work.sponge);
  encrypt(ciphertext, 0, key, m, derived + 32, &work);
  for (int i = 0; i < 32; i++) secret[i] = derived[i];
  mlkem_wipe(&work, sizeof work);
  mlkem_wipe(derived, sizeof derived);
  wipe_stack();
  return 0;
}

void mlkem768_decapsulate(uint8_t secret[32], const uint8_t key[2400], const uint8_t ciphertext[1088]) {
  mlkem_work work;
  uint8_t derived[64], m[32];
  mlkem_polynomial_clear(work.sum);
  for (uint32_t i = 0; i < rank; i++) {
    mlkem_polynomial_unpack10(work.vector[0], ciphertext + packed10 * i);
    mlkem_polynomial_ntt(work.vector[0]);
    mlkem_polynomial_add_packed_product(work.sum, key + packed * i, work.vector[0]);
  }
  mlkem_polynomial_inverse_ntt(work.sum);
  mlkem_polynomial_difference_bits(m, ciphertext + last, work.sum);
  derive(derived, m, key + hash, &work.sponge);
  uint32_t differences = encrypt(0, ciphertext, key + public_key, m, derived + 32, &work);

  mlkem_keccak_begin(&work.sponge, mlkem_keccak_shake256_rate);
  mlkem_keccak_absorb(&work.sponge, key + rejection, 4);
  mlkem_keccak_absorb(&work.sponge, ciphertext, mlkem768_ciphertext_size / 8);
  mlkem_keccak_finish(&work.sponge, mlkem_keccak_shake_suffix);
  mlkem_keccak_squeeze(&work.sponge, m, 4);
  // All ones where a byte differs: what is at most 255 in size, less one, has its top bit only of 0.
  uint32_t rejected = mlkem_barrier((mlkem_barrier(differences - 1) >> 31) - 1);
  for (int i = 0; i < 32; i++) secret[i] = (uint8_t)((m[i] & rejected) | (derived[i] & ~rejected));
  mlkem_wipe(&work, sizeof work);
  mlkem_wipe(derived, sizeof derived);
  mlkem_wipe(m, sizeof m);
  wipe_stack();
}

static int check_packed(const uint8_t *bytes) {
  for (int i = 0; i < rank * packed; i += 3, bytes += 3) {
    int low = bytes[0] | (bytes[1] & 15) << 8, high = bytes[1] >> 4 | bytes[2] << 4;
    if (low >= mlkem_polynomial_modulus || high >= mlkem_polynomial_modulus) return -1;
  }
  return 0;
}

int mlkem768_check_public_key(const uint8_t key[1184]) { return check_packed(key); }

int mlkem768_check_private_key(const uint8_t key[2400]) {
  mlkem_keccak sponge;
  uint8_t digest[32];
  uint32_t differences = 0;
  if (check_packed(key + public_key)) return -1;
  hash_of(digest, key + public_key, &sponge);
  for (int i = 0; i < 32; i++) differences |= digest[i] ^ key[hash + i];
  return differences ? -1 : 0;
}
