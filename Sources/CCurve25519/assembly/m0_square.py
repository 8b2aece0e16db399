# SPDX-License-Identifier: Apache-2.0
"""Squares on the Cortex-M0, by Karatsuba's way twice: (L + H)^2 has between its outer parts L^2 + H^2 - (L - H)^2."""

import m0_words
from writer import Function


def absolute_difference(f, a, b, mask):
    """The words a become the size of a - b, and `mask` says whether that was negative."""
    for i, (x, y) in enumerate(zip(a, b)):
        f(f"sbcs {x}, {y}" if i else f"subs {x}, {x}, {y}")
    f(f"sbcs {mask}, {mask}")
    for x in a:
        f(f"eors {x}, {mask}")
    for i, x in enumerate(a):
        f(f"sbcs {x}, {mask}" if i else f"subs {x}, {x}, {mask}")


def square_pair(f):
    """r0, r1, r3, r5 = the square of r7, r6."""
    f("mov r0, r6")
    f("mov r1, r7")
    m0_words.product(f, "r0", "r1", "r4", "r2", "r3")
    m0_words.square(f, "r6", "r0", "r1", "r3")
    m0_words.square(f, "r7", "r3", "r5", "r6")
    f("movs r6, #0")
    for _ in range(2):
        f("adds r1, r1, r4")
        f("adcs r3, r2")
        f("adcs r5, r6")


def square_half():
    """Eight words from sp of whoever calls: the square of four words at r1."""
    f = Function("square_half")
    f("ldm r1!, {r4, r5, r6, r7}")
    kept = ["r8", "r9", "r10", "r11"]
    for high, low in zip(kept, ("r4", "r5", "r6", "r7")):
        f(f"mov {high}, {low}")
    square_pair(f)
    f("add r7, sp, #16")
    f("stm r7!, {r0, r1, r3, r5}")
    f("mov r6, r8")
    f("mov r7, r9")
    square_pair(f)
    f("mov r7, sp")
    f("stm r7!, {r0, r1, r3, r5}")
    for low, high in zip(("r6", "r7", "r0", "r1"), kept):
        f(f"mov {low}, {high}")
    absolute_difference(f, ["r6", "r7"], ["r0", "r1"], "r2")
    square_pair(f)
    for high, low in zip(kept, ("r0", "r1", "r3", "r5")):
        f(f"mov {high}, {low}")
    f.note("the upper half of L^2 plus the lower half of H^2 stands twice")
    f("add r0, sp, #8")
    f("ldm r0, {r0, r1, r2, r3}")
    f("adds r0, r0, r2")
    f("adcs r1, r3")
    f("movs r2, #0")
    f("adcs r2, r2")
    f("ldr r4, [sp, #0]")
    f("adds r4, r4, r0")
    f("ldr r5, [sp, #4]")
    f("adcs r5, r1")
    f("ldr r6, [sp, #24]")
    f("adcs r6, r0")
    f("ldr r7, [sp, #28]")
    f("adcs r7, r1")
    f("movs r3, #0")
    f("adcs r3, r2")
    f("movs r1, #0")
    f("adds r6, r6, r2")
    f("adcs r7, r1")
    f("adcs r3, r1")
    f.note("less (L - H)^2")
    for i, (x, high) in enumerate(zip(("r4", "r5", "r6", "r7"), kept)):
        f(f"mov r0, {high}")
        f(f"sbcs {x}, r0" if i else f"subs {x}, {x}, r0")
    f("sbcs r3, r1")
    f("add r0, sp, #8")
    f("stm r0!, {r4, r5, r6, r7}")
    f("ldr r4, [r0, #0]")
    f("ldr r5, [r0, #4]")
    f("adds r4, r4, r3")
    f("adcs r5, r1")
    f("stm r0!, {r4, r5}")
    f("bx lr")
    return f


def square(f):
    """And of one of two, which a mask chooses. The parts are joined as in a multiplication."""
    for _ in range(4):
        f("ldm r1!, {r4, r5}")
        f("ldm r2!, {r6, r7}")
        for x, y in (("r4", "r6"), ("r5", "r7")):
            f(f"eors {y}, {x}")
            f(f"ands {y}, r3")
            f(f"eors {x}, {y}")
        f("stm r0!, {r4, r5}")
    f("subs r0, #32")
    f("mov r1, r0")
    f.entry("field25519_square")
    f("movs r2, #0")  # the sign of what is subtracted
    f("push {r0, r1, r2, lr}")
    f("sub sp, sp, #32")
    f("bl square_half")
    f("ldr r1, [sp, #36]")
    f("adds r1, r1, #16")
    f("sub sp, sp, #32")
    f("bl square_half")
    f("sub sp, sp, #32")
    f("ldr r1, [sp, #100]")
    f("ldm r1!, {r2, r3, r4, r5}")
    f("ldm r1, {r0, r1, r6, r7}")
    absolute_difference(f, ["r0", "r1", "r6", "r7"], ["r2", "r3", "r4", "r5"], "r2")
    f("add r3, sp, #16")
    f("stm r3!, {r0, r1, r6, r7}")
    f("add r1, sp, #16")
    f("bl square_half")
    f("b join")
