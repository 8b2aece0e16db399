// SPDX-License-Identifier: Apache-2.0
#include "keccak.h"

static const uint32_t constants[48] = {
  0x00000001, 0x00000000, 0x00000000, 0x00000089, 0x00000000, 0x8000008b, 0x00000000, 0x80008080,
  0x00000001, 0x0000008b, 0x00000001, 0x00008000, 0x00000001, 0x80008088, 0x00000001, 0x80000082,
  0x00000000, 0x0000000b, 0x00000000, 0x0000000a, 0x00000001, 0x00008082, 0x00000000, 0x00008003,
  0x00000001, 0x0000808b, 0x00000001, 0x8000000b, 0x00000001, 0x8000008a, 0x00000001, 0x80000081,
  0x00000000, 0x80000081, 0x00000000, 0x80000008, 0x00000000, 0x00000083, 0x00000000, 0x80008003,
  0x00000001, 0x80008088, 0x00000000, 0x80000088, 0x00000001, 0x00008000, 0x00000000, 0x80008082,
};

static inline uint32_t rotate(uint32_t x, int n) { return n ? x << n | x >> (32 - n) : x; }

// The parity of a column's words, and what each column's lanes are to change by.
#define PARITY(n) (a[n] ^ a[(n) + 10] ^ a[(n) + 20] ^ a[(n) + 30] ^ a[(n) + 40])
#define CHANGES(before, here, after)                      \
  d[2 * (here)] = c[2 * (before)] ^ rotate(c[2 * (after) + 1], 1); \
  d[2 * (here) + 1] = c[2 * (before) + 1] ^ c[2 * (after)]
#define ROTATED(lane, column, n) rotate(a[lane] ^ d[column], n)
#define ROW(n)                      \
  r[(n) + 0] = b0 ^ (~b1 & b2); \
  r[(n) + 2] = b1 ^ (~b2 & b3); \
  r[(n) + 4] = b2 ^ (~b3 & b4); \
  r[(n) + 6] = b3 ^ (~b4 & b0); \
  r[(n) + 8] = b4 ^ (~b0 & b1)

// One round from `a` to `r`, which is another place: each row of the result, the even words and then the odd ones, needs five words
// from all over the state. Which they are, and how far they turn, is FIPS 202, section 3.2.
static __attribute__((noinline)) void permute_once(uint32_t *restrict r, const uint32_t *restrict a, const uint32_t *constant) {
  uint32_t c[10], d[10], b0, b1, b2, b3, b4;
  for (int i = 0; i < 10; i++) c[i] = PARITY(i);
  CHANGES(4, 0, 1);
  CHANGES(0, 1, 2);
  CHANGES(1, 2, 3);
  CHANGES(2, 3, 4);
  CHANGES(3, 4, 0);
  b0 = ROTATED(0, 0, 0); b1 = ROTATED(12, 2, 22); b2 = ROTATED(25, 5, 22);
  b3 = ROTATED(37, 7, 11); b4 = ROTATED(48, 8, 7);
  ROW(0);
  b0 = ROTATED(1, 1, 0); b1 = ROTATED(13, 3, 22); b2 = ROTATED(24, 4, 21);
  b3 = ROTATED(36, 6, 10); b4 = ROTATED(49, 9, 7);
  ROW(1);
  b0 = ROTATED(6, 6, 14); b1 = ROTATED(18, 8, 10); b2 = ROTATED(21, 1, 2);
  b3 = ROTATED(33, 3, 23); b4 = ROTATED(45, 5, 31);
  ROW(10);
  b0 = ROTATED(7, 7, 14); b1 = ROTATED(19, 9, 10); b2 = ROTATED(20, 0, 1);
  b3 = ROTATED(32, 2, 22); b4 = ROTATED(44, 4, 30);
  ROW(11);
  b0 = ROTATED(3, 3, 1); b1 = ROTATED(14, 4, 3); b2 = ROTATED(27, 7, 13);
  b3 = ROTATED(38, 8, 4); b4 = ROTATED(40, 0, 9);
  ROW(20);
  b0 = ROTATED(2, 2, 0); b1 = ROTATED(15, 5, 3); b2 = ROTATED(26, 6, 12);
  b3 = ROTATED(39, 9, 4); b4 = ROTATED(41, 1, 9);
  ROW(21);
  b0 = ROTATED(9, 9, 14); b1 = ROTATED(10, 0, 18); b2 = ROTATED(22, 2, 5);
  b3 = ROTATED(35, 5, 8); b4 = ROTATED(46, 6, 28);
  ROW(30);
  b0 = ROTATED(8, 8, 13); b1 = ROTATED(11, 1, 18); b2 = ROTATED(23, 3, 5);
  b3 = ROTATED(34, 4, 7); b4 = ROTATED(47, 7, 28);
  ROW(31);
  b0 = ROTATED(4, 4, 31); b1 = ROTATED(17, 7, 28); b2 = ROTATED(29, 9, 20);
  b3 = ROTATED(31, 1, 21); b4 = ROTATED(42, 2, 1);
  ROW(40);
  b0 = ROTATED(5, 5, 31); b1 = ROTATED(16, 6, 27); b2 = ROTATED(28, 8, 19);
  b3 = ROTATED(30, 0, 20); b4 = ROTATED(43, 3, 1);
  ROW(41);
  r[0] ^= constant[0];
  r[1] ^= constant[1];
}

static void permute(mlkem_keccak *sponge) {
  for (int i = 0; i < 48; i += 4) {
    permute_once(sponge->other, sponge->state, constants + i);
    permute_once(sponge->state, sponge->other, constants + i + 2);
  }
}

// The even bits of a word to its lower half and the odd ones to the upper, and back.
static uint32_t separate(uint32_t x) {
  uint32_t t = (x ^ x >> 1) & 0x22222222;
  x ^= t ^ t << 1;
  t = (x ^ x >> 2) & 0x0c0c0c0c;
  x ^= t ^ t << 2;
  t = (x ^ x >> 4) & 0x00f000f0;
  x ^= t ^ t << 4;
  t = (x ^ x >> 8) & 0x0000ff00;
  return x ^ t ^ t << 8;
}

static uint32_t join(uint32_t x) {
  uint32_t t = (x ^ x >> 8) & 0x0000ff00;
  x ^= t ^ t << 8;
  t = (x ^ x >> 4) & 0x00f000f0;
  x ^= t ^ t << 4;
  t = (x ^ x >> 2) & 0x0c0c0c0c;
  x ^= t ^ t << 2;
  t = (x ^ x >> 1) & 0x22222222;
  return x ^ t ^ t << 1;
}

static uint32_t load(const uint8_t *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void store(uint8_t *bytes, uint32_t word) {
  bytes[0] = (uint8_t)word, bytes[1] = (uint8_t)(word >> 8), bytes[2] = (uint8_t)(word >> 16), bytes[3] = (uint8_t)(word >> 24);
}

static void mix(mlkem_keccak *sponge, uint32_t lane, uint32_t low, uint32_t high) {
  low = separate(low);
  high = separate(high);
  sponge->state[2 * lane] ^= (low & 0xffff) | high << 16;
  sponge->state[2 * lane + 1] ^= low >> 16 | (high & 0xffff0000);
}

void mlkem_keccak_begin(mlkem_keccak *sponge, uint32_t rate) {
  for (int i = 0; i < 50; i++) sponge->state[i] = 0;
  sponge->rate = rate;
  sponge->next = 0;
}

void mlkem_keccak_absorb(mlkem_keccak *sponge, const uint8_t *data, uint32_t lanes) {
  for (; lanes; lanes--, data += 8) {
    mix(sponge, sponge->next, load(data), load(data + 4));
    if (++sponge->next == sponge->rate) {
      permute(sponge);
      sponge->next = 0;
    }
  }
}

void mlkem_keccak_finish(mlkem_keccak *sponge, uint32_t tail) {
  mix(sponge, sponge->next, tail, 0);
  mix(sponge, sponge->rate - 1, 0, 0x80000000);
  permute(sponge);
  sponge->next = 0;
}

void mlkem_keccak_lane(mlkem_keccak *sponge, uint32_t *even, uint32_t *odd) {
  if (sponge->next == sponge->rate) {
    permute(sponge);
    sponge->next = 0;
  }
  *even = sponge->state[2 * sponge->next];
  *odd = sponge->state[2 * sponge->next++ + 1];
}

void mlkem_keccak_squeeze(mlkem_keccak *sponge, uint8_t *output, uint32_t lanes) {
  for (; lanes; lanes--, output += 8) {
    uint32_t even, odd;
    mlkem_keccak_lane(sponge, &even, &odd);
    store(output, join((even & 0xffff) | odd << 16));
    store(output + 4, join(even >> 16 | (odd & 0xffff0000)));
  }
}
