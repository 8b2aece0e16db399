# SPDX-License-Identifier: Apache-2.0
"""A linked object: its instructions by address, what its constants are, and where its functions begin."""

import re
import subprocess
from dataclasses import dataclass, field

from machine import Instruction

START = 0x10000


@dataclass
class Program:
    core: str
    code: list[Instruction]
    constants: dict[int, int]    # bytes by address
    functions: dict[str, int]    # those that are elsewhere too
    position: dict[int, int] = field(init=False)  # an instruction's place in `code`

    def __post_init__(self):
        self.position = {instruction.place: i for i, instruction in enumerate(self.code)}

    def following(self, place: int) -> int:
        """The address behind an instruction."""
        return self.code[self.position[place] + 1].place


def link(tools, core: str, flags, source, made, elsewhere=()) -> Program:
    """Compiles one file and links it, with nothing in the place of the functions that it calls `elsewhere`."""
    empty = made.with_suffix(".elsewhere.c")
    empty.write_text("".join(f"void {name}(void) {{}}\n" for name in elsewhere))
    objects = [made, empty.with_suffix(".o")]
    for file, result in zip((source, empty), objects):
        subprocess.run([tools / "clang", *flags, "-w", "-c", file, "-o", result], check=True)
    linked = made.with_suffix(".elf")
    subprocess.run([tools / "ld.lld", f"-Ttext={START:#x}", "-e", "0", *objects, "-o", linked], check=True)
    aliases = ["-M", "no-aliases"] if core == "rv32" else []
    lines = subprocess.run([tools / "llvm-objdump", "-d", "--no-show-raw-insn", *aliases, linked], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    code = []
    for line in lines:
        if found := re.match(r"\s+([0-9a-f]+):\s+(\S+)\s*([^@<]*)", line):
            code.append(Instruction(int(found[1], 16), found[2], found[3].strip()))
    code.append(Instruction(code[-1].place + 4, "the end", ""))
    symbols = subprocess.run([tools / "llvm-nm", linked], check=True, capture_output=True, text=True).stdout.splitlines()
    functions = {parts[2]: int(parts[0], 16) for line in symbols if len(parts := line.split()) == 3}
    return Program(core, code, contents(tools, linked), functions)


def contents(tools, linked) -> dict[int, int]:
    """The bytes of every section that is kept in flash."""
    lines = subprocess.run([tools / "llvm-objdump", "-s", linked], check=True, capture_output=True, text=True).stdout.splitlines()
    found, wanted = {}, False
    for line in lines:
        if section := re.match(r"Contents of section (\S+):", line):
            wanted = section[1].startswith((".text", ".rodata"))
        elif wanted and (row := re.match(r" ([0-9a-f]+) ((?:[0-9a-f]{2,8} ){1,4})", line)):
            for i, byte in enumerate(bytes.fromhex(row[2].replace(" ", ""))):
                found[int(row[1], 16) + i] = byte
    return found
