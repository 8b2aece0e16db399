# SPDX-License-Identifier: Apache-2.0
"""Thumb's arithmetic, shifts and logical operations, and the flags that they leave."""

from execution import Execution
from words import ONES, Refused

SUMS = ("add", "adc", "sub", "sbc", "rsb")
LOGICAL = {"and": ("and", False), "orr": ("or", False), "eor": ("xor", False), "bic": ("and", True), "orn": ("or", True)}
SHIFTS = ("lsl", "lsr", "asr", "ror")


def number(text: str) -> int:
    return int(text.strip().removeprefix("#"), 0)


class ThumbSums(Execution):
    def __init__(self, program, domain):
        super().__init__(program, domain)
        self.flags = {}  # n, z, c, v: a number each, or for c an unknown of 0 or 1
        self.alignment = 1 if program.core == "m4" else 4

    def write(self, register, value) -> None:
        if register == "pc":
            self.next = self.known(value) & ~1
        else:
            self.registers[register] = value

    def set_signs(self, value) -> None:
        if isinstance(value, int):
            self.flags |= {"n": value >> 31, "z": int(value == 0)}
        else:
            self.flags |= {"n": None, "z": None}

    def operand(self, texts):
        """A number, or a register, shifted or not."""
        if texts[0].startswith("#"):
            return number(texts[0]) & ONES
        value = self.get(texts[0])
        if len(texts) > 1:
            kind, amount = texts[1].split()
            if kind not in SHIFTS:
                raise Refused("another shift")
            value = self.do(kind, value, number(amount))
        return value

    @staticmethod
    def three(texts):
        """(target, first operand, the other) where the target may stand for the first."""
        is_short = len(texts) == 2 or len(texts) == 3 and " " in texts[2]
        return (texts[0], texts[0], texts[1:]) if is_short else (texts[0], texts[1], texts[2:])

    def sum(self, name, texts, sets) -> None:
        target, first, rest = self.three(texts)
        a, b = self.get(first), self.operand(rest)
        if name == "rsb":
            a, b = b, a
        self.write(target, self.summed(name, a, b, sets))

    def summed(self, name, a, b, sets):
        if name in ("add", "adc"):
            carry = self.carry() if name == "adc" else 0
            result, out = (a, 0) if b == 0 and carry == 0 else self.add(a, b, carry)
        else:
            borrow = self.do("xor", self.carry(), 1) if name == "sbc" else 0
            result, under = (a, 0) if b == 0 and borrow == 0 else self.subtract(a, b, borrow)
            out = self.do("xor", under, 1) if sets else None
        if sets:
            self.set_signs(result)
            numbers = isinstance(a, int) and isinstance(b, int)
            plus = name in ("add", "adc")
            self.flags["v"] = ((a ^ result) & ((b if plus else ~b) ^ result)) >> 31 & 1 if numbers else None
            self.flags["c"] = out
        return result

    def carry(self):
        found = self.flags.get("c")
        if found is None:
            raise Refused("the carry is not known")
        return found

    def do_cmp(self, texts, sets):
        self.summed("sub", self.get(texts[0]), self.operand(texts[1:]), True)

    def do_cmn(self, texts, sets):
        self.summed("add", self.get(texts[0]), self.operand(texts[1:]), True)

    def logical(self, name, texts, sets) -> None:
        target, first, rest = self.three(texts)
        kind, inverts = LOGICAL[name]
        b = self.operand(rest)
        if inverts:
            b = self.do("xor", b, ONES)
        result = self.do(kind, self.get(first), b)
        self.write(target, result)
        if sets:
            self.set_signs(result)
            if len(rest) > 1 or rest[0].startswith("#"):
                self.flags["c"] = None  # of the operand's shift

    def do_tst(self, texts, sets):
        self.set_signs(self.do("and", self.get(texts[0]), self.operand(texts[1:])))

    def shift(self, name, texts, sets) -> None:
        target, first, rest = self.three(texts)
        value = self.get(first)
        amount = number(rest[0]) if rest[0].startswith("#") else self.known(self.get(rest[0])) & 255
        if amount > 31 and name in ("lsl", "lsr"):
            result = 0
        else:
            result = self.do(name, value, amount % 32) if amount % 32 else value
        self.write(target, result)
        if sets:
            self.set_signs(result)
            if amount:
                self.flags["c"] = self.shifted_out(name, value, amount) if amount < 32 else None

    def shifted_out(self, name, value, amount):
        return (value >> (32 - amount if name == "lsl" else amount - 1) % 32) & 1 if isinstance(value, int) else None

    def do_mov(self, texts, sets):
        if len(texts) == 3:
            return self.shift(texts[2].split()[0], [texts[0], texts[1], texts[2].split()[1]], sets)
        value = self.operand(texts[1:])
        self.write(texts[0], value)
        if sets:
            self.set_signs(value)

    def do_movw(self, texts, sets):
        self.registers[texts[0]] = number(texts[1])

    def do_movt(self, texts, sets):
        self.registers[texts[0]] = self.known(self.get(texts[0])) & 0xFFFF | number(texts[1]) << 16

    def do_mvn(self, texts, sets):
        value = self.do("xor", self.operand(texts[1:]), ONES)
        self.write(texts[0], value)
        if sets:
            self.set_signs(value)

    def do_rev(self, texts, sets):
        value = self.get(texts[1])
        one = self.do("and", self.do("ror", value, 8), 0xFF00FF00)
        self.registers[texts[0]] = self.do("or", one, self.do("and", self.do("ror", value, 24), 0x00FF00FF))

    def do_ubfx(self, texts, sets):
        shifted = self.do("lsr", self.get(texts[1]), number(texts[2]))
        self.registers[texts[0]] = self.do("and", shifted, (1 << number(texts[3])) - 1)

    def do_mul(self, texts, sets):
        factors = [self.get(text) for text in texts[-2:]]
        self.write(texts[0], self.multiply(*factors)[0])
        if sets:
            self.set_signs(self.registers[texts[0]])

    def long(self, texts, *added):
        low, high = self.multiply(self.get(texts[2]), self.get(texts[3]))
        for word in added:
            low, carry = self.add(low, word)
            high, over = self.add(high, carry)
        self.registers[texts[0]], self.registers[texts[1]] = low, high

    def do_umull(self, texts, sets):
        self.long(texts)

    def do_umaal(self, texts, sets):
        self.long(texts, self.get(texts[0]), self.get(texts[1]))

    def do_umlal(self, texts, sets):
        upper = self.get(texts[1])
        self.long(texts, self.get(texts[0]))
        self.registers[texts[1]] = self.add(self.registers[texts[1]], upper)[0]
