# SPDX-License-Identifier: Apache-2.0
"""Our Curve25519 on each emulated core beside libsodium and known vectors; the addresses that it touches; what it leaves in RAM."""

import ctypes
import hashlib
import struct

import curve
import image
import noise
import vectors
from emulate import Emulator
from measure import Failure
from memory import leaks
from paths import FIRMWARE, WORK
from secrets_of import Draws
from targets import Target

SEED = bytes(range(101, 117))
RANDOM, VECTORS, ADDRESSES, REMAINS = range(4)
KEYS = 64

THOUSAND = "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"


def page(part: int, count: int = 0) -> bytes:
    return SEED + struct.pack("<2I", part, count)


def check(target: Target, count: int, arithmetic: str = "own") -> list[str]:
    """A line for each thing that was shown; `Failure` for the first that was not."""
    agreements, signatures = vectors.x25519(), vectors.ed25519()
    made = WORK / target.core / "curve-vectors.c"
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_text(vectors.source(agreements, signatures))
    include = ("-I", str(curve.SOURCE / "include"))
    objects = [image.compile_c(target, FIRMWARE / "images/curve.c", WORK / target.core / "curve.o", *include),
               image.compile_c(target, made, WORK / target.core / "curve-vectors.o")]
    built = image.link(target, f"curve-{arithmetic}", objects, arithmetic)
    where = f"{target.core}, {arithmetic}"
    return [f"{where}: {line}" for line in (
        at_random(built, count), known(built, agreements, signatures), same_addresses(built), nothing_remains(built))]


def at_random(built, count: int) -> str:
    outcome = Emulator(built, page(RANDOM, count // 100), counts=False).run()
    draws, library = Draws(SEED), vectors.sodium()
    for place in range(count // 100):
        digest = hashlib.sha512()
        for _ in range(100):
            scalar, point = draws.take(32), draws.take(32)
            shared = ctypes.create_string_buffer(32)
            library.crypto_scalarmult_curve25519(shared, scalar, point)
            digest.update(shared.raw)
        if outcome.reports[place] != ("hundred", digest.digest()):
            raise Failure(f"X25519 differs from libsodium's in the hundred agreements from {100 * place} on")
    if outcome.reports[-1] != ("thousand", bytes.fromhex(THOUSAND)):
        raise Failure("RFC 7748's thousand iterations end elsewhere")
    return f"{count // 100 * 100:,} random agreements are libsodium's; RFC 7748's thousand iterations"


def known(built, agreements, signatures) -> str:
    reports = Emulator(built, page(VECTORS), counts=False).run().reports
    digest = hashlib.sha512()
    for _, _, shared in agreements:
        digest.update(shared + (b"\0" if any(shared) else b"\xff"))
    if reports[0] != ("x25519", digest.digest()):
        raise Failure("X25519 differs from a known vector")
    message, digest = bytes((7 * i + 1) % 256 for i in range(192)), hashlib.sha512()
    for size in range(193):
        digest.update(hashlib.sha256(message[:size]).digest())
    if reports[1] != ("sha256", digest.digest()):
        raise Failure("SHA-256 differs from Python's")
    found = [refused == b"\0" for _, refused in reports[2:]]
    wrong = [i for i, (_, _, _, valid) in enumerate(signatures) if found[i] != valid]
    if wrong or len(found) != len(signatures):
        raise Failure(f"the verdict differs from libsodium's on signatures {wrong}")
    return f"{len(agreements)} vectors of X25519, 193 messages of SHA-256, {len(signatures)} of Ed25519 ({sum(found)} valid)"


def same_addresses(built) -> str:
    empty, *operations = Emulator(built, page(ADDRESSES, KEYS), traces=True).run().operations
    lines = []
    for name in ("x25519", "x25519-base", "sha256", "seal-64", "open-64", "ed25519-verify"):
        seen = {(o.instructions, o.cycles, o.stack - empty.stack, o.trace) for o in operations if o.name == name}
        if len(seen) != 1:
            raise Failure(f"{name}: {len(seen)} different courses for {KEYS} secrets")
        [(instructions, cycles, stack, _)] = seen
        lines.append(f"{name} {instructions:,} instructions, {cycles:,} model cycles, {stack} bytes of stack")
    return f"the same instructions and addresses for {KEYS} secrets: " + "; ".join(lines[:-1]) + f". And {lines[-1]}"


def nothing_remains(built) -> str:
    outcome = Emulator(built, page(REMAINS)).run()
    draws = Draws(SEED)
    scalar, point = draws.take(32), draws.take(32)
    known = {name: value % noise.P for name, value in noise.x25519_course(scalar, point).items()}
    secrets = {name: value.to_bytes(32, "little") for name, value in known.items()} | {"scalar": scalar}
    found = leaks(outcome.memory[0], secrets)
    if found:
        raise Failure("RAM still holds\n  " + "\n  ".join(found))
    return f"nothing of {', '.join(secrets)} is left in RAM"
