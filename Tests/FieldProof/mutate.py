# SPDX-License-Identifier: Apache-2.0
"""What the proof refuses: each function with one instruction left out, exchanged with the next, or changed in a register, a number
or the kind of its carry. Of a mutant that is proved all the same, known numbers must show no wrong result."""

import random
import re
from collections import Counter
from dataclasses import replace

from field import ARGUMENTS, ONES, Address
from operations import P, Run
from words import Refused, Word

KINDS = [("adcs", "adds"), ("sbcs", "subs"), ("umaal", "umlal"), ("umlal", "umull"), ("mulhu", "mul"), ("add", "sub"),
         ("lsls", "lsrs"), ("slli", "srli"), ("eors", "orrs"), ("xor", "or")]
REGISTER = r"\b(?:r\d+|lr|[ast]\d+)\b"


def mutants(code, index, chance: random.Random):
    """(what was done, the code) for one instruction."""
    here = code[index]
    changed = lambda instruction: [*code[:index], instruction, *code[index + 1:]]
    # Its place is kept, so that jumps find theirs.
    yield "left out", changed(replace(here, name="nothing", operands=""))
    if index + 1 < len(code) and (code[index + 1].name, code[index + 1].operands) != (here.name, here.operands):
        after = code[index + 1]
        exchanged = [replace(after, place=here.place), replace(here, place=after.place)]
        yield "exchanged", [*code[:index], *exchanged, *code[index + 2:]]
    if found := list(re.finditer(REGISTER, here.operands)):
        one = chance.choice(found)
        others = sorted({name for line in code for name in re.findall(REGISTER, line.operands)} - {one[0]})
        operands = here.operands[:one.start()] + chance.choice(others) + here.operands[one.end():]
        yield "register", changed(replace(here, operands=operands))
    if found := list(re.finditer(r"-?0x[0-9a-f]+", here.operands)):
        one = chance.choice(found)
        more = 4 if re.search(r"\[|\(|sp", here.operands) else 1
        operands = here.operands[:one.start()] + hex(int(one[0], 16) + more) + here.operands[one.end():]
        yield "number", changed(replace(here, operands=operands))
    stem = here.name.removesuffix(".w").removeprefix("c.")
    for pair in KINDS:
        if stem in pair:
            other = pair[1 - pair.index(stem)]
            yield "kind", changed(replace(here, name=other, operands=full(here)))
            break


def full(instruction) -> str:
    """A compressed instruction's operands as the other one has them."""
    texts = [text.strip() for text in instruction.operands.split(",")]
    if instruction.name.startswith("c.") and len(texts) == 2:
        texts.insert(1, texts[0])
    return ", ".join(texts)


HALVES = {"multiply_half": "half", "square_half": "square_half"}  # of the Cortex-M0, and what sets their proofs up

EDGES = [0, 1, 19, 38, P - 1, P, P + 1, 2 * P - 1, 2 * P, 2**256 - 1, 2**255, 2**255 - 1, 2**256 - 2**32, 2**32 - 1, 2**224 - 1,
         2**256 - 2**224]


class Known(Run):
    """A run on known numbers: the machine then only computes."""

    def put(self, name, value, count=8):
        for i in range(count):
            self.memory[Address(name, 4 * i)] = self.algebra.const(value >> 32 * i & ONES)

    def number(self, name, count=8):
        words = [self.machine.load(Address(name, 4 * i)) for i in range(count)]
        if not all(isinstance(word, Word) and word.constant is not None for word in words):
            raise Refused("an address, or an unknown, among the words of a number")
        return sum(word.constant << 32 * i for i, word in enumerate(words))


def is_right(field, name, code, numbers, ran: set | None = None) -> bool:
    """Whether a function computes what it should from known numbers; `ran` takes the places of what it is made of."""
    section, start = field.functions[name]
    for x, y in numbers:
        run = Known(field.machine_class, code, start, {}, {"multiply_half": known_half, "square_half": known_square_half})
        count = 4 if name in HALVES else 8
        x, y = x & (1 << 32 * count) - 1, y & (1 << 32 * count) - 1
        run.put("a", x, count)
        run.put("b", y, count)
        factor = 121665
        values = {"multiply_half": (None, "a", "b"), "square_half": (None, "a"), "field25519_multiply": ("r", "a", "b"), "field25519_square": ("r", "a"),
                  "field25519_square_selected": ("r", "a", "b", run.algebra.const(ONES if y & 1 else 0)),
                  "field25519_sum_and_difference": ("r", "s", "a", "b"), "field25519_difference": ("r", "a", "b"),
                  "field25519_scale_and_add": ("r", "a", run.algebra.const(factor), "b")}[name]
        for place in ("r", "s", *(["stack"] if name in HALVES else [])):
            run.output(place)
        field.arguments(run, *values)
        try:
            run.machine.run()
            if ran is not None:
                ran |= run.machine.ran
            match name.removeprefix("field25519_"):
                case "multiply_half": good = run.number("stack") == x * y
                case "square_half": good = run.number("stack") == x * x
                case "multiply": good = (run.number("r") - x * y) % P == 0
                case "square": good = (run.number("r") - x * x) % P == 0
                case "square_selected": good = (run.number("r") - (y if y & 1 else x) ** 2) % P == 0
                case "sum_and_difference": good = (run.number("r") - x - y) % P == 0 and (run.number("s") - x + y) % P == 0
                case "difference": good = (run.number("r") - x + y) % P == 0
                case "scale_and_add": good = (run.number("r") - factor * x - y) % P == 0
        except Refused:
            good = False
        if not good:
            return False
    return True


def known_half(machine) -> None:
    known_product(machine, "r1", "r2")


def known_square_half(machine) -> None:
    known_product(machine, "r1", "r1")


def known_product(machine, first, second) -> None:
    def read(register):
        words = [machine.load(machine.address(register) + 4 * i) for i in range(4)]
        if not all(isinstance(word, Word) and word.constant is not None for word in words):
            raise Refused("an address, or an unknown, among the words of a number")
        return sum(word.constant << 32 * i for i, word in enumerate(words))

    product = read(first) * read(second)
    for i in range(8):
        machine.store(machine.registers["sp"] + 4 * i, machine.algebra.const(product >> 32 * i & ONES))


def campaign(field, every: int, seed: int) -> tuple[Counter, list[str]]:
    """Of one instruction in `every`: how many mutants were refused or proved, and which proved ones are wrong."""
    chance, counts, wrong = random.Random(seed), Counter(), []
    some = [(chance.choice(EDGES), chance.choice(EDGES)) for _ in range(20)]
    some += [(chance.getrandbits(256), chance.getrandbits(256)) for _ in range(20)]
    some += [(x, y) for x in (2**256 - 1, 2 * P, P - 1, 0) for y in (2**256 - 1, 1, 0)]
    for name, (section, start) in field.functions.items():
        if name not in HALVES and not name.startswith("field25519_"):
            continue
        code = field.sections[section]
        short = name.removeprefix("field25519_")
        setups = [getattr(field, HALVES[name])] if name in HALVES else list(getattr(field, short)())
        ran = set()
        if not is_right(field, name, code, some, ran):
            raise Refused(f"{name} computes wrongly from known numbers")
        for index in range(chance.randrange(every), len(code), every):
            if code[index].place not in ran:
                continue  # another function's, in the same section
            for kind, mutant in mutants(code, index, chance):
                proved = is_proved(field, name, section, mutant, setups)
                right = is_right(field, name, mutant, some)
                counts["proved" if proved else "refused, and shown wrong" if not right else "refused only"] += 1
                if proved and not right:
                    after = next(line for line in mutant if line.place == code[index].place)
                    wrong.append(f"{name}: {kind}: {code[index].place:#x} {code[index].name} {code[index].operands} "
                                 f"became {after.name} {after.operands}")
    return counts, wrong


def is_proved(field, name, section, mutant, setups) -> bool:
    original = field.sections[section]
    field.sections[section] = mutant
    try:
        for setup in setups:
            field.prove(name, setup)
        return True
    except Refused:
        return False
    finally:
        field.sections[section] = original
