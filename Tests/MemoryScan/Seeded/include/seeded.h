// SPDX-License-Identifier: Apache-2.0
// A random generator for libsodium that the scanner can follow, so that both know every key without telling each other.

#ifndef SEEDED_H
#define SEEDED_H

/// Makes libsodium draw from splitmix64, started at `seed`, eight little-endian bytes a step.
void seeded_random(unsigned long long seed);

#endif
