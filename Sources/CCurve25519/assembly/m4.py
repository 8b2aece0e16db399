"""The field's operations for the Cortex-M4, and other cores with UMAAL (r1:r0 = a b + r0 + r1, which never overflows).

UMAAL touches no flags, so a chain of them may run beside one of carries. Every function may change all registers but sp."""

from writer import Function

REGISTERS = [f"r{i}" for i in range(13)] + ["lr"]


def load(f, registers, base, first):
    """Loads that follow each other overlap: one more cycle for all of them."""
    for i, register in enumerate(registers):
        f(f"ldr {register}, [{base}, #{4 * (first + i)}]")


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


def nineteen(f, result, q, scratch):
    f(f"add {scratch}, {q}, {q}, lsl #1")
    f(f"add {result}, {scratch}, {q}, lsl #4")


def fold_top(f, low, high, scratch):
    """Leaves in `low` its 31 bits, and in `high` 19 times what stood above them."""
    f(f"lsl {high}, {high}, #1")
    f(f"add {high}, {high}, {low}, lsr #31")
    f(f"bic {low}, {low}, #0x80000000")
    nineteen(f, high, high, scratch)


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
    frame = 48
    f = Function("field25519_multiply")
    enter(f, frame)
    a, b, columns = "r1", "r2", ["r3", "r4", "r5", "r6"]
    f.note("all words of a by the first four of b")
    f(f"ldm {b}!, {{{', '.join(columns)}}}")
    f.free = ["r0", "r7", "r8", "r9", "r10", "r11", "r12", "lr"]
    window, words = None, []
    for i in range(8):
        if not words:
            words = f.take(min(3, 8 - i))
            load(f, words, a, i)
        word = words.pop(0)
        done = lambda low: store(f, low, i)
        window = row(f, window, cleared(f), word, columns, done) if window else first_row(f, None, word, columns, done)
        f.give(word)
    for i, word in enumerate(window):
        f(f"str {word}, [sp, #{4 * (8 + i)}]")
    f.note("all words of a by the others, and what has come so far on the way")
    f(f"ldm {b}, {{{', '.join(columns)}}}")
    f.free = ["r0", "r2", "r7", "r8", "r9", "r10", "r11", "r12", "lr"]
    window, kept = None, {}
    for i in range(0, 8, 2):
        words, before = f.take(2), f.take(2)
        load(f, words, a, i)
        for k in (0, 1):
            f(f"ldr {before[k]}, [sp, #{4 * (i + k + 4)}]")
        if i == 6:
            f.give(a)
        for k in (0, 1):
            limb = i + k + 4
            done = lambda low: store(f, low, limb) if limb < 9 else kept.update({limb: low})
            if window:
                window = row(f, window, before[k], words[k], columns, done)
            else:
                window = first_row(f, before[0], words[0], columns, done)
            f.give(words[k])
    kept |= {12 + i: word for i, word in enumerate(window)}
    fold(f, kept, frame)
    leave(f, frame)
    return f


SELECTED, POINTER, SQUARE_FRAME = 8, 16, 68  # words 0 to 7 are limbs; then what was selected; the address of what is squared


def square():
    """The products of different words once, then twice those and the squares."""
    f = Function("field25519_square")
    enter(f, SQUARE_FRAME)
    a = ["r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9"]
    f(f"str r1, [sp, #{4 * POINTER}]")
    f(f"ldm r1, {{{', '.join(a)}}}")
    f.label("square_loaded")
    f.free = ["r0", "r1", "r10", "r11", "r12", "lr"]

    f.note("words 0 to 3 among themselves: three limbs are finished, three are not")
    before = first_row(f, None, a[0], a[1:4], lambda low: store(f, low, 1))
    store(f, before.pop(0), 2)
    before = row(f, before, cleared(f), a[1], a[2:4], lambda low: store(f, low, 3))
    before.append(cleared(f))
    f(f"umlal {before[-2]}, {before[-1]}, {a[2]}, {a[3]}")
    f.note("words 0 to 3 by words 4 to 7")
    window = first_row(f, before.pop(0), a[0], a[4:], lambda low: store(f, low, 4))
    for i in (1, 2, 3):
        window = row(f, window, before.pop(0) if before else cleared(f), a[i], a[4:], lambda low: store(f, low, 4 + i))
    f.give(*a[:4])
    f.note("words 4 to 7 among themselves")
    high, window = [window[0]], window[1:]
    window = row(f, window, cleared(f), a[4], a[5:], high.append)
    high.append(window.pop(0))
    window = row(f, window, cleared(f), a[5], a[6:], high.append)
    high += [*window, cleared(f)]
    f(f"umlal {high[-2]}, {high[-1]}, {a[6]}, {a[7]}")

    f.note("twice that, and the squares on the way")
    f.free = [r for r in REGISTERS if r not in high]
    two, pointer = f.take(2)
    f(f"ldr {pointer}, [sp, #{4 * POINTER}]")
    f(f"mov {two}, #2")
    carry = cleared(f)
    for i in range(4):
        even, odd, word, top = f.take(4)
        f(f"ldr {word}, [{pointer}, #{4 * i}]")
        f(f"ldr {odd}, [sp, #{4 * (2 * i + 1)}]")
        if i:
            f(f"ldr {even}, [sp, #{4 * (2 * i)}]")
        f(f"umull {word}, {top}, {word}, {word}")
        if i:
            f(f"umaal {word}, {carry}, {even}, {two}")
        f(f"umaal {top}, {carry}, {odd}, {two}")
        f(f"str {word}, [sp, #{4 * (2 * i)}]")
        f(f"str {top}, [sp, #{4 * (2 * i + 1)}]")
        f.give(even, odd, word, top)
    words = f.take(4)
    load(f, words, pointer, 4)
    f.give(pointer)
    kept = {}
    for i, top in enumerate(words):
        even = f.take()
        f(f"umull {even}, {top}, {top}, {top}")
        f(f"umaal {even}, {carry}, {high[2 * i]}, {two}")
        f.give(high[2 * i])
        if i < 3:
            f(f"umaal {top}, {carry}, {high[2 * i + 1]}, {two}")
            f.give(high[2 * i + 1])
        else:
            f(f"add {top}, {top}, {carry}")
        kept |= {8 + 2 * i: even, 9 + 2 * i: top}
    fold(f, kept, SQUARE_FRAME)
    leave(f, SQUARE_FRAME)

    f.note("The choice is made by SEL, byte by byte, after UADD8 has set its four flags from the mask.")
    f.entry("field25519_square_selected")
    enter(f, SQUARE_FRAME)
    f("uadd8 r3, r3, r3")
    f("mov r0, r2")
    for half in (a[:4], a[4:]):
        f(f"ldm r1!, {{{', '.join(half)}}}")
        f("ldm r0!, {r10, r11, r12, lr}")
        for x, y in zip(half, ("r10", "r11", "r12", "lr")):
            f(f"sel {x}, {y}, {x}")
    f(f"add r1, sp, #{4 * SELECTED}")
    f(f"stm r1, {{{', '.join(a)}}}")
    f(f"str r1, [sp, #{4 * POINTER}]")
    f("b square_loaded")
    return f


def sum_and_difference():
    f = Function("field25519_sum_and_difference")
    total, less, a, b = "r0", "r1", "r2", "r3"
    one, zero, carry, owed, top, lessTop, x, y, t = [f"r{i}" for i in range(4, 13)]
    load(f, [x], a, 7)
    load(f, [y], b, 7)
    f.note("the sum's bits from 255 up count 19 times")
    f(f"adds {top}, {x}, {y}")
    f(f"mov {carry}, #0")
    f(f"adc {carry}, {carry}, {carry}")
    fold_top(f, top, carry, t)
    f.note("a - b + 2 p, of which bit 255 stays: owed is 19 (3 - (a7 - b7 + 2^32 >> 31))")
    f(f"subs {lessTop}, {x}, {y}")
    f(f"sbc {x}, {x}, {x}")
    f(f"mvn {y}, {lessTop}")
    f(f"lsr {y}, {y}, #31")
    f(f"sub {y}, {y}, {x}, lsl #1")
    nineteen(f, owed, y, t)
    f(f"orr {lessTop}, {lessTop}, #0x80000000")
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
    f(f"sbc {lessTop}, {lessTop}, {owed}")
    f(f"add {top}, {top}, {carry}")
    f(f"str {top}, [{total}, #28]")
    f(f"str {lessTop}, [{less}, #28]")
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


FUNCTIONS = (multiply, square, sum_and_difference, scale_and_add)
