#include "curve25519.h"
#include "field25519.h"

// The ladder of RFC 7748 on two points whose difference is the one given. Their sum does not care which is which, so that the
// bits of the scalar choose but one thing: which of the two is doubled.
enum {
  x1,                    // of the difference, whose z is 1
  xDouble, zDouble,      // what the last step doubled
  xSum,                  // what it added, and zSum
  zSum, square, other,   // at the end, memory for an inversion
  elements
};

enum { a24 = 121665 };  // (486662 - 2) / 4

static const field25519 zero;

static void step(field25519 *l, uint32_t takeSum, int isBase) {
  field25519_sum_and_difference(l[xDouble], l[zDouble], l[xDouble], l[zDouble]);
  field25519_sum_and_difference(l[xSum], l[zSum], l[xSum], l[zSum]);
  field25519_square_selected(l[square], l[xDouble], l[xSum], takeSum);
  field25519_square_selected(l[other], l[zDouble], l[zSum], takeSum);

  field25519_multiply(l[zSum], l[zSum], l[xDouble]);
  field25519_multiply(l[xSum], l[xSum], l[zDouble]);
  field25519_sum_and_difference(l[xSum], l[zSum], l[xSum], l[zSum]);
  field25519_square(l[xSum], l[xSum]);
  field25519_square(l[zSum], l[zSum]);
  if (isBase) field25519_scale_and_add(l[zSum], l[zSum], 9, zero);
  else field25519_multiply(l[zSum], l[zSum], l[x1]);

  field25519_multiply(l[xDouble], l[square], l[other]);
  field25519_sum_and_difference(l[zDouble], l[other], l[square], l[other]);  // only the difference counts
  field25519_scale_and_add(l[square], l[other], a24, l[square]);
  field25519_multiply(l[zDouble], l[other], l[square]);
}

static void set_small(uint32_t *r, uint32_t value) {
  r[0] = value;
  for (int i = 1; i < 8; i++) r[i] = 0;
}

// Without a point, of the base point.
static __attribute__((noinline)) void multiply(uint8_t *result, const uint8_t *scalar, const uint8_t *point) {
  field25519 l[elements];
  if (point) field25519_load(l[x1], point);
  else set_small(l[x1], 9);
  for (int i = 0; i < 8; i++) l[xSum][i] = l[x1][i];
  set_small(l[zSum], 1);
  set_small(l[xDouble], 1);  // the neutral point
  set_small(l[zDouble], 0);

  uint32_t before = 0;
  for (int i = 254; i >= 0; i--) {
    uint32_t bit = i < 3 ? 0 : i == 254 ? 1 : scalar[i >> 3] >> (i & 7) & 1;
    uint32_t takeSum = -(bit ^ before);
    before = bit;
    __asm__("" : "+r"(takeSum));  // a compiler that knows it for a mask of one bit may make a branch of it
    step(l, takeSum, !point);
  }
  // The last bit is 0: the multiple is what was doubled last.
  field25519_invert(l[xSum], l[zDouble], &l[zSum]);
  field25519_multiply(l[xDouble], l[xDouble], l[xSum]);
  field25519_store(result, l[xDouble]);
  field25519_wipe(l, sizeof l);
}

int curve25519_agree(uint8_t shared[32], const uint8_t scalar[32], const uint8_t point[32]) {
  uint32_t any = 0;
  multiply(shared, scalar, point);
  for (int i = 0; i < 32; i++) any |= shared[i];
  return -(int)((any - 1) >> 31);
}

void curve25519_public_key(uint8_t key[32], const uint8_t scalar[32]) { multiply(key, scalar, NULL); }
