# SPDX-License-Identifier: Apache-2.0
"""Known vectors for Curve25519: Wycheproof's, where they are, and those of our own, with libsodium's verdict."""

import ctypes
import ctypes.util
import hashlib
import json
import os
import random
from pathlib import Path

from paths import ROOT

L = 2**252 + 27742317777372353535851937790883648493

SMALL = [bytes.fromhex(text) for text in (
    "00" * 32, "01" + "00" * 31,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ec" + "ff" * 30 + "7f", "ed" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f")]


def sodium():
    """The host's libsodium, which the package needs anyway."""
    return ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")


def folder() -> Path:
    return Path(os.environ.get("COUNTERSIGN_WYCHEPROOF") or ROOT.parent / "shared/vectors/wycheproof")


def wycheproof(name: str) -> list[dict]:
    path = folder() / name
    if not path.exists():
        print(f"wycheproof: skipped {name}: not in {folder()}", flush=True)
        return []
    return json.loads(path.read_text())["testGroups"]


def x25519() -> list[tuple[bytes, bytes, bytes]]:
    """(point, scalar, result)"""
    hexed = bytes.fromhex
    found = [(hexed(test["public"]), hexed(test["private"]), hexed(test["shared"]))
             for group in wycheproof("x25519_test.json") for test in group["tests"]]
    library, chance = sodium(), random.Random(1)
    for _ in range(20):
        point, scalar = chance.randbytes(32), chance.randbytes(32)
        shared = ctypes.create_string_buffer(32)
        library.crypto_scalarmult_curve25519(shared, scalar, point)
        found.append((point, scalar, shared.raw))
    return found


def ed25519() -> list[tuple[bytes, bytes, bytes, bool]]:
    """(signature, key, message, whether it is valid)"""
    library, found = sodium(), []

    def judge(signature, key, message):
        valid = library.crypto_sign_ed25519_verify_detached(signature, message, ctypes.c_ulonglong(len(message)), key) == 0
        found.append((signature, key, message, valid))

    judge(*signed(library, random.Random(3), 64))  # the first one is valid, and its cost is told
    for group in wycheproof("ed25519_test.json"):
        for test in group["tests"]:
            if len(test["sig"]) == 128:
                judge(bytes.fromhex(test["sig"]), bytes.fromhex(group["publicKey"]["pk"]), bytes.fromhex(test["msg"]))
                if found[-1][3] != (test["result"] == "valid"):
                    raise SystemExit(f"libsodium and Wycheproof differ in Ed25519's test {test['tcId']}")
    chance = random.Random(2)
    odd = [bytes([low]) + b"\xff" * 30 + bytes([top]) for low in range(0xED, 0x100) for top in (0x7F, 0xFF)]
    strange = SMALL + [point[:31] + bytes([point[31] | 0x80]) for point in SMALL] + odd
    for i in range(24):
        signature, key, message = signed(library, chance, 9 * i)
        judge(signature, key, message)
        place = chance.randrange(512)
        judge(bytes(b ^ (1 << place % 8 if n == place // 8 else 0) for n, b in enumerate(signature)), key, message)
    scalar = int.from_bytes(signature[32:], "little")
    judge(signature[:32] + (scalar + L).to_bytes(32, "little"), key, message)
    for point in strange:
        judge(point + signature[32:], key, message)
        judge(signature, point, message)
        judge(point + bytes(32), point, message)
    for i in range(56):
        judge(*mixed(library, chance, i))
    return found


def signed(library, chance, size):
    public, secret, signature = (ctypes.create_string_buffer(n) for n in (32, 64, 64))
    library.crypto_sign_ed25519_seed_keypair(public, secret, chance.randbytes(32))
    message = chance.randbytes(size)
    library.crypto_sign_ed25519_detached(signature, None, message, ctypes.c_ulonglong(size), secret)
    return signature.raw, public.raw, message


def mixed(library, chance, i):
    """A key and a commitment with a part of small order, and the scalar that would be right without."""
    a, r = chance.randrange(1, L), chance.randrange(1, L)
    points = []
    for scalar, part in ((a, SMALL[i % 5]), (r, SMALL[i // 5 % 5])):
        point, whole = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
        library.crypto_scalarmult_ed25519_base_noclamp(point, scalar.to_bytes(32, "little"))
        library.crypto_core_ed25519_add(whole, point, part)
        points.append(whole.raw)
    message = chance.randbytes(8)
    h = int.from_bytes(hashlib.sha512(points[1] + points[0] + message).digest(), "little")
    return points[1] + ((r + h * a) % L).to_bytes(32, "little"), points[0], message


def source(agreements, signatures) -> str:
    """The vectors as C."""
    listed = lambda data: ",".join(str(byte) for byte in data)
    lines = ["#include <stdint.h>", "const uint8_t x25519_vectors[][64] = {"]
    lines += [f"{{{listed(point + scalar)}}}," for point, scalar, _ in agreements]
    lines += ["};", f"const uint32_t x25519_vector_count = {len(agreements)}, ed25519_vector_count = {len(signatures)};",
              "const uint8_t ed25519_vectors[] = {"]
    for signature, key, message, _ in signatures:
        lines.append(listed(signature + key + len(message).to_bytes(2, "little") + message) + ",")
    return "\n".join([*lines, "};", ""])
