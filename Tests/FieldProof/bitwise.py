# SPDX-License-Identifier: Apache-2.0
"""Words that hashes are made of, in a form of their own: two values are the same where their forms are.

A word is a sum of unknowns, modulo 2^32. What is done to its bits (exclusive or, and, shifts and rotations) makes a new unknown, whose
meaning is a polynomial of Zhegalkin: an exclusive or of products of rotated words, each under a mask. That form is unique, and so are
sums; the carry of a sum is a difference of the quotients by 2^32 of what was summed, so that carries do not depend on the order
in which a sum was made."""

from words import ONES, WORD, Refused


class Value:
    """terms and constant: an integer whose remainder is the word. `fits`: it is the word."""

    __slots__ = ("terms", "constant", "fits")

    def __init__(self, terms, constant=0, fits=False):
        self.terms, self.constant, self.fits = terms, constant, fits


def key(value):
    """What is the same for the same words."""
    if isinstance(value, int):
        return value
    terms = frozenset((atom, times % WORD) for atom, times in value.terms.items() if times % WORD)
    return (terms, value.constant % WORD) if terms else value.constant % WORD


class Bitwise:
    def __init__(self):
        self.numbers, self.meanings, self.carries = {}, [], {}

    def atom(self, kind, what, meaning):
        if (kind, what) not in self.numbers:
            self.numbers[kind, what] = len(self.meanings)
            self.meanings.append((kind, meaning))
        return self.numbers[kind, what]

    def unknown(self, name) -> Value:
        return Value({self.atom("unknown", name, name): 1})

    def unknown_byte(self, name):
        return self.do_and(self.unknown(name), 255)

    # ---- Sums ----

    def sum_of(self, *values) -> Value:
        terms, constant = {}, 0
        for value in values:
            if isinstance(value, int):
                constant += value
                continue
            constant += value.constant
            for atom, times in value.terms.items():
                terms[atom] = terms.get(atom, 0) + times
        return Value({atom: times for atom, times in terms.items() if times}, constant)

    def quotient(self, value) -> tuple[dict, int]:
        """Of the integer by 2^32, as terms and a number."""
        if isinstance(value, int) or value.fits:
            return {}, 0
        whole, constant = divmod(value.constant, WORD)
        if not value.terms:
            return {}, whole
        if constant == 0 and len(value.terms) == 1:
            [(atom, times)] = value.terms.items()
            if times == 1 and self.meanings[atom][0] != "quotient":
                return {}, whole
        return {self.atom("quotient", (frozenset(value.terms.items()), constant), None): 1}, whole

    def add(self, a, b, carry=0):
        if carry == 0 and self.is_disjoint(a, b):
            return self.do_xor(a, b), 0
        result = self.sum_of(a, b, carry)
        terms, constant = self.quotient(result)
        for value in (a, b, carry):
            less, number = self.quotient(value)
            constant -= number
            for atom, times in less.items():
                terms[atom] = terms.get(atom, 0) - times
        terms = {atom: times for atom, times in terms.items() if times}
        out = Value(terms, constant, fits=True) if terms else constant
        for value in (a, b):
            self.carries[key(result), key(value)] = out
        return (result if result.terms else result.constant % WORD), out

    def is_disjoint(self, a, b) -> bool:
        """Whether no bit is in both: compilers add such words where others take an inclusive or."""
        alone = all(isinstance(value, int) or value.constant == 0 and len(value.terms) == 1 for value in (a, b))
        return alone and not any(product(self.bits(a), self.bits(b)).values())

    def subtract(self, a, b, borrow=0):
        raise Refused("a difference")

    def do_less(self, a, b):
        """Of a sum and one of its terms, the carry."""
        if (key(a), key(b)) not in self.carries:
            raise Refused("a comparison of unknowns")
        return self.carries[key(a), key(b)]

    # ---- Bits: {which rotated words are multiplied: under what mask} ----

    def bits(self, value) -> dict:
        if isinstance(value, int):
            return {frozenset(): value} if value else {}
        if value.constant == 0 and len(value.terms) == 1:
            [(atom, times)] = value.terms.items()
            kind, meaning = self.meanings[atom]
            if times == 1 and kind == "bits":
                return meaning
            if times == 1 and kind == "unknown":
                return {frozenset([(atom, 0)]): ONES}
        one = key(value)
        return {frozenset(): one} if isinstance(one, int) else {frozenset([(self.atom("sum", one, value), 0)]): ONES}

    def word(self, bits):
        bits = {product: mask for product, mask in bits.items() if mask}
        if not bits:
            return 0
        if len(bits) == 1:
            [(product, mask)] = bits.items()
            if not product:
                return mask
            if mask == ONES and len(product) == 1:
                [(atom, rotation)] = product
                if rotation == 0:
                    kind, meaning = self.meanings[atom]
                    return meaning if kind == "sum" else Value({atom: 1})
        return Value({self.atom("bits", frozenset(bits.items()), bits): 1})

    def do_xor(self, a, b):
        return self.word(exclusive(self.bits(a), self.bits(b)))

    def do_and(self, a, b):
        return self.word(product(self.bits(a), self.bits(b)))

    def do_or(self, a, b):
        x, y = self.bits(a), self.bits(b)
        return self.word(exclusive(exclusive(x, y), product(x, y)))

    def do_ror(self, a, k):
        return self.word(rotated(self.bits(a), k))

    def do_lsr(self, a, k):
        return self.word({what: mask & ONES >> k for what, mask in rotated(self.bits(a), k).items()})

    def do_lsl(self, a, k):
        return self.word({what: mask & ONES << k & ONES for what, mask in rotated(self.bits(a), -k % 32).items()})

    def do_asr(self, a, k):
        raise Refused("a sign that is copied")

    do_below = do_asr

    def multiply(self, a, b):
        raise Refused("a product")


def exclusive(a: dict, b: dict) -> dict:
    result = dict(a)
    for what, mask in b.items():
        result[what] = result.get(what, 0) ^ mask
    return result


def product(a: dict, b: dict) -> dict:
    result = {}
    for what, mask in a.items():
        for other, under in b.items():
            if both := mask & under:
                result[what | other] = result.get(what | other, 0) ^ both
    return result


def rotated(a: dict, k: int) -> dict:
    turn = lambda mask: (mask >> k | mask << 32 - k) & ONES
    return {frozenset((atom, (by + k) % 32) for atom, by in what): turn(mask) for what, mask in a.items()}
