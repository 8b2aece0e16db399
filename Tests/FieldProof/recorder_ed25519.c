// SPDX-License-Identifier: Apache-2.0
// A record of the parts of Ed25519's verification: prints the field's operations of one, and what came of it. Elements that are given
// are printed as `symbol NAME VALUE`. What decides a branch is an argument.
//
//   double T | add AFFINE NEGATIVE T | prepare | small | decode DECISIONS SIGN PARITY | encode | multiply DIGITS | scalars H S
#include "recorder.h"
#include "ed25519.c"

static const char *decisions = "";
static uint32_t parity;

int field25519_is_zero(field25519 a) {
  int is = *decisions == '1';
  if (*decisions) decisions++;
  printf("zero "), print(a), printf("%d\n", is);
  return is;
}

void field25519_reduce(field25519 a) {
  printf("reduce "), print(a), name(a);
  a[0] |= parity;
  print(a), putchar('\n');
}

void field25519_store(uint8_t *bytes, field25519 a) {
  printf("store "), print(a), putchar('\n');
  for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)(a[i / 4] >> 8 * (i % 4));
}

static void symbol(const char *what, uint32_t *r) { printf("symbol %s ", what), name(r), putchar('\n'); }

static void give_point(field25519 *p) {
  symbol("X", p[X]), symbol("Y", p[Y]), symbol("Z", p[Z]), symbol("T", p[T]);
}

static void result(const field25519 *p, int count) {
  printf("result ");
  for (int i = 0; i < count; i++) print(p[i]);
  putchar('\n');
}

// ---- Digits: of real scalars, or `own,base;own,base;...` from the highest place down ----

int real_digit(ed25519_digits *digits, int place);
static const char *script;

int ed25519_digit(ed25519_digits *digits, int place) {
  if (!script) return real_digit(digits, place);
  const char *at = script;
  for (int i = 253; i > place && at; i--) at = strchr(at, ';') ? strchr(at, ';') + 1 : NULL;
  int own = 0, base = 0;
  if (at) sscanf(at, "%d,%d", &own, &base);
  return digits->window == ownWindow ? own : base;
}

static void read_number(uint8_t *bytes, const char *text) {
  for (int i = 0; i < 32; i++) {
    unsigned byte = 0;
    if (sscanf(text + 2 * i, "%2x", &byte) != 1) exit(64);
    bytes[i] = (uint8_t)byte;
  }
}

// A record, and to standard error the verdicts on zeros, on the encoding, and how many are equal of those with one bit changed.
static void encode(field25519 *w) {
  field25519 p[elements];
  uint8_t bytes[32] = {0};
  give_point(p);
  field25519 kept[elements];
  memcpy(kept, p, sizeof p);
  uint32_t begun = names;
  int first = has_encoding(p, bytes, w), others = 0;
  result(p, elements);
  for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)(p[Y][i / 4] >> 8 * (i % 4));
  bytes[31] |= (uint8_t)(parity << 7);
  if (!freopen("/dev/null", "w", stdout)) exit(1);
  for (int bit = 0; bit <= 256; bit++) {
    memcpy(p, kept, sizeof p);
    names = begun;
    if (bit < 256) bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    int is = has_encoding(p, bytes, w);
    if (bit < 256) others += is, bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    else fprintf(stderr, "%d %d %d", first, is, others);
  }
}

int main(int count, char **arguments) {
  field25519 p[elements], w[ownMultiples * multipleElements];
  uint8_t bytes[32], h[32], s[32];
  const char *mode = count > 1 ? arguments[1] : "";
  const char *a = count > 2 ? arguments[2] : "0", *b = count > 3 ? arguments[3] : "0", *c = count > 4 ? arguments[4] : "0";
  memset(bytes, 0x55, sizeof bytes);
  if (!strcmp(mode, "double")) {
    give_point(p);
    double_point(p, atoi(a));
    result(p, T + 1);
  } else if (!strcmp(mode, "add")) {
    give_point(p);
    symbol("sum", w[sum]), symbol("difference", w[difference]), symbol("product", w[product]);
    if (!atoi(a)) symbol("denominator", w[denominator]);
    add_point(p, w, atoi(a), atoi(b), atoi(c));
    result(p, T + 1);
  } else if (!strcmp(mode, "prepare")) {
    give_point(p);
    prepare(w, p);
    result(w, multipleElements);
  } else if (!strcmp(mode, "small")) {
    decisions = a;
    printf("verdict %d\n", is_small(bytes, w));
  } else if (!strcmp(mode, "decode")) {
    decisions = a;
    bytes[31] |= (uint8_t)(atoi(b) << 7);
    parity = (uint32_t)atoi(c);
    int verdict = decode_negated(p, bytes, w);
    result(p, T + 1);
    printf("verdict %d\n", verdict);
  } else if (!strcmp(mode, "encode")) {
    parity = (uint32_t)atoi(a);
    encode(w);
  } else {
    memset(h, 0, 32), memset(s, 0, 32);
    if (!strcmp(mode, "multiply")) script = a;
    else read_number(h, a), read_number(s, b);
    give_point(p);
    double_multiply(p, h, s, w);
    result(p, Z + 1);
  }
  return 0;
}
