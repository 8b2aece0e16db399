// SPDX-License-Identifier: Apache-2.0
// Counts the heap allocations of one thread, by standing in front of the C library's malloc.

#ifndef COUNTERSIGN_ALLOCATION_COUNTER_H
#define COUNTERSIGN_ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/// Whether allocations can be counted: not where a sanitizer has malloc for itself, and only on glibc.
bool allocation_counter_is_available(void);

/// Starts counting the calling thread's allocations, from zero.
void allocation_counter_start(void);

/// Stops counting and returns the number of allocations since the start.
int64_t allocation_counter_stop(void);

/// Leaves out what follows on the calling thread, until it is told to go on; whether it was counting.
bool allocation_counter_pause(void);
void allocation_counter_resume(bool was_counting);

#endif
