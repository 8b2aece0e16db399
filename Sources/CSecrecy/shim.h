// SPDX-License-Identifier: Apache-2.0
/* What Swift cannot call by itself: prctl takes any number of arguments, and Swift has no name for malloc's own header. */
#ifndef COUNTERSIGN_CSECRECY_H
#define COUNTERSIGN_CSECRECY_H

#include <stddef.h>
#include <sys/mman.h>

#if defined(__linux__)
#include <malloc.h>
#include <sys/prctl.h>

static inline int countersign_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
static inline size_t countersign_allocated_size(void *memory) { return malloc_usable_size(memory); }
static inline int countersign_leave_out_of_dumps(void *start, size_t count, int leave_out) {
  return madvise(start, count, leave_out ? MADV_DONTDUMP : MADV_DODUMP);
}
#else
#include <malloc/malloc.h>

static inline int countersign_forbid_dumps(void) { return 0; }
static inline size_t countersign_allocated_size(void *memory) { return malloc_size(memory); }
static inline int countersign_leave_out_of_dumps(void *start, size_t count, int leave_out) {
  (void)start, (void)count, (void)leave_out;
  return 0;
}
#endif

#endif
