// SPDX-License-Identifier: Apache-2.0
#include "curve25519.h"
#include "field25519.h"
#include "powers.h"

// The ladder of RFC 7748 on two points whose difference is the one given. Their sum does not care which is which, so that the
// bits of the scalar choose but one thing: which of the two is doubled.

enum { a24 = 121665 };  // (486662 - 2) / 4

static const field25519 zero;

// Doubles the point that was doubled last, or with a mask of ones the one that was the sum; xTwice and zTwice become the double.
static inline __attribute__((always_inline)) void double_point(
    uint32_t *xTwice, uint32_t *zTwice, uint32_t *square, uint32_t *other) {
  field25519_multiply(xTwice, square, other);
  field25519_difference(other, square, other);
  field25519_scale_and_add(square, other, a24, square);
  field25519_multiply(zTwice, other, square);
}

static void set_small(uint32_t *r, uint32_t value) {
  r[0] = value;
  for (int i = 1; i < 8; i++) r[i] = 0;
}

// Without a point, of the base point. Every element has a name of its own, so that its address is the stack pointer and a number.
static __attribute__((noinline)) void multiply(uint8_t *result, const uint8_t *scalar, const uint8_t *point) {
  field25519 x1, xTwice, zTwice, xSum, zSum, square, other;  // x1 is the difference's, whose z is 1
  if (point) field25519_load(x1, point);
  else set_small(x1, 9);

  // Bit 254 is 1: the point itself is doubled, and the other one is the point.
  field25519_copy(xTwice, x1);
  field25519_copy(xSum, x1);
  set_small(zSum, 1);
  set_small(zTwice, 1);
  field25519_sum_and_difference(square, other, xTwice, zTwice);
  field25519_square(square, square);
  field25519_square(other, other);
  double_point(xTwice, zTwice, square, other);

  uint32_t before = 1;
  for (int i = 253; i >= 3; i--) {
    uint32_t bit = scalar[i >> 3] >> (i & 7) & 1;
    uint32_t takeSum = -(bit ^ before);
    before = bit;
    __asm__("" : "+r"(takeSum));  // a compiler that knows it for a mask of one bit may make a branch of it
    field25519_sum_and_difference(xTwice, zTwice, xTwice, zTwice);
    field25519_sum_and_difference(xSum, zSum, xSum, zSum);
    field25519_square_selected(square, xTwice, xSum, takeSum);
    field25519_square_selected(other, zTwice, zSum, takeSum);

    field25519_multiply(zSum, zSum, xTwice);
    field25519_multiply(xSum, xSum, zTwice);
    field25519_sum_and_difference(xSum, zSum, xSum, zSum);
    field25519_square(xSum, xSum);
    field25519_square(zSum, zSum);
    if (point) field25519_multiply(zSum, zSum, x1);
    else field25519_scale_and_add(zSum, zSum, 9, zero);
    double_point(xTwice, zTwice, square, other);
  }
  // Bits 2 to 0 are 0: three doublings, of the sum first where bit 3 was 1.
  uint32_t takeSum = -before;
  __asm__("" : "+r"(takeSum));
  for (int i = 0; i < 3; i++, takeSum = 0) {
    field25519_sum_and_difference(xTwice, zTwice, xTwice, zTwice);
    if (i == 0) field25519_sum_and_difference(xSum, zSum, xSum, zSum);
    field25519_square_selected(square, xTwice, xSum, takeSum);
    field25519_square_selected(other, zTwice, zSum, takeSum);
    double_point(xTwice, zTwice, square, other);
  }
  // z^(2^255 - 21) is 1 / z.
  power_2_250_1(xSum, zTwice, zSum, square, other);
  square_times(xSum, xSum, 5);
  field25519_multiply(xSum, xSum, zSum);
  field25519_multiply(xTwice, xTwice, xSum);
  field25519_store(result, xTwice);

  field25519_wipe_stack();
  uint32_t *const secrets[] = {xTwice, zTwice, xSum, zSum, square, other};
  for (int i = 0; i < 6; i++) field25519_wipe(secrets[i], 8);
}

int curve25519_agree(uint8_t shared[32], const uint8_t scalar[32], const uint8_t point[32]) {
  uint32_t any = 0;
  multiply(shared, scalar, point);
  for (int i = 0; i < 32; i++) any |= shared[i];
  return -(int)((any - 1) >> 31);
}

void curve25519_public_key(uint8_t key[32], const uint8_t scalar[32]) { multiply(key, scalar, NULL); }
