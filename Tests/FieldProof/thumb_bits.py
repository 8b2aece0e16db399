# SPDX-License-Identifier: Apache-2.0
"""Moves, shifts and logical operations of Thumb."""

from machine import Machine
from words import ONES, Refused, Word


def number(text: str) -> int:
    return int(text.strip().removeprefix("#"), 0)


class ThumbBits(Machine):
    """The carry flag is None where it is not known. `flag` is ("carry", word) or ("borrow", word), which is its opposite."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.flag, self.chooses = None, None
        self.rotated = {}

    def carry(self) -> Word:
        if self.flag is None:
            raise Refused("the carry is not known")
        kind, word = self.flag
        return word if kind == "carry" else self.algebra.difference_from(1, word)

    def borrow(self) -> Word:
        if self.flag is None:
            raise Refused("the carry is not known")
        kind, word = self.flag
        return word if kind == "borrow" else self.algebra.difference_from(1, word)

    def operand(self, texts) -> Word:
        """A register, shifted or not, or a number."""
        text = texts[0]
        word = self.algebra.const(number(text)) if text.startswith("#") else self.value(text)
        if len(texts) > 1:
            kind, amount = texts[1].split()
            shifts = {"lsl": self.algebra.shift_left, "lsr": self.algebra.shift_right}
            if kind not in shifts:
                raise Refused("another shift")
            word = shifts[kind](word, number(amount))
        return word

    def do_mov(self, texts, sets):
        if texts[1].startswith("#"):
            self.registers[texts[0]] = self.algebra.const(number(texts[1]))
        else:
            self.registers[texts[0]] = self.registers.get(texts[1])
            self.moves.setdefault(texts[0], []).append(self.registers[texts[0]])

    def shifted(self, texts, sets, shift):
        first, amount = (texts[0], texts[1]) if len(texts) == 2 else (texts[1], texts[2])
        word, amount = self.value(first), number(amount)
        self.registers[texts[0]] = shift(word, amount)
        if sets:
            is_right = shift == self.algebra.shift_right
            known = word.constant is not None and is_right
            self.flag = ("carry", self.algebra.const(word.constant >> amount - 1 & 1)) if known else None

    def do_lsl(self, texts, sets):
        self.shifted(texts, sets, self.algebra.shift_left)

    def do_lsr(self, texts, sets):
        rotated = self.rotated.get(self.value(texts[1]).number) if len(texts) == 3 else None
        if rotated:
            carry, word = rotated
            if sets or number(texts[2]) != 30:
                raise Refused("other bits of a rotated word than the two upper ones")
            upper = self.algebra.cut(word, 31)[1]
            self.registers[texts[0]] = self.algebra.add(self.algebra.shift_left(carry, 1), upper)[0]
            return
        self.shifted(texts, sets, self.algebra.shift_right)

    def do_rrx(self, texts, sets):
        """The carry above the other bits of a word: only its two upper bits are asked for."""
        result = self.algebra.make(0, ONES)
        self.rotated[result.number] = (self.carry(), self.value(texts[1]))
        self.registers[texts[0]] = result

    def do_uxth(self, texts, sets):
        self.registers[texts[0]] = self.algebra.cut(self.value(texts[1]), 16)[0]

    def do_bic(self, texts, sets):
        if number(texts[2]) & ONES != 1 << 31:
            raise Refused("other bits than the top one")
        self.registers[texts[0]] = self.algebra.cut(self.value(texts[1]), 31)[0]

    def logical(self, texts, operation):
        first, rest = (texts[0], texts[1:]) if len(texts) == 2 else (texts[1], texts[2:])
        word = self.operand(rest)
        if word.constant is not None:
            word = self.algebra.const(word.constant & ONES)
        self.registers[texts[0]] = operation(self.value(first), word)

    def do_orr(self, texts, sets):
        self.logical(texts, self.algebra.either)

    def do_eor(self, texts, sets):
        self.logical(texts, self.algebra.exclusive_or)

    def do_and(self, texts, sets):
        if len(texts) == 4:  # with the sign of a word: all of the other one, or nothing
            kind, amount = texts[3].split()
            if (kind, number(amount)) != ("asr", 31):
                raise Refused("another shift")
            sign = self.algebra.cut(self.value(texts[2]), 31)[1]
            self.registers[texts[0]] = self.algebra.multiply(sign, self.value(texts[1]))[0]
            return
        self.logical(texts, self.algebra.both)

    def do_mvn(self, texts, sets):
        self.registers[texts[0]] = self.algebra.complement(self.value(texts[1]))

    def do_uadd8(self, texts, sets):
        word = self.value(texts[1])
        if texts[1] != texts[2] or word.constant not in (0, ONES):
            raise Refused("not twice a mask")
        self.chooses, self.registers[texts[0]] = word.constant == ONES, None

    def do_sel(self, texts, sets):
        if self.chooses is None:
            raise Refused("the choice is not known")
        self.registers[texts[0]] = self.value(texts[1] if self.chooses else texts[2])
