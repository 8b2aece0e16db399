# SPDX-License-Identifier: Apache-2.0
"""The whole run: what can be shared is made first, then the images are measured, several at a time."""

import os
from concurrent.futures import Future, ProcessPoolExecutor

import catalogue
import curve
import emulate
import guards
import image
import library
import measure
import modules
import others
import peer
import primitives
import results
import sodium
from paths import FIRMWARE, WORK
from targets import Target


def run(cores: list[Target], specs: list[catalogue.Spec], with_primitives: bool) -> tuple[list[dict], list[str]]:
    """The records, in the order of the catalogue, and a line for each guard that did not hold."""
    emulate.plugin()
    if with_primitives:
        others.fetch()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        host = pool.submit(peer.build)
        for made in [host, *[pool.submit(prepare, target, specs) for target in cores]]:
            made.result()
        tasks = [pool.submit(guards.check, target) for target in cores]
        for target in cores:
            if with_primitives:
                tasks += [pool.submit(attempt, primitives.measured, target, name) for name in primitives.NAMES]
            tasks += [pool.submit(attempt, measured, target, spec) for spec in specs]
        return collect(tasks)


def prepare(target: Target, specs: list[catalogue.Spec]) -> None:
    """What every image of a target links."""
    sodium.archives(target)
    for portable in (False, True):
        curve.archive(target, portable)
    image.board_objects(target)
    for identity_based in {spec.identity_based for spec in specs}:
        library.build(target, identity_based)


def measured(target: Target, spec: catalogue.Spec) -> dict:
    built = build(target, spec)
    entry = results.record(built, spec, measure.measure(built, spec))
    print(f"{target.core:5} {spec.name:22} flash {entry['flash_bytes']:7,}  RAM {entry['static_ram_bytes']:6,} + "
          f"{entry['peak_stack_bytes']:6,}  instructions {entry['instructions']:12,}  "
          f"overhead {results.overhead(entry):.3f}", flush=True)
    return entry


def build(target: Target, spec: catalogue.Spec) -> image.Image:
    """The image of a catalogue entry. C links the library, as firmware of others would."""
    if spec.source.endswith(".c"):
        own = image.compile_c(target, FIRMWARE / "images" / spec.source, WORK / target.core / f"{spec.name}.o",
                              "-I", library.HEADER.parent, *spec.flags)
        return image.link(target, spec.name, [own, library.build(target, spec.identity_based)], spec.arithmetic)
    shared = modules.build(target, spec.identity_based)  # first: the image is compiled against them
    own = modules.compile_image(target, FIRMWARE / "images" / f"{spec.source}.swift", spec.name, spec.flags,
                                spec.identity_based)
    return image.link(target, spec.name, [own, *shared], spec.arithmetic)


def attempt(work, target: Target, what) -> dict | str:
    """A guard that does not hold fails the run, but not before the other images have had their turn."""
    try:
        return work(target, what)
    except (measure.Failure, SystemExit) as failure:
        print(f"FAILED: {failure}", flush=True)
        return str(failure)


def collect(tasks: list[Future]) -> tuple[list[dict], list[str]]:
    outcomes = [task.result() for task in tasks]  # what the guards' own trial raises ends the run
    return ([outcome for outcome in outcomes if isinstance(outcome, dict)],
            [outcome for outcome in outcomes if isinstance(outcome, str)])
