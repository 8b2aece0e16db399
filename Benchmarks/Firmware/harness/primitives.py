# SPDX-License-Identifier: Apache-2.0
"""The bare primitives in C, on each core: what a handshake's cost should be compared with."""

from types import SimpleNamespace

import curve
import image
import noise
import others
import results
from catalogue import Spec
from emulate import Emulator, Outcome
from measure import KEYS, Failure, cross_check, demand_equal
from paths import FIRMWARE, WORK
from secrets_of import Draws
from targets import Target

SEED = bytes(range(1, 17))

# Checking a signature handles public data, and takes time that depends on it.
PUBLIC = {"ed25519-verify"}


# `primitives` links our own Curve25519, and `primitives-portable` that without assembly; the others libsodium's, with the ladder
# alone or with its tables. Of other libraries there is X25519.
NAMES = {"primitives": ("own", ("-DSIGNING",)), "primitives-portable": ("portable", ("-DSIGNING",)),
         "primitives-ladder": ("ladder", ()), "primitives-tables": ("tables", ("-DSIGNING",)),
         "primitives-bearssl": ("bearssl", ("-DAGREEMENT_ALONE",)), "primitives-monocypher": ("monocypher", ("-DAGREEMENT_ALONE",))}


def measured(target: Target, name: str) -> dict:
    arithmetic, flags = NAMES[name]
    source = image.compile_c(target, FIRMWARE / "images/primitives.c", WORK / target.core / f"{name}.o", *flags)
    if arithmetic in others.SOURCES:
        built = image.link(target, name, [source, *others.objects(target, arithmetic)], "ladder")
    else:
        built = image.link(target, name, [source], arithmetic)
    first, second = Emulator(built, SEED).run(), Emulator(built, SEED).run()
    where = f"{name} on {target.core}"
    demand_equal(where, first.operations, second.operations)
    check_agreement(where, first)
    by_name = {}
    for operation in first.operations:
        cross_check(where, built, operation)
        same = by_name.setdefault(operation.name, operation)
        if operation.name not in PUBLIC and same.instructions != operation.instructions:
            raise Failure(f"{where}: {operation.name} takes {same.instructions} or {operation.instructions} instructions")
    once = Outcome(operations=list(by_name.values()), peak_stack=first.peak_stack)
    spec = Spec(name, "primitives", "primitives", arithmetic, arithmetic=arithmetic)
    entry = results.record(built, spec, once)
    if arithmetic == "own":
        entry["x25519_code_bytes"] = built.code_bytes(curve.X25519)
    print(f"{target.core:5} {name:17} " + ", ".join(f"{o.name} {o.instructions:,}" for o in once.operations), flush=True)
    return entry


def check_agreement(where: str, outcome: Outcome) -> None:
    """X25519 on the board must give what an independent implementation gives for the same draws."""
    draws = Draws(SEED)
    point = noise.x25519(draws.take(32))
    expected = [("x25519", noise.x25519(draws.take(32), point)) for _ in range(KEYS)]
    for _ in range(KEYS):
        public = noise.x25519(draws.take(32))
    if outcome.reports != [*expected, ("public", public)]:
        raise Failure(f"{where}: X25519 gives wrong results")
