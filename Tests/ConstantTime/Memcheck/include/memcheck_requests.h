// SPDX-License-Identifier: Apache-2.0
// Telling valgrind's memcheck which bytes are secret. Its "uninitialised" bytes propagate through arithmetic, and a branch or an
// address that depends on one is reported: what memcheck calls undefined is what a secret has to be for constant-time code.

#ifndef MEMCHECK_REQUESTS_H
#define MEMCHECK_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>

/// Whether the program was built with valgrind's headers and runs under valgrind.
bool memcheck_is_running(void);

/// From here on the bytes are secret.
void memcheck_make_secret(const void *bytes, size_t count);

/// From here on the bytes are public.
void memcheck_make_public(const void *bytes, size_t count);

/// Branches and addresses that depended on a secret, so far.
size_t memcheck_leaks(void);

/// Compares as memcmp does: it stops at the first difference. The harness has to catch it.
bool memcheck_leaky_equals(const unsigned char *a, const unsigned char *b, size_t count);

/// Looks a secret byte up in a table. The harness has to catch it.
unsigned char memcheck_leaky_lookup(unsigned char secret);

#endif
