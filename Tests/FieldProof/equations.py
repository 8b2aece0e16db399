# SPDX-License-Identifier: Apache-2.0
"""Sums of words and of products of two, and how large they may be."""

from words import WORD, Word, multiplied, plus


class Equations:
    """The words that there are, and what equations of them are bounded by."""

    def __init__(self):
        self.words, self.memory = [], {}
        self.decided = {}           # number of a word to the value that this case gives it

    def make(self, low, high, poly=None, equation=None, is_rest=False):
        number = len(self.words)
        word = Word(number, low, high, {(number,): 1} if poly is None else poly, equation, is_rest)
        if low == high:
            word.poly, word.equation, word.is_rest = {(): low} if low else {}, None, False
        self.words.append(word)
        return word

    def const(self, value):
        key = ("const", value)
        if key not in self.memory:
            self.memory[key] = self.make(value, value)
        return self.memory[key]

    # ---- An equation has how often each word or product is counted, and a number under None ----

    def term(self, word, times=1):
        return {None: times * word.constant} if word.constant is not None else {word.number: times}

    def product(self, a, b):
        if a.constant is not None:
            return self.term(b, a.constant)
        if b.constant is not None:
            return self.term(a, b.constant)
        return {("product", *sorted((a.number, b.number))): 1}

    def bounds(self, atom):
        if atom is None:
            return 1, 1
        if isinstance(atom, tuple):
            a, b = self.words[atom[1]], self.words[atom[2]]
            return a.low * b.low, a.high * b.high
        return self.words[atom].low, self.words[atom].high

    def interval(self, equation):
        low = high = 0
        for atom, times in equation.items():
            a, b = self.bounds(atom)
            low += times * (a if times > 0 else b)
            high += times * (b if times > 0 else a)
        return low, high

    def tightened(self, equation):
        """The interval, made narrower by putting in what carries and upper parts are equal to, the latest first."""
        low, high = self.interval(equation)
        while sums := [atom for atom in equation if isinstance(atom, int) and self.words[atom].is_sum]:
            equation = self.put_in(equation, sums[0])
        scale = 0  # `equation` is 2^scale times the value
        for _ in range(200):
            if low >= 0 and high < WORD:
                break
            rests = [atom for atom in equation if isinstance(atom, int) and self.words[atom].is_rest]
            if not rests:
                sums = [atom for atom in equation if isinstance(atom, int) and self.words[atom].is_sum]
                if not sums:
                    break
                equation = self.put_in(equation, max(sums))
                continue
            rest = self.words[max(rests)]
            while hidden := [a for a in equation if rest.lower not in equation and self.hides(a, rest.lower)]:
                equation = self.put_in(equation, hidden[0])
            if equation.get(rest.lower, 0) * self.of_rest(rest) == -equation[rest.number]:
                equation = self.put_in(equation, rest.lower)
            elif rest.equation:
                equation = self.put_in({atom: times << rest.bits if atom != rest.number else times
                                        for atom, times in equation.items()}, rest.number)
                scale += rest.bits
            else:
                break
            found_low, found_high = self.interval(equation)
            low, high = max(low, -(-found_low >> scale)), min(high, found_high >> scale)
        return low, high

    def of_rest(self, rest):
        """How often a rest is counted in the word below it."""
        return self.words[rest.lower].equation[rest.number] if rest.lower is not None else 0

    def hides(self, atom, number) -> bool:
        """Whether a word is a sum with another one in it."""
        return isinstance(atom, int) and self.words[atom].is_sum and any(
            inner == number or self.hides(inner, number) for inner in self.words[atom].equation)

    def put_in(self, equation, atom):
        rest = {key: value for key, value in equation.items() if key != atom}
        return plus(rest, self.words[atom].equation, equation[atom])

    def poly_of(self, equation):
        result = {}
        for atom, times in equation.items():
            if atom is None:
                result = plus(result, {(): times})
            elif isinstance(atom, tuple):
                result = plus(result, multiplied(self.words[atom[1]].poly, self.words[atom[2]].poly), times)
            else:
                result = plus(result, self.words[atom].poly, times)
        return result
