# SPDX-License-Identifier: Apache-2.0
"""Sums, differences and multiples on RV32IM, and what they share with the products."""

from writer import Function

REGISTERS = ([f"s{i}" for i in range(2)] + [f"a{i}" for i in range(8)] + [f"t{i}" for i in range(7)]
             + [f"s{i}" for i in range(2, 12)] + ["ra"])


def add(f, word, term):
    """word += term; gives the carry in a register of its own."""
    carry = f.take()
    f(f"add {word}, {word}, {term}")
    f(f"sltu {carry}, {word}, {term}")
    return carry


def gather(f, into, *carries):
    """Adds carries to a word that has room for them."""
    for carry in carries:
        f(f"add {into}, {into}, {carry}")
        f.give(carry)


def product(f, x, y):
    low, high = f.take(2)
    f(f"mul {low}, {x}, {y}")
    f(f"mulhu {high}, {x}, {y}")
    return low, high


def nineteen(f, q):
    factor = f.take()
    f(f"li {factor}, 19")
    f(f"mul {q}, {q}, {factor}")
    f.give(factor)


def fold_top(f, low, high):
    """Leaves in `low` its 31 bits, and in `high` 19 times what stood above them."""
    bit = f.take()
    f(f"srli {bit}, {low}, 31")
    f(f"slli {high}, {high}, 1")
    f(f"or {high}, {high}, {bit}")
    f(f"slli {low}, {low}, 1")
    f(f"srli {low}, {low}, 1")
    f.give(bit)
    nineteen(f, high)


def scaled(f, word, x, k, carry):
    """word += k x + carry; gives the new carry."""
    low, high = product(f, x, k)
    gather(f, high, add(f, word, low))
    f.give(low)
    if carry:
        gather(f, high, add(f, word, carry))
        f.give(carry)
    return high


def owe(f, top, owed, x, y, bit):
    """The top word of a - b + 2 p, of which bit 255 stays, and what is owed for it: 19 (3 - (a7 - b7 + 2^32 >> 31))."""
    f(f"sub {top}, {x}, {y}")
    f(f"sltu {owed}, {x}, {y}")
    f(f"slli {owed}, {owed}, 1")
    f(f"srli {bit}, {top}, 31")
    f(f"xori {bit}, {bit}, 1")
    f(f"add {owed}, {owed}, {bit}")
    nineteen(f, owed)
    f(f"lui {bit}, 0x80000")
    f(f"or {top}, {top}, {bit}")


def less_owed(f, word, owed, scratch, borrow):
    f(f"sltu {scratch}, {word}, {owed}")
    f(f"sub {word}, {word}, {owed}")
    f(f"add {owed}, {scratch}, {borrow}")


def sum_and_difference():
    f = Function("field25519_sum_and_difference")
    total, less, a, b = "a0", "a1", "a2", "a3"
    f.free = [register for register in REGISTERS if register not in (total, less, a, b, "ra")]
    x, y, top, carry, less_top, owed, bit = f.take(7)
    f(f"lw {x}, 28({a})")
    f(f"lw {y}, 28({b})")
    f.note("the sum's bits from 255 up count 19 times")
    f(f"add {top}, {x}, {y}")
    f(f"sltu {carry}, {top}, {x}")
    fold_top(f, top, carry)
    owe(f, less_top, owed, x, y, bit)
    f.give(x, y, bit)
    for i in range(7):
        x, y, s, d, c = f.take(5)
        f(f"lw {x}, {4 * i}({a})")
        f(f"lw {y}, {4 * i}({b})")
        f(f"sltu {c}, {x}, {y}")
        f(f"sub {d}, {x}, {y}")
        f(f"add {y}, {y}, {x}")
        f(f"sltu {s}, {y}, {x}")
        f(f"add {y}, {y}, {carry}")
        f(f"sltu {carry}, {y}, {carry}")
        f(f"add {carry}, {carry}, {s}")
        f(f"sw {y}, {4 * i}({total})")
        less_owed(f, d, owed, s, c)
        f(f"sw {d}, {4 * i}({less})")
        f.give(x, y, s, d, c)
    f(f"add {top}, {top}, {carry}")
    f(f"sub {less_top}, {less_top}, {owed}")
    f(f"sw {top}, 28({total})")
    f(f"sw {less_top}, 28({less})")
    f("ret")
    return f


def difference():
    f = Function("field25519_difference")
    result, a, b = "a0", "a1", "a2"
    f.free = [register for register in REGISTERS if register not in (result, a, b, "ra")]
    x, y, top, owed, scratch = f.take(5)
    f(f"lw {x}, 28({a})")
    f(f"lw {y}, 28({b})")
    owe(f, top, owed, x, y, scratch)
    for i in range(7):
        f(f"lw {x}, {4 * i}({a})")
        f(f"lw {y}, {4 * i}({b})")
        borrow = f.take()
        f(f"sltu {borrow}, {x}, {y}")
        f(f"sub {x}, {x}, {y}")
        less_owed(f, x, owed, scratch, borrow)
        f(f"sw {x}, {4 * i}({result})")
        f.give(borrow)
    f(f"sub {top}, {top}, {owed}")
    f(f"sw {top}, 28({result})")
    f("ret")
    return f


def scale_and_add():
    f = Function("field25519_scale_and_add")
    f.free = [register for register in REGISTERS if register not in ("a0", "a1", "a2", "a3", "ra")]
    top, x = f.take(2)
    f(f"lw {x}, 28(a1)")
    f(f"lw {top}, 28(a3)")
    carry = scaled(f, top, x, "a2", None)
    fold_top(f, top, carry)
    f.give(x)
    for i in range(7):
        x, word = f.take(2)
        f(f"lw {x}, {4 * i}(a1)")
        f(f"lw {word}, {4 * i}(a3)")
        carry = scaled(f, word, x, "a2", carry)
        f(f"sw {word}, {4 * i}(a0)")
        f.give(x, word)
    f(f"add {top}, {top}, {carry}")
    f(f"sw {top}, 28(a0)")
    f("ret")
    return f
