# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmark package several times, and works out medians and ratios. Started by Benchmarks/Schemes/run."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import machine

HERE = pathlib.Path(__file__).resolve().parent
PREFIX = "SchemeBenchmark."


def turn(folder):
    """One run of all benchmarks: medians by name and metric, in the order of their names; and what each scheme computes."""
    folder = pathlib.Path(folder)
    done = subprocess.run(
        ["swift", "package", "--disable-sandbox", "--allow-writing-to-package-directory", "--allow-writing-to-directory", folder,
         "benchmark", "--format", "jmh", "--path", folder, "--no-progress"],
        cwd=HERE, env={**os.environ, "SCHEME_OPERATIONS": str(folder / "operations.json")}, capture_output=True, text=True)
    results = sorted(folder.glob("*.jmh.json"))
    if done.returncode != 0 or not results:
        sys.exit(f"the benchmarks failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    medians = {}
    for entry in json.loads(results[0].read_text()):
        group, name = entry["benchmark"].split(PREFIX)[-1].replace("_", " ").split("/", 1)
        # The exporter carries metrics of one benchmark on to the next: take those that this group has.
        wanted = HANDSHAKE if group == "handshake" else WORK
        metrics = {metric: entry["secondaryMetrics"][metric]["scorePercentiles"]["50.0"] for metric in wanted}
        found = dict(microseconds(*item) for item in metrics.items())
        if group == "provisioning":
            # One benchmark for each side of a scheme.
            name, side = name.split(", ")
            found = {f"{side} {metric}": value for metric, value in found.items()}
        medians.setdefault(group, {}).setdefault(name, {}).update(found)
    return medians, json.loads((folder / "operations.json").read_text())


def microseconds(metric, value):
    """Times come in tenths of a nanosecond."""
    words = metric.split()
    return (" ".join([*words[:-1], "us"]), value / 1e4) if words[-1] == "ns" else (metric, value)


HANDSHAKE = ["device ns", "server ns", "device allocations", "server allocations"]
WORK = ["ns", "allocations"]


def median(turns, digits=4):
    """The median over turns of every number in equal nests of dictionaries."""
    if isinstance(turns[0], dict):
        return {key: median([t[key] for t in turns], digits) for key in turns[0]}
    return round(statistics.median(turns), digits)


def floor(bare, counts):
    """Microseconds of the primitives that a party cannot do without."""
    us = {name: values["us"] for name, values in bare.items()}
    call = us["aead 0 B"]
    return (counts["x25519Base"] * us["x25519 base"] + counts["x25519"] * us["x25519"]
            + counts["ed25519Sign"] * us["ed25519 sign"] + counts["ed25519Verify"] * us["ed25519 verify"]
            + counts["hashBlocks"] * us["sha256 65 blocks"] / 65
            + counts["aeadCalls"] * call + counts["aeadBytes"] * (us["aead 1024 B"] - call) / 1024)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--output", type=pathlib.Path)
    options = parser.parse_args()
    load, turns = [os.getloadavg()[0]], []
    for number in range(options.turns):
        print(f"turn {number + 1} of {options.turns}", file=sys.stderr)
        with tempfile.TemporaryDirectory() as folder:
            medians, operations = turn(folder)
        for scheme, values in medians["handshake"].items():
            for side in ("device", "server"):
                bare = floor(medians["bare"], operations[scheme][side])
                # Of a credential that the registry does not know the server computes the key; the counts know no Edwards curve.
                if scheme == "identity-based" and side == "server":
                    bare += medians["bare"]["identity key"]["us"]
                # Broadcast speaks to a whole tree at once; there is nothing to hold one device's share against.
                if bare > 0 and scheme != "broadcast":
                    values[f"{side} ratio"] = values[f"{side} us"] / bare
        for name, values in medians["message"].items():
            if name.startswith("seal ") and "open" not in name:
                values["ratio"] = values["us"] / medians["bare"][f"aead {name.removeprefix('seal ')}"]["us"]
        turns.append(medians)
        load.append(os.getloadavg()[0])
    results = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "command": f"Benchmarks/Schemes/run --turns {options.turns}",
        "machine": machine.description(), "load_average": [round(value, 1) for value in load],
        "versions": {"swift": machine.swift(), "benchmark": "1.38.1"}, **median(turns)}
    for group in ("bare", "provisioning", "handshake", "message", "admission", "rotation"):
        print(f"\n{group}")
        for name, values in sorted(results[group].items()):
            print(f"  {name:<52}" + ", ".join(f"{metric} {value:.4g}" for metric, value in values.items()))
    if options.output:
        options.output.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")


main()
