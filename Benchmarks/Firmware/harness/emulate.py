# SPDX-License-Identifier: Apache-2.0
"""One run of an image under QEMU: the plugin counts, the serial line talks, and RAM is read at the scan marker."""

import json
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from image import Image
from install import PLUGIN_HEADER
from paths import FIRMWARE, WORK, run, swift_tool

# What of libsodium takes points and signatures, never a scalar or a key, and what draws ML-KEM's matrix: its cost may depend on what
# it is given.
PUBLIC = ("crypto_sign_ed25519_verify_detached", "crypto_core_ed25519_is_valid_point", "crypto_core_ed25519_add",
          "crypto_sign_ed25519_pk_to_curve25519", "drawn_coefficient")

TIME_LIMIT = 120  # seconds of wall clock for one run


@dataclass
class Operation:
    name: str
    ticks: int
    instructions: int = 0
    cycles: int = 0
    stack: int = 0  # bytes below the top of the stack
    primitive: int = 0  # of the instructions, those spent in primitives
    public: int = 0  # of the instructions, those below functions that handle public data only
    public_calls: int = 0  # of such functions
    trace: int = 0  # stands for every address that was executed, read or written, where they are followed


@dataclass
class Outcome:
    """Everything one run showed."""

    operations: list[Operation] = field(default_factory=list)
    events: list[tuple[str, int, bytes]] = field(default_factory=list)  # way, operations before it, frame
    reports: list[tuple[str, bytes]] = field(default_factory=list)
    memory: list[bytes] = field(default_factory=list)  # all RAM, at each scan marker
    peak_stack: int = 0
    frames: list[tuple[int, int]] = field(default_factory=list)  # of the deepest stack: entry address, bytes; outermost first

    @property
    def sent(self) -> list[bytes]:
        return [frame for way, _, frame in self.events if way == "sent"]

    @property
    def received(self) -> list[bytes]:
        return [frame for way, _, frame in self.events if way == "received"]


def plugin() -> Path:
    library = WORK / "cost.so"
    sources = sorted((FIRMWARE / "plugin").glob("*.c"))
    newest = max(source.stat().st_mtime for source in (FIRMWARE / "plugin").iterdir())
    if not library.exists() or library.stat().st_mtime < newest:
        run([swift_tool("clang"), "-O2", "-Wall", "-Wextra", "-fPIC", "-shared", "-I", PLUGIN_HEADER.parent, *sources,
             "-o", library])
    return library


class Emulator:
    """QEMU as a child process. `peer` answers the messages of the image. With `traces` the plugin follows addresses too; without
    `counts` there is no plugin, and the image runs several times as fast."""

    def __init__(self, image: Image, page: bytes, peer=None, traces: bool = False, counts: bool = True):
        self.image, self.peer, self.counts = image, peer, counts
        self.folder = Path(tempfile.mkdtemp(prefix="qemu-", dir=WORK))
        self.outcome = Outcome()
        (self.folder / "page.bin").write_bytes(page)
        # Pipes rather than a socket: the FE310's serial port in QEMU drops what does not fit, and a socket's buffer holds
        # only a few hundred bytes when they arrive one by one.
        for name in ("release", "serial.in", "serial.out"):
            os.mkfifo(self.folder / name)
        self.serial = os.open(self.folder / "serial.out", os.O_RDWR)
        self.input = os.open(self.folder / "serial.in", os.O_RDWR)
        target, symbols = image.target, image.symbols
        arguments = {
            "code": image.flat, "base": target.flash_base, "owners": image.owners, "model": target.core,
            "begin": symbols["marker_begin"] & ~1, "end": symbols["marker_end"] & ~1,
            "scan": symbols["marker_scan"] & ~1 if "marker_scan" in symbols else 1,
            "stack": f"{symbols['bss_end']:x}:{symbols['stack_top']:x}",
            "public": "".join(f"{symbols[name] & ~1:x}:" for name in PUBLIC if name in symbols),
            "out": self.folder / "cost", "release": self.folder / "release", "trace": int(traces),
        }
        (self.folder / "cost").touch()
        plugin_option = ",".join([str(plugin()), *(f"{key}={value}" for key, value in arguments.items())])
        command = [target.emulator, "-M", target.machine, "-display", "none", "-icount", "shift=0", "-kernel",
                   image.elf, "-device", f"loader,file={self.folder / 'page.bin'},addr={target.storage_page},force-raw=on",
                   "-serial", f"pipe:{self.folder / 'serial'}",
                   "-qmp", f"unix:{self.folder / 'qmp'},server=on,wait=off"]
        command += ["-plugin", plugin_option] if counts else []
        command += ["-bios", "none"] if not target.is_arm else []
        self.log = open(self.folder / "log", "w+")
        self.process = subprocess.Popen([str(part) for part in command], stdout=self.log, stderr=self.log,
                                        stdin=subprocess.DEVNULL)

    def run(self) -> Outcome:
        try:
            self.qmp = self.connect("qmp").makefile("rw")
            self.qmp.readline()
            self.command("qmp_capabilities")
            self.converse()
            self.command("quit")
            self.process.wait(timeout=30)
            if self.counts:
                self.read_costs()
            return self.outcome
        except ConnectionError:
            raise SystemExit(f"{self.image.name}: QEMU ended early:\n{(self.folder / 'log').read_text()}") from None
        finally:
            self.process.kill()
            self.log.close()
            os.close(self.serial)
            os.close(self.input)
            shutil.rmtree(self.folder)

    def connect(self, name: str) -> socket.socket:
        for _ in range(500):
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self.folder / name))
                return connection
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.01)
            if self.process.poll() is not None:
                break
        raise SystemExit(f"QEMU did not start:\n{(self.folder / 'log').read_text()}")

    def command(self, name: str, **arguments):
        self.qmp.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.qmp.flush()
        while True:
            answer = json.loads(self.qmp.readline())
            if "error" in answer:
                raise SystemExit(f"{name}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    # ---- The serial line ----

    def converse(self) -> None:
        """Handles lines until the image says that it is done; watches the plugin's output for the scan marker."""
        pending, deadline, scans = b"", time.monotonic() + TIME_LIMIT, 0
        while True:
            readable, _, _ = select.select([self.serial], [], [], 0.02)
            if readable:
                pending += os.read(self.serial, 4096)
                while b"\n" in pending:
                    line, pending = pending.split(b"\n", 1)
                    if line == b"done":
                        return
                    self.handle(line.decode("latin-1"))
            elif (self.folder / "cost").read_text().count("scan\n") > scans:
                scans += 1
                self.read_memory()
            elif self.process.poll() is not None:
                raise SystemExit(f"QEMU ended early:\n{(self.folder / 'log').read_text()}")
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.image.name} on {self.image.target.core}: no end after {TIME_LIMIT} s")

    def handle(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "fail":
            raise SystemExit(f"{self.image.name} on {self.image.target.core}: the image failed with code {rest}")
        if word == "op":
            name, ticks = rest.split()
            self.outcome.operations.append(Operation(name, int(ticks)))
        elif word == ">":
            message = bytes.fromhex(rest)
            self.outcome.events.append(("sent", len(self.outcome.operations), message))
            self.peer.receive(message)
        elif word == "<":
            message = self.peer.speak()
            self.outcome.events.append(("received", len(self.outcome.operations), message))
            os.write(self.input, message.hex().encode() + b"\n")
        elif word != "image" and self.peer:
            self.peer.check(bytes.fromhex(rest))
        elif word != "image":
            self.outcome.reports.append((word, bytes.fromhex(rest)))

    def read_memory(self) -> None:
        dump = self.folder / "ram"
        self.command("memsave", val=self.image.target_ram_base, size=self.image.target.ram_size, filename=str(dump))
        self.outcome.memory.append(dump.read_bytes())
        (self.folder / "release").write_bytes(b"\n")

    # ---- The plugin's output ----

    def read_costs(self) -> None:
        top = self.image.symbols["stack_top"]
        lines = [line.split() for line in (self.folder / "cost").read_text().splitlines()]
        regions = [[int(word) for word in line[1:]] for line in lines if line[0] == "region"]
        if len(regions) != len(self.outcome.operations):
            raise SystemExit(f"{len(regions)} measured regions for {len(self.outcome.operations)} operations")
        for operation, (instructions, cycles, lowest, primitive, public, calls, trace) in zip(self.outcome.operations, regions):
            operation.instructions, operation.cycles = instructions, cycles
            operation.stack, operation.primitive = top - lowest, primitive
            operation.public, operation.public_calls, operation.trace = public, calls, trace
        [total] = [line for line in lines if line[0] == "total"]
        self.outcome.peak_stack = top - int(total[3])
        self.outcome.frames = [(int(line[1]), int(line[2])) for line in lines if line[0] == "frame"]
