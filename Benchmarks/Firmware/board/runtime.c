// SPDX-License-Identifier: Apache-2.0
// What compilers expect of a C library, and the three hooks as the images use them.
#include "firmware.h"

// ---- Entropy: a small generator seeded from the storage page, so that runs repeat. Never do this in a product. ----

static uint32_t state[4];

static uint32_t next(void) {
    uint32_t t = state[3], s = state[0];
    t ^= t << 11;
    t ^= t >> 8;
    state[3] = state[2];
    state[2] = state[1];
    state[1] = s;
    return state[0] = t ^ s ^ s >> 19;
}

void hook_random(uint8_t *out, size_t size) {
    if (!(state[0] | state[1] | state[2] | state[3])) {
        const uint32_t *seed = (const uint32_t *)hook_storage();
        for (int i = 0; i < 4; i++) state[i] = seed[i];
    }
    for (uint32_t word = 0; size--; word >>= 8) {
        if (!(word & ~0xFFu)) word = next() | 1u << 31;
        *out++ = (uint8_t)word;
    }
}

void randombytes_buf(void *out, size_t size) { hook_random(out, size); }

// ---- Storage ----

extern const uint8_t storage_page[];

const uint8_t *hook_storage(void) { return storage_page; }

// A product erases and writes a page of flash here; the images only pay for making the bytes.
void hook_store(uint8_t slot, const uint8_t *bytes, size_t size) { (void)slot, (void)bytes, (void)size; }

// ---- The compiler ----

uintptr_t __stack_chk_guard = 0x5AFEC0DE;
void __stack_chk_fail(void) { fail(0xFC); }
void abort(void) { fail(0xFB); }
void sodium_misuse(void) { fail(0xFD); }
