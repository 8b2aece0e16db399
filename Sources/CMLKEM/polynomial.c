// SPDX-License-Identifier: Apache-2.0
#include "polynomial.h"

enum { q = mlkem_polynomial_modulus };

// 2^16 17^i modulo q, where i is the index with its 7 bits in reverse.
static const int16_t zetas[128] = {
  -1044, -758, -359, -1517, 1493, 1422, 287, 202, -171, 622, 1577, 182, 962, -1202, -1474, 1468,
  573, -1325, 264, 383, -829, 1458, -1602, -130, -681, 1017, 732, 608, -1542, 411, -205, -1571,
  1223, 652, -552, 1015, -1293, 1491, -282, -1544, 516, -8, -320, -666, -1618, -1162, 126, 1469,
  -853, -90, -271, 830, 107, -1421, -247, -951, -398, 961, -1508, -725, 448, -1065, 677, -1275,
  -1103, 430, 555, 843, -1251, 871, 1550, 105, 422, 587, 177, -235, -291, -460, 1574, 1653,
  -246, 778, 1159, -147, -777, 1483, -602, 1119, -1590, 644, -872, 349, 418, 329, -156, -75,
  817, 1097, 603, 610, 1322, -1285, -1465, 384, -1215, -136, 1218, -1335, -874, 220, -1187, -1659,
  -1185, -1530, -1278, 794, -1510, -854, -870, 478, -108, -308, 996, 991, 958, -1460, 1522, 1628,
};

// 2^-16 a, below q in size, of a number below 2^15 q.
static inline int32_t montgomery(int32_t a) {
  int32_t factor = (int16_t)(a * 3327);  // 3327 q = -1 modulo 2^16
  return (a + factor * q) >> 16;
}

// At most q / 2 in size.
static inline int32_t barrett(int32_t a) { return a - ((20159 * a + (1 << 25)) >> 26) * q; }

// From 0 to q - 1.
static inline uint32_t smallest(int32_t a) {
  a = barrett(a);
  uint32_t mask = mlkem_barrier((uint32_t)(a >> 31));
  return (uint32_t)a + (mask & q);
}

void mlkem_wipe(void *start, uint32_t size) {
  volatile uint8_t *byte = start;
  while (size--) *byte++ = 0;
}

void mlkem_polynomial_clear(mlkem_polynomial r) {
  for (int i = 0; i < 256; i++) r[i] = 0;
}

void mlkem_polynomial_ntt(mlkem_polynomial r) {
  const int16_t *zeta = zetas;
  for (int length = 128; length >= 2; length >>= 1) {
    for (int16_t *a = r; a < r + 256; a += length) {
      int32_t z = *++zeta;
      for (int16_t *end = a + length; a < end; a++) {
        int32_t t = montgomery(z * a[length]);
        a[length] = (int16_t)(*a - t);
        *a = (int16_t)(*a + t);
      }
    }
  }
  for (int i = 0; i < 256; i++) r[i] = (int16_t)barrett(r[i]);
}

void mlkem_polynomial_inverse_ntt(mlkem_polynomial r) {
  const int16_t *zeta = zetas + 128;
  for (int length = 2; length <= 128; length <<= 1) {
    for (int16_t *a = r; a < r + 256; a += length) {
      int32_t z = *--zeta;
      for (int16_t *end = a + length; a < end; a++) {
        int32_t t = *a;
        *a = (int16_t)barrett(t + a[length]);
        a[length] = (int16_t)montgomery(z * (a[length] - t));
      }
    }
  }
  for (int i = 0; i < 256; i++) r[i] = (int16_t)montgomery(1441 * r[i]);  // 2^32 / 128
}

void mlkem_polynomial_scale(mlkem_polynomial r) {
  for (int i = 0; i < 256; i++) r[i] = (int16_t)montgomery(1353 * r[i]);  // 2^32
}

void mlkem_polynomial_add_noise(mlkem_polynomial r, const uint8_t seed[32], uint32_t number, mlkem_keccak *sponge) {
  mlkem_keccak_begin(sponge, mlkem_keccak_shake256_rate);
  mlkem_keccak_absorb(sponge, seed, 4);
  mlkem_keccak_finish(sponge, number | mlkem_keccak_shake_suffix << 8);
  // Four bits make a coefficient, two less the other two: one of each pair is an even bit and one an odd.
  for (int lane = 0; lane < 16; lane++) {
    uint32_t even, odd;
    mlkem_keccak_lane(sponge, &even, &odd);
    uint32_t plus = (even & 0x55555555) + (odd & 0x55555555);
    uint32_t minus = (even >> 1 & 0x55555555) + (odd >> 1 & 0x55555555);
    for (int i = 0; i < 16; i++, r++, plus >>= 2, minus >>= 2)
      *r = (int16_t)(*r + (int32_t)(plus & 3) - (int32_t)(minus & 3));
  }
}

// Adds the product of two coefficients each, modulo X^2 - zeta, the one with its sign for the other half of the pairs.
static inline void add_product(int16_t *sum, int32_t a0, int32_t a1, const int16_t *b, int32_t zeta) {
  sum[0] = (int16_t)(sum[0] + montgomery(a0 * b[0] + zeta * montgomery(a1 * b[1])));
  sum[1] = (int16_t)(sum[1] + montgomery(a0 * b[1] + a1 * b[0]));
}

static inline int32_t zeta_of(int pair) {
  int32_t zeta = zetas[64 + (pair >> 1)];
  return pair & 1 ? -zeta : zeta;
}

// Numbers of 12 bits from the sponge, of which those below q are coefficients.
typedef struct source {
  mlkem_keccak *sponge;
  uint32_t left;       // bytes of the buffer that have not been used
  uint32_t waiting;    // the second number of the three bytes that were used last, or q
  uint8_t bytes[24];
} source;

// The only function whose time depends on the matrix.
static __attribute__((noinline)) int32_t drawn_coefficient(source *from) {
  for (;;) {
    uint32_t number = from->waiting;
    if (number < q) {
      from->waiting = q;
      return (int32_t)number;
    }
    if (!from->left) {
      mlkem_keccak_squeeze(from->sponge, from->bytes, 3);
      from->left = 24;
    }
    const uint8_t *three = from->bytes + 24 - from->left;
    from->left -= 3;
    from->waiting = (uint32_t)three[1] >> 4 | (uint32_t)three[2] << 4;
    number = three[0] | (three[1] & 15u) << 8;
    if (number < q) return (int32_t)number;
  }
}

void mlkem_polynomial_add_drawn_product(
    mlkem_polynomial sum, const uint8_t rho[32], uint32_t column, uint32_t row, const mlkem_polynomial b, mlkem_keccak *sponge) {
  source from = {.sponge = sponge, .waiting = q};
  mlkem_keccak_begin(sponge, mlkem_keccak_shake128_rate);
  mlkem_keccak_absorb(sponge, rho, 4);
  mlkem_keccak_finish(sponge, column | row << 8 | mlkem_keccak_shake_suffix << 16);
  for (int pair = 0; pair < 128; pair++, sum += 2, b += 2) {
    int32_t a0 = drawn_coefficient(&from), a1 = drawn_coefficient(&from);
    add_product(sum, a0, a1, b, zeta_of(pair));
  }
}

void mlkem_polynomial_add_packed_product(mlkem_polynomial sum, const uint8_t *a, const mlkem_polynomial b) {
  for (int pair = 0; pair < 128; pair++, sum += 2, a += 3, b += 2)
    add_product(sum, a[0] | (a[1] & 15) << 8, a[1] >> 4 | a[2] << 4, b, zeta_of(pair));
}

void mlkem_polynomial_pack(uint8_t *bytes, const mlkem_polynomial r) {
  for (int i = 0; i < 256; i += 2, bytes += 3) {
    uint32_t a = smallest(r[i]), b = smallest(r[i + 1]);
    bytes[0] = (uint8_t)a;
    bytes[1] = (uint8_t)(a >> 8 | b << 4);
    bytes[2] = (uint8_t)(b >> 4);
  }
}

// floor(n / q) for n below 2^22: an estimate that may be one too small, from a product of 32 bits, and one correction.
static inline uint32_t quotient(uint32_t n) {
  uint32_t estimate = (n >> 5) * 10079 >> 20;  // 2^25 / q
  return estimate + (mlkem_barrier(q - 1 - (n - estimate * q)) >> 31);
}

uint32_t mlkem_polynomial_compress10(uint32_t coefficient) { return quotient(coefficient * 1024 + q / 2) & 1023; }
uint32_t mlkem_polynomial_compress4(uint32_t coefficient) { return quotient(coefficient * 16 + q / 2) & 15; }
uint32_t mlkem_polynomial_compress1(uint32_t coefficient) { return quotient(coefficient * 2 + q / 2) & 1; }

// Writes a byte, or compares it.
static inline uint32_t put(uint8_t *bytes, const uint8_t *expected, int place, uint32_t value) {
  if (!bytes) return (expected[place] ^ value) & 255;
  bytes[place] = (uint8_t)value;
  return 0;
}

uint32_t mlkem_polynomial_pack10(uint8_t *bytes, const uint8_t *expected, const mlkem_polynomial r) {
  uint32_t differences = 0;
  for (int i = 0, place = 0; i < 256; i += 4) {
    uint32_t waiting = 0;
    for (int j = 0, bits = 0; j < 4; j++, place++) {
      waiting |= mlkem_polynomial_compress10(smallest(r[i + j])) << bits;
      differences |= put(bytes, expected, place, waiting);
      waiting >>= 8;
      bits += 2;
    }
    differences |= put(bytes, expected, place++, waiting);
  }
  return differences;
}

uint32_t mlkem_polynomial_pack4(uint8_t *bytes, const uint8_t *expected, const mlkem_polynomial r) {
  uint32_t differences = 0;
  for (int i = 0; i < 128; i++) {
    uint32_t low = mlkem_polynomial_compress4(smallest(r[2 * i])), high = mlkem_polynomial_compress4(smallest(r[2 * i + 1]));
    differences |= put(bytes, expected, i, low | high << 4);
  }
  return differences;
}

void mlkem_polynomial_unpack10(mlkem_polynomial r, const uint8_t *bytes) {
  for (int i = 0; i < 256; bytes += 5)
    for (int j = 0; j < 4; j++, i++) {
      uint32_t value = ((uint32_t)bytes[j] | (uint32_t)bytes[j + 1] << 8) >> 2 * j & 1023;
      r[i] = (int16_t)((value * q + 512) >> 10);
    }
}

void mlkem_polynomial_difference_bits(uint8_t bits[32], const uint8_t *v, const mlkem_polynomial r) {
  for (int i = 0; i < 32; i++) {
    uint32_t byte = 0;
    for (int j = 0; j < 8; j++) {
      uint32_t value = v[4 * i + j / 2] >> 4 * (j & 1) & 15;
      int32_t difference = (int32_t)((value * q + 8) >> 4) - r[8 * i + j];
      byte |= mlkem_polynomial_compress1(smallest(difference)) << j;
    }
    bits[i] = (uint8_t)byte;
  }
}

void mlkem_polynomial_add_bits(mlkem_polynomial r, const uint8_t bits[32]) {
  for (int i = 0; i < 256; i++) {
    uint32_t mask = mlkem_barrier(-(uint32_t)(bits[i >> 3] >> (i & 7) & 1));
    r[i] = (int16_t)(r[i] + (int32_t)(mask & (q + 1) / 2));
  }
}
