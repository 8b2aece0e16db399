// SPDX-License-Identifier: Apache-2.0
// Verification of Ed25519 signatures (RFC 8032, section 5.1.7), with libsodium's verdicts. Everything here is public, so that time
// may depend on it.
#include "curve25519.h"
#include "ed25519.h"
#include "field25519.h"

static const field25519 zero, one = {1};
static const field25519 d = {0x135978a3, 0x75eb4dca, 0x4141d8ab, 0x00700a4d, 0x7779e898, 0x8cc74079, 0x2b6ffe73, 0x52036cee};
static const field25519 rootOfMinusOne = {0x4a0ea0b0, 0xc4ee1b27, 0xad2fe478, 0x2f431806,
                                          0x3dfbd7a7, 0x2b4d0099, 0x4fc1df0b, 0x2b832480};

// A point: x = X / Z, y = Y / Z, x y = T / Z; and memory for one element more.
enum { X, Y, Z, T, spare, elements };

enum { ownMultiples = 2, ownWindow = 3, baseWindow = 5 };

// A point that is to be added: see `ed25519_base`, whose have no `denominator`, because it is 1.
enum { sum, difference, product, denominator, multipleElements };

// What is not needed at one time.
typedef union memory {
  curve25519_sha512 hash;
  field25519 work[ownMultiples * multipleElements];
} memory;

// X = T Z, Y = X Y, Z = Z X, T = T Y: how a doubling and an addition end. Only an addition that follows needs T.
static inline __attribute__((always_inline)) void finish(field25519 *p, int needsT) {
  field25519_multiply(p[spare], p[T], p[Z]);
  if (needsT) field25519_multiply(p[T], p[T], p[Y]);
  field25519_multiply(p[Y], p[X], p[Y]);
  field25519_multiply(p[Z], p[Z], p[X]);
  field25519_copy(p[X], p[spare]);
}

static void double_point(field25519 *p, int needsT) {
  field25519_sum_and_difference(p[T], p[spare], p[X], p[Y]);
  field25519_square(p[T], p[T]);
  field25519_square(p[X], p[X]);
  field25519_square(p[Y], p[Y]);
  field25519_square(p[Z], p[Z]);
  field25519_sum_and_difference(p[Y], p[X], p[X], p[Y]);
  field25519_scale_and_add(p[Z], p[Z], 2, p[X]);
  field25519_difference(p[T], p[Y], p[T]);
  finish(p, needsT);
}

static void add_point(field25519 *p, const field25519 *q, int isAffine, int isNegative, int needsT) {
  field25519_sum_and_difference(p[Y], p[X], p[Y], p[X]);
  field25519_multiply(p[Y], p[Y], q[isNegative ? difference : sum]);
  field25519_multiply(p[X], p[X], q[isNegative ? sum : difference]);
  field25519_multiply(p[spare], p[T], q[product]);
  if (!isAffine) field25519_multiply(p[Z], p[Z], q[denominator]);
  field25519_sum_and_difference(p[Y], p[T], p[Y], p[X]);
  field25519_sum_and_difference(p[isNegative ? Z : X], p[isNegative ? X : Z], p[Z], p[spare]);
  finish(p, needsT);
}

// Y + X, Y - X, 2 d T, 2 Z
static void prepare(field25519 *q, field25519 *p) {
  field25519_sum_and_difference(q[sum], q[difference], p[Y], p[X]);
  field25519_multiply(q[product], p[T], d);
  field25519_scale_and_add(q[product], q[product], 1, q[product]);
  field25519_scale_and_add(q[denominator], p[Z], 1, p[Z]);
}

// Whether a point with this y has an order that divides 8: y = 0, y^2 = 1, or d y^4 + 2 y^2 = 1, where the double has y = 0.
static int is_small(const uint8_t *bytes, field25519 *w) {
  field25519_load(w[0], bytes);
  field25519_square(w[1], w[0]);
  field25519_multiply(w[2], w[1], w[1]);
  field25519_multiply(w[2], w[2], d);
  field25519_scale_and_add(w[2], w[1], 2, w[2]);
  field25519_difference(w[2], w[2], one);
  field25519_difference(w[1], w[1], one);
  field25519_multiply(w[0], w[0], w[1]);
  field25519_multiply(w[0], w[0], w[2]);
  return field25519_is_zero(w[0]);
}

static int is_reduced(const uint8_t *bytes, uint32_t *w) {
  field25519_load(w, bytes);
  uint32_t low = w[0], top = w[7];
  field25519_reduce(w);
  return low == w[0] && top == w[7];
}

// The point in 32 bytes, with its x negated.
static int decode_negated(field25519 *p, const uint8_t *bytes, field25519 *w) {
  uint32_t *u = p[X], *v = p[Z], *x = p[T];
  field25519_load(p[Y], bytes);
  field25519_square(u, p[Y]);
  field25519_multiply(v, u, d);
  field25519_scale_and_add(v, v, 1, one);  // d y^2 + 1
  field25519_difference(u, u, one);        // y^2 - 1
  // The root of u / v, if there is one: u v^3 (u v^7)^(2^252 - 3), or that times a root of -1.
  field25519_square(w[3], v);
  field25519_multiply(w[3], w[3], v);
  field25519_square(w[4], w[3]);
  field25519_multiply(w[4], w[4], v);
  field25519_multiply(w[4], w[4], u);
  field25519_power_2_252_3(x, w[4], w[0], w[1], w[2]);
  field25519_multiply(x, x, w[3]);
  field25519_multiply(x, x, u);
  field25519_square(w[3], x);
  field25519_multiply(w[3], w[3], v);
  field25519_sum_and_difference(w[4], w[3], w[3], u);
  if (!field25519_is_zero(w[3])) {
    if (!field25519_is_zero(w[4])) return -1;
    field25519_multiply(x, x, rootOfMinusOne);
  }
  field25519_reduce(x);
  if ((x[0] & 1) == bytes[31] >> 7) field25519_difference(x, zero, x);
  field25519_copy(p[X], x);
  field25519_copy(p[Z], one);
  field25519_multiply(p[T], p[X], p[Y]);
  return 0;
}

// A digit lies at few places: where there is none in a group, a call is spared.
static inline int digit_at(ed25519_digits *digits, int place) {
  return place < digits->end || place == digits->place ? ed25519_digit(digits, place) : 0;
}

// p = h (-A) + s B, where p begins as -A.
static void double_multiply(field25519 *p, const uint8_t *h, const uint8_t *s, field25519 *table) {
  prepare(table, p);
  double_point(p, 1);
  add_point(p, table, 0, 0, 1);
  prepare(table + multipleElements, p);
  field25519_copy(p[X], zero);
  field25519_copy(p[Y], one);
  field25519_copy(p[Z], one);
  field25519_copy(p[T], zero);

  ed25519_digits own = {h, ownWindow, 0, 254, 0}, base = {s, baseWindow, 0, 254, 0};
  int begun = 0;  // before the first digit there is nothing to double
  for (int i = 253; i >= 0; i--) {
    int ofOwn = digit_at(&own, i), ofBase = digit_at(&base, i);
    if (begun) double_point(p, ofOwn || ofBase);
    begun |= ofOwn | ofBase;
    if (ofOwn) {
      const field25519 *q = table + (ofOwn == 3 || ofOwn == -3 ? multipleElements : 0);
      add_point(p, q, 0, ofOwn < 0, ofBase != 0);
    }
    if (ofBase) add_point(p, ed25519_base[(ofBase < 0 ? -ofBase : ofBase) / 2], 1, ofBase < 0, 0);
  }
}

// Whether a point has this encoding.
static int has_encoding(field25519 *p, const uint8_t *bytes, field25519 *w) {
  uint8_t *encoded = (uint8_t *)w, different = 0;
  // 1 / z is z^(2^255 - 21), which is z^3 (z^(2^252 - 3))^8.
  field25519_power_2_252_3(p[T], p[Z], w[0], w[1], w[2]);
  for (int i = 0; i < 3; i++) field25519_square(p[T], p[T]);
  field25519_square(w[0], p[Z]);
  field25519_multiply(w[0], w[0], p[Z]);
  field25519_multiply(p[T], p[T], w[0]);
  field25519_multiply(p[X], p[X], p[T]);
  field25519_multiply(p[Y], p[Y], p[T]);
  field25519_reduce(p[X]);
  field25519_store(encoded, p[Y]);
  encoded[31] |= (uint8_t)(p[X][0] << 7);
  for (int i = 0; i < 32; i++) different |= encoded[i] ^ bytes[i];
  return !different;
}

int curve25519_verify(const uint8_t signature[64], const uint8_t *message, size_t size, const uint8_t key[32]) {
  memory memory;
  field25519 p[elements];
  uint8_t h[32];

  ed25519_scalar_load(p[0], signature + 32);
  if (!ed25519_scalar_is_reduced(p[0]) || !is_reduced(key, p[0])) return -1;
  if (is_small(signature, p) || is_small(key, p)) return -1;

  curve25519_sha512_init(&memory.hash);
  curve25519_sha512_update(&memory.hash, signature, 32);
  curve25519_sha512_update(&memory.hash, key, 32);
  curve25519_sha512_update(&memory.hash, message, size);
  curve25519_sha512_final(&memory.hash, (uint8_t *)p);
  ed25519_scalar_reduce(h, (const uint8_t *)p, memory.work[0]);

  if (decode_negated(p, key, memory.work)) return -1;
  double_multiply(p, h, signature + 32, memory.work);
  return has_encoding(p, signature, memory.work) ? 0 : -1;
}
