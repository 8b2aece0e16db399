# SPDX-License-Identifier: Apache-2.0
"""Operations on words, exact: what does not fit a word is a word of its own."""

from equations import Equations
from words import ONES, WORD, Refused, plus


class Algebra(Equations):
    """Makes words, and remembers those that the same operation on the same words would make again."""

    def split(self, equation, bits=32, width=32):
        """A value as (its lower `bits` bits, what stands above them)."""
        low, high = self.interval(equation)
        if low < 0 or high >> bits:
            low, high = self.tightened(equation)
        if low < 0:
            raise Refused("a value may be negative")
        if not high >> bits:
            return self.exactly(equation, low, high), self.const(0)
        if high >> bits >= WORD:
            raise Refused("the upper part of a value may not fit a word")
        rest = self.make(low >> bits, high >> bits, is_rest=True)
        same = low >> bits == high >> bits
        lower = self.make(low - (low >> bits << bits) if same else 0, high - (high >> bits << bits) if same else (1 << bits) - 1,
                          plus(self.poly_of(equation), rest.poly, -(1 << bits)), plus(equation, self.term(rest), -(1 << bits)))
        if rest.constant is None and lower.constant is None:
            rest.lower, rest.bits, rest.equation = lower.number, bits, plus(equation, self.term(lower), -1)
        return lower, rest

    def exactly(self, equation, low, high):
        if len(equation) == 1:
            [(atom, times)] = equation.items()
            if times == 1 and isinstance(atom, int):
                return self.words[atom]
        if low == high:
            return self.const(low)
        word = self.make(low, high, self.poly_of(equation), equation)
        word.is_sum = any(isinstance(a, int) and (self.words[a].is_rest or self.words[a].is_sum) for a in equation)
        return word

    def cut(self, word, bits):
        """(lower bits, the others) of a word, the same words each time."""
        if word.constant is not None:
            return self.const(word.constant & ((1 << bits) - 1)), self.const(word.constant >> bits)
        if word.complement is not None:
            lower, upper = self.cut(word.complement, bits)
            return (self.difference_from((1 << bits) - 1, lower), self.difference_from((1 << 32 - bits) - 1, upper))
        key = ("cut", word.number, bits)
        if key not in self.memory:
            self.memory[key] = self.split(self.term(word), bits)
        return self.memory[key]

    def difference_from(self, number, word):
        value = plus({None: number} if number else {}, self.term(word), -1)
        return self.exactly(value, *self.interval(value))

    def add(self, *words):
        """(sum, carry)"""
        if len(words) == 3 and words[0] is words[1] and words[2].high <= 1 or len(words) == 2 and words[0] is words[1]:
            # Twice a word: what is carried is its top bit.
            lower, bit = self.cut(words[0], 31)
            equation = self.term(lower, 2)
            if len(words) == 3:
                equation = plus(equation, self.term(words[2]))
            twice = self.exactly(equation, *self.interval(equation))
            twice.is_sum = twice.equation is not None
            return twice, bit
        equation = {}
        for word in words:
            equation = plus(equation, self.term(word))
        return self.split(equation)

    def subtract(self, a, b, borrow):
        """(a - b - borrow, whether that was negative)"""
        key = ("subtract", a.number, b.number, borrow.number)
        if key not in self.memory:
            self.memory[key] = self.subtracted(a, b, borrow)
        return self.memory[key]

    def subtracted(self, a, b, borrow):
        equation = plus(plus(self.term(a), self.term(b), -1), self.term(borrow), -1)
        low, high = self.interval(equation)
        if low < 0:
            low, high = self.tightened(equation)
        if low >= 0:
            return self.exactly(equation, low, high), self.const(0)
        if high < 0:
            equation = plus(equation, {None: WORD})
            return self.exactly(equation, low + WORD, high + WORD), self.const(1)
        under = self.make(0, 1, is_rest=True)
        word = self.make(0, ONES, plus(self.poly_of(equation), under.poly, WORD), plus(equation, self.term(under), WORD))
        under.lower, under.bits, under.equation = word.number, 32, plus(self.term(word), equation, -1)
        return word, under

    def multiply(self, a, b, *added):
        """(lower word, upper word) of a b and what is added."""
        key = ("multiply", a.number, b.number, *(word.number for word in added))
        if key not in self.memory:
            equation = self.product(a, b)
            for word in added:
                equation = plus(equation, self.term(word))
            self.memory[key] = self.split(equation)
        return self.memory[key]

    def shift_left(self, word, bits):
        if bits == 0:
            return word
        lower, upper = self.cut(word, 32 - bits)
        if lower.constant is not None:
            return self.const(lower.constant << bits)
        key = ("shift", lower.number, bits)
        if key not in self.memory:
            equation = self.term(lower, 1 << bits)
            result = self.make(*self.interval(equation), self.poly_of(equation), equation)
            result.shifted, result.is_sum = (bits, lower), True
            self.memory[key] = result
        return self.memory[key]

    def shift_right(self, word, bits):
        if word.shifted:
            by, inner = word.shifted
            return self.shift_left(inner, by - bits) if bits <= by else self.shift_right(inner, bits - by)
        return self.cut(word, bits)[1]

    def complement(self, word):
        if word.complement is not None:
            return word.complement
        result = self.difference_from(ONES, word)
        if result.constant is None:
            result.complement = word
        return result

    def either(self, a, b):
        """a | b, where no bit is in both."""
        if a.constant is not None and b.constant is not None:
            return self.const(a.constant | b.constant)
        for x, y in ((a, b), (b, a)):
            if x.constant == 0:
                return y
            if x.constant is not None and y.constant is None and x.constant & x.constant - 1 == 0 and x.constant == 1 << 31:
                lower, _ = self.cut(y, 31)
                return self.add(lower, x)[0]
            if x.shifted and y.high < 1 << x.shifted[0]:
                return self.add(x, y)[0]
        raise Refused("an inclusive or of words that may share a bit")

    def exclusive_or(self, a, b):
        if a.constant is not None and b.constant is not None:
            return self.const(a.constant ^ b.constant)
        for x, y in ((a, b), (b, a)):
            if x.constant == 0:
                return y
            if x.constant == ONES:
                return self.complement(y)
            if x.constant == 1 and y.high <= 1:
                return self.difference_from(1, y)
            if y.differs and x in y.differs:
                return y.differs[0] if x is y.differs[1] else y.differs[1]
        result = self.make(0, ONES)
        result.differs = (a, b)
        return result

    def both(self, a, b):
        if a.constant is not None and b.constant is not None:
            return self.const(a.constant & b.constant)
        for x, y in ((a, b), (b, a)):
            if x.constant == 0:
                return x
            if x.constant == ONES:
                return y
        raise Refused("an and of two words")
