// The field's operations as a record of who was called with what: each result is a name, which C may copy and pass on. With a scalar
// as 64 hexadecimal digits, or `base` and a scalar, prints the operations of X25519 on the point POINT, and the result.
#include <stdio.h>
#include <string.h>
#include "curve25519.h"
#include "field25519.h"

static uint32_t names;

static void print(const uint32_t *a) {
  for (int i = 7; i >= 0; i--) printf("%08x", a[i]);
  putchar(' ');
}

// Unlike any number that C makes by itself.
static void name(uint32_t *r) {
  for (int i = 0; i < 8; i++) r[i] = 0x40000000u + (uint32_t)i;
  r[0] = ++names;
  print(r);
}

void field25519_multiply(uint32_t *r, const uint32_t *a, const uint32_t *b) {
  printf("multiply "), print(a), print(b), name(r), putchar('\n');
}

void field25519_square(uint32_t *r, const uint32_t *a) { printf("square "), print(a), name(r), putchar('\n'); }

void field25519_square_selected(uint32_t *r, const uint32_t *a, const uint32_t *b, uint32_t mask) {
  printf("selected %08x ", mask), print(a), print(b), name(r), putchar('\n');
}

void field25519_sum_and_difference(uint32_t *sum, uint32_t *difference, const uint32_t *a, const uint32_t *b) {
  printf("sum "), print(a), print(b), name(sum), name(difference), putchar('\n');
}

void field25519_difference(uint32_t *r, const uint32_t *a, const uint32_t *b) {
  printf("difference "), print(a), print(b), name(r), putchar('\n');
}

void field25519_scale_and_add(uint32_t *r, const uint32_t *a, uint32_t k, const uint32_t *b) {
  printf("scale %08x ", k), print(a), print(b), name(r), putchar('\n');
}

int main(int count, char **arguments) {
  uint8_t scalar[32], point[32], result[32];
  memset(point, 0x55, sizeof point);
  int isBase = count > 2 && !strcmp(arguments[1], "base");
  for (int i = 0; i < 32; i++) {
    unsigned byte = 0;
    if (count < 2 || sscanf(arguments[count - 1] + 2 * i, "%2x", &byte) != 1) return 64;
    scalar[i] = (uint8_t)byte;
  }
  if (isBase) curve25519_public_key(result, scalar);
  else curve25519_agree(result, scalar, point);
  printf("result ");
  for (int i = 31; i >= 0; i--) printf("%02x", result[i]);
  putchar('\n');
  return 0;
}
