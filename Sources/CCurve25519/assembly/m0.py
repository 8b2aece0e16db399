# SPDX-License-Identifier: Apache-2.0
"""The field's operations for the Cortex-M0, whose only multiplication gives the low word of a product. Words are multiplied as halves
of 16 bits, whose products fit. MULS, UXTH, EORS and MOVS with a constant leave the carry alone; shifts do not. High registers hold
operands: they can be copied, and little else. Every function may change all registers but sp."""

from m0_column import Column
from m0_square import absolute_difference, square, square_half
from m0_sums import difference, fold_top, scale_and_add, sum_and_difference
from writer import Function


def multiply_half():
    """Eight words from sp of whoever calls: four words at r1 times four at r2."""
    f = Function("multiply_half")
    f("push {lr}")
    f("ldm r2!, {r4, r5, r6, r7}")
    f("mov r12, r4")
    f("mov lr, r5")
    f("push {r6, r7}")
    f("ldm r1!, {r4, r5, r6, r7}")
    a, b, below = ["r8", "r9", "r10", "r11"], ["r12", "lr", 0, 4], 12
    for high, low in zip(a, ("r4", "r5", "r6", "r7")):
        f(f"mov {high}, {low}")
    c = ["r0", "r1", "r2"]
    for k in range(7):
        column = Column(f, c)
        for i in range(max(0, k - 3), min(k, 3) + 1):
            column.add_product(a[i], b[k - i], k == 0)
        column.combine()
        f(f"str {c[0]}, [sp, #{below + 4 * k}]")
        c = [c[1], c[2], c[0]]
        f(f"movs {c[2]}, #0")
    f.lines.pop()  # nothing is added any more
    f(f"str {c[0]}, [sp, #{below + 28}]")
    f("add sp, sp, #8")
    f("pop {pc}")
    return f


def fold(f, high, low, result_at):
    """r = t + 38 (t >> 256), where the words from 8 up lie at sp + `high` and the others at sp + `low`."""
    f.note("2^256 = 38, and what stands from bit 255 up counts 19 times: the top word first, then one chain")
    result, factor, zero, x, y, z, carry, top = (f"r{i}" for i in range(8))
    f(f"ldr {result}, [sp, #{result_at}]")
    f(f"movs {factor}, #38")
    f(f"movs {zero}, #0")

    def scaled(limb, x, carry):
        """The low word in y, the high one in x."""
        f(f"ldr {x}, [sp, #{high + 4 * limb}]")
        f(f"uxth {y}, {x}")
        f(f"muls {y}, {factor}, {y}")
        f(f"lsrs {x}, {x}, #16")
        f(f"muls {x}, {factor}, {x}")
        if carry:
            f(f"adds {y}, {y}, {carry}")
        f(f"lsls {z}, {x}, #16")
        f(f"lsrs {x}, {x}, #16")
        f(f"adds {y}, {y}, {z}")
        f(f"adcs {x}, {zero}")
        f(f"ldr {z}, [sp, #{low + 4 * limb}]")
        f(f"adds {y}, {y}, {z}")
        f(f"adcs {x}, {zero}")

    scaled(7, x, None)
    fold_top(f, y, x, z)
    f(f"mov {top}, {y}")
    for i in range(7):
        x, carry = carry, x
        scaled(i, x, carry)
        f(f"str {y}, [{result}, #{4 * i}]")
    f(f"adds {top}, {top}, {x}")
    f(f"str {top}, [{result}, #28]")


def multiply(f):
    """By Karatsuba's way: the low halves L, the high halves H, and the differences of the halves M, whose signs are kept apart."""
    f.entry("field25519_multiply")
    f("push {r0, r1, r2, lr}")
    f("sub sp, sp, #32")
    f("bl multiply_half")
    f(f"ldr r1, [sp, #{A_AT - 64}]")
    f(f"ldr r2, [sp, #{B_AT - 64}]")
    f("adds r1, r1, #16")
    f("adds r2, r2, #16")
    f("sub sp, sp, #32")
    f("bl multiply_half")
    f("sub sp, sp, #32")
    for pointer, place in ((A_AT, 0), (B_AT, 16)):
        f.note("the size of a difference, and in a mask whether it is negative")
        f(f"ldr r1, [sp, #{pointer}]")
        f("ldm r1!, {r2, r3, r4, r5}")
        f("ldm r1, {r0, r1, r6, r7}")
        absolute_difference(f, ["r0", "r1", "r6", "r7"], ["r2", "r3", "r4", "r5"], "r2")
        f(f"add r3, sp, #{place}")
        f("stm r3!, {r0, r1, r6, r7}")
        if place == 0:
            f(f"str r2, [sp, #{A_AT}]")
    f(f"ldr r1, [sp, #{A_AT}]")
    f("eors r1, r2")
    f(f"str r1, [sp, #{B_AT}]")
    f("mov r1, sp")
    f("add r2, sp, #16")
    f("bl multiply_half")
    join(f)


# Where the parts of a product lie from the stack pointer up, then what was pushed: pointers, in the place of the last one the sign
# of M, and the place to return to.
M, H, LOW, RESULT, A_AT, B_AT = 0, 32, 64, 96, 100, 104


def join(f):
    """Joins L, H and M, takes the result below 2^256, and returns."""
    f.label("join")
    f.note("W, the upper half of L plus the lower half of H, stands at words 4 to 7 and at words 8 to 11")
    f(f"add r0, sp, #{LOW + 16}")
    f("ldm r0!, {r4, r5, r6, r7}")
    f(f"add r0, sp, #{H}")
    f("ldm r0, {r0, r1, r2, r3}")
    f("adds r4, r4, r0")
    for x, y in (("r5", "r1"), ("r6", "r2"), ("r7", "r3")):
        f(f"adcs {x}, {y}")
    f("movs r0, #0")
    f("adcs r0, r0")
    f("mov r8, r0")
    f(f"add r0, sp, #{LOW}")
    f("ldm r0, {r0, r1, r2, r3}")
    f("adds r0, r0, r4")
    for x, y in (("r1", "r5"), ("r2", "r6"), ("r3", "r7")):
        f(f"adcs {x}, {y}")
    for i in range(4):
        f(f"str r{i}, [sp, #{LOW + 16 + 4 * i}]")
    for i in range(4):
        f(f"ldr r0, [sp, #{H + 16 + 4 * i}]")
        f(f"adcs r{4 + i}, r0")
    f("movs r0, #0")
    f("adcs r0, r0")
    f("mov r1, r8")
    f("movs r2, #0")
    f("adds r4, r4, r1")
    for x in ("r5", "r6", "r7"):
        f(f"adcs {x}, r2")
    f("adcs r0, r1")
    f.note("less M, or plus M where one difference was negative")
    f(f"ldr r1, [sp, #{B_AT}]")
    f("mvns r1, r1")
    f("lsrs r2, r1, #1")
    for i in range(4):
        f(f"ldr r2, [sp, #{M + 4 * i}]")
        f("eors r2, r1")
        f(f"ldr r3, [sp, #{LOW + 16 + 4 * i}]")
        f("adcs r3, r2")
        f(f"str r3, [sp, #{LOW + 16 + 4 * i}]")
    for i in range(4):
        f(f"ldr r2, [sp, #{M + 16 + 4 * i}]")
        f("eors r2, r1")
        f(f"adcs r{4 + i}, r2")
        f(f"str r{4 + i}, [sp, #{H + 4 * i}]")
    f("adcs r0, r1")
    f("str r0, [sp, #0]")  # for the proof alone, which asks whether words 4 to 11 and this one are what they should
    f("movs r2, #0")
    for i in range(4):
        f(f"ldr r1, [sp, #{H + 16 + 4 * i}]")
        f("adcs r1, r2" if i else "adds r1, r1, r0")
        f(f"str r1, [sp, #{H + 16 + 4 * i}]")
    fold(f, H, LOW, RESULT)
    f("add sp, sp, #108")
    f("pop {pc}")


def products():
    """In one section, for they end in the same way."""
    f = Function("field25519_square_selected")
    square(f)
    multiply(f)
    return f


FUNCTIONS = (multiply_half, square_half, products, sum_and_difference, difference, scale_and_add)
