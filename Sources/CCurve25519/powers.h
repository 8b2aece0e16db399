// SPDX-License-Identifier: Apache-2.0
// The power of which an inversion and a square root are made. Inlined: a call that saves registers which no caller needs is stack
// that a small device misses.
#ifndef COUNTERSIGN_POWERS25519_H
#define COUNTERSIGN_POWERS25519_H

#include "field25519.h"

#define INLINE static inline __attribute__((always_inline))

// r = a^(2^times)
INLINE void square_times(uint32_t *r, const uint32_t *a, int times) {
  field25519_square(r, a);
  while (--times) field25519_square(r, r);
}

// r = z^(2^250 - 1), and eleven = z^11
INLINE void power_2_250_1(uint32_t *r, const uint32_t *z, uint32_t *eleven, uint32_t *t, uint32_t *kept) {
  field25519_square(eleven, z);                // 2
  square_times(r, eleven, 2);                  // 8
  field25519_multiply(r, r, z);                // 9
  field25519_multiply(eleven, eleven, r);      // 11
  field25519_square(t, eleven);                // 22
  field25519_multiply(r, r, t);                // 2^5 - 1
  square_times(t, r, 5);
  field25519_multiply(kept, t, r);             // 2^10 - 1
  square_times(t, kept, 10);
  field25519_multiply(r, t, kept);             // 2^20 - 1
  square_times(t, r, 20);
  field25519_multiply(r, t, r);                // 2^40 - 1
  square_times(r, r, 10);
  field25519_multiply(kept, r, kept);          // 2^50 - 1
  square_times(t, kept, 50);
  field25519_multiply(r, t, kept);             // 2^100 - 1
  square_times(t, r, 100);
  field25519_multiply(r, t, r);                // 2^200 - 1
  square_times(r, r, 50);
  field25519_multiply(r, r, kept);             // 2^250 - 1
}

#endif
