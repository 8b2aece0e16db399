// SPDX-License-Identifier: Apache-2.0
// The parts of Ed25519 that are not curve arithmetic.
#ifndef COUNTERSIGN_ED25519_H
#define COUNTERSIGN_ED25519_H

#include <stdint.h>
#include "field25519.h"

/// Odd multiples of the base point, 1 to 15: (y + x) / 2, (y - x) / 2, d x y.
extern const field25519 ed25519_base[8][3];

/// A number below 2^256 from 32 bytes, little-endian.
void ed25519_scalar_load(uint32_t *r, const uint8_t *bytes);
/// Whether a number is below the group's order L.
int ed25519_scalar_is_reduced(const uint32_t *a);
/// 64 bytes as a number, modulo L, in 32 bytes. `work` is memory for 40 words.
void ed25519_scalar_reduce(uint8_t *result, const uint8_t *bytes, uint32_t *work);

/// A number below 2^253 as a sum of few odd digits, from the highest down. `ed25519_digit` is asked for each place once, in this
/// order, and gives 0 or an odd number below 2^(window - 1) in size. It begins with place 253 and `end` 254.
typedef struct ed25519_digits {
  const uint8_t *number;  // 32 bytes, little-endian
  int window;
  int place;   // of the digit that was found last
  int end;     // the lowest place that its window covers
  int digit;
} ed25519_digits;

int ed25519_digit(ed25519_digits *digits, int place);

#endif
