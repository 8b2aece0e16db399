// SPDX-License-Identifier: Apache-2.0
#include "seeded.h"

#include <pthread.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>

static uint64_t state;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t next(void) {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static const char *name(void) { return "seeded"; }

static void fill(void *const target, const size_t size) {
  pthread_mutex_lock(&lock);
  for (size_t i = 0; i < size; i += 8) {
    const uint64_t eight = next();
    memcpy((char *)target + i, &eight, size - i < 8 ? size - i : 8);
  }
  pthread_mutex_unlock(&lock);
}

static uint32_t word(void) {
  uint32_t word;
  fill(&word, sizeof word);
  return word;
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
