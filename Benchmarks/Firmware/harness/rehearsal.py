# SPDX-License-Identifier: Apache-2.0
"""QEMU in the place of a real board: it is given the file that a board's loader takes, and nothing but its serial line."""

import re
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from targets import Target

CONNECTING = 2  # seconds; QEMU asks once a second whether anybody has opened its terminal


@contextmanager
def board(target: Target, file: Path):
    """The path of the serial line, and what to call when it has been opened: the board's reset."""
    command = [target.emulator, "-M", target.machine, "-display", "none", "-icount", "shift=0", "-S", "-monitor", "stdio",
               "-serial", "pty", "-device", f"loader,file={file}", *([] if target.is_arm else ["-bios", "none"])]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def reset() -> None:
        time.sleep(CONNECTING)
        process.stdin.write("cont\n")
        process.stdin.flush()

    try:
        for line in process.stdout:
            if found := re.search(r"redirected to (\S+)", line):
                yield found[1], reset
                return
        raise SystemExit("QEMU gave no serial line")
    finally:
        process.kill()
        process.wait()
