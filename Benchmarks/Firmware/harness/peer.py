"""The host's end of the wire as a child process: see Peer/main.swift."""

import os
import subprocess

from paths import ROOT, run, swift_tool

# The device modules alone need no other package; the folder is the one that Scripts/test uses for them.
SCRATCH = ROOT / ".build-core"
PROGRAM = SCRATCH / "debug/FirmwarePeer"


def build() -> None:
    run([swift_tool("swift"), "build", "--package-path", ROOT, "--scratch-path", SCRATCH, "--product", "FirmwarePeer"],
        env=os.environ | {"CORE": "1"})


class Peer:
    def __init__(self, image: str, seed: int):
        self.process = subprocess.Popen([PROGRAM, image, str(seed)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.page = self.read("page")
        self.key = self.read("peer")  # its static public key

    def read(self, word: str) -> bytes:
        line = self.process.stdout.readline()
        if not line.startswith(word + " "):
            raise SystemExit(line + self.process.stderr.read())
        return bytes.fromhex(line.split()[1])

    def receive(self, frame: bytes) -> None:
        try:
            self.process.stdin.write(f"> {frame.hex()}\n")
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
