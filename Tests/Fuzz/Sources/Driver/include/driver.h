// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry point, which is part of the compiler's runtime and has no header of its own.

#ifndef DRIVER_H
#define DRIVER_H

#include <stddef.h>
#include <stdint.h>

typedef int (*driver_target)(const uint8_t *data, size_t size);

/// Runs libFuzzer over `target` with the command line given.
int driver_run(int argc, char **argv, driver_target target);

/// Makes libsodium draw the same as after every other call: what an input does depends on nothing but the input.
void driver_repeat_random(void);

#endif
