// SPDX-License-Identifier: Apache-2.0
#include "driver.h"

#include <sodium.h>
#include <string.h>

extern int LLVMFuzzerRunDriver(int *argc, char ***argv, driver_target target);

int driver_run(int argc, char **argv, driver_target target) { return LLVMFuzzerRunDriver(&argc, &argv, target); }

static uint64_t draws;

// Each call draws from a stream of its own.
static void fill(void *const target, const size_t size) {
  unsigned char seed[randombytes_SEEDBYTES] = {0};
  draws++;
  memcpy(seed, &draws, sizeof draws);
  randombytes_buf_deterministic(target, size, seed);
}

static uint32_t word(void) {
  uint32_t word;
  fill(&word, sizeof word);
  return word;
}

static randombytes_implementation implementation = {.random = word, .buf = fill};

void driver_repeat_random(void) {
  draws = 0;
  randombytes_set_implementation(&implementation);
}
