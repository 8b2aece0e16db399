// SPDX-License-Identifier: Apache-2.0
#include "memcheck_requests.h"

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>

bool memcheck_is_running(void) { return RUNNING_ON_VALGRIND != 0; }
void memcheck_make_secret(const void *bytes, size_t count) { (void)VALGRIND_MAKE_MEM_UNDEFINED(bytes, count); }
void memcheck_make_public(const void *bytes, size_t count) { (void)VALGRIND_MAKE_MEM_DEFINED(bytes, count); }
size_t memcheck_leaks(void) { return VALGRIND_COUNT_ERRORS; }

#else

bool memcheck_is_running(void) { return false; }
void memcheck_make_secret(const void *bytes, size_t count) { (void)bytes, (void)count; }
void memcheck_make_public(const void *bytes, size_t count) { (void)bytes, (void)count; }
size_t memcheck_leaks(void) { return 0; }

#endif

__attribute__((noinline)) bool memcheck_leaky_equals(const unsigned char *a, const unsigned char *b, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

__attribute__((noinline)) unsigned char memcheck_leaky_lookup(unsigned char secret) {
  static volatile unsigned char table[256];
  return table[secret];
}
