# SPDX-License-Identifier: Apache-2.0
"""The field's operations for the Cortex-M4, and other cores with UMAAL (r1:r0 = a b + r0 + r1, which never overflows).

UMAAL touches no flags, so a chain of them may run beside one of carries. Every function may change all registers but sp."""

from m4_sums import difference, fold_top, load, REGISTERS, scale_and_add, sum_and_difference
from writer import Function


def row(f, window, carry, a, columns, done):
    """window + carry += a times the columns; the carry becomes the window's last word. Its first is finished: `done` gets it."""
    for w, b in zip(window, columns):
        f(f"umaal {w}, {carry}, {a}, {b}")
        if w is window[0]:
            done(w)
    return [*window[1:], carry]


def first_row(f, low, a, columns, done):
    """As `row`, where the window is empty. `low` is added, unless it is None."""
    if low is None:
        low, window = f.take(), [f.take()]
        f(f"umull {low}, {window[0]}, {a}, {columns[0]}")
    else:
        window = [cleared(f)]
        f(f"umlal {low}, {window[0]}, {a}, {columns[0]}")
    done(low)
    for b in columns[1:]:
        window.append(cleared(f))
        f(f"umlal {window[-2]}, {window[-1]}, {a}, {b}")
    return window


def cleared(f):
    register = f.take()
    f(f"mov {register}, #0")
    return register


def fold(f, kept, result_at):
    """r = t + 38 (t >> 256), where `kept` are words of t in registers and the others lie at sp, each in its place. The result's address
    lies at sp + `result_at`."""
    f.note("2^256 = 38, and what stands from bit 255 up counts 19 times: the top word first, then one chain")
    f.free = [r for r in REGISTERS if r not in kept.values()]
    thirty_eight, carry, top, result = f.take(4)
    f(f"ldr {top}, [sp, #{4 * 7}]")
    f(f"ldr {result}, [sp, #{result_at}]")
    f(f"mov {thirty_eight}, #38")
    f(f"mov {carry}, #0")
    f(f"umaal {top}, {carry}, {kept[15]}, {thirty_eight}")
    fold_top(f, top, carry, kept[15])
    f.give(kept[15])
    j = 0
    while j < 7:
        # As many limbs at once as there are registers for.
        wanted, last = [], j
        while last < 7:
            more = [i for i in (last, last + 8) if i not in kept]
            if len(wanted) + len(more) > len(f.free):
                break
            wanted += more
            last += 1
        for i in wanted:
            kept[i] = f.take()
            f(f"ldr {kept[i]}, [sp, #{4 * i}]")
        for i in range(j, last):
            f(f"umaal {kept[i]}, {carry}, {kept[i + 8]}, {thirty_eight}")
            f(f"str {kept[i]}, [{result}, #{4 * i}]")
            f.give(kept.pop(i), kept.pop(i + 8))
        j = last
    f(f"add {top}, {top}, {carry}")
    f(f"str {top}, [{result}, #28]")


def store(f, word, limb):
    f(f"str {word}, [sp, #{4 * limb}]")
    f.give(word)


def enter(f, frame):
    """The words that find no register lie at sp; behind them the result's address and the return address."""
    f("push {r0, lr}")
    f(f"sub sp, sp, #{frame}")


def leave(f, frame):
    f(f"add sp, sp, #{frame + 4}")
    f("pop {pc}")


def multiply():
    f, frame = Function("field25519_multiply"), 32
    enter(f, frame)
    a, b = "r1", "r2"
    f.free = [register for register in REGISTERS if register not in (a, b)]
    f.note("all words of a by the first five of b")
    columns = ["r3", "r4", "r5", "r6", "r7"]
    f(f"ldm {b}!, {{{', '.join(columns)}}}")
    f.free = [register for register in f.free if register not in columns]
    window = None
    for i in range(8):
        word = f.take()
        load(f, [word], a, i)
        done = lambda low: store(f, low, i)
        window = row(f, window, cleared(f), word, columns, done) if window else first_row(f, None, word, columns, done)
        f.give(word)
    f.note("all words of a by the other three, and what has come so far on the way")
    f.give(*columns)
    columns = f.take(3)
    load(f, columns, b, 0)
    f.give(b)
    before, window, kept = window, None, {}
    for i in range(8):
        limb = i + 5
        word = f.take()
        f(f"ldr {word}, [{a}, #{4 * i}]")
        if i == 7:
            f.give(a)
        if limb < 8:
            carry = f.take()
            f(f"ldr {carry}, [sp, #{4 * limb}]")
        else:
            carry = before.pop(0)
        done = lambda low: store(f, low, limb) if limb < 8 else kept.update({limb: low})
        window = row(f, window, carry, word, columns, done) if window else first_row(f, carry, word, columns, done)
        f.give(word)
    kept |= {13 + i: word for i, word in enumerate(window)}
    fold(f, kept, frame)
    leave(f, frame)
    return f


# Words of the square's frame: 0 to 7 are limbs.
DOUBLED_4, AND_5, SELECTED_5, SQUARE_FRAME = 8, 9, 10, 52


def square():
    """Word j by twice what stands below it and by itself. Of twice a number, the bit above its words is added as word j or nothing:
    AND with the sign of the word below."""
    f = Function("field25519_square")
    enter(f, SQUARE_FRAME)
    a = ["r2", "r3", "r4", "r5", "r6"]
    f(f"ldm r1!, {{{', '.join(a)}}}")
    f.label("square_loaded")
    f.free = ["r0", "r7", "r8", "r9", "r10", "r11", "r12", "lr"]

    def bit_above(word, below):
        register = f.take()
        f(f"and {register}, {word}, {below}, asr #31")
        return register

    f.note("words 0 to 4 among themselves; each is doubled in its place when it has been squared")
    low, high = f.take(2)
    f(f"umull {low}, {high}, {a[0]}, {a[0]}")
    store(f, low, 0)
    window = [high]
    for j in range(1, 5):
        window.append(bit_above(a[j], a[j - 1]))
        f(f"{'adcs' if j > 1 else 'adds'} {a[j - 1]}, {a[j - 1]}, {a[j - 1]}")
        carry = cleared(f)
        for i in range(j):
            f(f"umaal {window[i]}, {carry}, {a[i]}, {a[j]}")
            if i == 0:
                store(f, window[0], j)
        f(f"umaal {window[j]}, {carry}, {a[j]}, {a[j]}")
        window = [*window[1:], carry]
    f.note("twice words 0 to 4 by words 5 to 7")
    columns = f.take(3)
    load(f, columns, "r1", 0)
    f.give("r1")
    above = bit_above(columns[0], a[4])
    store(f, above, AND_5)
    f(f"adcs {a[4]}, {a[4]}, {a[4]}")
    store(f, a[4], DOUBLED_4)
    before, window, kept = window, None, {}
    for i in range(5):
        word, limb = a[i], i + 5
        if i == 4:
            word = f.take()
            f(f"ldr {word}, [sp, #{4 * DOUBLED_4}]")
        done = lambda low: store(f, low, limb) if limb < 8 else kept.update({limb: low})
        carry = before.pop(0)
        window = row(f, window, carry, word, columns, done) if window else first_row(f, carry, word, columns, done)
        f.give(word)
    f.note("words 5 to 7 among themselves")
    five, six, seven = columns
    carry, doubled = f.take(2)
    f(f"ldr {carry}, [sp, #{4 * AND_5}]")
    f(f"adcs {doubled}, {five}, {five}")
    for word, x, y in zip(window, (five, doubled, doubled), (five, six, seven)):
        f(f"umaal {word}, {carry}, {x}, {y}")
    window.append(carry)
    carry = bit_above(six, five)
    f(f"adcs {doubled}, {six}, {six}")
    f(f"umaal {window[2]}, {carry}, {six}, {six}")
    f(f"umaal {window[3]}, {carry}, {doubled}, {seven}")
    top = bit_above(seven, six)
    f(f"umaal {carry}, {top}, {seven}, {seven}")
    kept |= {10 + i: word for i, word in enumerate([*window, carry, top])}
    fold(f, kept, SQUARE_FRAME)
    leave(f, SQUARE_FRAME)

    f.note("The choice is made by SEL, byte by byte, after UADD8 has set its four flags from the mask.")
    f.entry("field25519_square_selected")
    enter(f, SQUARE_FRAME)
    f("uadd8 r3, r3, r3")
    ours, others = ["r4", "r5", "r6"], ["r7", "r8", "r9"]
    load(f, ours, "r1", 5)
    load(f, others, "r2", 5)
    for i, (x, y) in enumerate(zip(ours, others)):
        f(f"sel {x}, {y}, {x}")
        f(f"str {x}, [sp, #{4 * (SELECTED_5 + i)}]")
    others = ["r7", "r8", "r9", "r10", "r11"]
    f(f"ldm r2, {{{', '.join(others)}}}")
    f(f"ldm r1, {{{', '.join(a)}}}")
    for x, y in zip(a, others):
        f(f"sel {x}, {y}, {x}")
    f(f"add r1, sp, #{4 * SELECTED_5}")
    f("b square_loaded")
    return f


FUNCTIONS = (multiply, square, sum_and_difference, difference, scale_and_add)
