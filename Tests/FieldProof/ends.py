# SPDX-License-Identifier: Apache-2.0
"""For all numbers: the last reduction, and that X25519's course is that of the clamped scalar. Both in C, compiled for RV32 and
executed on bit vectors; z3 shows what holds for every value of them."""

import subprocess
from pathlib import Path

import z3

from bits import Bits
from machine import disassemble
from operations import P
from words import ONES, Refused

FLAGS = ("--target=riscv32-none-none-eabi -march=rv32im -mabi=ilp32 -mno-relax -std=c11 -O2 -fno-vectorize -fno-slp-vectorize "
         "-ffreestanding -fomit-frame-pointer -ffunction-sections").split()
ARRAY, RESULT, SCALAR, POINT = 0x1000_0000, 0x2000_0000, 0x3000_0000, 0x4000_0000


def compiled(clang, objdump, folder, source: Path, include: Path, function: str):
    made = folder / f"{source.stem}.o"
    subprocess.run([clang, *FLAGS, "-I", include, "-c", source, "-o", made], check=True)
    sections, functions = disassemble(objdump, made, "-M", "no-aliases")
    section, start = functions[function]
    return sections[section], start


def demand(claim, what) -> None:
    solver = z3.Solver()
    solver.add(z3.Not(claim))
    if solver.check() != z3.unsat:
        raise Refused(what)


def reduction(code, start) -> None:
    """The number that is left is below p, and differs from the given one by a multiple of p."""
    given = [z3.BitVec(f"a{i}", 32) for i in range(8)]
    memory = {ARRAY + 4 * i + j: z3.Extract(8 * j + 7, 8 * j, word) for i, word in enumerate(given) for j in range(4)}
    machine = Bits(code, start, {"a0": ARRAY}, memory)
    machine.run()
    if machine.calls:
        raise Refused("a call in the last reduction")
    number = lambda words: z3.ZeroExt(8, z3.Concat(*reversed(words)))
    left = number([z3.Concat(*[memory[ARRAY + 4 * i + j] for j in (3, 2, 1, 0)]) for i in range(8)])
    before = number(given)
    p = z3.BitVecVal(P, 264)
    demand(z3.ULT(left, p), "the last reduction leaves p or more")
    demand(z3.Or(*[before == left + k * p for k in range(3)]), "the last reduction changes what the number stands for")


def course(code, start, point: int) -> int:
    """Every call is the same for every scalar but for the masks, and these are what the clamped scalar's bits ask for."""
    scalar = [z3.BitVec(f"s{i}", 8) for i in range(32)]
    machine = Bits(code, start, {"a0": RESULT, "a1": SCALAR, "a2": point}, {SCALAR + i: byte for i, byte in enumerate(scalar)})
    machine.run()
    bit = lambda i: z3.ZeroExt(31, z3.Extract(i % 8, i % 8, scalar[i // 8]))
    zero, one = z3.BitVecVal(0, 32), z3.BitVecVal(1, 32)
    clamped = {254: one} | {i: bit(i) for i in range(3, 254)} | dict.fromkeys(range(3), zero)
    expected = [z3.simplify(-(clamped[i] ^ clamped[i + 1])) for i in range(253, -1, -1) for _ in range(2)]
    masks = []
    for name, arguments in machine.calls:
        if name == "field25519_square_selected":
            masks.append(arguments[3])
            arguments = arguments[:3]
        if any(not isinstance(a, int) and a is not None for a in arguments):
            raise Refused(f"what {name} is called with depends on the scalar")
    if len(masks) != len(expected):
        raise Refused(f"{len(masks)} choices where {len(expected)} should be")
    for mask, wanted in zip(masks, expected):
        mask = z3.BitVecVal(mask, 32) if isinstance(mask, int) else mask
        demand(mask == wanted, "a choice is not what the clamped scalar asks for")
    return len(masks)


def prove(clang, objdump, folder: Path, source: Path) -> str:
    include = source / "include"
    reduction(*compiled(clang, objdump, folder, source / "field.c", include, "field25519_reduce"))
    ladder = compiled(clang, objdump, folder, source / "x25519.c", include, "multiply")
    count = [course(*ladder, point) for point in (POINT, 0)]
    return f"For all numbers, the last reduction; for all scalars, {sum(count)} choices of the ladder and the clamping: proved"
