# SPDX-License-Identifier: Apache-2.0
"""Numbers from bytes, to bytes and of bits, for all of them."""

from bitwise import Bitwise, key
from execute_riscv import RISCV
from reduction import BYTES, RESULT, demand
from words import ONES

# What field.c calls: the assembly, of which nothing is asked here.
OPERATIONS = [f"field25519_{name}" for name in ("multiply", "square")]


class Zero(Bitwise):
    """Remembers what is compared with 0."""

    def do_less(self, a, b):
        demand(b == 1, "a comparison")
        self.compared = a
        return self.unknown("is zero")


def given_bytes(run, domain) -> None:
    run.memory |= {BYTES + i: (domain.unknown_byte(f"byte {i}"), 0) for i in range(32)}


def load(program, function: str, bits: int) -> None:
    domain = Bitwise()
    run = RISCV(program, domain)
    given_bytes(run, domain)
    run.allow(RESULT, 32)
    run.call(function, RESULT, BYTES)
    for i, word in enumerate(run.words(RESULT, 8)):
        wanted = run.do("and", run.load(BYTES + 4 * i, 4), ONES >> max(0, 32 * (i + 1) - bits))
        demand(key(word) == key(wanted), "a word is not of its bytes")


def bit(program) -> None:
    for place in range(-6, 254):
        domain = Bitwise()
        run = RISCV(program, domain)
        given_bytes(run, domain)
        run.call("bit", BYTES, place & ONES)
        wanted = run.do("and", run.do("lsr", run.byte(BYTES + place // 8), place % 8), 1) if place >= 0 else 0
        demand(key(run.registers["a0"]) == key(wanted), f"bit {place} is another")


def reduced(program, domain):
    """A run in which reducing leaves these words."""
    run = RISCV(program, domain)
    run.put(BYTES, [domain.unknown(f"given {i}") for i in range(8)])
    words = [domain.unknown(f"reduced {i}") for i in range(8)]

    def contract(run):
        demand(run.get("a0") == BYTES, "another number is reduced")
        run.put(BYTES, words)

    run.contracts = {program.functions["field25519_reduce"]: contract}
    return run, words


def store(program) -> None:
    run, words = reduced(program, Bitwise())
    run.allow(RESULT, 32)
    run.call("field25519_store", RESULT, BYTES)
    for i in range(32):
        wanted = run.do("and", run.do("lsr", words[i // 4], 8 * (i % 4)), 255)
        demand(key(run.byte(RESULT + i)) == key(wanted), "a byte is not of its word")


def is_zero(program) -> None:
    run, words = reduced(program, Zero())
    run.call("field25519_is_zero", BYTES)
    any_bit = 0
    for word in words:
        any_bit = run.do("or", any_bit, word)
    demand(key(run.domain.compared) == key(any_bit), "another number is compared with 0")
    demand(key(run.registers["a0"]) == key(run.domain.unknown("is zero")), "another verdict on 0")


def prove(of_scalars, of_field) -> None:
    load(of_scalars, "ed25519_scalar_load", 256)
    bit(of_scalars)
    load(of_field, "field25519_load", 255)
    store(of_field)
    is_zero(of_field)
