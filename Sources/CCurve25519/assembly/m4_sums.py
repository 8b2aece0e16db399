# SPDX-License-Identifier: Apache-2.0
"""Sums, differences and multiples on the Cortex-M4."""

from writer import Function

REGISTERS = [f"r{i}" for i in range(13)] + ["lr"]


def load(f, registers, base, first):
    """Loads that follow each other overlap: one more cycle for all of them."""
    for i, register in enumerate(registers):
        f(f"ldr {register}, [{base}, #{4 * (first + i)}]")


def nineteen(f, result, q, scratch):
    f(f"add {scratch}, {q}, {q}, lsl #1")
    f(f"add {result}, {scratch}, {q}, lsl #4")


def fold_top(f, low, high, scratch):
    """Leaves in `low` its 31 bits, and in `high` 19 times what stood above them."""
    f(f"lsl {high}, {high}, #1")
    f(f"add {high}, {high}, {low}, lsr #31")
    f(f"bic {low}, {low}, #0x80000000")
    nineteen(f, high, high, scratch)


def nineteen_of_top(f, top, count, scratch):
    """`count` = 19 times twice the carry and the top bit of `top`."""
    f(f"rrx {count}, {top}")
    f(f"lsr {count}, {count}, #30")
    nineteen(f, count, count, scratch)


def owe(f, top, owed, x, y, scratch):
    """The top word of a - b + 2 p, of which bit 255 stays, and what is owed for it: 19 (3 - (a7 - b7 + 2^32 >> 31))."""
    f(f"subs {top}, {x}, {y}")
    f(f"rrx {owed}, {top}")
    f(f"lsr {owed}, {owed}, #30")
    f(f"rsb {owed}, {owed}, #3")
    nineteen(f, owed, owed, scratch)
    f(f"orr {top}, {top}, #0x80000000")


def sum_and_difference():
    f = Function("field25519_sum_and_difference")
    total, less, a, b = "r0", "r1", "r2", "r3"
    one, zero, carry, owed, top, less_top, x, y, t = [f"r{i}" for i in range(4, 13)]
    load(f, [x], a, 7)
    load(f, [y], b, 7)
    f.note("the sum's bits from 255 up count 19 times")
    f(f"adds {top}, {x}, {y}")
    nineteen_of_top(f, top, carry, t)
    f(f"bic {top}, {top}, #0x80000000")
    owe(f, less_top, owed, x, y, t)
    f(f"mov {one}, #1")
    f(f"mov {zero}, #0")
    for i in range(7):
        load(f, [x], a, i)
        load(f, [y], b, i)
        f(f"mov {t}, {x}")
        f(f"umaal {t}, {carry}, {y}, {one}")
        f(f"umaal {y}, {owed}, {zero}, {zero}")
        f(f"{'sbcs' if i else 'subs'} {x}, {x}, {y}")
        f(f"str {t}, [{total}, #{4 * i}]")
        f(f"str {x}, [{less}, #{4 * i}]")
    f(f"sbc {less_top}, {less_top}, {owed}")
    f(f"add {top}, {top}, {carry}")
    f(f"str {top}, [{total}, #28]")
    f(f"str {less_top}, [{less}, #28]")
    f("bx lr")
    return f


def difference():
    f = Function("field25519_difference")
    result, a, b, owed, top, zero = [f"r{i}" for i in range(6)]
    f.free = [f"r{i}" for i in range(6, 13)]
    x, y, t = f.take(3)
    load(f, [x], a, 7)
    load(f, [y], b, 7)
    owe(f, top, owed, x, y, t)
    f.give(x, y, t)
    f(f"mov {zero}, #0")
    for first, count in ((0, 3), (3, 3), (6, 1)):
        xs, ys = f.take(count), f.take(count)
        load(f, xs, a, first)
        load(f, ys, b, first)
        for i, (x, y) in enumerate(zip(xs, ys)):
            f(f"umaal {y}, {owed}, {zero}, {zero}")
            f(f"{'sbcs' if first + i else 'subs'} {x}, {x}, {y}")
            f(f"str {x}, [{result}, #{4 * (first + i)}]")
        f.give(*xs, *ys)
    f(f"sbc {top}, {top}, {owed}")
    f(f"str {top}, [{result}, #28]")
    f("bx lr")
    return f


def scale_and_add():
    f = Function("field25519_scale_and_add")
    result, a, k, b = "r0", "r1", "r2", "r3"
    f.free = [f"r{i}" for i in range(4, 13)]
    top, carry, x = f.take(), f.take(), f.take()
    load(f, [x], a, 7)
    load(f, [top], b, 7)
    f(f"mov {carry}, #0")
    f(f"umaal {top}, {carry}, {x}, {k}")
    fold_top(f, top, carry, x)
    f.give(x)
    for first, count in ((0, 3), (3, 3), (6, 1)):
        xs, ys = f.take(count), f.take(count)
        load(f, xs, a, first)
        load(f, ys, b, first)
        for i in range(count):
            f(f"umaal {ys[i]}, {carry}, {xs[i]}, {k}")
            f(f"str {ys[i]}, [{result}, #{4 * (first + i)}]")
        f.give(*xs, *ys)
    f(f"add {top}, {top}, {carry}")
    f(f"str {top}, [{result}, #28]")
    f("bx lr")
    return f
