#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the committed vectors, or checks them.

    generate.py                    write ../noise/*.json, ../credentials/*.json, ../channels/*.json and ../ibe/*.json
    generate.py --check            fail if any of them differs from what would be written
    generate.py --validate FOLDER  run this reference over every foreign set *.json of a folder

Sets of another subject get a make_*.py here and a line in FILES.
"""

import argparse
import json
import sys
from pathlib import Path

from make_channel import channel_vectors
from make_fallback import fallback_vectors
from make_hybrid import hybrid_vectors, negative_hybrid_vectors
from make_identity import identity_vectors
from make_negative import negative_vectors
from make_positive import deferred_vectors, psk_vectors
from make_primitives import primitive_vectors
from make_rekey import rekey_vectors
from make_transport import transport_vectors
from session import check

try:
    from make_ibe import ibe_vectors
except ModuleNotFoundError as error:
    print(f"SKIPPED ibe/ibe.json, for which Python needs {error.name}: pip install -r Tests/requirements/tests.txt")
    ibe_vectors = None

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "noise/psk.json": psk_vectors,
    "noise/deferred.json": deferred_vectors,
    "noise/fallback.json": fallback_vectors,
    "noise/rekey.json": rekey_vectors,
    "noise/transport.json": transport_vectors,
    "noise/negative.json": negative_vectors,
    "noise/hybrid.json": hybrid_vectors,
    "noise/hybrid-negative.json": negative_hybrid_vectors,
    "noise/primitives.json": primitive_vectors,
    "credentials/identity.json": identity_vectors,
    "channels/channel.json": channel_vectors,
}
if ibe_vectors:
    FILES["ibe/ibe.json"] = ibe_vectors


def rendered(make):
    return json.dumps(make(), indent=1) + "\n"


def write():
    for name, make in FILES.items():
        path = ROOT / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(rendered(make))
        print(f"{name}: {path.stat().st_size} bytes")
    return 0


def compare():
    differing = 0
    for name, make in FILES.items():
        path = ROOT / name
        same = path.exists() and path.read_text() == rendered(make)
        differing += not same
        print(f"{name}: {'as generated' if same else 'DIFFERS'}")
    return 1 if differing else 0


def validate(folder):
    ran = passed = 0
    for path in sorted(Path(folder).glob("*.json")):
        for vector in json.loads(path.read_text())["vectors"]:
            ran += 1
            good = check(vector)
            passed += good
            if not good:
                print(f"{path.name}: {vector['protocol_name']} differs")
    print(f"{passed} of {ran} pass")
    return 0 if ran and passed == ran else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare the committed files instead of writing them")
    parser.add_argument("--validate", metavar="FOLDER", help="run the reference over a foreign set")
    options = parser.parse_args()
    if options.validate:
        return validate(options.validate)
    return compare() if options.check else write()


if __name__ == "__main__":
    sys.exit(main())
