# SPDX-License-Identifier: Apache-2.0
"""The host's end of the wire as a child process: see Peer/main.swift."""

import os
import subprocess

from paths import ROOT, run, swift_tool

# The device modules alone need no other package; the folder is the one that Scripts/test uses for them.
SCRATCH = ROOT / ".build-core"
PROGRAM = SCRATCH / "debug/FirmwarePeer"


def build() -> None:
    run([swift_tool("swift"), "build", "--package-path", ROOT, "--scratch-path", SCRATCH, "--product", "FirmwarePeer"],
        env=os.environ | {"COUNTERSIGN_CORE": "1"})


class Peer:
    def __init__(self, image: str, seed: int):
        self.process = subprocess.Popen([PROGRAM, image, str(seed)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.notes: dict[str, bytes] = {}  # what else it said
        self.page = self.read("page")
        self.key = self.read("peer")  # its static public key

    def read(self, word: str) -> bytes:
        """The next thing it says under this word."""
        for line in self.process.stdout:
            found, _, value = line.partition(" ")
            if found == word:
                return bytes.fromhex(value)
            self.notes[found] = bytes.fromhex(value)
        raise SystemExit(f"the peer ended without {word}: {self.process.stderr.read()}")

    def receive(self, frame: bytes) -> None:
        """Takes a frame of the image."""
        self.tell(">", frame)

    def check(self, report: bytes) -> None:
        """Takes a result that the image reports."""
        self.tell("=", report)

    def tell(self, word: str, value: bytes) -> None:
        try:
            self.process.stdin.write(f"{word} {value.hex()}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise SystemExit(self.process.stderr.read()) from None

    def speak(self) -> bytes:
        return self.read("<")

    def finish(self) -> None:
        """Demands that the peer verified the conversation to its end."""
        self.process.stdin.close()
        if self.process.wait(timeout=30) != 0:
            raise SystemExit(self.process.stderr.read())
