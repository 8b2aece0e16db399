// SPDX-License-Identifier: Apache-2.0
// Deliberately bad firmware, one defect at a time: harness/guards.py demands that each is noticed. The secret is the 32 bytes
// behind the seed on the storage page.
#include <string.h>
#include "firmware.h"

static uint8_t kept[64];

#ifdef HIDES
void marker_begin(void);
#endif

#ifdef ALLOCATES
__attribute__((noinline)) void *malloc(size_t size) { return size < sizeof kept ? kept : 0; }
#endif

#ifdef REPEATS
int crypto_sign_ed25519_verify_detached(const unsigned char *signature, const unsigned char *message, unsigned long long size,
                                        const unsigned char *key);
static const unsigned char nothing[64];
#endif

#ifdef COMPUTES
int crypto_core_ed25519_is_valid_point(const unsigned char *point);
#endif

static void work(const uint8_t *secret) {
    uint8_t copy[32];
    memcpy(copy, secret, sizeof copy);
#ifdef BRANCHES
    for (int bit = 0; bit < 256; bit++)
        if (copy[bit / 8] >> (bit % 8) & 1) __asm__ volatile("nop");
#endif
#ifdef REPEATS
    for (int i = 0; i <= (copy[0] & 1); i++) kept[0] |= (uint8_t)crypto_sign_ed25519_verify_detached(nothing, nothing, 0, nothing);
#endif
#ifdef KEEPS
    memcpy(kept + 5, copy + 11, 15);
#endif
#ifdef ALLOCATES
    volatile uint8_t *place = malloc(sizeof copy);
    *place = 1;
#endif
#ifdef COMPUTES
    static const unsigned char base[32] = {0x58};
    kept[0] = (uint8_t)crypto_core_ed25519_is_valid_point(base);
#endif
    memset(copy, 0, sizeof copy);
    __asm__ volatile("" : : "r"(copy), "r"(kept) : "memory");
}

void image_main(void) {
    op_begin();
    work(hook_storage() + 16);
#ifdef HIDES
    for (int i = 0; i < 10000; i++) __asm__ volatile("nop");
    marker_begin();
#endif
    op_end("work");
    secrets_gone();
}
