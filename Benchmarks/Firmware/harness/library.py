# SPDX-License-Identifier: Apache-2.0
"""libcountersign.a: the device modules with their interface for C, and ML-KEM, which they call, for one target."""

from pathlib import Path

import kem
import modules
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
