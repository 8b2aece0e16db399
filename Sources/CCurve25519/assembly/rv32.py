# SPDX-License-Identifier: Apache-2.0
"""The field's operations for RV32IM. There are no flags: a carry is whether a sum is below what was added. Every function may change
all registers but sp, gp and tp."""

from rv32_sums import add, difference, fold_top, gather, product, REGISTERS, scale_and_add, scaled, sum_and_difference
from writer import Function


def row(f, window, a, columns):
    """window += a times the columns, whose carry becomes one word more of the window. A word of it that is None is not there yet."""
    carry = None
    for i, b in enumerate(columns):
        low, high = product(f, a, b)
        if window[i] is None:
            window[i] = low
            if carry:
                gather(f, high, add(f, low, carry))
                f.give(carry)
        else:
            gather(f, high, add(f, window[i], low))
            f.give(low)
            if carry:
                gather(f, high, add(f, window[i], carry))
                f.give(carry)
        carry = high
    window.append(carry)


def fold(f, t, result_at):
    """r = t + 38 (t >> 256), all words of t in registers, but for a number that says where on the stack one lies."""
    f.note("2^256 = 38, and what stands from bit 255 up counts 19 times: the top word first, then one chain")

    def word(i):
        if isinstance(t[i], int):
            place, t[i] = t[i], f.take()
            f(f"lw {t[i]}, {place}(sp)")
        return t[i]

    factor = f.take()
    f(f"li {factor}, 38")
    top = word(7)
    carry = scaled(f, top, word(15), factor, None)
    fold_top(f, top, carry)
    f.give(t[15])
    result = f.take()
    f(f"lw {result}, {result_at}(sp)")
    for i in range(7):
        low = word(i)
        carry = scaled(f, low, word(i + 8), factor, carry)
        f(f"sw {low}, {4 * i}({result})")
        f.give(low, t[i + 8])
    f(f"add {top}, {top}, {carry}")
    f(f"sw {top}, 28({result})")


def load_all(f, base, first=0, count=8):
    words = f.take(count)
    for i, word in enumerate(words):
        f(f"lw {word}, {4 * (first + i)}({base})")
    return words


def enter(f, frame, arguments):
    f.free = [register for register in REGISTERS if register not in arguments and register != "ra"]
    f(f"addi sp, sp, -{frame}")
    f(f"sw ra, {frame - 4}(sp)")
    f(f"sw a0, {frame - 8}(sp)")
    f.give("ra")


def leave(f, frame):
    f(f"lw ra, {frame - 4}(sp)")
    f(f"addi sp, sp, {frame}")
    f("ret")


def multiply():
    f, frame = Function("field25519_multiply"), 48
    enter(f, frame, ("a1", "a2"))
    columns = load_all(f, "a2")
    f.give("a2")
    t, window = {}, [None] * 8
    for i in range(8):
        a = f.take()
        f(f"lw {a}, {4 * i}(a1)")
        if i == 7:
            f.give("a1")
        row(f, window, a, columns)
        f.give(a)
        low = window.pop(0)
        f(f"sw {low}, {4 * i}(sp)")
        f.give(low)
        t[i] = 4 * i
    f.give(*columns)
    t |= {8 + i: word for i, word in enumerate(window)}
    fold(f, t, frame - 8)
    leave(f, frame)
    return f


def square():
    """Word j by twice what stands below it and by itself. Of twice a number, the bit above its words is added as word j or nothing."""
    f, frame = Function("field25519_square"), 16
    enter(f, frame, ("a1",))
    a = load_all(f, "a1")
    f.give("a1")
    f.label("square_loaded")
    t = {}
    low, high = product(f, a[0], a[0])
    f(f"sw {low}, 0(sp)")
    f.give(low)
    t[0], window, bit_below = 0, [high], None
    for j in range(1, 8):
        bit, above = f.take(2)
        f(f"srli {bit}, {a[j - 1]}, 31")
        f(f"mul {above}, {a[j]}, {bit}")
        f(f"slli {a[j - 1]}, {a[j - 1]}, 1")
        if bit_below:
            f(f"or {a[j - 1]}, {a[j - 1]}, {bit_below}")
            f.give(bit_below)
        bit_below, carry = bit, None
        for i in range(j):
            low, high = product(f, a[i], a[j])
            gather(f, high, add(f, window[i], low))
            f.give(low)
            if carry:
                gather(f, high, add(f, window[i], carry))
                f.give(carry)
            carry = high
        low, high = product(f, a[j], a[j])
        for term in (above, carry):
            gather(f, high, add(f, low, term))
            f.give(term)
        window += [low, high]
        t[j] = window.pop(0)
        if j == 1:
            f(f"sw {t[1]}, 4(sp)")
            f.give(t[1])
            t[1] = 4
    f.give(bit_below, *a)
    t |= {8 + i: word for i, word in enumerate(window)}
    fold(f, t, frame - 8)
    leave(f, frame)

    f.entry("field25519_square_selected")
    # The words may stand where the arguments came.
    f(f"addi sp, sp, -{frame}")
    f(f"sw ra, {frame - 4}(sp)")
    f(f"sw a0, {frame - 8}(sp)")
    first, second, mask, other = [register for register in ("ra", *REGISTERS) if register not in (*a, "a1", "a2", "a3")][:4]
    for register, argument in ((first, "a1"), (second, "a2"), (mask, "a3")):
        f(f"mv {register}, {argument}")
    for i, word in enumerate(a):
        f(f"lw {word}, {4 * i}({first})")
        f(f"lw {other}, {4 * i}({second})")
        f(f"xor {other}, {other}, {word}")
        f(f"and {other}, {other}, {mask}")
        f(f"xor {word}, {word}, {other}")
    f("j square_loaded")
    return f


FUNCTIONS = (multiply, square, sum_and_difference, difference, scale_and_add)
