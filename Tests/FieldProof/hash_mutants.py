# SPDX-License-Identifier: Apache-2.0
"""What the proofs of the hashes refuse: a compression with one instruction changed. What is proved all the same must hash known
blocks rightly."""

import random
import re
from collections import Counter
from dataclasses import replace

from bitwise import Bitwise
from mutate import mutants
from program import Program
from words import ONES, Refused

OTHERS = {"eor": "orr", "orr": "and", "and": "eor", "xor": "or", "or": "and", "bic": "and", "ror": "lsr", "adc": "add"}


def more_mutants(code, index):
    """What a hash has and the field's operations have not: rotations by a number, and logical operations."""
    here = code[index]
    changed = lambda **what: [*code[:index], replace(here, **what), *code[index + 1:]]
    if found := re.search(r"#(\d+)$", here.operands):
        yield "rotation", changed(operands=here.operands[:found.start(1)] + str(int(found[1]) % 31 + 1))
    for name, other in OTHERS.items():
        if re.fullmatch(rf"(c\.)?{name}s?(\.w)?", here.name):
            yield "operation", changed(name=here.name.replace(name, other))


def is_right(hashing, blocks) -> bool:
    for state, block in blocks:
        try:
            found, _ = hashing.compressed(Bitwise(), state, block)
        except Refused:
            return False
        if found != hashing.specified(Bitwise(), state, block):
            return False
    return True


def campaign(hashing, every: int, seed: int) -> tuple[Counter, list[str]]:
    chance, counts, wrong = random.Random(seed), Counter(), []
    draw = lambda count: [chance.getrandbits(32) for _ in range(count)]
    sizes = hashing.standard.state_words, hashing.standard.block_words
    blocks = [(draw(sizes[0]), draw(sizes[1])) for _ in range(3)] + [([ONES] * sizes[0], [ONES] * sizes[1])]
    original, run = hashing.program, hashing.prove_compression()
    code = original.code
    hashing.machine = type("Impatient", (hashing.machine,), {"longest": 2 * run.count})
    for index in range(chance.randrange(every), len(code), every):
        if code[index].place not in run.ran:
            continue
        for kind, mutant in [*mutants(code, index, chance), *more_mutants(code, index)]:
            hashing.program = Program(original.core, mutant, original.constants, original.functions)
            try:
                hashing.prove_compression()
                is_proved = True
            except Refused:
                is_proved = False
            if is_proved and not is_right(hashing, blocks):
                wrong.append(f"{hashing.standard.name}: {kind}: {code[index].place:#x} {code[index].name} {code[index].operands}")
            counts["proved" if is_proved else "refused"] += 1
    hashing.program = original
    return counts, wrong
