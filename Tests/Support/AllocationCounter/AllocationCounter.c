// SPDX-License-Identifier: Apache-2.0
#include "AllocationCounter.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define COUNTERSIGN_SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(COUNTERSIGN_SANITIZED)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

// One counter a thread, so that tests running beside this one are not counted. The flag keeps the wrapper cheap.
static __thread bool counting;
static __thread int64_t allocations;

static inline void note(void) {
  if (counting) allocations++;
}

void *malloc(size_t size) {
  note();
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  note();
  return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
  note();
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  note();
  void *memory = __libc_memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *result = memory;
  return 0;
}

bool allocation_counter_is_available(void) { return true; }

void allocation_counter_start(void) {
  allocations = 0;
  counting = true;
}

int64_t allocation_counter_stop(void) {
  counting = false;
  return allocations;
}

bool allocation_counter_pause(void) {
  const bool was_counting = counting;
  counting = false;
  return was_counting;
}

void allocation_counter_resume(bool was_counting) { counting = was_counting; }

#else

bool allocation_counter_is_available(void) { return false; }
void allocation_counter_start(void) {}
int64_t allocation_counter_stop(void) { return 0; }
bool allocation_counter_pause(void) { return false; }
void allocation_counter_resume(bool was_counting) { (void)was_counting; }

#endif
