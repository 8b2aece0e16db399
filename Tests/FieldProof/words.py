# SPDX-License-Identifier: Apache-2.0
"""Words of 32 bits as exact integers over unknowns.

Every word has a range, a polynomial over the inputs and over what was carried or shifted out on the way, and an equation over the
words that it was made of. That a sum fits is shown from ranges and equations; that a result is right, from the polynomials."""

WORD = 1 << 32
ONES = WORD - 1


class Refused(Exception):
    """What the code does is not understood, or not proved."""


def plus(a: dict, b: dict, times=1) -> dict:
    """a + times b, without what cancels."""
    result = dict(a)
    for key, value in b.items():
        total = result.get(key, 0) + times * value
        if total:
            result[key] = total
        else:
            result.pop(key, None)
    return result


def multiplied(a: dict, b: dict) -> dict:
    result = {}
    for x, n in a.items():
        for y, m in b.items():
            key = tuple(sorted(x + y))
            result[key] = result.get(key, 0) + n * m
    return {key: value for key, value in result.items() if value}


class Word:
    """A value that a register or a place in memory holds."""

    def __init__(self, number, low, high, poly, equation=None, is_rest=False):
        self.number, self.low, self.high, self.poly, self.equation = number, low, high, poly, equation
        self.is_rest = is_rest      # a carry, or the upper part of a value
        self.lower, self.bits = None, 0     # of an upper part, the number of the word below it, and how many bits that has
        self.is_sum = False         # exactly a sum of what its equation says, upper parts among it
        self.shifted = None         # (k, word): 2^k times a word
        self.complement = None      # of which word
        self.differs = None         # of which two words it is the exclusive or

    @property
    def constant(self):
        return self.low if self.low == self.high else None
