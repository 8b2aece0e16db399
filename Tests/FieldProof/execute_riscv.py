# SPDX-License-Identifier: Apache-2.0
"""The instructions of RV32IMC that compiled C is made of."""

import re

from execution import Execution, signed
from words import ONES, Refused

BRANCHES = {"beq": lambda a, b: a == b, "bne": lambda a, b: a != b, "bltu": lambda a, b: a < b, "bgeu": lambda a, b: a >= b,
            "blt": lambda a, b: signed(a) < signed(b), "bge": lambda a, b: signed(a) >= signed(b)}
SIZES = {"lw": 4, "lbu": 1, "lhu": 2, "sw": 4, "sb": 1, "sh": 2}
OPERATIONS = {"and": "and", "or": "or", "xor": "xor", "sll": "lsl", "srl": "lsr", "sra": "asr", "sltu": "less", "slt": "below"}
TWO = ("add", "sub", "xor", "or", "and", "slli", "srli", "srai", "addi", "andi")


class RISCV(Execution):
    saved = [f"s{i}" for i in range(12)]
    argument_registers = [f"a{i}" for i in range(8)]
    changed = [f"t{i}" for i in range(7)]

    def read(self, text):
        if text == "zero":
            return 0
        return int(text, 0) & ONES if text.lstrip("-")[:1].isdigit() else self.get(text)

    def write(self, register, value) -> None:
        if register in ("gp", "tp"):
            raise Refused("a register that is not the function's")
        if register != "zero":
            self.registers[register] = value

    def address(self, text) -> int:
        found = re.fullmatch(r"(-?\w+)\((\w+)\)", text)
        return self.known(self.get(found[2])) + int(found[1], 0) & ONES

    def step(self, instruction) -> None:
        name = instruction.name.removeprefix("c.")
        texts = [text.strip() for text in instruction.operands.split(",")]
        if instruction.name.startswith("c.") and name in TWO and len(texts) == 2:
            texts.insert(1, texts[0])
        match name:
            case "nothing": return
            case "addi16sp": name, texts = "addi", ["sp", "sp", texts[-1]]
            case "addi4spn": name = "addi"
            case "lwsp" | "swsp": name = name[:2]
            case "mv": name, texts = "addi", [*texts, "0"]
            case "li": name, texts = "addi", [texts[0], "zero", texts[1]]
            case "beqz" | "bnez": name, texts = "beq" if name == "beqz" else "bne", [texts[0], "zero", texts[1]]
            case "j": name, texts = "jal", ["zero", *texts]
            case "jr": name, texts = "jalr", ["zero", f"0x0({texts[0]})"]
        if name == "jal":
            if len(texts) == 1:
                texts.insert(0, "ra")
            self.write(texts[0], self.next)
            self.next = int(texts[1], 0)
        elif name == "jalr":
            target = self.address(texts[1])
            self.write(texts[0], self.next)
            self.next = target
        elif name in BRANCHES:
            if self.goes(name, self.read(texts[0]), self.read(texts[1])):
                self.next = int(texts[2], 0)
        elif name in SIZES:
            place = self.address(texts[1])
            if name[0] == "l":
                self.write(texts[0], self.load(place, SIZES[name]))
            else:
                self.store(place, self.read(texts[0]), SIZES[name])
        elif name == "lui":
            self.write(texts[0], int(texts[1], 0) << 12 & ONES)
        elif name == "auipc":
            self.write(texts[0], instruction.place + (int(texts[1], 0) << 12) & ONES)
        else:
            self.write(texts[0], self.computed(name, *map(self.read, texts[1:])))

    def computed(self, name, a, b):
        if name in ("add", "addi"):
            return a if b == 0 else self.add(a, b)[0]
        if name == "sub":
            return self.subtract(a, b)[0]
        if name in ("mul", "mulhu"):
            return self.multiply(a, b)[name == "mulhu"]
        stem = {"sltiu": "sltu", "slti": "slt"}.get(name, name if name in OPERATIONS else name.removesuffix("i"))
        if stem not in OPERATIONS:
            raise Refused("not an instruction that is understood")
        if stem[:2] in ("sl", "sr") and stem[2] in "la" and stem not in ("slt", "sltu"):
            b = self.known(b) & 31
        return self.do(OPERATIONS[stem], a, b)

    def goes(self, name, a, b) -> bool:
        return BRANCHES[name](self.known(a), self.known(b))
