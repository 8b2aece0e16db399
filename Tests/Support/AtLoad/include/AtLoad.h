// SPDX-License-Identifier: Apache-2.0
// Runs before any test does.

#ifndef AT_LOAD_H
#define AT_LOAD_H

/// What runs when the program with the tests is loaded. The Swift module TestSeed has it.
void countersign_seed_tests(void);

#endif
