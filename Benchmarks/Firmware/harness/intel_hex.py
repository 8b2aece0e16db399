# SPDX-License-Identifier: Apache-2.0
"""Intel HEX, the form in which boards' loaders take an image and its storage page in one file."""

from pathlib import Path


def write(path: Path, blocks: list[tuple[int, bytes]]) -> None:
    """Each block is an address and the bytes that begin there."""
    lines, high = [], None
    for address, data in blocks:
        for offset in range(0, len(data), 16):
            place = address + offset
            if place >> 16 != high:
                high = place >> 16
                lines.append(line(0, 4, high.to_bytes(2, "big")))
            lines.append(line(place & 0xFFFF, 0, data[offset : offset + 16]))
    path.write_text("\n".join([*lines, line(0, 1, b"")]) + "\n")


def line(address: int, kind: int, data: bytes) -> str:
    """No block here begins off a multiple of 16, so that a line never crosses 64 KB."""
    body = bytes([len(data)]) + address.to_bytes(2, "big") + bytes([kind]) + data
    return ":" + (body + bytes([-sum(body) & 0xFF])).hex().upper()
