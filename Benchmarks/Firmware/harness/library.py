# SPDX-License-Identifier: Apache-2.0
"""libcountersign.a: the device modules with their interface for C, and ML-KEM, which they call, for one target."""

import shutil
from pathlib import Path

import curve
import image
import kem
import modules
import sodium
from paths import ROOT, run, swift_tool
from targets import Target

HEADER = ROOT / "Sources/CCountersign/countersign.h"


def build(target: Target, identity_based: bool) -> Path:
    """Made anew, so that no object of an earlier build stays in it."""
    archive = modules.folder(target, identity_based) / "libcountersign.a"
    objects = [*modules.build(target, identity_based), *kem.objects(target)]
    if not archive.exists() or archive.stat().st_mtime < modules.newest(objects):
        archive.unlink(missing_ok=True)
        run([swift_tool("llvm-ar"), "rcs", archive, *objects])
    return archive


def export(target: Target, folder: Path, identity_based: bool) -> None:
    """What firmware in C links: the library, libsodium's files, our own Curve25519 or libsodium's ladder, and what the compilers
    call on this core."""
    folder = folder / target.core
    folder.mkdir(parents=True, exist_ok=True)
    archives = sodium.archives(target)
    helpers = [file for file in image.board_objects(target) if file.stem in ("arithmetic", "lmul")]
    for file in [build(target, identity_based), archives["sodium"], curve.archive(target, False), archives["ladder"], *helpers]:
        shutil.copy(file, folder)
    shutil.copy(HEADER, folder)
