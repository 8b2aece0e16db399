// SPDX-License-Identifier: Apache-2.0
// The field of 2^255 - 19. An element is any number below 2^256, as eight words, the least first: every operation takes any such
// number and gives one, not the smallest. Only `field25519_store` and the comparisons reduce fully.
#ifndef COUNTERSIGN_FIELD25519_H
#define COUNTERSIGN_FIELD25519_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t field25519[8];

// ---- What each core has in assembly. A result may be in the place of an operand, also of the other one. ----

#ifdef COUNTERSIGN_FIELD_ASSEMBLY
#include "../calls.h"
#else
/// r = a b
void field25519_multiply(uint32_t *r, const uint32_t *a, const uint32_t *b);
/// r = a^2
void field25519_square(uint32_t *r, const uint32_t *a);
/// r = a^2 where `mask` is 0, b^2 where it is all ones. Both are read.
void field25519_square_selected(uint32_t *r, const uint32_t *a, const uint32_t *b, uint32_t mask);
/// sum = a + b and difference = a - b
void field25519_sum_and_difference(uint32_t *sum, uint32_t *difference, const uint32_t *a, const uint32_t *b);
/// r = a - b
void field25519_difference(uint32_t *r, const uint32_t *a, const uint32_t *b);
/// r = k a + b, for k below 2^17
void field25519_scale_and_add(uint32_t *r, const uint32_t *a, uint32_t k, const uint32_t *b);
#endif

// ---- Over them, in C ----

/// The element in 32 bytes, little-endian, without the top bit.
void field25519_load(field25519 r, const uint8_t *bytes);
/// The smallest number that stands for `a`, as 32 bytes. Reduces `a` in place.
void field25519_store(uint8_t *bytes, field25519 a);
/// Replaces `a` by the smallest number that stands for it.
void field25519_reduce(field25519 a);
/// Whether `a` stands for 0. Reduces it.
int field25519_is_zero(field25519 a);
/// r = z^(2^252 - 3), with which a square root begins. The others are memory for one element each; none of the places may be
/// another.
void field25519_power_2_252_3(uint32_t *r, const uint32_t *z, uint32_t *eleven, uint32_t *t, uint32_t *kept);
/// Copies an element.
static inline void field25519_copy(uint32_t *r, const uint32_t *a) {
  struct words { uint32_t word[8]; };
  *(struct words *)(void *)r = *(const struct words *)(const void *)a;
}
/// Overwrites words.
void field25519_wipe(void *start, size_t words);
/// Overwrites the stack below the caller, where the operations above had their temporaries.
void field25519_wipe_stack(void);

#endif
