// What needs the field's operations but no assembly.
#include "field25519.h"

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

// r = a^(2^times)
static void square_times(uint32_t *r, const uint32_t *a, int times) {
  field25519_square(r, a);
  while (--times) field25519_square(r, r);
}

// r = z^(2^250 - 1), and work[0] = z^11
static void power_2_250_1(uint32_t *r, const uint32_t *z, field25519 *work) {
  uint32_t *eleven = work[0], *t = work[1], *kept = work[2];
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

void field25519_invert(uint32_t *r, const uint32_t *z, field25519 *work) {
  power_2_250_1(r, z, work);
  square_times(r, r, 5);
  field25519_multiply(r, r, work[0]);  // 2^255 - 21
}

void field25519_power_2_252_3(uint32_t *r, const uint32_t *z, field25519 *work) {
  power_2_250_1(r, z, work);
  square_times(r, r, 2);
  field25519_multiply(r, r, z);
}

static void overwrite(volatile uint8_t *start, size_t size) {
  while (size--) *start++ = 0;
}

void __attribute__((noinline)) field25519_wipe(void *start, size_t size) {
  uint8_t below[176];  // the deepest of the operations takes less
  overwrite(below, sizeof below);
  overwrite(start, size);
}
