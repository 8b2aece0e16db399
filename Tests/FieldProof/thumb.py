# SPDX-License-Identifier: Apache-2.0
"""The Thumb instructions of the Cortex-M0 and Cortex-M4 that the field's operations are made of."""

import re

from machine import Address, Return
from thumb_bits import ThumbBits, number
from words import ONES, Refused, Word

SETS_FLAGS = {"adds", "adcs", "subs", "sbcs", "lsls", "lsrs", "movs", "muls", "eors", "ands", "orrs", "mvns", "rsbs"}


class Thumb(ThumbBits):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.registers["lr"] = Return()

    def step(self, instruction) -> None:
        name = instruction.name.removesuffix(".w").removesuffix(".n")
        sets = name in SETS_FLAGS
        base = name[:-1] if sets else name
        method = getattr(self, "do_" + base, None)
        if method is None and base not in ("b", "bl"):
            raise Refused("not an instruction that the field's operations are made of")
        if base in ("ldr", "str", "ldm", "stm", "push", "pop"):
            method(instruction.operands)
        elif base == "bl":
            self.call(instruction.target)
            for register in [f"r{i}" for i in range(13)] + ["lr"]:
                self.registers[register] = None
            self.flag = self.chooses = None
        elif base == "b":
            self.go(number(instruction.operands))
        else:
            method([text.strip() for text in instruction.operands.split(",")], sets)

    # ---- Memory ----

    def place(self, text) -> Address:
        found = re.fullmatch(r"\[(\w+)(?:, #(\S+))?\]", text)
        if not found:
            raise Refused("an address of another form")
        return self.address(found[1]) + (int(found[2], 0) if found[2] else 0)

    def do_ldr(self, text):
        register, place = text.split(",", 1)
        self.registers[register.strip()] = self.load(self.place(place.strip()))

    def do_str(self, text):
        register, place = text.split(",", 1)
        self.store(self.place(place.strip()), self.registers.get(register.strip()))

    def listed(self, text):
        base, registers = text.split(",", 1)
        names = [name.strip() for name in registers.strip(" {}").split(",")]
        return base.strip().removesuffix("!"), base.strip().endswith("!"), names

    def do_ldm(self, text):
        base, writes, names = self.listed(text)
        place = self.address(base)
        for i, name in enumerate(names):
            self.registers[name] = self.load(place + 4 * i)
        if writes:
            if base in names:
                raise Refused("the base is among what is loaded")
            self.registers[base] = place + 4 * len(names)

    def do_stm(self, text):
        base, writes, names = self.listed(text)
        place = self.address(base)
        for i, name in enumerate(names):
            self.store(place + 4 * i, self.registers.get(name))
        if writes:
            self.registers[base] = place + 4 * len(names)

    def do_push(self, text):
        names = [name.strip() for name in text.strip("{}").split(",")]
        self.move_stack(-4 * len(names))
        self.do_stm("sp, " + text)

    def do_pop(self, text):
        names = [name.strip() for name in text.strip("{}").split(",")]
        values = [self.load(self.registers["sp"] + 4 * i) for i in range(len(names))]
        self.move_stack(4 * len(names))
        for name, value in zip(names, values):
            if name == "pc":
                self.leave(value)
            else:
                self.registers[name] = value

    def do_bx(self, texts, sets):
        self.leave(self.registers.get(texts[0]))

    # ---- Sums ----

    def do_add(self, texts, sets):
        target, first, rest = texts[0], texts[-2] if len(texts) == 2 else texts[1], texts[1:] if len(texts) == 2 else texts[2:]
        if isinstance(self.registers.get(first), Address):
            if sets and first == "sp" or not rest[0].startswith("#"):
                raise Refused("an address and a value")
            if target == "sp":
                self.move_stack(number(rest[0]))
            else:
                self.registers[target] = self.address(first) + number(rest[0])
            self.flag = None if sets else self.flag
            return
        self.added(target, [self.value(first), self.operand(rest)], sets)

    def added(self, target, words, sets):
        result, carry = self.algebra.add(*words)
        if sets:
            self.flag = ("carry", carry)
        self.registers[target] = result

    def do_adc(self, texts, sets):
        first, rest = (texts[0], texts[1:]) if len(texts) == 2 else (texts[1], texts[2:])
        self.added(texts[0], [self.value(first), self.operand(rest), self.carry()], sets)

    def do_sub(self, texts, sets):
        first, rest = (texts[0], texts[1:]) if len(texts) == 2 else (texts[1], texts[2:])
        if first == "sp":
            if texts[0] != "sp":
                raise Refused("an address below the stack pointer")
            self.move_stack(-number(rest[0]))
            return
        if isinstance(self.registers.get(first), Address) and rest[0].startswith("#"):
            self.registers[texts[0]] = self.registers[first] + -number(rest[0])
            self.flag = None if sets else self.flag
            return
        self.subtracted(texts[0], self.value(first), self.operand(rest), self.algebra.const(0), sets)

    def subtracted(self, target, a, b, borrow, sets):
        result, under = self.algebra.subtract(a, b, borrow)
        if sets:
            self.flag = ("borrow", under)
        self.registers[target] = result

    def do_sbc(self, texts, sets):
        first, rest = (texts[0], texts[1:]) if len(texts) == 2 else (texts[1], texts[2:])
        if rest == [first]:  # whatever it holds: 0, or all ones for a borrow
            case = self.decide(self.borrow())
            self.registers[texts[0]] = self.algebra.const(ONES if case else 0)
            if sets:
                self.flag = ("borrow", self.algebra.const(case))
            return
        self.subtracted(texts[0], self.value(first), self.operand(rest), self.borrow(), sets)

    def do_rsb(self, texts, sets):
        """A small number less a word; or of a word that is 0 or 1 its negative, which is no bits or all."""
        if not sets:
            self.subtracted(texts[0], self.operand(texts[2:]), self.value(texts[1]), self.algebra.const(0), False)
            return
        if number(texts[2]) != 0:
            raise Refused("not a negative")
        case = self.decide(self.value(texts[1]))
        self.registers[texts[0]] = self.algebra.const(ONES if case else 0)
        self.flag = None

    # ---- Products ----

    def do_mul(self, texts, sets):
        first, second = (texts[1], texts[2]) if len(texts) == 3 else (texts[0], texts[1])
        result, upper = self.algebra.multiply(self.value(first), self.value(second))
        self.registers[texts[0]] = result

    def long_product(self, texts, *added):
        self.registers[texts[0]], self.registers[texts[1]] = self.algebra.multiply(
            self.value(texts[2]), self.value(texts[3]), *added)

    def do_umull(self, texts, sets):
        self.long_product(texts)

    def do_umaal(self, texts, sets):
        self.long_product(texts, self.value(texts[0]), self.value(texts[1]))

    def do_umlal(self, texts, sets):
        if self.value(texts[1]).constant != 0:
            raise Refused("the upper word is not 0")
        self.long_product(texts, self.value(texts[0]))
