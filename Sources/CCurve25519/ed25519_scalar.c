// SPDX-License-Identifier: Apache-2.0
// Numbers modulo the order of Ed25519's group, L = 2^252 + c, and their digits. All are public.
#include "ed25519.h"

static const uint32_t order[8] = {0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0, 0, 0, 0x10000000};

enum { wordsOfC = 4 };  // the first words of the order

void ed25519_scalar_load(uint32_t *r, const uint8_t *bytes) {
  for (int i = 0; i < 8; i++, bytes += 4)
    r[i] = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

int ed25519_scalar_is_reduced(const uint32_t *a) {
  for (int i = 7; i >= 0; i--)
    if (a[i] != order[i]) return a[i] < order[i];
  return 0;
}

// r += a, or r -= a; gives what goes over, between -1 and 1.
static int32_t accumulate(uint32_t *r, const uint32_t *a, int isNegative) {
  int64_t carry = 0;
  for (int i = 0; i < 8; i++) {
    carry += isNegative ? (int64_t)r[i] - a[i] : (int64_t)r[i] + a[i];
    r[i] = (uint32_t)carry;
    carry >>= 32;
  }
  return (int32_t)carry;
}

// product = a c, of `size` words and of four more.
static void multiply_by_c(uint32_t *product, const uint32_t *a, int size) {
  for (int i = 0; i < size + wordsOfC; i++) product[i] = 0;
  for (int i = 0; i < size; i++) {
    uint64_t carry = 0;
    for (int j = 0; j < wordsOfC; j++) {
      carry += (uint64_t)a[i] * order[j] + product[i + j];
      product[i + j] = (uint32_t)carry;
      carry >>= 32;
    }
    product[i + wordsOfC] = (uint32_t)carry;
  }
}

// 2^252 = -c: what stands from bit 252 up is multiplied by c and taken away, over and over until nothing stands there.
void ed25519_scalar_reduce(uint8_t *result, const uint8_t *bytes, uint32_t *work) {
  uint32_t *x = work, *high = work + 16, *r = work + 32;
  int32_t top = 0;
  ed25519_scalar_load(x, bytes);
  ed25519_scalar_load(x + 8, bytes + 32);
  for (int i = 0; i < 8; i++) r[i] = 0;
  for (int size = 16, isNegative = 0; size; isNegative = !isNegative) {
    int above = size > 8 ? size - 7 : 0;
    for (int i = 0; i < above; i++) high[i] = x[i + 7] >> 28 | (i + 8 < size ? x[i + 8] << 4 : 0);
    if (above) x[7] &= 0x0FFFFFFF;
    else x[7] = 0;  // of a number of seven words
    top += accumulate(r, x, isNegative);
    size = above ? above + wordsOfC : 0;
    if (above) multiply_by_c(x, high, above);
  }
  while (top < 0) top += accumulate(r, order, 0);
  while (top > 0 || !ed25519_scalar_is_reduced(r)) top += accumulate(r, order, 1);
  for (int i = 0; i < 32; i++) result[i] = (uint8_t)(r[i / 4] >> 8 * (i % 4));
}

static int bit(const uint8_t *number, int place) {
  return place < 0 ? 0 : number[(unsigned)place / 8] >> (unsigned)place % 8 & 1;
}

// Of the digits bit[i - 1] - bit[i], which make up the number too, each group of `window` that begins with one that is not 0 is
// taken as one digit.
int ed25519_digit(ed25519_digits *digits, int place) {
  const uint8_t *n = digits->number;
  if (place < digits->end && bit(n, place) != bit(n, place - 1)) {
    int end = place - digits->window + 1, digit = -bit(n, place);
    for (int i = place - 1; i >= end; i--) digit = 2 * digit + bit(n, i);
    digit += bit(n, end - 1);
    for (digits->place = end; !(digit & 1); digits->place++) digit /= 2;
    digits->digit = digit;
    digits->end = end;
  }
  return digits->digit && place == digits->place ? digits->digit : 0;
}
