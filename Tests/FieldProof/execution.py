# SPDX-License-Identifier: Apache-2.0
"""Executes compiled C, also what branches, on numbers and on unknowns. What decides a branch or is an address must be a number; an
unknown is a value of a domain (bitwise.py, linear.py), which does the arithmetic."""

from words import ONES, Refused

STACK, RETURN = 0x8000_0000, 0xFFFF_FFF0


class Execution:
    """One call of a function. Memory is bytes: each is (a word, which byte of it)."""

    stack_pointer, return_register, alignment = "sp", "ra", 4
    longest = 200_000  # instructions

    def __init__(self, program, domain):
        self.program, self.domain = program, domain
        self.registers, self.memory, self.ranges = {self.stack_pointer: STACK}, {}, []
        self.contracts = {}  # address to what stands for the function, and gives what it returns
        self.place, self.count, self.ran = 0, 0, set()

    def call(self, function: str, *arguments) -> None:
        """Runs a function to its end: it must leave the stack, and the registers that are its caller's, as they were."""
        kept = {name: self.domain.unknown(f"kept {name}") for name in self.saved}
        self.registers |= kept | dict(zip(self.argument_registers, arguments))
        self.registers[self.return_register] = RETURN
        self.place = self.program.functions[function]
        while self.place != RETURN:
            if self.place in self.contracts:
                results = self.contracts[self.place](self) or ()
                self.place = self.known(self.registers[self.return_register]) & ~1
                for register in self.argument_registers + self.changed:
                    self.registers.pop(register, None)
                self.registers |= zip(self.argument_registers, results)
                continue
            self.count += 1
            if self.place not in self.program.position or self.count > self.longest:
                raise Refused("a jump to elsewhere, or no end")
            instruction = self.program.code[self.program.position[self.place]]
            self.ran.add(self.place)
            self.next = self.program.following(self.place)
            try:
                self.step(instruction)
            except (Refused, KeyError, ValueError, IndexError) as error:
                raise Refused(f"{instruction.place:#x} {instruction.name} {instruction.operands}: {error}") from None
            self.place = self.next
        if self.registers[self.stack_pointer] != STACK:
            raise Refused("the stack pointer is another at the end")
        if any(self.registers[name] is not value for name, value in kept.items()):
            raise Refused("a register that is the caller's is not restored")

    def known(self, value) -> int:
        if not isinstance(value, int):
            raise Refused("a branch or an address that depends on an input")
        return value

    def get(self, register):
        if register not in self.registers:
            raise Refused(f"{register} holds what nobody put there")
        return self.registers[register]

    # ---- Memory ----

    def allow(self, start: int, size: int) -> None:
        """What may be written beside the stack."""
        self.ranges.append((start, start + size))

    def put(self, start: int, words, size=4) -> None:
        for i, word in enumerate(words):
            for j in range(size):
                self.memory[start + size * i + j] = (word, j)

    def words(self, start: int, count: int):
        return [self.load(start + 4 * i, 4) for i in range(count)]

    def byte(self, place: int):
        if place in self.memory:
            word, i = self.memory[place]
            return self.do("and", self.do("lsr", word, 8 * i), 255)
        if place in self.program.constants:
            return self.program.constants[place]
        raise Refused(f"nothing is known to lie at {place:#x}")

    def load(self, place: int, size: int):
        if place % min(size, self.alignment):
            raise Refused("not the address of a word")
        if STACK - (1 << 16) <= place < self.registers[self.stack_pointer]:
            raise Refused("below the stack pointer")
        parts = [self.memory.get(place + i) for i in range(size)]
        if size == 4 and None not in parts and all(part[0] is parts[0][0] and part[1] == i for i, part in enumerate(parts)):
            return parts[0][0]
        result = 0
        for i in range(size):
            result = self.do("or", result, self.do("lsl", self.byte(place + i), 8 * i))
        return result

    def store(self, place: int, value, size: int) -> None:
        if place % min(size, self.alignment):
            raise Refused("not the address of a word")
        on_stack = self.registers[self.stack_pointer] <= place and place + size <= STACK
        if not on_stack and not any(low <= place and place + size <= high for low, high in self.ranges):
            raise Refused("neither the frame nor a place of the result")
        for i in range(size):
            self.memory[place + i] = (value, i)

    # ---- Arithmetic ----

    def do(self, name, *values):
        if all(isinstance(value, int) for value in values):
            return NUMBERS[name](*values)
        return getattr(self.domain, "do_" + name)(*values)

    def add(self, a, b, carry=0):
        """(sum, carry)"""
        if isinstance(a, int) and isinstance(b, int) and isinstance(carry, int):
            total = a + b + carry
            return total & ONES, total >> 32
        return self.domain.add(a, b, carry)

    def subtract(self, a, b, borrow=0):
        """(difference, borrow)"""
        if isinstance(a, int) and isinstance(b, int) and isinstance(borrow, int):
            total = a - b - borrow
            return total & ONES, int(total < 0)
        return self.domain.subtract(a, b, borrow)

    def multiply(self, a, b):
        """(lower word, upper word)"""
        if isinstance(a, int) and isinstance(b, int):
            return a * b & ONES, a * b >> 32
        return self.domain.multiply(a, b)


def signed(value: int) -> int:
    return value - (value >> 31 << 32)


NUMBERS = {"and": lambda a, b: a & b, "or": lambda a, b: a | b, "xor": lambda a, b: a ^ b,
           "lsl": lambda a, k: a << k & ONES, "lsr": lambda a, k: a >> k, "asr": lambda a, k: signed(a) >> k & ONES,
           "ror": lambda a, k: (a >> k | a << 32 - k) & ONES, "less": lambda a, b: int(a < b),
           "below": lambda a, b: int(signed(a) < signed(b))}
