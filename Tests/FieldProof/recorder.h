// SPDX-License-Identifier: Apache-2.0
// The field's operations as a record of who was called with what: each result is a name, which C may copy and pass on.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "curve25519.h"
#include "field25519.h"

static uint32_t names;

static void print(const uint32_t *a) {
  for (int i = 7; i >= 0; i--) printf("%08x", a[i]);
  putchar(' ');
}

// Unlike any number that C makes by itself. Names are even.
static void name(uint32_t *r) {
  for (int i = 0; i < 8; i++) r[i] = 0x40000000u + (uint32_t)i;
  r[0] = names += 2;
  print(r);
}

// What the operations ask of places: each is a whole element, and is another one or the same.
static void demand_places(const uint32_t *a, const uint32_t *b) {
  ptrdiff_t apart = a - b;
  if (apart && apart > -8 && apart < 8) puts("overlap"), exit(1);
}

void field25519_multiply(uint32_t *r, const uint32_t *a, const uint32_t *b) {
  demand_places(r, a), demand_places(r, b), demand_places(a, b);
  printf("multiply "), print(a), print(b), name(r), putchar('\n');
}

void field25519_square(uint32_t *r, const uint32_t *a) {
  demand_places(r, a);
  printf("square "), print(a), name(r), putchar('\n');
}

void field25519_square_selected(uint32_t *r, const uint32_t *a, const uint32_t *b, uint32_t mask) {
  demand_places(r, a), demand_places(r, b), demand_places(a, b);
  printf("selected %08x ", mask), print(a), print(b), name(r), putchar('\n');
}

void field25519_sum_and_difference(uint32_t *sum, uint32_t *difference, const uint32_t *a, const uint32_t *b) {
  demand_places(sum, a), demand_places(sum, b), demand_places(difference, a), demand_places(difference, b), demand_places(a, b);
  if (sum == difference) puts("overlap"), exit(1);
  demand_places(sum, difference);
  printf("sum "), print(a), print(b), name(sum), name(difference), putchar('\n');
}

void field25519_difference(uint32_t *r, const uint32_t *a, const uint32_t *b) {
  demand_places(r, a), demand_places(r, b), demand_places(a, b);
  printf("difference "), print(a), print(b), name(r), putchar('\n');
}

void field25519_scale_and_add(uint32_t *r, const uint32_t *a, uint32_t k, const uint32_t *b) {
  demand_places(r, a), demand_places(r, b), demand_places(a, b);
  if (k >> 17) puts("a factor above its range"), exit(1);
  printf("scale %08x ", k), print(a), print(b), name(r), putchar('\n');
}
