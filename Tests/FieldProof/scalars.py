# SPDX-License-Identifier: Apache-2.0
"""Numbers modulo Ed25519's order L, for all of them, from the disassembly of the C compiled for RV32: the words of what is computed are
sums of the input's, with what was carried or shifted out on the way as unknowns.

That a hash of 512 bits is reduced: it differs from the input by a multiple of L and is below L. That a scalar is below L is decided
rightly. And that bits and words are read from bytes as they stand there; digits.c shows that a scalar's digits are made of its bits."""

import subprocess

import program
import readings
from execute_riscv import RISCV
from linear import Linear
from primes import ORDER
from reduction import BYTES, C, OTHER, RESULT, SIZES, SMALL, Reducing, Reduction, Undecided, demand, number_of
from words import ONES

FLAGS = "-std=c11 -Os -Dstatic= -fno-inline -ffreestanding -fno-pic -ffunction-sections -fno-unwind-tables".split()
class Scalars:
    def __init__(self, program):
        self.program = program

    def run(self, domain, machine=RISCV):
        return machine(self.program, domain)

    # ---- Whether a number is below L: the highest word that differs from L's decides ----

    def is_reduced(self) -> None:
        for different in range(7, -2, -1):
            domain = Linear()
            run = self.run(domain, Comparing)
            words = [domain.unknown(f"word {i}") for i in range(8)]
            run.put(BYTES, words)
            run.expected = [(words[i], ORDER >> 32 * i & ONES, i == different) for i in range(7, max(different, 0) - 1, -1)]
            run.call("ed25519_scalar_is_reduced", BYTES)
            found = run.registers["a0"]
            if different < 0:
                demand(found == 0, "L itself is below L")
            else:
                wanted = domain.do_less(words[different], ORDER >> 32 * different & ONES)
                demand(wanted == found if isinstance(wanted, int) else wanted.key == getattr(found, "key", None), "another comparison")
            demand(not run.expected, "words are not compared")

    # ---- r + a and r - a; a c ----

    def accumulate(self) -> None:
        for is_negative in (0, 1):
            domain = Linear()
            run = self.run(domain)
            r, a = ([domain.unknown(f"{name}{i}") for i in range(8)] for name in "ra")
            run.put(RESULT, r)
            run.put(OTHER, a)
            run.allow(RESULT, 32)
            run.call("accumulate", RESULT, OTHER, is_negative)
            left = domain.sum_of((1, number_of(domain, run.words(RESULT, 8))), (1 << 256, run.registers["a0"]))
            wanted = domain.sum_of((1, number_of(domain, r)), (-1 if is_negative else 1, number_of(domain, a)))
            demand(domain.sum_of((1, left), (-1, wanted)) == 0, "the sum is another")
            low, high = getattr(run.registers["a0"], "low", 0), getattr(run.registers["a0"], "high", 0)
            demand(-SMALL <= low and high <= SMALL, "what goes over is no small number")

    def multiply(self) -> None:
        for size in SIZES:
            domain = Linear()
            run = self.run(domain)
            a = [domain.unknown(f"a{i}") for i in range(size)]
            run.put(OTHER, a)
            run.allow(RESULT, 4 * (size + 4))
            run.call("multiply_by_c", RESULT, OTHER, size)
            product = number_of(domain, run.words(RESULT, size + 4))
            demand(domain.sum_of((1, product), (-C, number_of(domain, a))) == 0, "the product is another")

    # ---- The reduction, with all of these as contracts ----

    def reduce(self) -> int:
        waiting, paths = [[]], 0
        while waiting:
            decisions = waiting.pop()
            reduction = Reduction(self.run(Linear(), Reducing), decisions)
            try:
                reduction.prove()
                paths += 1
            except Undecided:
                demand(len(decisions) < 12, "the reduction does not end")
                waiting += [[*decisions, True], [*decisions, False]]
        return paths


class Comparing(RISCV):
    def goes(self, name, a, b):
        if isinstance(a, int) and isinstance(b, int):
            return super().goes(name, a, b)
        a, b, name = (b, a, name) if isinstance(a, int) else (a, b, name)
        demand(name in ("beq", "bne") and self.expected, "another branch")
        word, number, differs = self.expected.pop(0)
        demand(a is word and b == number, "another word is compared")
        return differs == (name == "bne")


def digits(tools, folder, source, here) -> None:
    made, harness = folder / "digits.o", folder / "digits"
    include = ["-I", source / "include"]
    subprocess.run([tools / "clang", "-O1", "-w", "-Dstatic=", "-fno-inline", *include, "-c", source / "ed25519_scalar.c", "-o", made],
                   check=True)
    subprocess.run([tools / "llvm-objcopy", "--weaken-symbol=bit", made], check=True)
    subprocess.run([tools / "clang", "-O1", *include, here / "digits.c", made, "-o", harness], check=True)
    found = subprocess.run([harness], check=True, capture_output=True, text=True, timeout=20).stdout
    demand(not found, f"a digit: {found.strip()}")


def prove(tools, flags, folder, source, here) -> str:
    digits(tools, folder, source, here)
    scalars = Scalars(program.link(tools, "rv32", [*flags, *FLAGS, "-I", source / "include"], source / "ed25519_scalar.c",
                                   folder / "scalars.o"))
    for part in (scalars.is_reduced, scalars.accumulate, scalars.multiply):
        part()
    readings.prove(scalars.program, program.link(tools, "rv32", [*flags, *FLAGS, "-I", source / "include"], source / "field.c",
                                                 folder / "bytes.o", readings.OPERATIONS))
    paths = scalars.reduce()
    return f"For all numbers, the reduction modulo L on {paths} paths, whether a scalar is below L, and a scalar's digits: proved"
