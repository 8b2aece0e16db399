# SPDX-License-Identifier: Apache-2.0
"""Sums, differences and multiples on the Cortex-M0."""

from writer import Function


def fold_top(f, low, high, scratch):
    """Leaves in `low` its 31 bits, and in `high` 19 times what stood above them."""
    f(f"lsls {high}, {high}, #1")
    f(f"lsrs {scratch}, {low}, #31")
    f(f"orrs {high}, {scratch}")
    f(f"lsls {low}, {low}, #1")
    f(f"lsrs {low}, {low}, #1")
    f(f"movs {scratch}, #19")
    f(f"muls {high}, {scratch}, {high}")


GROUPS = ((0, 3), (3, 3), (6, 2))


def subtract(f):
    """The eight words at r1 become those at r2 less those at r3, which may be the same places. Leaves r7 = 0."""
    for first, count in GROUPS:
        xs, ys = ["r4", "r5", "r6"][:count], ["r0", "r7"]
        f(f"ldm r2!, {{{', '.join(xs)}}}")
        for i, x in enumerate(xs):
            y = ys[i % 2]
            f(f"ldm r3!, {{{y}}}")
            f(f"sbcs {x}, {y}" if first + i else f"subs {x}, {x}, {y}")
        f(f"stm r1!, {{{', '.join(xs)}}}")
    f.note("a - b + 2 p, of which bit 255 stays: less 19 (3 - (a - b + 2^256 >> 255))")
    f("sbcs r4, r4")               # -1 where it is negative
    f("lsrs r7, r5, #31")          # the top word is r5
    f("movs r6, #1")
    f("adds r4, r4, r4")
    f("subs r6, r6, r7")
    f("subs r6, r6, r4")
    f("movs r7, #19")
    f("muls r6, r7, r6")
    f("lsls r5, r5, #1")
    f("lsrs r5, r5, #1")
    f("movs r7, #1")
    f("lsls r7, r7, #31")
    f("orrs r5, r7")
    f("subs r1, r1, #32")
    f("str r5, [r1, #28]")
    f("movs r7, #0")
    f("mov r0, r1")
    for half in (0, 1):
        f("ldm r0!, {r2, r3, r4, r5}")
        f("subs r2, r2, r6" if not half else "sbcs r2, r7")
        for x in ("r3", "r4", "r5"):
            f(f"sbcs {x}, r7")
        f("stm r1!, {r2, r3, r4, r5}")


def sum_and_difference():
    f = Function("field25519_sum_and_difference")
    f("sub sp, sp, #32")
    f("mov r8, r0")
    f("mov r9, r1")
    f("mov r10, r2")
    f("mov r11, r3")
    f.note("the sum, for now on the stack, for it may belong where an operand stands")
    for first, count in GROUPS:
        xs, ys = ["r4", "r5", "r6"][:count], ["r0", "r1", "r7"][:count]
        f(f"ldm r2!, {{{', '.join(xs)}}}")
        f(f"ldm r3!, {{{', '.join(ys)}}}")
        for i, (x, y) in enumerate(zip(xs, ys)):
            f(f"adcs {x}, {y}" if first + i else f"adds {x}, {x}, {y}")
        for i, x in enumerate(xs):
            f(f"str {x}, [sp, #{4 * (first + i)}]")
    f("movs r7, #0")
    f("adcs r7, r7")
    f("mov r12, r7")
    f.note("the difference in its place")
    f("mov r1, r9")
    f("mov r2, r10")
    f("mov r3, r11")
    subtract(f)
    f.note("the sum's bits from 255 up count 19 times")
    f("mov r1, r8")
    f("mov r6, r12")
    f("ldr r5, [sp, #28]")
    fold_top(f, "r5", "r6", "r4")
    f("str r5, [sp, #28]")
    f("mov r0, sp")
    for half in (0, 1):
        f("ldm r0!, {r2, r3, r4, r5}")
        f("adds r2, r2, r6" if not half else "adcs r2, r7")
        for x in ("r3", "r4", "r5"):
            f(f"adcs {x}, r7")
        f("stm r1!, {r2, r3, r4, r5}")
    f("add sp, sp, #32")
    f("bx lr")
    return f


def difference():
    f = Function("field25519_difference")
    f("mov r3, r2")
    f("mov r2, r1")
    f("mov r1, r0")
    subtract(f)
    f("bx lr")
    return f


def scale_and_add():
    """The factor has 17 bits: sixteen, and a mask for the other one."""
    f = Function("field25519_scale_and_add")
    f("push {r0, lr}")
    f("uxth r4, r2")
    f("mov r8, r4")
    f("lsrs r2, r2, #16")
    f("rsbs r2, r2, #0")
    f("mov r9, r2")
    low, high, x, y = "r4", "r5", "r6", "r7"

    def scaled(limb, carry):
        """Of r1's and r3's words; the result's two words in `low` and `high`."""
        f(f"ldr {x}, [r1, #{4 * limb}]")
        f(f"lsrs {high}, {x}, #16")
        f(f"uxth {low}, {x}")
        f(f"mov {x}, r9")
        f(f"mov {y}, {x}")
        f(f"ands {x}, {low}")
        f(f"ands {y}, {high}")
        f(f"mov r2, r8")
        f(f"muls {low}, r2, {low}")
        f(f"muls {high}, r2, {high}")
        f(f"adds {high}, {high}, {x}")
        f(f"lsls {x}, {high}, #16")
        f(f"lsrs {high}, {high}, #16")
        f(f"adds {high}, {high}, {y}")
        f(f"movs {y}, #0")
        f(f"adds {low}, {low}, {x}")
        f(f"adcs {high}, {y}")
        f(f"ldr {x}, [r3, #{4 * limb}]")
        f(f"adds {low}, {low}, {x}")
        f(f"adcs {high}, {y}")
        if carry:
            f(f"mov {x}, {carry}")
            f(f"adds {low}, {low}, {x}")
            f(f"adcs {high}, {y}")
        f(f"mov r10, {high}")

    scaled(7, None)
    fold_top(f, low, high, x)
    f(f"mov r10, {high}")
    f(f"mov r11, {low}")
    for i in range(7):
        scaled(i, "r10")
        f(f"str {low}, [r0, #{4 * i}]")
    f(f"mov {low}, r11")
    f(f"adds {low}, {low}, {high}")
    f(f"str {low}, [r0, #28]")
    f("pop {r0, pc}")
    return f
