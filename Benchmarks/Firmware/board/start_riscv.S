// SPDX-License-Identifier: Apache-2.0
// From reset to `main` on RV32: global pointer, stack pointer, trap vector, then the two data sections.
.section .vectors, "ax"
.globl reset
reset:
.option push
.option norelax
    la gp, __global_pointer$
.option pop
    la sp, stack_top
    la t0, trap
    csrw mtvec, t0
    la a0, data_start
    la a1, data_load
    la a2, data_end
    sub a2, a2, a0
    call memcpy
    la a0, bss_start
    li a1, 0
    la a2, bss_end
    sub a2, a2, a0
    call memset
    call main

.balign 4
trap:
    li a0, 0xFA
    call fail
