// SPDX-License-Identifier: Apache-2.0
// The field's operations in portable C: the fallback for a core without assembly, and what the assembly is compared with.
#include "field25519.h"

// A number of 512 bits to one below 2^255 + 39 * 2^224. What stands from bit 255 up comes first, so that one pass is enough:
// 2^255 = 19.
static void fold(uint32_t *r, const uint32_t *t) {
  uint64_t top = t[7] + 38 * (uint64_t)t[15], carry = 19 * (top >> 31);
  for (int i = 0; i < 7; i++) {
    carry += t[i] + 38 * (uint64_t)t[i + 8];
    r[i] = (uint32_t)carry;
    carry >>= 32;
  }
  r[7] = (uint32_t)((top & 0x7FFFFFFF) + carry);
}

void field25519_multiply(uint32_t *r, const uint32_t *a, const uint32_t *b) {
  uint32_t t[16] = {0};
  for (int i = 0; i < 8; i++) {
    uint64_t carry = 0;
    for (int j = 0; j < 8; j++) {
      carry += (uint64_t)a[i] * b[j] + t[i + j];  // at most (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1
      t[i + j] = (uint32_t)carry;
      carry >>= 32;
    }
    t[i + 8] = (uint32_t)carry;
  }
  fold(r, t);
}

void field25519_square(uint32_t *r, const uint32_t *a) { field25519_multiply(r, a, a); }

void field25519_square_selected(uint32_t *r, const uint32_t *a, const uint32_t *b, uint32_t mask) {
  field25519 chosen;
  for (int i = 0; i < 8; i++) chosen[i] = a[i] ^ (mask & (a[i] ^ b[i]));
  field25519_square(r, chosen);
}

void field25519_sum_and_difference(uint32_t *sum, uint32_t *difference, const uint32_t *a, const uint32_t *b) {
  field25519 total;
  field25519_scale_and_add(total, a, 1, b);
  field25519_difference(difference, a, b);
  for (int i = 0; i < 8; i++) sum[i] = total[i];
}

void field25519_difference(uint32_t *r, const uint32_t *a, const uint32_t *b) {
  // a - b + 2 p. Of the top word bit 31 stays set, so that the borrow finds something to take; three times 19 less what stood from
  // bit 255 up is owed.
  uint64_t top = ((uint64_t)1 << 32) + a[7] - b[7];
  uint32_t borrow = (uint32_t)(19 * (3 - (top >> 31)));
  for (int i = 0; i < 7; i++) {
    uint64_t less = (uint64_t)a[i] - b[i] - borrow;
    r[i] = (uint32_t)less;
    borrow = -(uint32_t)(less >> 32);
  }
  r[7] = (uint32_t)(top | 0x80000000) - borrow;
}

void field25519_scale_and_add(uint32_t *r, const uint32_t *a, uint32_t k, const uint32_t *b) {
  uint64_t top = (uint64_t)a[7] * k + b[7], carry = 19 * (top >> 31);
  for (int i = 0; i < 7; i++) {
    carry += (uint64_t)a[i] * k + b[i];
    r[i] = (uint32_t)carry;
    carry >>= 32;
  }
  r[7] = (uint32_t)((top & 0x7FFFFFFF) + carry);
}
