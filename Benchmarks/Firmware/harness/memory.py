# SPDX-License-Identifier: Apache-2.0
"""Searching all RAM for secrets, in every shape in which the code handles them."""

import struct

from noise import P

FRAGMENT = 8  # bytes: half-overwritten copies count too


def shapes(secret: bytes) -> dict[str, bytes]:
    """The byte strings that would betray a secret: itself, as HMAC pads it, as SHA-256 reads it into words."""
    result = {"plain": secret}
    # Our own field keeps a number below 2^256 that need not be the smallest.
    value = int.from_bytes(secret, "little") + P
    if len(secret) == 32 and value < 1 << 256:
        result["not reduced"] = value.to_bytes(32, "little")
    for pad in (0x36, 0x5C):
        result[f"HMAC pad {pad:#x}"] = bytes(byte ^ pad for byte in secret)
    for name, value in list(result.items()):
        words = len(value) // 4
        result[f"{name}, words swapped"] = struct.pack(f">{words}I", *struct.unpack(f"<{words}I", value[: 4 * words]))
    return result


def limbs(memory: bytes) -> dict[int, int]:
    """Every field element that RAM could hold as ten signed limbs of 25.5 bits (libsodium's fe25519): value to address."""
    words = struct.unpack(f"<{len(memory) // 4}i", memory)
    weights = [1 << (51 * i + 1) // 2 for i in range(10)]
    found = {}
    for start in range(len(words) - 9):
        window = words[start : start + 10]
        if any(window) and all(-(1 << 27) < limb < 1 << 27 for limb in window):
            found[sum(limb * weight for limb, weight in zip(window, weights)) % P] = 4 * start
    return found


def leaks(memory: bytes, secrets: dict[str, bytes]) -> list[str]:
    """One line for each place in RAM that shows part of a secret."""
    found = []
    elements = limbs(memory)
    for name, secret in secrets.items():
        for shape, value in shapes(secret).items():
            for offset in range(0, len(value) - FRAGMENT + 1, FRAGMENT):
                place = memory.find(value[offset : offset + FRAGMENT])
                if place >= 0:
                    found.append(f"{name} ({shape}, bytes {offset} to {offset + FRAGMENT}) at RAM+{place:#x}")
                    break
        number = int.from_bytes(secret, "little") % P
        if number in elements:
            found.append(f"{name} (field element) at RAM+{elements[number]:#x}")
    return found
