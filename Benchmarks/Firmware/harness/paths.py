# SPDX-License-Identifier: Apache-2.0
"""Where things are, and how a command is run."""

import os
import subprocess
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parent.parent
ROOT = FIRMWARE.parent.parent
WORK = FIRMWARE / ".build-firmware"  # everything made here; ignored by git


def run(command, **options):
    """Runs a command; on failure its output is the error."""
    command = [str(part) for part in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout


def swift_tool(name: str) -> Path:
    """A tool of the Swift toolchain: its own clang, lld and llvm-* build everything, so that versions agree."""
    for folder in os.environ["PATH"].split(os.pathsep):
        swiftc = Path(folder) / "swiftc"
        if swiftc.exists():
            return swiftc.resolve().parent / name
    raise SystemExit("swiftc is not in PATH")
