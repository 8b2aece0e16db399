# SPDX-License-Identifier: Apache-2.0
"""Words as sums of unknowns with ranges: arithmetic modulo 2^32 in which nothing is multiplied but by numbers.

A value is an integer between two bounds, which may be negative; the word is its remainder. An operation that loses something, a
carry or the lower bits, makes an unknown for it, the same one each time, so that what two words are together is an equation."""

from execution import signed
from words import ONES, WORD, Refused


SIGN = 1 << 31


class Sum:
    __slots__ = ("terms", "constant", "low", "high")

    def __init__(self, terms, constant, low, high):
        self.terms, self.constant, self.low, self.high = terms, constant, low, high

    @property
    def key(self):
        return frozenset(self.terms.items()), self.constant


class Linear:
    def __init__(self):
        self.bounds, self.memory, self.carries = [], {}, {}

    # ---- Integers ----

    def fresh(self, low, high) -> Sum:
        self.bounds.append((low, high))
        return Sum({len(self.bounds) - 1: 1}, 0, low, high)

    def unknown(self, name) -> Sum:
        return self.fresh(0, ONES)

    def unknown_byte(self, name) -> Sum:
        return self.fresh(0, 255)

    def sum_of(self, *parts) -> Sum | int:
        """Of (how often, what)."""
        terms, constant = {}, 0
        for times, value in parts:
            if isinstance(value, int):
                constant += times * value
                continue
            constant += times * value.constant
            for atom, count in value.terms.items():
                terms[atom] = terms.get(atom, 0) + times * count
        terms = {atom: count for atom, count in terms.items() if count}
        if not terms:
            return constant
        low, high = self.range_of(terms, constant)
        # What the parts allow may be narrower than what the unknowns do.
        part_low, part_high = 0, 0
        for times, value in parts:
            a, b = (value, value) if isinstance(value, int) else (value.low, value.high)
            part_low, part_high = part_low + min(times * a, times * b), part_high + max(times * a, times * b)
        return Sum(terms, constant, max(low, part_low), min(high, part_high))

    def range_of(self, terms, constant):
        low = high = constant
        for atom, count in terms.items():
            a, b = self.bounds[atom]
            low, high = low + min(count * a, count * b), high + max(count * a, count * b)
        return low, high

    def word(self, value):
        """The remainder by 2^32, as an integer between 0 and 2^32."""
        if isinstance(value, int):
            return value % WORD
        return value if 0 <= value.low and value.high < WORD else self.split(value, 32)[0]

    def split(self, value, bits):
        """(the lower bits, the quotient) of an integer."""
        if isinstance(value, int):
            return value & (1 << bits) - 1, value >> bits
        if 0 <= value.low and value.high >> bits == 0:
            return value, 0
        if all(count % (1 << bits) == 0 for count in (value.constant, *value.terms.values())):
            terms = {atom: count >> bits for atom, count in value.terms.items()}
            return 0, Sum(terms, value.constant >> bits, value.low >> bits, value.high >> bits)
        key = (value.key, bits)
        if key not in self.memory:
            same = value.low >> bits == value.high >> bits
            upper = value.low >> bits if same else self.fresh(value.low >> bits, value.high >> bits)
            lower = self.sum_of((1, value), (-(1 << bits), upper))
            lower.low, lower.high = max(lower.low, 0), min(lower.high, (1 << bits) - 1)
            self.memory[key] = lower, upper
        return self.memory[key]

    # ---- What executions ask for ----

    def add(self, a, b, carry=0):
        """(sum, carry). Where the sum of numbers with signs fits a word, it is that, and nothing is known of a carry."""
        total = self.sum_of(*((1, signed(value) if isinstance(value, int) else value) for value in (a, b, carry)))
        if isinstance(total, int):
            return total % WORD, None
        if total.low < 0 and -SIGN <= total.low and total.high < SIGN:
            return total, None
        words = [self.word(value) for value in (a, b, carry)]
        result, out = self.split(self.sum_of(*((1, word) for word in words)), 32)
        for term in words[:2]:
            if isinstance(result, Sum) and isinstance(term, Sum):
                self.carries[result.key, term.key] = out
        return result, out

    def subtract(self, a, b, borrow=0):
        """(difference, borrow)"""
        result, under = self.split(self.sum_of((1, self.word(a)), (-1, self.word(b)), (-1, self.word(borrow))), 32)
        return result, self.sum_of((-1, under))

    def do_less(self, a, b):
        a, b = self.word(a), self.word(b)
        if b == 0 or isinstance(a, Sum) and isinstance(b, Sum) and a.key == b.key:
            return 0
        if b == 1:  # whether it is 0
            return self.sum_of((1, 1), (-1, self.subtract(0, a)[1]))
        if isinstance(a, Sum) and isinstance(b, Sum) and (a.key, b.key) in self.carries:
            return self.carries[a.key, b.key]
        return self.subtract(a, b)[1]

    def multiply(self, a, b):
        a, b = (b, a) if isinstance(b, int) else (a, b)
        if not isinstance(a, int):
            raise Refused("a product of unknowns")
        return self.split(self.sum_of((a, self.word(b))), 32)

    def do_lsl(self, a, k):
        return self.sum_of((1 << k, self.split(self.word(a), 32 - k)[0])) if k else a

    def do_lsr(self, a, k):
        return self.split(self.word(a), k)[1] if k else a

    def do_asr(self, a, k):
        if k != 31 or a.low < -SIGN or a.high >= SIGN:
            raise Refused(f"a shift of what is no number with a sign: {a.low} to {a.high}")
        return self.split(a, 32)[1]

    def do_and(self, a, b):
        a, b = (b, a) if isinstance(a, int) else (a, b)
        if not isinstance(b, int) or b & b + 1:
            raise Refused("an and of unknowns")
        return a if b == ONES else self.split(self.word(a), b.bit_length())[0] if b else 0

    def do_or(self, a, b):
        for x, y in ((a, b), (b, a)):
            if y == 0:
                return x
            if isinstance(x, Sum):
                low = min(count & -count for count in (*x.terms.values(), x.constant or WORD))
                if (y if isinstance(y, int) else self.word(y).high) < low:
                    return self.sum_of((1, x), (1, y))
        raise Refused("an inclusive or of words that may share a bit")

    def do_xor(self, a, b):
        raise Refused("an exclusive or")

    do_ror = do_below = do_xor
