# SPDX-License-Identifier: Apache-2.0
"""What each operation of the field has to compute, and the proof that a function's code does."""

from algebra import Algebra
from machine import Address, Undecided
from words import WORD, Refused, Word, multiplied, plus

P = 2**255 - 19


def substituted(poly: dict, number: int, value: dict) -> dict:
    """The polynomial with a value in the place of an unknown."""
    result = {}
    for key, times in poly.items():
        term = {tuple(n for n in key if n != number): times}
        for _ in range(key.count(number)):
            term = multiplied(term, value)
        result = plus(result, term)
    return result


class Run:
    """One run of a function, in one case: its inputs, and what has been found out about its unknowns."""

    def __init__(self, machine_class, code, start, decided, contracts):
        self.algebra = Algebra()
        self.algebra.decided = decided
        self.facts, self.products = [], []
        self.memory, self.registers = {}, {}
        self.machine = machine_class(code, start, self.registers, self.memory, self.algebra, contracts)
        self.machine.run_of = self

    def array(self, name, count=8):
        """An input, and its number as a polynomial."""
        words = self.words = [self.algebra.make(0, WORD - 1) for _ in range(count)]
        for i, word in enumerate(words):
            self.memory[Address(name, 4 * i)] = word
        return number_of(words)

    def output(self, name, count=8):
        self.machine.may_write |= {Address(name, 4 * i) for i in range(count)}

    def result(self, name, count=8):
        return number_of([self.machine.load(Address(name, 4 * i)) for i in range(count)])

    def known(self, poly: dict) -> dict:
        """With the case and the facts put in."""
        for number, value in self.algebra.decided.items():
            poly = substituted(poly, number, {(): value} if value else {})
        for number, value in self.facts:
            poly = substituted(poly, number, value)
        return poly

    def interval(self, poly: dict) -> tuple[int, int]:
        low = high = 0
        for key, times in poly.items():
            a = b = 1
            for number in key:
                a, b = a * self.algebra.words[number].low, b * self.algebra.words[number].high
            low, high = low + times * (a if times > 0 else b), high + times * (b if times > 0 else a)
        return low, high

    def learn_from_number(self, words, among=()) -> None:
        """These words are one number, neither negative nor too large: of a carry that was let go, that may leave one value. What
        they are the sum of may have another number `among` it."""
        poly, bits = self.known(plus(number_of(words), number_of(among), -1)), 32 * len(words)
        for key, times in list(poly.items()):
            if len(key) != 1 or abs(times) != 1 << bits or self.algebra.words[key[0]].high > 1:
                continue
            rest = {k: v for k, v in poly.items() if k != key}
            low, high = self.interval(rest)
            high += (1 << 32 * len(among)) - 1
            possible = [value for value in (0, 1) if low + times * value < 1 << bits and high + times * value >= 0]
            if len(possible) == 1:
                self.facts.append((key[0], {(): 1} if possible[0] else {}))

    def learn_from_product(self, words, product) -> None:
        """These words are a product of as many bits: what differs is a multiple of the modulus of their number, and so nothing."""
        bits = 32 * len(words)
        difference = self.known(plus(number_of(words), product, -1))
        if any(times % (1 << bits) for times in difference.values()):
            raise Refused("the product's words are not the product")
        for key, times in difference.items():
            if len(key) == 1 and abs(times) == 1 << bits:
                rest = {k: -v // times for k, v in difference.items() if k != key}
                self.facts.append((key[0], rest))
                return
        if difference:
            raise Refused("what was let go of the product is not understood")

    def demand_equal(self, found: dict, expected: dict) -> None:
        difference = self.known(plus(found, expected, -1))
        wrong = {key: times for key, times in difference.items() if times % P}
        if wrong:
            raise Refused(f"the result differs in {len(wrong)} terms")


def number_of(words) -> dict:
    result = {}
    for i, word in enumerate(words):
        if not isinstance(word, Word):
            raise Refused("an address among the words of a number")
        result = plus(result, word.poly, 1 << 32 * i)
    return result


def aliases(operands, results):
    """Every way for the operands to be the same or not, and for the results to have operands' places or their own."""
    if operands == 1:
        shapes = [("a",)]
    else:
        shapes = [("a", "b"), ("a", "a")]
    for shape in shapes:
        names = sorted(set(shape))
        if results == 1:
            for place in [*names, "r"]:
                yield shape, (place,)
        else:
            for first in [*names, "r"]:
                for second in [*names, "s"]:
                    if first != second:
                        yield shape, (first, second)


def prove(machine_class, code, start, setup, contracts=None) -> dict:
    """Runs every case of a function. `setup` puts the inputs in place and gives what is to be demanded at the end."""
    waiting, cases, count, deepest = [{}], 0, set(), 0
    while waiting:
        decided = waiting.pop()
        run = Run(machine_class, code, start, decided, contracts or {})
        demand = setup(run)
        try:
            run.machine.run()
        except Undecided as undecided:
            if len(decided) > 8:
                raise Refused("too many cases") from None
            waiting += [decided | {undecided.word.number: value} for value in (0, 1)]
            continue
        demand()
        cases, deepest = cases + 1, min(deepest, run.machine.deepest)
        count.add(run.machine.count)
    if len(count) != 1:
        raise Refused(f"the cases take {sorted(count)} instructions")
    return {"cases": cases, "instructions": count.pop(), "stack": -deepest}
