// SPDX-License-Identifier: Apache-2.0
// SHA-256 with a schedule of 16 words, which rolls in the block itself, as SHA-512's does.
#include "curve25519.h"
#include "field25519.h"

static const uint32_t constants[64] = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
  0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
  0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
  0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static const uint32_t initial[8] = {
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static inline uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

// The variables change names, not places. Rotations are taken out of each other, which where an operand can be rotated makes
// three instructions of six. With those there are just enough registers, of which the compiler has to be told.
#ifdef __ARM_FEATURE_DSP
#define ROUND(a, b, c, d, e, f, g, h, n)                                                                        \
  __asm__("ldr %[t], [%[k], %[at]]\n ldr %[u], [%[w], %[at]]\n add %[H], %[t]\n add %[H], %[u]\n"               \
          "eor %[t], %[F], %[G]\n and %[t], %[E]\n eor %[t], %[G]\n add %[H], %[t]\n"                           \
          "eor %[t], %[E], %[E], ror #14\n eor %[t], %[E], %[t], ror #5\n add %[H], %[H], %[t], ror #6\n"       \
          "add %[D], %[H]\n"                                                                                    \
          "eor %[t], %[A], %[A], ror #9\n eor %[t], %[A], %[t], ror #11\n add %[H], %[H], %[t], ror #2\n"       \
          "orr %[t], %[A], %[B]\n and %[t], %[C]\n and %[u], %[A], %[B]\n orr %[t], %[u]\n add %[H], %[t]"        \
          : [D] "+&r"(d), [H] "+&r"(h), [t] "=&r"(t), [u] "=&r"(u)                                               \
          : [A] "r"(a), [B] "r"(b), [C] "r"(c), [E] "r"(e), [F] "r"(f), [G] "r"(g), [k] "r"(k), [w] "r"(w),      \
            [at] "I"(4 * (n)), "m"(*(const uint32_t(*)[8])w), "m"(*(const uint32_t(*)[8])k))
#else
#define ROUND(a, b, c, d, e, f, g, h, n)                                                                        \
  t = f ^ g;                                                                                                    \
  u = a | b;                                                                                                    \
  h += (g ^ (e & t)) + k[n] + w[n] + rotate(e ^ rotate(e ^ rotate(e, 14), 5), 6);                                \
  d += h;                                                                                                       \
  h += rotate(a ^ rotate(a ^ rotate(a, 9), 11), 2) + ((a & b) | (c & u));                                        \
  __asm__("" ::: "memory") // what the next round reads is not to be fetched before there is a register for it
#endif

#define EIGHT_ROUNDS(n)                                                                                         \
  ROUND(a, b, c, d, e, f, g, h, n + 0);                                                                         \
  ROUND(h, a, b, c, d, e, f, g, n + 1);                                                                         \
  ROUND(g, h, a, b, c, d, e, f, n + 2);                                                                         \
  ROUND(f, g, h, a, b, c, d, e, n + 3);                                                                         \
  ROUND(e, f, g, h, a, b, c, d, n + 4);                                                                         \
  ROUND(d, e, f, g, h, a, b, c, n + 5);                                                                         \
  ROUND(c, d, e, f, g, h, a, b, n + 6);                                                                         \
  ROUND(b, c, d, e, f, g, h, a, n + 7)

#define EXPAND(here, early, middle, late)                                                                       \
  (here) += (rotate(early, 7) ^ rotate(early, 18) ^ (early) >> 3) + (middle) + (rotate(late, 17) ^ rotate(late, 19) ^ (late) >> 10)

// Words `from` to `to` of the next 16 in the place of the last: each is read once as the next one's beginning, and what has just been
// made is not read again.
#define ROLL(from, to, middle)                                                                                  \
  for (int i = from; i < to; i++, w++, late = last, last = here, here = early) {                                \
    early = w[1];                                                                                               \
    EXPAND(here, early, w[middle], late);                                                                       \
    w[0] = here;                                                                                                \
  }

// A function of its own, so that the rounds keep their registers.
static __attribute__((noinline)) void roll(uint32_t *w) {
  uint32_t here = w[0], early, late = w[14], last = w[15];
  ROLL(0, 7, 9)
  ROLL(7, 15, -7)
  early = w[-15];
  EXPAND(here, early, w[-7], late);
  w[0] = here;
}

static __attribute__((noinline)) void compress(curve25519_sha256 *hash) {
  uint32_t a = hash->state[0], b = hash->state[1], c = hash->state[2], d = hash->state[3];
  uint32_t e = hash->state[4], f = hash->state[5], g = hash->state[6], h = hash->state[7], t, u;
  const uint32_t *k = constants;
  for (int i = 0; i < 64; i += 8, k += 8) {
    const uint32_t *w = &hash->block[i & 8];
    if (i && w == hash->block) roll(hash->block);
    EIGHT_ROUNDS(0);
  }
  hash->state[0] += a;
  hash->state[1] += b;
  hash->state[2] += c;
  hash->state[3] += d;
  hash->state[4] += e;
  hash->state[5] += f;
  hash->state[6] += g;
  hash->state[7] += h;
}

void curve25519_sha256_init(curve25519_sha256 *hash) {
  for (int i = 0; i < 8; i++) hash->state[i] = initial[i];
  hash->count = 0;
}

// The block is filled as numbers, so that it needs no second form; by whole words, where the message lets it.
void curve25519_sha256_update(curve25519_sha256 *hash, const uint8_t *data, size_t size) {
  while (size) {
    uint32_t place = (uint32_t)hash->count & 63, before = place;
    uint32_t *word = &hash->block[place / 4];
    if (place % 4 || size < 4) {
      *word = *word << 8 | *data++;
      place++;
    } else {
      for (; place < 64 && size - (place - before) >= 4; place += 4, data += 4)
        *word++ = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
    }
    hash->count += place - before;
    size -= place - before;
    if (place == 64) compress(hash);
  }
}

void curve25519_sha256_final(curve25519_sha256 *hash, uint8_t digest[32]) {
  static const uint8_t padding[4] = {0x80};
  uint64_t bits = hash->count << 3;
  curve25519_sha256_update(hash, padding, 4 - (size_t)(hash->count & 3));
  for (uint32_t place = (uint32_t)hash->count / 4 & 15; place != 14; place = (place + 1) & 15) {
    hash->block[place] = 0;
    if (place == 15) compress(hash);
  }
  hash->block[14] = (uint32_t)(bits >> 32);
  hash->block[15] = (uint32_t)bits;
  compress(hash);
  for (int i = 0; i < 8; i++, digest += 4) {
    uint32_t word = hash->state[i];
    digest[0] = (uint8_t)(word >> 24), digest[1] = (uint8_t)(word >> 16), digest[2] = (uint8_t)(word >> 8), digest[3] = (uint8_t)word;
  }
  field25519_wipe(hash, sizeof *hash / 4);
  field25519_wipe_stack();
}
