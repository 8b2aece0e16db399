# SPDX-License-Identifier: Apache-2.0
"""X25519 of other libraries, compiled as libsodium is and measured by the same image: BearSSL's from Debian, Monocypher's from the
source of its Python binding."""

import sys
from pathlib import Path

import install
import sodium
from paths import FIRMWARE, WORK, run
from targets import Target

DEBS = WORK / "debian"
BEARSSL, MONOCYPHER = DEBS / "bearssl", DEBS / "monocypher"
MONOCYPHER_PACKAGE = "pymonocypher==4.0.3.4"

# What each image links: its sources, and where their headers are.
SOURCES = {
    "bearssl": (lambda core: [BEARSSL / f"src/ec/ec_c25519_{'m15' if core == 'm0' else 'm31'}.c", BEARSSL / "src/codec/ccopy.c"],
                [BEARSSL / "inc", BEARSSL / "src"]),
    "monocypher": (lambda core: [MONOCYPHER / "monocypher.c"], [MONOCYPHER]),
}


def fetch() -> None:
    """Does nothing on the second run."""
    if not BEARSSL.exists():
        run(["apt-get", *install.source_lists(), "update"], cwd=DEBS)
        run(["apt-get", *install.source_lists(), "source", "--download-only", "bearssl"], cwd=DEBS)
        [description] = DEBS.glob("bearssl_*.dsc")
        run(["dpkg-source", "--no-check", "-x", description, BEARSSL])
    if not MONOCYPHER.exists():
        run([sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", "pymonocypher", "--dest", DEBS, MONOCYPHER_PACKAGE])
        [archive] = DEBS.glob("pymonocypher-*.tar.gz")
        MONOCYPHER.mkdir()
        run(["tar", "-C", MONOCYPHER, "-xzf", archive, "--strip-components=1"])


def objects(target: Target, library: str) -> list[Path]:
    """X25519 under libsodium's names."""
    sources, headers = SOURCES[library]
    include = [option for folder in headers for option in ("-I", folder)]
    made = []
    for source in [FIRMWARE / f"sodium/{library}.c", *sources(target.core)]:
        output = WORK / target.core / "sodium" / f"{library}-{source.parent.name}-{source.stem}.o"
        if not output.exists() or output.stat().st_mtime < source.stat().st_mtime:
            run([*sodium.clang(target), *sodium.FLAGS, *include, "-c", source, "-o", output])
        made.append(output)
    return made
