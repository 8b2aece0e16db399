# SPDX-License-Identifier: Apache-2.0
"""Runs us and what users would pick instead, all in turn, and writes the medians. Started by Benchmarks/Peers/run."""

import argparse
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

import machine

OURS = {
    "derived-key": "derived key", "derived-key-ephemeral": "derived key + X25519 (NNpsk0)", "compact-kk": "Noise_KK, hint",
    "registered": "Noise_IK", "certified": "Noise_IK + certificate", "hybrid-ikpsk2": "Noise_IKpsk2"}
TLS = {
    "psk-tls12": "TLS 1.2 PSK, no DH", "psk-x25519": "TLS 1.3 PSK + X25519", "ed25519": "TLS 1.3 mutual Ed25519"}
BROKER = {"tcp": "MQTT in the clear"} | {mode: f"MQTT, {name}" for mode, name in TLS.items()}
# Our own server under the schemes of a fleet that comes back; what the devices have in common with the broker's is said in docs/.
SERVER = {
    "countersign": ("certified", "countersign, certified"),
    "countersign-derived-key": ("derived-key", "countersign, derived key"),
    "countersign-derived-key-ephemeral": ("derived-key-ephemeral", "countersign, derived key + X25519")}
# flynn/noise's pattern, and the scheme of ours that runs the same.
FLYNN = {"IK": "registered", "NNpsk0": "derived-key-ephemeral", "IKpsk2": "hybrid-ikpsk2"}
SERVER_CORE, DRIVER_CORE = "0", "1"


class Contest:
    """Every contender's samples, by name, in the order in which they first came."""

    def __init__(self):
        self.samples = {}

    def add(self, name, who, values):
        entry = self.samples.setdefault(name, {"who": who, "values": []})
        entry["values"].append(values)

    def medians(self):
        rows = []
        for name, entry in self.samples.items():
            keys = entry["values"][0].keys()
            row = {"name": name, "who": entry["who"]}
            for key in keys:
                row[key] = round(statistics.median(v[key] for v in entry["values"]), 4)
            row["turns_us"] = [round(v["server_us"], 1) for v in entry["values"]]
            rows.append(row)
        return rows


def run(*words, core=SERVER_CORE, timeout=300):
    done = subprocess.run(
        ["taskset", "-c", core, *map(str, words)], capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed:\n{done.stderr}")
    return done.stdout


def handshakes(options, contest):
    """Both ends in one process: the server's part alone."""
    schemes = [word for scheme in OURS for word in ("--scheme", scheme)]
    report = json.loads(run(options.countersign, "compare", "--output", "json", *schemes))
    for profile in report["measurements"]["profiles"]:
        sizes = {side: [m["bytes"] for m in profile["messages"] if m["sender"] == side] for side in ("device", "server")}
        # On a stream every frame has its length in front, two bytes.
        contest.add(profile["scheme"], OURS[profile["scheme"]], {
            "server_us": profile["server_microseconds"], "messages": len(profile["messages"]),
            "device_bytes": sum(sizes["device"]) + 2 * len(sizes["device"]),
            "server_bytes": sum(sizes["server"]) + 2 * len(sizes["server"])})
    if options.flynn:
        for pattern in FLYNN:
            contest.add(f"flynn-{pattern.lower()}", f"flynn/noise, {pattern}", {
                "server_us": int(run(options.flynn, pattern, 500)) / 1000})
    if options.edhoc:
        contest.add("edhoc", "EDHOC, static DH (lakers)", {
            **json.loads(run(*shlex.split(options.edhoc), 200)), "messages": 3})
    if options.tls:
        for mode, who in TLS.items():
            contest.add(f"tls-{mode}", who, json.loads(run(options.tls, "memory", mode, 300)))


def loopback(options, contest):
    """Over TCP, one connection for each handshake, the kernel's time included."""
    if options.tls:
        for mode, who in TLS.items():
            contest.add(f"tls-{mode}", who, json.loads(run(options.tls, "loopback", mode, 800, core="0,1")))


def fleet(options, contest):
    """Everybody comes back: real servers, one core for them and one for all devices."""
    count, in_flight = options.devices, options.in_flight
    for name, (scheme, who) in SERVER.items():
        load = json.loads(run(
            options.countersign, "load", "--scheme", scheme, "--devices", count, "--in-flight", in_flight,
            "--server-core", SERVER_CORE, "--admissions-only", "--output", "json", core=DRIVER_CORE))
        contest.add(name, who, {
            "seconds": count / load["handshakes_per_second"], "server_us": load["server_microseconds_per_handshake"],
            "device_bytes": load["bytes_up_per_handshake"], "server_bytes": load["bytes_down_per_handshake"],
            "server_kib": load["server_bytes_per_connection"] / 1024})
    if options.mqtt:
        for mode, who in BROKER.items():
            with tempfile.TemporaryDirectory(dir=options.work) as directory:
                contest.add(f"mqtt-{mode}", who, json.loads(run(
                    options.mqtt, mode, count, in_flight, directory, core="0,1")))


def table(title, rows, base, columns):
    print(f"\n{title}")
    unit = next(r["server_us"] for r in rows if r["name"] == base)
    heads = ["", *columns, f"ratio to {base}"]
    lines = [heads] + [
        [r["who"], *(f"{r[c]:.4g}" if c in r else "-" for c in columns), f"{r['server_us'] / unit:.2f}"] for r in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    for line in lines:
        print("  " + line[0].ljust(widths[0]) + "".join("  " + cell.rjust(w) for cell, w in zip(line[1:], widths[1:])))


def main():
    parser = argparse.ArgumentParser()
    for name in ("countersign", "work"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("tls", "mqtt", "flynn", "edhoc"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--output", type=pathlib.Path)
    options = parser.parse_args()
    contests = {"handshakes": Contest(), "loopback": Contest(), "fleet": Contest()}
    load = [os.getloadavg()[0]]
    for turn in range(options.turns):
        print(f"turn {turn + 1} of {options.turns}", file=sys.stderr)
        for measure in (handshakes, loopback, fleet):
            measure(options, contests[measure.__name__])
        load.append(os.getloadavg()[0])
    results = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "command": f"Benchmarks/Peers/run --turns {options.turns} --devices {options.devices}",
        "machine": machine.description(), "load_average": [round(value, 1) for value in load],
        "versions": machine.versions(options), "devices": options.devices, "in_flight": options.in_flight,
        **{name: contest.medians() for name, contest in contests.items()}}
    table("Server's part of a handshake, both ends in memory", results["handshakes"], "certified",
          ["server_us", "device_bytes", "server_bytes"])
    if results["loopback"]:
        table("TLS over TCP on loopback, server's processor, kernel included", results["loopback"], "tls-psk-x25519",
              ["server_us", "per_second"])
    table(f"{options.devices} devices come back, {options.in_flight} in flight, server on one core", results["fleet"],
          "countersign", ["seconds", "server_us", "device_bytes", "server_bytes", "server_kib"])
    for pattern, scheme in FLYNN.items():
        us = {r["name"]: r["server_us"] for r in results["handshakes"]}
        if f"flynn-{pattern.lower()}" in us:
            print(f"{pattern}: flynn/noise takes {us[f'flynn-{pattern.lower()}'] / us[scheme]:.2f} times as long as {scheme}")
    print(f"load average over the turns: {results['load_average']}")
    if options.output:
        options.output.write_text(json.dumps(results, indent=1) + "\n")


main()
