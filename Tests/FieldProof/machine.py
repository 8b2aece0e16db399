# SPDX-License-Identifier: Apache-2.0
"""What both instruction sets share: registers, memory as words, cases, calls, and how code is read from a disassembly."""

import re
import subprocess
from dataclasses import dataclass

from algebra import Algebra
from words import Refused, Word


@dataclass(frozen=True)
class Address:
    """A place in memory: an array's name, or the stack, whose offset is 0 at the function's entry."""

    base: str
    offset: int

    def __add__(self, more):
        return Address(self.base, self.offset + more)


@dataclass(frozen=True)
class Return:
    """Where the function goes when it ends."""


@dataclass
class Instruction:
    place: int
    name: str
    operands: str
    target: str = ""  # of a call


def disassemble(objdump, path, *options) -> tuple[dict[str, list[Instruction]], dict[str, tuple[str, int]]]:
    """The instructions of each section, and for each function its section and place."""
    lines = subprocess.run([objdump, "-dr", "--no-show-raw-insn", *options, path], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    sections, functions, section = {}, {}, ""
    for line in lines:
        if found := re.match(r"Disassembly of section (\S+):", line):
            section = found[1]
            sections[section] = []
        elif found := re.match(r"([0-9a-f]+) <([^>]+)>:", line):
            functions[found[2]] = (section, int(found[1], 16))
        elif found := re.search(r"R_\w*CALL\w*\s+(\w+)", line):
            sections[section][-1].target = found[1]
        elif re.search(r"\sR_\w+\s", line):
            continue  # the address of a constant
        elif found := re.match(r"\s*([0-9a-f]+):\s+(\S+)\s*([^@<#/]*(?:#[^@<]*)?)", line):
            sections[section].append(Instruction(int(found[1], 16), found[2], found[3].strip()))
    return sections, functions


LONGEST = 5000  # instructions of a function


class Undecided(Exception):
    """The case goes both ways: `word` is 0 or 1."""

    def __init__(self, word):
        self.word = word


class Machine:
    """Executes one function. What it does not know, it refuses: among that every conditional branch, and a value as an address."""

    stack_pointer = "sp"

    def __init__(self, code, start, registers, memory, algebra, contracts):
        self.code = {instruction.place: (i, instruction) for i, instruction in enumerate(code)}
        self.order, self.start = code, start
        self.registers, self.memory, self.algebra, self.contracts = registers, memory, algebra, contracts
        self.registers[self.stack_pointer] = Address("stack", 0)
        self.deepest, self.count, self.position, self.ran = 0, 0, 0, set()
        self.may_write = set()
        self.stored = {}  # what was last stored at a place, also where the stack has been given back
        self.stores, self.moves = [], {}  # all that was stored, and for each register all that was moved into it, in order

    def run(self) -> None:
        self.position = self.code[self.start][0]
        while self.position is not None:
            if self.position >= len(self.order):
                raise Refused("the function does not end")
            instruction = self.order[self.position]
            self.position += 1
            self.count += 1
            self.ran.add(instruction.place)
            if instruction.name == "nothing":
                continue
            try:
                self.step(instruction)
            except Refused as refusal:
                raise Refused(f"{instruction.place:#x} {instruction.name} {instruction.operands}: {refusal}") from None
        if self.registers[self.stack_pointer] != Address("stack", 0):
            raise Refused("the stack pointer is another at the end")

    def go(self, place: int) -> None:
        if place not in self.code or self.count > LONGEST:
            raise Refused("a jump to elsewhere, or one without end")
        self.position = self.code[place][0]

    def leave(self, value) -> None:
        if not isinstance(value, Return):
            raise Refused("it returns to elsewhere")
        self.position = None

    def decide(self, word: Word) -> int:
        """0 or 1: the case's value of a word that is one of them. All cases are run."""
        if word.constant is not None:
            return word.constant
        if word.low < 0 or word.high > 1:
            raise Refused("a case of more than two values")
        if word.number not in self.algebra.decided:
            raise Undecided(word)
        return self.algebra.decided[word.number]

    # ---- Registers and memory ----

    def value(self, name) -> Word:
        found = self.registers.get(name)
        if not isinstance(found, Word):
            raise Refused(f"{name} holds no value")
        return found

    def address(self, name) -> Address:
        found = self.registers.get(name)
        if not isinstance(found, Address):
            raise Refused(f"{name} holds no address")
        return found

    def check(self, place: Address) -> None:
        if place.offset % 4:
            raise Refused("not the address of a word")
        if place.base == "stack" and place.offset < self.registers[self.stack_pointer].offset:
            raise Refused("below the stack pointer")

    def load(self, place: Address):
        self.check(place)
        if place not in self.memory:
            raise Refused("nothing is known to lie there")
        return self.memory[place]

    def store(self, place: Address, what) -> None:
        self.check(place)
        if place.base == "stack":
            if place.offset >= 0 and place not in self.may_write:
                raise Refused("the caller's stack")
        elif place not in self.may_write:
            raise Refused("not a place of the result")
        if what is None:
            raise Refused("an unknown register is stored")
        self.memory[place] = self.stored[place] = what
        self.stores.append(what)

    def move_stack(self, more: int) -> None:
        now = self.registers[self.stack_pointer] + more
        if now.offset > 0 or now.offset % 4:
            raise Refused("the stack pointer above where it was")
        self.registers[self.stack_pointer] = now
        self.deepest = min(self.deepest, now.offset)
        for place in [place for place in self.memory if place.base == "stack" and place.offset < now.offset]:
            del self.memory[place]  # an interrupt may write there

    def call(self, target: str) -> None:
        if target not in self.contracts:
            raise Refused("a call of what has no contract")
        self.contracts[target](self)
