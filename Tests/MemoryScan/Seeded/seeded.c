#include "seeded.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

static uint64_t next(void) {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static const char *name(void) { return "seeded"; }
static uint32_t word(void) { return (uint32_t)next(); }

static void fill(void *const target, const size_t size) {
  if (size % 8 != 0) abort();
  for (size_t i = 0; i < size; i += 8) {
    const uint64_t eight = next();
    memcpy((char *)target + i, &eight, 8);
  }
}

static randombytes_implementation implementation = {
    .implementation_name = name,
    .random = word,
    .buf = fill,
};

void seeded_random(unsigned long long seed) {
  state = seed;
  randombytes_set_implementation(&implementation);
}
