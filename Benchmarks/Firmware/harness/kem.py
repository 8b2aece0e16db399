# SPDX-License-Identifier: Apache-2.0
"""ML-KEM-768 of our own for a microcontroller (Sources/CMLKEM)."""

from pathlib import Path

import sodium
from paths import ROOT, WORK, run, swift_tool
from targets import Target

SOURCE = ROOT / "Sources/CMLKEM"
FLAGS = ("-std=c11 -Wall -Wextra -ffunction-sections -fdata-sections -fno-pic -fno-unwind-tables "
         "-fno-asynchronous-unwind-tables -fomit-frame-pointer -falign-loops=1").split()

# Keccak is where the time goes; the rest is made small.
LEVELS = {"keccak": "-O2"}


def objects(target: Target) -> list[Path]:
    """Made anew when a source is newer."""
    folder = WORK / target.core / "mlkem"
    folder.mkdir(parents=True, exist_ok=True)
    newest = max(path.stat().st_mtime for path in [*SOURCE.rglob("*.[ch]"), Path(__file__)])
    made = []
    for path in sorted(SOURCE.glob("*.c")):
        made.append(folder / f"mlkem-{path.stem}.o")
        if not made[-1].exists() or made[-1].stat().st_mtime < newest:
            run([*sodium.clang(target), *FLAGS, LEVELS.get(path.stem, "-Os"), "-I", SOURCE / "include", "-c", path,
                 "-o", made[-1]])
    return made


def archive(target: Target) -> Path:
    """For what links it alone."""
    made = WORK / target.core / "mlkem/libmlkem.a"
    members = objects(target)
    made.unlink(missing_ok=True)
    run([swift_tool("llvm-ar"), "rcs", made, *members])
    return made
