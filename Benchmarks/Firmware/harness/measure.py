# SPDX-License-Identifier: Apache-2.0
"""Running an image and refusing what must not be: runs that differ, counts that follow a secret, secrets left in RAM, heap
use, the Edwards curve's group where no image needs it, a part too small, a counter that disagrees."""

from catalogue import Spec
from emulate import Emulator, Operation, Outcome
from image import Image
from memory import leaks
from peer import Peer
from secrets_of import secrets

KEYS = 16  # different keys and random numbers for the constant-count guard

# What a heap would need. On the Cortex-M0 and RV32 the link fails already, for want of atomic operations.
HEAP = ("malloc", "posix_memalign", "free", "swift_allocObject", "swift_slowAlloc", "swift_once")

# libsodium's group of Edwards25519, 40 KB with its tables: only identity-based credentials compute in it.
GROUP = ("crypto_scalarmult_ed25519", "crypto_core_ed25519_add", "crypto_core_ed25519_is_valid_point")


class Failure(Exception):
    """A guard that did not hold; the message says which and where."""


def converse(image: Image, spec: Spec, seed: int) -> tuple[Outcome, Peer]:
    peer = Peer(spec.plays, seed)
    outcome = Emulator(image, peer.page, peer).run()
    peer.finish()
    return outcome, peer


def measure(image: Image, spec: Spec) -> Outcome:
    """Runs the image with `KEYS` different keys and the first of them twice."""
    where = f"{spec.name} on {image.target.core}"
    first, peer = converse(image, spec, 1)
    second, _ = converse(image, spec, 1)
    demand_equal(where, first.operations, second.operations)
    for seed in range(2, KEYS + 1):
        other, _ = converse(image, spec, seed)
        demand_constant(where, spec, first.operations, other.operations, seed)
    demand_no_leaks(where, first, secrets(spec, peer.page, peer, first))
    demand_no_heap(where, image)
    if not spec.identity_based:
        demand_no_group(where, image)
    demand_room(where, image, first.peak_stack)
    for operation in first.operations:
        cross_check(where, image, operation)
    return first


def demand_equal(where: str, one: list[Operation], two: list[Operation]) -> None:
    for a, b in zip(one, two, strict=True):
        if (a.name, a.instructions, a.cycles, a.stack) != (b.name, b.instructions, b.cycles, b.stack):
            raise Failure(f"{where}: {a.name} took {a.instructions} instructions, then {b.instructions}")


def demand_constant(where: str, spec: Spec, one: list[Operation], two: list[Operation], seed: int) -> None:
    """Two runs of an image differ in secrets, not in what is public to it, so that every instruction counts; in operations whose
    public input follows from a secret, every one outside the functions that handle public data."""
    for a, b in zip(one, two, strict=True):
        counted = lambda o: (o.instructions - o.public, o.public_calls) if o.name in spec.public else (o.instructions, 0)
        if counted(a) != counted(b):
            raise Failure(
                f"{where}: {a.name} takes {a.instructions} instructions with one key, {b.instructions} with key {seed}; "
                f"{a.public} and {b.public} of them handle public data, in {a.public_calls} and {b.public_calls} calls")


def demand_no_leaks(where: str, outcome: Outcome, known: dict[str, bytes]) -> None:
    if len(outcome.memory) != 1:
        raise Failure(f"{where}: RAM was read {len(outcome.memory)} times instead of once")
    found = leaks(outcome.memory[0], known)
    if found:
        raise Failure(f"{where}: RAM still holds\n  " + "\n  ".join(found))


def demand_no_heap(where: str, image: Image) -> None:
    linked = [symbol for symbol in image.symbols if symbol in HEAP or symbol.startswith("__atomic_")]
    if linked:
        raise Failure(f"{where}: the image links {', '.join(linked)}")


def demand_no_group(where: str, image: Image) -> None:
    linked = [symbol for symbol in image.symbols if symbol.startswith(GROUP)]
    if linked:
        raise Failure(f"{where}: the image links {', '.join(linked)}, and has no use for identity-based credentials")


def demand_room(where: str, image: Image, peak_stack: int) -> None:
    if image.flash_bytes > image.target.flash_size:
        raise Failure(f"{where}: {image.flash_bytes} bytes of flash do not fit {image.target.flash_size}")
    if image.static_ram + peak_stack > image.target.ram_size:
        raise Failure(f"{where}: {image.static_ram + peak_stack} bytes of RAM do not fit {image.target.ram_size}")


def cross_check(where: str, image: Image, operation: Operation) -> None:
    """The board's own counter must show what the plugin counted; the reading itself costs a few instructions."""
    rate = image.target.ticks_per_instruction
    low = operation.instructions * rate
    if not low - 1 <= operation.ticks <= low + 24 * rate + 1:
        raise Failure(f"{where}: {operation.name}: {operation.instructions} instructions, but {operation.ticks} ticks")
