"""A real board in place of the emulator: the same lines over its serial port, answered by the same peer."""

import os
import termios
import tty

from catalogue import Spec
from peer import Peer


def run(device: str, spec: Spec) -> None:
    """Prints the operations as the board counts them, in cycles. Reset the board when asked."""
    peer = Peer(spec.name, 1)
    line = os.open(device, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(line)
    settings = termios.tcgetattr(line)
    settings[4] = settings[5] = termios.B115200
    termios.tcsetattr(line, termios.TCSANOW, settings)
    page = f"page-{spec.name}.bin"
    with open(page, "wb") as file:
        file.write(peer.page)
    print(f"Write {page} to the board's storage page, flash the image, reset the board.")
    with os.fdopen(line, "rb+", buffering=0) as port:
        while True:
            text = port.readline().decode("latin-1").strip()
            word, _, rest = text.partition(" ")
            if word == "op":
                name, ticks = rest.split()
                print(f"{name:12} {int(ticks):12,} cycles")
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
