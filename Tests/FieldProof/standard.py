# SPDX-License-Identifier: Apache-2.0
"""FIPS 180-4 from its definitions, on words that Python or a domain computes with."""

from words import ONES


def primes():
    number = 2
    while True:
        if all(number % divisor for divisor in range(2, number)):
            yield number
        number += 1


def root(number: int, power: int) -> int:
    low, high = 0, 1 << 80
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**power <= number else (low, middle)
    return low


class Standard:
    """FIPS 180-4: words of `bits`, each as (upper, lower) words of 32 or as one."""

    def __init__(self, name, bits, rounds, big0, big1, small0, small1):
        self.name, self.bits, self.rounds, self.pieces = name, bits, rounds, bits // 32
        self.big, self.small = (big0, big1), (small0, small1)
        some = [prime for prime, _ in zip(primes(), range(rounds))]
        part = lambda prime, power: root(prime << power * bits, power) % (1 << bits)
        self.initial = [part(prime, 2) for prime in some[:8]]
        self.constants = [part(prime, 3) for prime in some]
        self.state_words, self.block_words = 8 * self.pieces, 16 * self.pieces
        self.block_bytes, self.count_words = 4 * self.block_words, 2 * self.pieces

    def split(self, number):
        """A number as words, the least first."""
        return tuple(number >> 32 * i & ONES for i in range(self.pieces))


SHA256 = Standard("sha256", 32, 64, (2, 13, 22), (6, 11, 25), (7, 18, -3), (17, 19, -10))
SHA512 = Standard("sha512", 64, 80, (28, 34, 39), (14, 18, 41), (1, 8, -7), (19, 61, -6))


class Specified:
    """The standard's operations on words that a domain, or Python, computes with; `run` is an execution, whose arithmetic they use."""

    def __init__(self, standard, run):
        self.standard, self.run = standard, run

    def each(self, name, *words):
        return tuple(self.run.do(name, *parts) for parts in zip(*words))

    def add(self, *words):
        total = words[0]
        for word in words[1:]:
            carry, parts = 0, []
            for a, b in zip(total, word):
                part, carry = self.run.add(a, b, carry)
                parts.append(part)
            total = tuple(parts)
        return total

    def right(self, word, by, turns):
        if len(word) == 1:
            return (self.run.do("ror" if turns else "lsr", word[0], by),)
        low, high = word if by < 32 else (word[1], word[0] if turns else 0)
        by %= 32
        above = low if turns else 0
        if turns and len(word) == 2 and by:
            return (self.join(low, high, by), self.join(high, low, by))
        return (self.join(low, high, by), self.run.do("lsr", high, by)) if by else (low, high if not turns else above)

    def join(self, low, high, by):
        return self.run.do("or", self.run.do("lsr", low, by), self.run.do("lsl", high, 32 - by))

    def sigma(self, word, amounts):
        """An exclusive or of rotations; a negative number is a shift."""
        parts = [self.right(word, abs(by), by > 0) for by in amounts]
        return self.each("xor", self.each("xor", parts[0], parts[1]), parts[2])

    def compressed(self, state, block):
        standard = self.standard
        w = list(block)
        for t in range(16, standard.rounds):
            w.append(self.add(self.sigma(w[t - 2], standard.small[1]), w[t - 7], self.sigma(w[t - 15], standard.small[0]), w[t - 16]))
        a, b, c, d, e, f, g, h = state
        ones = (ONES,) * standard.pieces
        for t in range(standard.rounds):
            ch = self.each("xor", self.each("and", e, f), self.each("and", self.each("xor", e, ones), g))
            maj = self.each("xor", self.each("xor", self.each("and", a, b), self.each("and", a, c)), self.each("and", b, c))
            one = self.add(h, self.sigma(e, standard.big[1]), ch, standard.split(standard.constants[t]), w[t])
            two = self.add(self.sigma(a, standard.big[0]), maj)
            a, b, c, d, e, f, g, h = self.add(one, two), a, b, c, self.add(d, one), e, f, g
        return [self.add(before, after) for before, after in zip(state, (a, b, c, d, e, f, g, h))]


def flat(words):
    return [part for word in words for part in word]


def grouped(parts, size):
    return [tuple(parts[i:i + size]) for i in range(0, len(parts), size)]
