"""The field's operations for the Cortex-M0, whose only multiplication gives the low word of a product. Words are multiplied as halves
of 16 bits, whose products fit. MULS, UXTH, EORS and MOVS with a constant leave the carry alone; shifts do not. High registers hold
operands: they can be copied, and little else. Every function may change all registers but sp."""

from writer import Function


class Column:
    """The sum of the products of one column: words c, and m, which counts 2^16 times."""

    def __init__(self, f, sum_words):
        self.f, self.c = f, sum_words
        self.m, self.started = ["r3", "r4"], False
        self.x, self.y, self.z = "r5", "r6", "r7"

    def fetch(self, register, place):
        """From a high register, or from a place on the stack."""
        self.f(f"mov {register}, {place}" if isinstance(place, str) else f"ldr {register}, [sp, #{place}]")

    def add_product(self, a, b, is_first=False):
        f, x, y, z, m, c = self.f, self.x, self.y, self.z, self.m, self.c
        self.fetch(x, a)
        self.fetch(y, b)
        f(f"lsrs {z}, {x}, #16")
        f(f"uxth {x}, {x}")
        f(f"uxth {y}, {y}")
        f(f"muls {x}, {y}, {x}")       # low low
        if self.started:
            f(f"muls {y}, {z}, {y}")   # high low
            f(f"adds {m[0]}, {m[0]}, {y}")
            f(f"movs {y}, #0")
            f(f"adcs {m[1]}, {y}")
        else:
            f(f"movs {m[0]}, {y}")
            f(f"muls {m[0]}, {z}, {m[0]}")
            f(f"movs {m[1]}, #0")
        self.fetch(y, b)
        f(f"lsrs {y}, {y}, #16")
        f(f"muls {z}, {y}, {z}")       # high high
        if is_first:
            f(f"mov {c[0]}, {x}")
            f(f"mov {c[1]}, {z}")
            f(f"movs {c[2]}, #0")
        else:
            f(f"adds {c[0]}, {c[0]}, {x}")
            f(f"adcs {c[1]}, {z}")
        f(f"movs {x}, #0")
        if self.started:  # before that c has room: its second word was the third one
            f(f"adcs {c[2]}, {x}")
        self.fetch(z, a)
        f(f"uxth {z}, {z}")
        f(f"muls {y}, {z}, {y}")       # low high
        f(f"adds {m[0]}, {m[0]}, {y}")
        f(f"adcs {m[1]}, {x}")
        self.started = True

    def combine(self):
        """c += 2^16 m; x is 0 then."""
        f, x, y, z, m, c = self.f, self.x, self.y, self.z, self.m, self.c
        f(f"lsls {y}, {m[0]}, #16")
        f(f"lsrs {z}, {m[0]}, #16")
        f(f"lsls {m[1]}, {m[1]}, #16")
        f(f"orrs {z}, {m[1]}")
        f(f"movs {x}, #0")
        f(f"adds {c[0]}, {c[0]}, {y}")
        f(f"adcs {c[1]}, {z}")
        f(f"adcs {c[2]}, {x}")


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

    def scaled(limb, carry):
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

    scaled(7, None)
    fold_top(f, y, x, z)
    f(f"mov {top}, {y}")
    for i in range(7):
        f(f"mov {carry}, {x}")
        scaled(i, carry)
        f(f"str {y}, [{result}, #{4 * i}]")
    f(f"adds {top}, {top}, {x}")
    f(f"str {top}, [{result}, #28]")


def fold_top(f, low, high, scratch):
    """Leaves in `low` its 31 bits, and in `high` 19 times what stood above them."""
    f(f"lsls {high}, {high}, #1")
    f(f"lsrs {scratch}, {low}, #31")
    f(f"orrs {high}, {scratch}")
    f(f"lsls {low}, {low}, #1")
    f(f"lsrs {low}, {low}, #1")
    f(f"movs {scratch}, #19")
    f(f"muls {high}, {scratch}, {high}")


def multiply():
    """By Karatsuba's way: the low halves L, the high halves H, and the differences of the halves M, whose signs are kept apart."""
    f = Function("field25519_multiply")
    f("push {r0, r1, r2, lr}")
    f("sub sp, sp, #32")
    f("bl multiply_half")
    f("ldr r1, [sp, #36]")
    f("ldr r2, [sp, #40]")
    f("adds r1, r1, #16")
    f("adds r2, r2, #16")
    f("sub sp, sp, #32")
    f("bl multiply_half")
    f("sub sp, sp, #32")
    m, h, low, result, b_at = 0, 32, 64, 96, 104
    for pointer, place in ((b_at - 4, 0), (b_at, 16)):
        f.note("the size of a difference, and in a mask whether it is negative")
        f(f"ldr r1, [sp, #{pointer}]")
        f("ldm r1!, {r2, r3, r4, r5}")
        f("ldm r1, {r0, r1, r6, r7}")
        f("subs r0, r0, r2")
        for x, y in (("r1", "r3"), ("r6", "r4"), ("r7", "r5"), ("r2", "r2")):
            f(f"sbcs {x}, {y}")
        for x in ("r0", "r1", "r6", "r7"):
            f(f"eors {x}, r2")
        f("subs r0, r0, r2")
        for x in ("r1", "r6", "r7"):
            f(f"sbcs {x}, r2")
        f(f"add r3, sp, #{place}")
        f("stm r3!, {r0, r1, r6, r7}")
        if place == 0:
            f(f"str r2, [sp, #{b_at - 4}]")
    f(f"ldr r1, [sp, #{b_at - 4}]")
    f("eors r1, r2")
    f(f"str r1, [sp, #{b_at}]")
    f("mov r1, sp")
    f("add r2, sp, #16")
    f("bl multiply_half")

    f.note("W, the upper half of L plus the lower half of H, stands at words 4 to 7 and at words 8 to 11")
    f(f"add r0, sp, #{low + 16}")
    f("ldm r0!, {r4, r5, r6, r7}")
    f(f"add r0, sp, #{h}")
    f("ldm r0, {r0, r1, r2, r3}")
    f("adds r4, r4, r0")
    for x, y in (("r5", "r1"), ("r6", "r2"), ("r7", "r3")):
        f(f"adcs {x}, {y}")
    f("movs r0, #0")
    f("adcs r0, r0")
    f("mov r8, r0")
    f(f"add r0, sp, #{low}")
    f("ldm r0, {r0, r1, r2, r3}")
    f("adds r0, r0, r4")
    for x, y in (("r1", "r5"), ("r2", "r6"), ("r3", "r7")):
        f(f"adcs {x}, {y}")
    for i in range(4):
        f(f"str r{i}, [sp, #{low + 16 + 4 * i}]")
    for i in range(4):
        f(f"ldr r0, [sp, #{h + 16 + 4 * i}]")
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
    f(f"ldr r1, [sp, #{b_at}]")
    f("mvns r1, r1")
    f("lsrs r2, r1, #1")
    for i in range(4):
        f(f"ldr r2, [sp, #{m + 4 * i}]")
        f("eors r2, r1")
        f(f"ldr r3, [sp, #{low + 16 + 4 * i}]")
        f("adcs r3, r2")
        f(f"str r3, [sp, #{low + 16 + 4 * i}]")
    for i in range(4):
        f(f"ldr r2, [sp, #{m + 16 + 4 * i}]")
        f("eors r2, r1")
        f(f"adcs r{4 + i}, r2")
        f(f"str r{4 + i}, [sp, #{h + 4 * i}]")
    f("adcs r0, r1")
    f("str r0, [sp, #0]")  # for the proof alone, which asks whether words 4 to 11 and this one are what they should
    f("movs r2, #0")
    for i in range(4):
        f(f"ldr r1, [sp, #{h + 16 + 4 * i}]")
        f("adcs r1, r2" if i else "adds r1, r1, r0")
        f(f"str r1, [sp, #{h + 16 + 4 * i}]")
    fold(f, h, low, result)
    f("add sp, sp, #108")
    f("pop {pc}")
    return f


def square():
    """By columns: the products of different words, twice, and the square."""
    low, high, words, result = 0, 32, 64, 96
    f = Function("field25519_square_selected")  # first, for a branch does not reach far
    f("push {r0, lr}")
    f("sub sp, sp, #96")
    f(f"add r0, sp, #{words}")
    for _ in range(4):
        f("ldm r1!, {r4, r5}")
        f("ldm r2!, {r6, r7}")
        for x, y in (("r4", "r6"), ("r5", "r7")):
            f(f"eors {y}, {x}")
            f(f"ands {y}, r3")
            f(f"eors {x}, {y}")
        f("stm r0!, {r4, r5}")
    f("b square_loaded")

    f.entry("field25519_square")
    f("push {r0, lr}")
    f("sub sp, sp, #96")
    f("mov r0, r1")
    f("ldm r0!, {r4, r5, r6, r7}")
    f(f"add r1, sp, #{words}")
    f("stm r1!, {r4, r5, r6, r7}")
    f("ldm r0!, {r4, r5, r6, r7}")
    f("stm r1!, {r4, r5, r6, r7}")
    f.label("square_loaded")
    a = [words + 4 * i for i in range(8)]
    held = {2: "r10", 3: "r11", 4: "r12", 5: "lr"}
    f(f"add r0, sp, #{a[2]}")
    f("ldm r0!, {r4, r5, r6, r7}")
    for register, source in zip(held.values(), ("r4", "r5", "r6", "r7")):
        f(f"mov {register}, {source}")
    for i, register in held.items():
        a[i] = register
    before = ["r8", "r9"]
    c = ["r0", "r1", "r2"]
    for k in range(15):
        pairs = [(i, k - i) for i in range(8) if i < k - i < 8]
        column = Column(f, c)
        x, y, z = column.x, column.y, column.z
        for i, j in pairs:
            column.add_product(a[i], a[j], not column.started)
        if pairs:
            column.combine()
            f(f"adds {c[0]}, {c[0]}, {c[0]}")
            f(f"adcs {c[1]}, {c[1]}")
            f(f"adcs {c[2]}, {c[2]}")
        if k % 2 == 0:
            column.fetch(x, a[k // 2])
            f(f"lsrs {z}, {x}, #16")
            f(f"uxth {x}, {x}")
            f(f"movs {y}, {x}")
            f(f"muls {y}, {y}, {y}")
            f(f"muls {x}, {z}, {x}")
            f(f"muls {z}, {z}, {z}")
            f(f"lsls {column.m[0]}, {x}, #17")
            f(f"lsrs {x}, {x}, #15")
            f(f"adds {y}, {y}, {column.m[0]}")
            f(f"adcs {z}, {x}")
            if pairs:
                f(f"movs {x}, #0")
                f(f"adds {c[0]}, {c[0]}, {y}")
                f(f"adcs {c[1]}, {z}")
                f(f"adcs {c[2]}, {x}")
            else:
                f(f"mov {c[0]}, {y}")
                f(f"mov {c[1]}, {z}")
                f(f"movs {c[2]}, #0")
        if k:
            f(f"mov {x}, {before[0]}")
            f(f"mov {y}, {before[1]}")
            f(f"movs {z}, #0")
            f(f"adds {c[0]}, {c[0]}, {x}")
            f(f"adcs {c[1]}, {y}")
            f(f"adcs {c[2]}, {z}")
        f(f"str {c[0]}, [sp, #{(low if k < 8 else high - 32) + 4 * k}]")
        if k < 14:
            f(f"mov {before[0]}, {c[1]}")
            f(f"mov {before[1]}, {c[2]}")
    f(f"str {c[1]}, [sp, #{high + 28}]")
    fold(f, high, low, result)
    f("add sp, sp, #100")
    f("pop {pc}")
    return f


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


FUNCTIONS = (multiply_half, multiply, square, sum_and_difference, difference, scale_and_add)
