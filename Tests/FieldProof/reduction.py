# SPDX-License-Identifier: Apache-2.0
"""The reduction of a hash of 512 bits modulo L, on each path that it can take, with what it calls as contracts."""

from execute_riscv import RISCV
from linear import Sum
from primes import ORDER
from words import ONES, Refused

C = ORDER - 2**252
SMALL = 4  # what the proof of a sum leaves for what goes over
RESULT, BYTES, WORK, OTHER = 0x1000_0000, 0x2000_0000, 0x3000_0000, 0x4000_0000
SIZES = (9, 6, 3)  # what stands above bit 252, in words, from turn to turn


def demand(condition, what) -> None:
    if not condition:
        raise Refused(what)


def number_of(domain, words):
    return domain.sum_of(*((1 << 32 * i, word) for i, word in enumerate(words)))


class Undecided(Exception):
    pass


class Reducing(RISCV):
    def goes(self, name, a, b):
        if isinstance(a, int) and isinstance(b, int):
            return super().goes(name, a, b)
        return self.reduction.goes(name, a, b)


class Reduction:
    """One path. `value` is r + 2^256 top, whatever r has lost: as a sum of the input's words, and between which bounds."""

    def __init__(self, run, decisions):
        self.run, self.domain, self.decisions = run, run.domain, list(decisions)
        run.reduction = self
        self.value, self.low, self.high, self.top, self.r = 0, 0, 0, 0, [0] * 8
        contracts = {"ed25519_scalar_load": self.load, "accumulate": self.accumulate, "multiply_by_c": self.multiply,
                     "ed25519_scalar_is_reduced": self.is_reduced}
        run.contracts = {run.program.functions[name]: contract for name, contract in contracts.items()}
        self.given = [self.domain.unknown(f"x{i}") for i in range(16)]

    def prove(self) -> None:
        run = self.run
        run.allow(WORK, 160)
        run.allow(RESULT, 32)
        run.call("ed25519_scalar_reduce", RESULT, BYTES, WORK)
        demand(0 <= self.low and self.high < ORDER, "what is left may not be below L")
        difference = self.domain.sum_of((1, self.value), (-1, number_of(self.domain, self.given)))
        multiples = [difference] if isinstance(difference, int) else [difference.constant, *difference.terms.values()]
        demand(all(times % ORDER == 0 for times in multiples), "what is left differs by what is no multiple of L")
        for i in range(32):
            value, part = run.memory.get(RESULT + i, (None, 0))
            wanted = run.do("lsr", self.r[i // 4], 8 * (i % 4))
            demand(isinstance(value, Sum) and part == 0 and value.key == wanted.key, "a byte of the result is another")

    def decide(self, bound) -> bool:
        """Whether the value is below a number; what is known of it narrows."""
        if self.high < bound or self.low >= bound:
            return self.high < bound
        if not self.decisions:
            raise Undecided
        if below := self.decisions.pop(0):
            self.high = bound - 1
        else:
            self.low = bound
        return below

    def goes(self, name, a, b) -> bool:
        """top < 0 and top > 0, which are questions about the value."""
        demand(name in ("blt", "bge"), "another branch")
        if b == 0 and self.is_top(a):
            below = self.decide(0)
        else:
            demand(a == 0 and self.is_top(b), "a branch that depends on an input")
            below = not self.decide(1 << 256)
        return below == (name == "blt")

    def is_top(self, value) -> bool:
        return isinstance(value, Sum) and isinstance(self.top, Sum) and value.key == self.top.key

    # ---- Contracts ----

    def arguments(self, count):
        return [self.run.known(self.run.get(f"a{i}")) for i in range(count)]

    def load(self, run):
        place, source = self.arguments(2)
        demand(source in (BYTES, BYTES + 32), "other bytes are read")
        self.write(place, self.given[:8] if source == BYTES else self.given[8:])

    def write(self, place, words):
        demand(WORK <= place and place + 4 * len(words) <= WORK + 160, "a write beside the memory for it")
        self.run.put(place, words)

    def defined(self, number, count):
        """New words that are a number: the first one is what the others leave of it."""
        rest = [self.domain.fresh(0, ONES) for _ in range(count - 1)]
        first = self.domain.sum_of((1, number), *((-(1 << 32 * i), word) for i, word in enumerate(rest, 1)))
        return [Sum(first.terms, first.constant, 0, ONES), *rest]

    def accumulate(self, run):
        place, other, is_negative = self.arguments(3)
        demand(all(a is b for a, b in zip(run.words(place, 8), self.r)), "what is added to is another number")
        words, sign = run.words(other, 8), -1 if is_negative else 1
        low = sum((word if isinstance(word, int) else word.low) << 32 * i for i, word in enumerate(words))
        high = sum((word if isinstance(word, int) else word.high) << 32 * i for i, word in enumerate(words))
        self.low, self.high = self.low + min(sign * low, sign * high), self.high + max(sign * low, sign * high)
        over = self.domain.fresh(-SMALL, SMALL)
        self.value = self.domain.sum_of((1, self.value), (sign, number_of(self.domain, words)))
        self.top = self.domain.sum_of((1, self.top), (1, over))
        self.r = self.defined(self.domain.sum_of((1, self.value), (-(1 << 256), self.top)), 8)
        self.write(place, self.r)
        return (over,)

    def multiply(self, run):
        place, other, size = self.arguments(3)
        demand(size in SIZES and (place + 4 * (size + 4) <= other or other + 4 * size <= place), "a product that is not proved")
        number = self.domain.sum_of((C, number_of(self.domain, run.words(other, size))))
        self.write(place, self.defined(number, size + 4))

    def is_reduced(self, run):
        [place] = self.arguments(1)
        demand(all(a is b for a, b in zip(run.words(place, 8), self.r)), "another number is compared")
        demand(0 <= self.low and self.high < 1 << 256, "a number that is compared without its top")
        return (int(self.decide(ORDER)),)
