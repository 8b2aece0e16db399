// SPDX-License-Identifier: Apache-2.0
// From reset to `main` on a Cortex-M: the processor loads the stack pointer from the first word and jumps to the second.
#include <stdint.h>
#include <string.h>
#include "firmware.h"

extern uint8_t stack_top[], data_load[], data_start[], data_end[], bss_start[], bss_end[];
int main(void);

void reset(void) {
    memcpy(data_start, data_load, (size_t)(data_end - data_start));
    memset(bss_start, 0, (size_t)(bss_end - bss_start));
    main();
}

static void fault(void) { fail(0xFA); }

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stack_top, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
    0, 0, 0, 0, (void *)fault, (void *)fault, 0, (void *)fault, (void *)fault,
};
