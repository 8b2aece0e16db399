// SPDX-License-Identifier: Apache-2.0
// 64-bit multiplication on ARMv6-M, which has only 32 x 32 -> 32. The compiler's helper library branches on a carry, so
// that the time of every field multiplication would depend on the secret; this has no branch.
// r1:r0 = r1:r0 * r3:r2
.syntax unified
.cpu cortex-m0
.thumb
.section .text.__aeabi_lmul, "ax"
.globl __aeabi_lmul
.type __aeabi_lmul, %function
.thumb_func
__aeabi_lmul:
    push {r4, r5, lr}
    muls r1, r2, r1         // the two cross products reach only the high word
    muls r3, r0, r3
    adds r1, r1, r3
    lsrs r3, r0, #16        // halves of the low words: r3:r0 and r4:r2
    lsrs r4, r2, #16
    uxth r0, r0
    uxth r2, r2
    mov  r5, r0
    muls r5, r2, r5         // low * low
    muls r0, r4, r0         // low * high
    muls r2, r3, r2         // high * low
    muls r3, r4, r3         // high * high
    adds r0, r0, r2         // the middle sum, whose carry weighs 2^48
    movs r2, #0
    adcs r2, r2
    lsls r2, r2, #16
    adds r3, r3, r2
    lsrs r2, r0, #16
    adds r3, r3, r2
    lsls r0, r0, #16
    adds r0, r0, r5
    adcs r1, r3
    pop  {r4, r5, pc}
