# SPDX-License-Identifier: Apache-2.0
"""The guards themselves are tried first: firmware with a defect must be refused, and the same without it must pass."""

from dataclasses import replace

import image
from catalogue import Spec
from emulate import Emulator
from measure import (Failure, cross_check, demand_constant, demand_equal, demand_no_group, demand_no_heap, demand_no_leaks,
                     demand_room)
from paths import FIRMWARE, WORK
from targets import Target

# Each defect, and a word of the refusal that it has to meet.
DEFECTS = {"BRANCHES": "with one key", "REPEATS": "in 2 and 1 calls", "KEEPS": "RAM still holds", "ALLOCATES": "links malloc",
           "COMPUTES": "identity-based", "HIDES": "ticks"}
SPEC = Spec("guards", "guards.c", "none", "none", public=frozenset({"work"}))


def check(target: Target) -> None:
    sound = built(target, "")
    guard(sound)
    for defect, refusal in DEFECTS.items():
        demand_refusal(refusal, lambda: guard(built(target, defect)))
    for small in (replace(target, flash_size=sound.flash_bytes - 1), replace(target, ram_size=sound.static_ram)):
        sound.target = small
        demand_refusal("do not fit", lambda: demand_room("", sound, 1))


def guard(firmware: image.Image) -> None:
    """What measure.measure demands, of two keys and without a peer."""
    pages = [bytes(range(1, 17)) + bytes((key * 37 + 11 * place) % 256 for place in range(32)) for key in (1, 2)]
    first, second, other = (Emulator(firmware, page).run() for page in (pages[0], pages[0], pages[1]))
    demand_equal("guards", first.operations, second.operations)
    demand_constant("guards", SPEC, first.operations, other.operations, 2)
    demand_no_leaks("guards", first, {"secret": pages[0][16:]})
    demand_no_heap("guards", firmware)
    demand_no_group("guards", firmware)
    demand_room("guards", firmware, first.peak_stack)
    for operation in first.operations:
        cross_check("guards", firmware, operation)


def demand_refusal(refusal: str, work) -> None:
    try:
        work()
    except Failure as failure:
        if refusal in str(failure):
            return
    raise SystemExit(f"the guards let pass what they should refuse: {refusal}")


def built(target: Target, defect: str) -> image.Image:
    name = f"guards{'-' if defect else ''}{defect.lower()}"
    flags = [f"-D{defect}"] if defect else []
    own = image.compile_c(target, FIRMWARE / "images/guards.c", WORK / target.core / f"{name}.o", *flags)
    return image.link(target, name, [own], "own")
