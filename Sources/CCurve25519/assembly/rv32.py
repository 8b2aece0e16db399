"""The field's operations for RV32IM. There are no flags: a carry is whether a sum is below what was added. Every function may change
all registers but sp, gp and tp."""

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


def less_owed(f, word, owed, scratch, borrow):
    f(f"sltu {scratch}, {word}, {owed}")
    f(f"sub {word}, {word}, {owed}")
    f(f"add {owed}, {scratch}, {borrow}")


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


FUNCTIONS = (multiply, square, sum_and_difference, difference, scale_and_add)
