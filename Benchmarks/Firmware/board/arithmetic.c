// SPDX-License-Identifier: Apache-2.0
// The few calls that compilers make to their own helper library, so that none has to be linked. None sees a secret: shift
// amounts and bit counts are public wherever they occur. The one that does see secrets, multiplication, is in lmul.S.
#include <stdint.h>

#ifdef __arm__
#define SHIFT_LEFT __aeabi_llsl
#define SHIFT_RIGHT __aeabi_llsr
#else
#define SHIFT_LEFT __ashldi3
#define SHIFT_RIGHT __lshrdi3
#endif

static uint64_t join(uint32_t high, uint32_t low) { return (uint64_t)high << 32 | low; }

uint64_t SHIFT_LEFT(uint64_t value, int amount) {
    uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
    if (amount >= 32) return join(low << (amount - 32), 0);
    if (amount == 0) return value;
    return join(high << amount | low >> (32 - amount), low << amount);
}

uint64_t SHIFT_RIGHT(uint64_t value, int amount) {
    uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
    if (amount >= 32) return join(0, high >> (amount - 32));
    if (amount == 0) return value;
    return join(high >> amount, low >> amount | high << (32 - amount));
}

// Leading zero bits of a word, for the Cortex-M0 and RV32IMC, which have no instruction for it.
int __clzsi2(uint32_t value) {
    int count = 32;
    for (int step = 16; step; step >>= 1) {
        if (!(value >> step)) continue;
        count -= step;
        value >>= step;
    }
    return count - (int)value;
}
