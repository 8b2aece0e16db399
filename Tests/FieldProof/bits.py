# SPDX-License-Identifier: Apache-2.0
"""Executes RV32IM code on registers and memory of which some bytes are unknown: bit vectors of z3. What decides a branch or is an
address must be known. A call does nothing but be noted, and leaves nothing known in the registers that it may change."""

import z3

from words import ONES, Refused

CHANGED = [f"a{i}" for i in range(8)] + [f"t{i}" for i in range(7)] + ["ra"]
RETURN, LONGEST = 0xFFFFFFF0, 2_000_000


class Bits:
    def __init__(self, code, start, registers, memory):
        self.code = {instruction.place: i for i, instruction in enumerate(code)}
        self.order, self.position = code, self.code[start]
        self.registers = {"zero": 0, "sp": 0x8000_0000, "ra": RETURN} | registers
        self.memory = memory  # bytes
        self.calls = []       # (name, the first four arguments)

    def run(self):
        for _ in range(LONGEST):
            instruction = self.order[self.position]
            self.position += 1
            name = instruction.name.removeprefix("c.")
            texts = [text.strip() for text in instruction.operands.split(",")]
            if instruction.target:
                self.call(instruction.target)
            elif name == "jalr" and texts[0] == "zero":
                return
            elif name in BRANCHES:
                a, b = self.known(texts[0]), self.known(texts[1])
                if BRANCHES[name](a, b):
                    self.position = self.code[int(texts[2], 0)]
            elif name == "jal" and texts[0] == "zero":
                self.position = self.code[int(texts[1], 0)]
            else:
                self.step(name, texts)
        raise Refused("the function does not end")

    def call(self, target):
        """The pair of AUIPC and JALR."""
        self.calls.append((target, [self.registers.get(f"a{i}") for i in range(4)]))
        for register in CHANGED:
            self.registers[register] = None
        self.position += 1

    def get(self, register):
        value = self.registers.get(register)
        if value is None:
            raise Refused(f"{register} holds what is not known")
        return value

    def known(self, register) -> int:
        value = self.get(register)
        if not isinstance(value, int):
            raise Refused("a branch or an address that depends on an input")
        return value

    def set(self, register, value):
        if register != "zero":
            self.registers[register] = value & ONES if isinstance(value, int) else z3.simplify(value)

    def place(self, text) -> int:
        offset, base = text.rstrip(")").split("(")
        return (self.known(base) + int(offset, 0)) & ONES

    def step(self, name, texts):
        if name in ("lw", "lbu"):
            place = self.place(texts[1])
            found = [self.memory.get(place + i) for i in range(4 if name == "lw" else 1)]
            if None in found:
                self.registers[texts[0]] = None
            elif all(isinstance(byte, int) for byte in found):
                self.set(texts[0], int.from_bytes(bytes(found), "little"))
            elif name == "lw":
                self.set(texts[0], z3.Concat(*[byte_of(byte) for byte in reversed(found)]))
            else:
                self.set(texts[0], z3.ZeroExt(24, found[0]))
        elif name in ("sw", "sb"):
            place, value = self.place(texts[1]), self.registers.get(texts[0])
            for i in range(4 if name == "sw" else 1):
                self.memory[place + i] = (None if value is None else value >> 8 * i & 255 if isinstance(value, int)
                                          else z3.Extract(8 * i + 7, 8 * i, value))
        elif name == "lui":
            self.set(texts[0], int(texts[1], 0) << 12)
        elif stem(name) in OPERATIONS:
            operands = [int(text, 0) if text.lstrip("-")[:1].isdigit() else self.registers.get(text) for text in texts[1:]]
            if None in operands:
                self.registers[texts[0]] = None
                return
            if all(isinstance(value, int) for value in operands):
                result = z3.simplify(apply(name, *[z3.BitVecVal(value, 32) for value in operands]))
                self.set(texts[0], result.as_long())
            else:
                self.set(texts[0], apply(name, *[z3.BitVecVal(v, 32) if isinstance(v, int) else v for v in operands]))
        else:
            raise Refused(f"{name} {', '.join(texts)}: not an instruction that is understood")


def byte_of(byte):
    return z3.BitVecVal(byte, 8) if isinstance(byte, int) else byte


def signed(value: int) -> int:
    return value - (value >> 31 << 32)


BRANCHES = {"beq": lambda a, b: a == b, "bne": lambda a, b: a != b, "bltu": lambda a, b: a < b, "bgeu": lambda a, b: a >= b,
            "blt": lambda a, b: signed(a) < signed(b), "bge": lambda a, b: signed(a) >= signed(b)}

flag = lambda condition: z3.If(condition, z3.BitVecVal(1, 32), z3.BitVecVal(0, 32))
OPERATIONS = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b, "and": lambda a, b: a & b, "or": lambda a, b: a | b,
              "xor": lambda a, b: a ^ b, "sll": lambda a, b: a << (b & 31), "srl": lambda a, b: z3.LShR(a, b & 31),
              "sra": lambda a, b: a >> (b & 31), "sltu": lambda a, b: flag(z3.ULT(a, b)), "slt": lambda a, b: flag(a < b),
              "mul": lambda a, b: a * b}


def stem(name):
    return {"sltiu": "sltu"}.get(name, name if name in OPERATIONS else name.removesuffix("i"))


def apply(name, *operands):
    return OPERATIONS[stem(name)](*operands)
