# SPDX-License-Identifier: Apache-2.0
"""Writing assembly: lines of a function, and registers that are handed out and given back."""


class Function:
    """The text of one function. Arguments come in registers; but for the stack pointer it may leave every register changed:
    ../calls.h says so to the compiler."""

    def __init__(self, name: str):
        self.name, self.lines, self.free = name, [], []
        self.entry(name)

    def __call__(self, text: str) -> None:
        self.lines.append("    " + text)

    def note(self, text: str) -> None:
        self.lines.append("    // " + text)

    def label(self, name: str) -> None:
        self.lines.append(name + ":")

    def entry(self, name: str) -> None:
        self.lines += [f".globl {name}", f".type {name}, STT_FUNC", f"{name}:"]

    def take(self, count: int | None = None):
        """One free register, or a list of them."""
        return self.free.pop(0) if count is None else [self.free.pop(0) for _ in range(count)]

    def give(self, *registers: str) -> None:
        assert not set(registers) & set(self.free), registers
        self.free += registers

    def text(self) -> str:
        """In a section of its own, so that a linker drops it where nothing calls it."""
        return "\n".join([f'.section .text.{self.name}, "ax"', ".balign 4", *self.lines, f".size {self.name}, . - {self.name}", ""])
