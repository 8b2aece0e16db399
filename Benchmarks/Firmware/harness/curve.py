# SPDX-License-Identifier: Apache-2.0
"""Curve25519 of our own for a microcontroller (Sources/CCurve25519), under libsodium's names: C, and the field in assembly or C."""

import re
import sys
from pathlib import Path

import sodium
from paths import FIRMWARE, ROOT, WORK, run, swift_tool
from targets import Target

SOURCE = ROOT / "Sources/CCurve25519"
sys.path.insert(0, str(SOURCE / "assembly"))

import generate

# Where X25519's code comes from: the field's operations, the ladder, and what it has of the field in C.
X25519 = r"libcurve25519\.a\((field\.o|curve25519-x25519\.o|curve25519-field\.o\):\(\.text\.(field25519_(load|store|reduce|wipe)|fold_top))"

# Loops are not aligned: on the Cortex-M4 that is 60 bytes of X25519 and SHA-256, and none of them is short.
FLAGS = ("-std=c11 -Os -Wall -Wextra -ffunction-sections -fdata-sections -fno-pic -fno-unwind-tables "
         "-fno-asynchronous-unwind-tables -fomit-frame-pointer -falign-loops=1").split()


def archive(target: Target, portable: bool) -> Path:
    """Made anew when a source is newer. `portable` takes the field in C."""
    name = "portable" if portable else "curve25519"
    folder = WORK / target.core / "sodium"
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"lib{name}.a"
    sources = [path for path in sorted(SOURCE.glob("*.c")) if portable or path.stem != "field_portable"]
    sources.append(FIRMWARE / "sodium/curve25519.c")
    inputs = [*SOURCE.rglob("*.[ch]"), *SOURCE.rglob("*.py"), *sources]
    if made.exists() and made.stat().st_mtime >= max(path.stat().st_mtime for path in inputs):
        return made
    flags = [*FLAGS, "-I", SOURCE / "include", *([] if portable else ["-DCOUNTERSIGN_FIELD_ASSEMBLY"])]
    objects = [compile_one(target, path, folder / f"{name}-{path.stem}.o", flags) for path in sources]
    for made_of in objects:
        demand_no_frame_pointer(made_of)
    if not portable:
        assembly = folder / "field.S"
        assembly.write_text(generate.text(target.core.split("-")[0]))
        objects.append(compile_one(target, assembly, field_object(target), []))
    made.unlink(missing_ok=True)
    run([swift_tool("llvm-ar"), "rcs", made, *objects])
    return made


def demand_no_frame_pointer(made: Path) -> None:
    """The field's operations overwrite that register, which clang for RISC-V lets pass; on Arm it says so itself (calls.h)."""
    code = run([swift_tool("llvm-objdump"), "-d", "--no-show-raw-insn", made])
    if found := re.search(r"addi\s+sp, sp, -(\w+)\n(?:.*\bsw\s.*\n)+.*(addi\s+s0, sp, \1)\n", code):
        raise SystemExit(f"{made} keeps a frame pointer ({found[2]}): compile it with -fomit-frame-pointer")


def field_object(target: Target) -> Path:
    """The field's operations in assembly."""
    return WORK / target.core / "sodium/field.o"


def compile_one(target: Target, source: Path, output: Path, flags: list) -> Path:
    run([*sodium.clang(target), *flags, "-c", source, "-o", output])
    return output
