# SPDX-License-Identifier: Apache-2.0
"""The instructions of RV32IMC that the field's operations are made of."""

import re

from machine import Address, Machine, Return
from words import ONES, Refused, Word


class RISCV(Machine):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.registers["ra"] = Return()
        self.registers["zero"] = self.algebra.const(0)
        self.carries = {}  # (sum, one of its terms) to its carry

    def step(self, instruction) -> None:
        name = instruction.name.removeprefix("c.")
        texts = [text.strip() for text in instruction.operands.split(",")]
        if instruction.name.startswith("c.") and name in ("add", "sub", "xor", "or", "and", "slli", "srli", "addi"):
            texts.insert(1, texts[0])
        name = {"lwsp": "lw", "swsp": "sw", "addi16sp": "addi"}.get(name, name)
        if instruction.name == "c.addi16sp":
            texts.insert(1, "sp")
        method = getattr(self, "do_" + {"or": "either", "and": "both"}.get(name, name), None)
        if method is None:
            raise Refused("not an instruction that the field's operations are made of")
        if texts[0] in ("zero", "gp", "tp"):
            raise Refused("a register that is not the function's")
        method(*texts)

    def place(self, text) -> Address:
        found = re.fullmatch(r"(-?\w+)\((\w+)\)", text)
        if not found:
            raise Refused("an address of another form")
        return self.address(found[2]) + int(found[1], 0)

    def do_lw(self, target, place):
        self.registers[target] = self.load(self.place(place))

    def do_sw(self, source, place):
        self.store(self.place(place), self.registers.get(source))

    def do_mv(self, target, source):
        self.registers[target] = self.registers.get(source)

    def do_li(self, target, number):
        self.registers[target] = self.algebra.const(int(number, 0) & ONES)

    def do_lui(self, target, number):
        self.registers[target] = self.algebra.const(int(number, 0) << 12 & ONES)

    def do_addi(self, target, source, number):
        if source == "zero":
            self.do_li(target, number)
        elif target == source == "sp":
            self.move_stack(int(number, 0))
        else:
            self.registers[target] = self.address(source) + int(number, 0)

    def do_add(self, target, a, b):
        x, y = self.value(a), self.value(b)
        result, carry = self.algebra.add(x, y)
        for term in (x, y):
            self.carries[result.number, term.number] = carry
        self.registers[target] = result

    def do_sltu(self, target, a, b):
        """Of a sum and one of its terms, the carry; else a borrow."""
        x, y = self.value(a), self.value(b)
        known = self.carries.get((x.number, y.number))
        self.registers[target] = known if known is not None else self.algebra.subtract(x, y, self.algebra.const(0))[1]

    def do_sub(self, target, a, b):
        self.registers[target] = self.algebra.subtract(self.value(a), self.value(b), self.algebra.const(0))[0]

    def do_mul(self, target, a, b):
        self.registers[target] = self.algebra.multiply(*self.factors(a, b))[0]

    def do_mulhu(self, target, a, b):
        self.registers[target] = self.algebra.multiply(*self.factors(a, b))[1]

    def factors(self, a, b) -> list[Word]:
        return sorted((self.value(a), self.value(b)), key=lambda word: word.number)

    def do_slli(self, target, source, number):
        self.registers[target] = self.algebra.shift_left(self.value(source), int(number, 0))

    def do_srli(self, target, source, number):
        self.registers[target] = self.algebra.shift_right(self.value(source), int(number, 0))

    def do_xori(self, target, source, number):
        self.registers[target] = self.algebra.exclusive_or(self.value(source), self.algebra.const(int(number, 0) & ONES))

    def do_xor(self, target, a, b):
        self.registers[target] = self.algebra.exclusive_or(self.value(a), self.value(b))

    def do_either(self, target, a, b):
        self.registers[target] = self.algebra.either(self.value(a), self.value(b))

    def do_both(self, target, a, b):
        self.registers[target] = self.algebra.both(self.value(a), self.value(b))

    def do_j(self, place):
        self.go(int(place, 0))

    def do_jr(self, register):
        self.leave(self.registers.get(register))
