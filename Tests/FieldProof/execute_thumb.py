# SPDX-License-Identifier: Apache-2.0
"""The Thumb instructions of the Cortex-M0 and Cortex-M4 that compiled C is made of."""

import functools
import re

from execute_thumb_sums import LOGICAL, SHIFTS, SUMS, ThumbSums, number
from words import ONES, Refused

CONDITIONS = ("eq", "ne", "hs", "lo", "mi", "pl", "hi", "ls", "ge", "lt", "gt", "le")
SIZES = {"ldr": 4, "ldrb": 1, "ldrh": 2, "str": 4, "strb": 1, "strh": 2}
NAMES = {*SIZES, *SUMS, *LOGICAL, *SHIFTS, "mov", "movw", "movt", "mvn", "cmp", "cmn", "tst", "ldrd", "strd", "ldm", "stm", "push", "pop",
         "b", "bl", "bx", "cbz", "cbnz", "rev", "ubfx", "mul", "umull", "umlal", "umaal", "it", "nop", "nothing"}
SETS = {"mov", "mvn", "mul", *SUMS, *LOGICAL, *SHIFTS}


@functools.cache
def named(text: str) -> tuple[str, bool, str]:
    """(instruction, whether it sets the flags, its condition) of a name as it is printed."""
    name = text.removesuffix(".w").removesuffix(".n")
    if re.fullmatch("it[te]*", name):
        return name, False, ""
    for condition in ("", *CONDITIONS):
        stem = name.removesuffix(condition) if condition else name
        if condition and stem == name:
            continue
        if stem in NAMES and (stem != "b" or not condition or name == "b" + condition):
            return stem, False, condition
        if stem.endswith("s") and stem[:-1] in SETS:
            return stem[:-1], True, condition
    raise Refused("not an instruction that is understood")


@functools.cache
def parted(text: str) -> tuple[str, ...]:
    """Operands: a comma within brackets parts none."""
    return tuple(part.strip() for part in re.split(r",(?![^\[{]*[\]}])", text))


class Thumb(ThumbSums):
    saved = [f"r{i}" for i in range(4, 12)]
    argument_registers = [f"r{i}" for i in range(4)]
    return_register = "lr"
    changed = ["r12"]

    def step(self, instruction) -> None:
        name, sets, condition = named(instruction.name)
        if condition and not self.holds(condition):
            return
        texts = parted(instruction.operands)
        if name in ("nop", "nothing") or name.startswith("it"):
            return
        method = getattr(self, "do_" + name, None)
        if method:
            method(texts, sets)
        elif name in SIZES:
            self.move(name, SIZES[name], texts)
        elif name in SUMS:
            self.sum(name, texts, sets)
        elif name in LOGICAL:
            self.logical(name, texts, sets)
        else:
            self.shift(name, texts, sets)

    def holds(self, condition) -> bool:
        flag = lambda name: self.known(self.flags.get(name))
        match condition:
            case "eq" | "ne": result = flag("z")
            case "hs" | "lo": result = flag("c")
            case "mi" | "pl": result = flag("n")
            case "hi" | "ls": result = flag("c") and not flag("z")
            case "ge" | "lt": result = flag("n") == flag("v")
            case _: result = not flag("z") and flag("n") == flag("v")
        return bool(result) == (condition in ("eq", "hs", "mi", "hi", "ge", "gt"))

    # ---- Memory ----

    def address(self, text, after="") -> int:
        """An address; with `!`, or with a number behind it, the base moves on."""
        found = re.fullmatch(r"\[([^\]]*)\](!?)", text)
        parts = [part.strip() for part in found[1].split(",")]
        if parts[0] == "pc":
            return (self.place + 4 & ~3) + number(parts[1])
        base = self.known(self.get(parts[0]))
        result = base + (self.known(self.operand(parts[1:])) if len(parts) > 1 else 0) & ONES
        if found[2]:
            self.registers[parts[0]] = result
        if after:
            self.registers[parts[0]] = base + number(after) & ONES
        return result

    def move(self, name, size, texts) -> None:
        if name.startswith("ldr"):
            value = self.load(self.address(texts[1], *texts[2:]), size)
            self.write(texts[0], value)
        else:
            self.store(self.address(texts[1], *texts[2:]), self.get(texts[0]), size)

    def do_ldrd(self, texts, sets):
        place = self.address(texts[2], *texts[3:])
        found = self.load(place, 4), self.load(place + 4, 4)
        self.registers[texts[0]], self.registers[texts[1]] = found

    def do_strd(self, texts, sets):
        place = self.address(texts[2], *texts[3:])
        for i in range(2):
            self.store(place + 4 * i, self.get(texts[i]), 4)

    def listed(self, texts):
        return [name.strip() for name in texts[-1].strip("{} ").split(",")]

    def do_ldm(self, texts, sets):
        names, base = self.listed(texts), texts[0].removesuffix("!")
        start = self.known(self.get(base))
        found = [self.load(start + 4 * i, 4) for i in range(len(names))]
        if texts[0].endswith("!"):
            self.registers[base] = start + 4 * len(names)
        for name, value in zip(names, found):
            self.write(name, value)

    def do_stm(self, texts, sets):
        names, base = self.listed(texts), texts[0].removesuffix("!")
        start = self.known(self.get(base))
        for i, name in enumerate(names):
            self.store(start + 4 * i, self.get(name), 4)
        if texts[0].endswith("!"):
            self.registers[base] = start + 4 * len(names)

    def do_push(self, texts, sets):
        names = self.listed(texts)
        self.registers["sp"] -= 4 * len(names)
        self.do_stm(["sp", texts[-1]], False)

    def do_pop(self, texts, sets):
        self.do_ldm(["sp!", texts[-1]], False)

    # ---- Where it goes ----

    def do_b(self, texts, sets):
        self.next = number(texts[0])

    def do_bl(self, texts, sets):
        self.registers["lr"] = self.next | 1
        self.next = number(texts[0])

    def do_bx(self, texts, sets):
        self.write("pc", self.get(texts[0]))

    def do_cbz(self, texts, sets):
        if self.known(self.get(texts[0])) == 0:
            self.next = number(texts[1])

    def do_cbnz(self, texts, sets):
        if self.known(self.get(texts[0])) != 0:
            self.next = number(texts[1])
