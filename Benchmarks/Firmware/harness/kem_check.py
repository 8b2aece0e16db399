# SPDX-License-Identifier: Apache-2.0
"""ML-KEM-768 of our own (Sources/CMLKEM) alone on a core: right, constant in its counts, and what it costs."""

import sys

import image
import kem
import modules
from emulate import Emulator, Operation, Outcome
from measure import KEYS, Failure, cross_check, demand_equal, demand_no_leaks
from paths import FIRMWARE, ROOT, WORK
from secrets_of import Draws
from targets import Target

sys.path.insert(0, str(ROOT / "Tests/Vectors/generator"))

import mlkem  # the vectors' own, from the standard's text

SEED = bytes(range(1, 17))


def measured(target: Target) -> list[str]:
    """The lines to print; raises where a guard does not hold."""
    source = image.compile_c(target, FIRMWARE / "images/mlkem.c", WORK / target.core / "mlkem.o", "-I", kem.SOURCE / "include")
    built = image.link(target, "mlkem", [source, kem.archive(target)], "ladder")
    where = f"ML-KEM-768 on {target.core}"
    first, second = Emulator(built, SEED).run(), Emulator(built, SEED).run()
    demand_equal(where, first.operations, second.operations)
    demand_no_leaks(where, first, check(where, first))
    by_name: dict[str, list[Operation]] = {}
    for operation in first.operations:
        cross_check(where, built, operation)
        by_name.setdefault(operation.name, []).append(operation)
    demand_constant(where, by_name)
    [nothing] = by_name.pop("nothing")
    stack = max(operation.stack for operations in by_name.values() for operation in operations)
    if built.static_ram + stack > target.ram_size:
        raise Failure(f"{where}: {built.static_ram + stack} bytes of RAM do not fit {target.ram_size}")
    flash = {kind: sum(s.size for s in image.link_map(built.elf.with_suffix(".map")) if "libmlkem.a" in s.origin and s.output == kind)
             for kind in (".text", ".rodata")}
    lines = [f"{where}: code {flash['.text']:,} bytes, tables {flash['.rodata']:,}"]
    for name, operations in by_name.items():
        cycles = [operation.cycles for operation in operations]
        spread = "" if min(cycles) == max(cycles) else f" to {max(cycles):,}"
        lines.append(f"  {name:12} {operations[0].instructions:10,} instructions, {min(cycles):,}{spread} model cycles, "
                     f"{operations[0].stack - nothing.stack:,} bytes of stack")
    return lines


def demand_constant(where: str, by_name: dict[str, list[Operation]]) -> None:
    """Each run has another secret. A new key has another matrix, which is public and costs what it costs: there, what lies below the
    function that draws it is left out. Under one key everything counts, cycles too."""
    for name, operations in by_name.items():
        if len(operations) not in (1, KEYS):
            raise Failure(f"{where}: {name} ran {len(operations)} times")
        kept = (lambda o: (o.instructions - o.public, o.public_calls)) if name == "generate" else (
            lambda o: (o.instructions, o.cycles, o.stack))
        seen = {kept(operation) for operation in operations}
        if len(seen) != 1:
            raise Failure(f"{where}: {name} takes {sorted(seen)}")
    taken, refused = by_name["decapsulate"][0], by_name["reject"][0]
    if (taken.instructions, taken.cycles) != (refused.instructions, refused.cycles):
        raise Failure(f"{where}: a ciphertext that was forged takes {refused.instructions} instructions, not {taken.instructions}")


def check(where: str, outcome: Outcome) -> dict[str, bytes]:
    """The board must find what the vectors' reference finds for the same draws. Returns what must not be left in RAM after the last
    of them."""
    draws, expected = Draws(SEED), []
    for _ in range(KEYS):
        seed = draws.take(64)
        ek, dk = mlkem.generate(seed)
        expected.append(("hash", dk[-64:-32]))
    for i in range(KEYS):
        m = draws.take(32)
        ciphertext, secret = mlkem.encapsulate(ek, m)
        at = 68 * i + i
        forged = ciphertext[:at] + bytes([ciphertext[at] ^ 1 << i % 8]) + ciphertext[at + 1 :]
        expected += [("reject", mlkem.decapsulate(dk, forged)), ("decapsulate", secret)]
    if outcome.reports != expected:
        raise Failure(f"{where}: wrong results")
    noise = mlkem.hashlib.sha3_512(m + dk[-64:-32]).digest()[32:]
    return {"the seed": seed, "the packed secret vector": dk[:1152], "m": m, "the secret": secret,
            "the secret of a rejection": expected[-2][1], "the noise's seed": noise,
            **{f"noise {i}": words(mlkem.ntt(mlkem.sample_cbd(noise, i))) for i in range(mlkem.K)},
            **{f"secret {i}": words(mlkem.decode(dk[384 * i :][:384], 12)) for i in range(mlkem.K)}}


def words(polynomial: list[int]) -> bytes:
    """A transform as the target stores it: 16 bits a coefficient, at most q / 2 in size."""
    return b"".join((a - mlkem.Q * (a > mlkem.Q // 2)).to_bytes(2, "little", signed=True) for a in polynomial)


def handshakes(target: Target) -> list[str]:
    """What the modifier hfs adds to Noise_IK for the initiator, by running both."""
    shared = [*modules.build(target, False), *kem.objects(target)]
    seen = {}
    for name, flags in (("hfs", ("-D", "HYBRID")), ("hfs-without", ())):
        own = modules.compile_image(target, FIRMWARE / "images/hfs.swift", name, flags, False)
        built = image.link(target, name, [own, *shared], "own")
        outcome = Emulator(built, SEED).run()
        for operation in outcome.operations:
            cross_check(name, built, operation)
        seen[name] = (built, {operation.name: operation for operation in outcome.operations}, outcome)
    (hybrid, costs, run), (plain, plain_costs, plain_run) = seen["hfs"], seen["hfs-without"]
    cycles = {name: costs[name].cycles - plain_costs[name].cycles for name in costs}
    steps = ", ".join(f"{name} {value:,}" for name, value in cycles.items())
    return [f"Noise_IKhfs on {target.core}, above Noise_IK: the initiator {sum(cycles.values()):,} model cycles ({steps}); both sides in "
            f"one image {hybrid.flash_bytes - plain.flash_bytes:,} bytes of flash, {run.peak_stack - plain_run.peak_stack:,} of stack"]
