// SPDX-License-Identifier: Apache-2.0
// blst as Scripts/get-blst builds it: the group and the pairing of BLS12-381.

#ifndef COUNTERSIGN_CBLST_SHIM_H
#define COUNTERSIGN_CBLST_SHIM_H

#include <stdint.h>
#include <string.h>

#include <blst.h>
#include <blst_aux.h>

// blst leaves intermediate results on the stack, which may lead to a key. What lies below is overwritten: its deepest function,
// multiplication in G2, takes 21 KB.
static __attribute__((noinline, unused)) void countersign_clear_stack(void) {
  uint8_t room[32 * 1024];
  memset(room, 0, sizeof room);
  __asm__ volatile("" : : "r"(room) : "memory");
}

#endif
