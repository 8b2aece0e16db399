// SPDX-License-Identifier: Apache-2.0
// What needs the field's operations but no assembly.
#include "field25519.h"
#include "powers.h"

void field25519_load(field25519 r, const uint8_t *bytes) {
  for (int i = 0; i < 8; i++, bytes += 4)
    r[i] = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
  r[7] &= 0x7FFFFFFF;
}

// Takes the bits from 255 up and adds 19 for each; gives what `a + more` has there.
static uint32_t fold_top(field25519 a, uint32_t times) {
  uint32_t carry = 19 * times;
  a[7] &= 0x7FFFFFFF;
  for (int i = 0; i < 8; i++) {
    uint32_t word = a[i] + carry;
    carry = word < carry;
    a[i] = word;
  }
  return carry;
}

void field25519_reduce(field25519 a) {
  fold_top(a, a[7] >> 31);  // below 2^255 + 19
  uint32_t carry = 19;      // whether a + 19 reaches 2^255, which is whether a reaches 2^255 - 19
  for (int i = 0; i < 7; i++) carry = a[i] + carry < carry;
  uint32_t reaches = (a[7] + carry) >> 31;
  fold_top(a, reaches);
  a[7] &= 0x7FFFFFFF;
}

void field25519_store(uint8_t *bytes, field25519 a) {
  field25519_reduce(a);
  for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)(a[i / 4] >> 8 * (i % 4));
}

int field25519_is_zero(field25519 a) {
  uint32_t any = 0;
  field25519_reduce(a);
  for (int i = 0; i < 8; i++) any |= a[i];
  return any == 0;
}

void field25519_power_2_252_3(uint32_t *r, const uint32_t *z, uint32_t *eleven, uint32_t *t, uint32_t *kept) {
  power_2_250_1(r, z, eleven, t, kept);
  square_times(r, r, 2);
  field25519_multiply(r, r, z);
}

void field25519_wipe(void *start, size_t words) {
  volatile uint32_t *word = start;
  while (words--) *word++ = 0;
}

// The deepest frame of the operations, in words.
#if !defined(COUNTERSIGN_FIELD_ASSEMBLY)
enum { deepest = 48 };
#elif defined(__arm__)
enum { deepest = 32 };
#else
enum { deepest = 16 };
#endif

void __attribute__((noinline)) field25519_wipe_stack(void) {
  uint32_t below[deepest];
  field25519_wipe(below, deepest);
}
