"""The Thumb instructions of the Cortex-M0 and Cortex-M4 that the field's operations are made of."""

import re

from machine import Address, Machine, Return
from words import ONES, Refused, Word

SETS_FLAGS = {"adds", "adcs", "subs", "sbcs", "lsls", "lsrs", "movs", "muls", "eors", "ands", "orrs", "mvns", "rsbs"}


def number(text: str) -> int:
    return int(text.strip().removeprefix("#"), 0)


class Thumb(Machine):
    """The carry flag is None where it is not known. `flag` is ("carry", word) or ("borrow", word), which is its opposite."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.registers["lr"] = Return()
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

    # ---- Bits ----

    def do_mov(self, texts, sets):
        if texts[1].startswith("#"):
            self.registers[texts[0]] = self.algebra.const(number(texts[1]))
        else:
            self.registers[texts[0]] = self.registers.get(texts[1])

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
