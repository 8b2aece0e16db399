# SPDX-License-Identifier: Apache-2.0
"""SHA-256 and SHA-512 from the disassembly of each core's object: what the compiler, or for the Cortex-M4 the hand, made of a round.

Every compression of every state and block is that of FIPS 180-4, computed here from its definitions. With it as a contract, hashing is
padding: every message of each length up to two blocks and more, whole and in pieces, and after many bytes."""

import random

import program
from bitwise import Bitwise, key
from execute_riscv import RISCV
from execute_thumb import Thumb
from standard import SHA256, SHA512, Specified, flat, grouped
from words import ONES, Refused

MACHINES = {"m0": Thumb, "m4": Thumb, "rv32": RISCV}
FLAGS = "-std=c11 -Os -ffreestanding -fno-pic -ffunction-sections -fno-unwind-tables -fomit-frame-pointer -falign-loops=1".split()
WIPES = ("field25519_wipe", "field25519_wipe_stack")
SHIFT = "__aeabi_llsr"  # of the Cortex-M0: a number of 64 bits, shifted to the right
HASH, MESSAGE, DIGEST = 0x1000_0000, 0x2000_0000, 0x3000_0000


class Hashing:
    """The functions of one standard in one core's object."""

    def __init__(self, standard, linked):
        self.standard, self.program = standard, linked
        self.machine = MACHINES[linked.core]
        self.block = HASH + 4 * (standard.state_words + standard.count_words)
        self.compression = "compress" if "compress" in linked.functions else "rounds"
        self.size = 4 * (standard.state_words + standard.count_words + standard.block_words)
        self.domain, self.expected = Bitwise(), None

    def run(self, domain):
        run = self.machine(self.program, domain)
        run.allow(HASH, self.size)
        return run

    def specified(self, domain, state, block):
        specified, pieces = Specified(self.standard, self.machine(self.program, domain)), self.standard.pieces
        return flat(specified.compressed(grouped(state, pieces), grouped(block, pieces)))

    def compressed(self, domain, state, block):
        """(what the function leaves, its run)"""
        run = self.run(domain)
        run.put(HASH, state)
        run.put(self.block, block)
        run.call(self.compression, HASH)
        return run.words(HASH, len(state)), run

    def prove_compression(self):
        """Its run. What the standard says is computed once, for mutants too."""
        state = [self.domain.unknown(f"state {i}") for i in range(self.standard.state_words)]
        block = [self.domain.unknown(f"word {i}") for i in range(self.standard.block_words)]
        if self.expected is None:
            self.expected = [key(word) for word in self.specified(self.domain, state, block)]
        found, run = self.compressed(self.domain, state, block)
        if [key(word) for word in found] != self.expected:
            raise Refused(f"{self.standard.name}: the compression is not the standard's")
        return run

    # ---- Padding, with the compression as a contract ----

    def prove_message(self, before: int, pieces) -> None:
        standard, domain = self.standard, Bitwise()
        run = self.run(domain)
        run.allow(DIGEST, standard.state_words * 4)
        asked, states = [], []

        def contract(run):
            if run.get(run.argument_registers[0]) != HASH:
                raise Refused("another hash is compressed")
            asked.append(run.words(self.block, standard.block_words))
            states.append([key(word) for word in run.words(HASH, standard.state_words)])
            run.put(HASH, [domain.unknown(f"after {len(asked)} {i}") for i in range(standard.state_words)])

        run.contracts[self.program.functions[self.compression]] = contract
        for name in WIPES:
            run.contracts[self.program.functions[name]] = lambda run: None
        run.contracts[self.program.functions[SHIFT]] = shift
        run.call(f"curve25519_{standard.name}_init", HASH)
        begun = flat(map(standard.split, standard.initial))
        if run.words(HASH, standard.state_words + standard.count_words) != begun + [0] * standard.count_words:
            raise Refused("the beginning is another")
        run.put(self.block, [domain.unknown(f"left {i}") for i in range(standard.block_words)])
        if before:
            begun = [domain.unknown(f"before {i}") for i in range(standard.state_words)]
            run.put(HASH, begun)
            run.put(HASH + 4 * standard.state_words, [before & ONES, before >> 32])
        message = [domain.unknown_byte(f"byte {i}") for i in range(sum(pieces))]
        done = 0
        for size in pieces:
            # Each piece lies elsewhere, at every alignment.
            start = MESSAGE + 0x1000 * len(asked) + done * 0x1001 % 0x10000
            run.memory |= {start + i: (byte, 0) for i, byte in enumerate(message[done:done + size])}
            run.call(f"curve25519_{standard.name}_update", HASH, start, size)
            done += size
        run.call(f"curve25519_{standard.name}_final", HASH, DIGEST)
        self.demand_padding(run, asked, states, begun, before, message)

    def demand_padding(self, run, asked, states, begun, before, message) -> None:
        standard = self.standard
        length = 16 if standard.bits == 64 else 8
        bits = 8 * (before + len(message))
        padded = [*message, 0x80, *[0] * ((-len(message) - 1 - length) % standard.block_bytes), *bits.to_bytes(length, "big")]
        if len(asked) * standard.block_bytes != len(padded):
            raise Refused(f"{len(asked)} blocks of a message of {len(message)} bytes")
        end = [[run.domain.unknown(f"after {n} {i}") for i in range(standard.state_words)] for n in range(len(asked) + 1)]
        end[0] = begun
        if states != [[key(word) for word in state] for state in end[:-1]]:
            raise Refused("a state between two blocks is changed")
        for number, block in enumerate(asked):
            for i, word in enumerate(block):
                # Word i of 32 bits lies where its number does: the lower half of a word of 64 bits comes first.
                place = 4 * (number * standard.block_words + (i ^ 1 if standard.pieces == 2 else i))
                wanted = 0
                for byte in padded[place:place + 4]:
                    wanted = run.do("or", run.do("lsl", wanted, 8), byte)
                if key(word) != key(wanted):
                    raise Refused(f"word {i} of block {number} of {len(message)} bytes is not the padded message's")
        for i in range(standard.state_words * 4):
            word = end[-1][i // 4 ^ (1 if standard.pieces == 2 else 0)]
            if key(run.byte(DIGEST + i)) != key(run.do("and", run.do("lsr", word, 24 - 8 * (i % 4)), 255)):
                raise Refused("the digest is not the last state")


def shift(run):
    low, high, amount = (run.get(register) for register in run.argument_registers[:3])
    if run.known(amount) == 0:
        return low, high
    if amount >= 32:
        return run.do("lsr", high, amount - 32), 0
    return run.do("or", run.do("lsr", low, amount), run.do("lsl", high, 32 - amount)), run.do("lsr", high, amount)


def messages(standard):
    """Whole messages of every length at both ends of a block, others in pieces, and some whose beginning is gone by."""
    chance, block = random.Random(1), standard.block_bytes
    for length in [*range(block // 4), *range(3 * block // 4, block + 2)]:
        yield 0, [length]
    yield 0, [2 * block]
    for length in (17, block + 9):
        yield 0, [1] * length
        pieces = []
        while sum(pieces) < length:
            pieces.append(min(chance.randrange(12), length - sum(pieces)))
        yield 0, pieces
    longest = (1 << 61) - 2 * block if standard is SHA256 else 1 << 61
    for before in (1 << 28, (1 << 32) - block, 1 << 32, longest):
        yield before, [7, block]


def linked(tools, core, flags, standard, folder, source) -> Hashing:
    made = folder / f"{standard.name}-{core}.o"
    return Hashing(standard, program.link(tools, core, [*flags, *FLAGS, "-DCOUNTERSIGN_FIELD_ASSEMBLY", "-I", source / "include"],
                                          source / f"{standard.name}.c", made, (*WIPES, SHIFT)))


def prove(hashing) -> str:
    count = hashing.prove_compression().count
    lengths = list(messages(hashing.standard))
    for before, pieces in lengths:
        hashing.prove_message(before, pieces)
    return (f"{hashing.program.core:5} {hashing.standard.name:20} {count:5} instructions a block, and the padding of {len(lengths)} "
            "messages: proved")
