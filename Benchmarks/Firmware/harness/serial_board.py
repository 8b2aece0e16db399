# SPDX-License-Identifier: Apache-2.0
"""A real board in place of the emulator: the same lines over its serial port, answered by the same peer."""

import json
import os
import termios
import tty
from pathlib import Path

import campaign
import intel_hex
import rehearsal
from catalogue import Spec
from paths import FIRMWARE, WORK
from peer import Peer
from targets import Target

REHEARSAL = "qemu"  # in place of a serial device
LOADING = "Load {}, which holds the image and its storage page, then reset the board."


def run(device: str, target: Target, spec: Spec) -> None:
    """Prints the operations as the board counts them, in cycles, beside the model's for the same keys."""
    peer = Peer(spec.plays, 1)
    image = campaign.build(target, spec)
    path = WORK / target.core / f"{spec.name}.hex"
    intel_hex.write(path, [(target.flash_base, image.flat.read_bytes()), (target.storage_page, peer.page)])
    if device == REHEARSAL:
        print(f"QEMU's counter knows no cycles: it shows {target.ticks_per_instruction:g} for each instruction.")
        with rehearsal.board(target, path) as (terminal, reset):
            converse(open_port(terminal), reset, peer, model(target, spec))
    else:
        converse(open_port(device), lambda: print(LOADING.format(path), flush=True), peer, model(target, spec))


def converse(port: int, reset, peer: Peer, model_cycles: list[int]) -> None:
    reset()
    expected = iter(model_cycles)
    print(f"{'operation':12} {'board, cycles':>15} {'model, cycles':>15}")
    with os.fdopen(port, "rb+", buffering=0) as port:
        for line in lines(port):
            word, _, rest = line.partition(" ")
            if word == "op":
                name, ticks = rest.split()
                print(f"{name:12} {int(ticks):15,} {next(expected, 0):15,}", flush=True)
            elif word == ">":
                peer.receive(bytes.fromhex(rest))
            elif word == "<":
                port.write(peer.speak().hex().encode() + b"\n")
            elif word == "fail":
                raise SystemExit(f"the image failed with code {rest}")
            elif word == "done":
                peer.finish()
                print("the peer verified the conversation")
                return
            else:
                peer.check(bytes.fromhex(rest))


def open_port(device: str) -> int:
    line = os.open(device, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(line)
    settings = termios.tcgetattr(line)
    settings[4] = settings[5] = termios.B115200
    termios.tcsetattr(line, termios.TCSANOW, settings)
    return line


def lines(port):
    """What comes before the board's reset is not for us: the conversation begins with `image`."""
    begun = False
    while True:
        line = port.readline().decode("latin-1").strip()
        if begun:
            yield line
        begun = begun or line == "image"


def model(target: Target, spec: Spec) -> list[int]:
    """The model cycles of the last whole run, whose keys are the same."""
    records = json.loads(Path(FIRMWARE / "results.json").read_text())
    for entry in records:
        if (entry["core"], entry["image"]) == (target.core, spec.name):
            return [operation["model_cycles"] for operation in entry["operations"]]
    return []
