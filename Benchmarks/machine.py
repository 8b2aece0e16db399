# SPDX-License-Identifier: Apache-2.0
"""What a measurement was made on and with."""

import os
import pathlib
import platform
import re
import subprocess


def description():
    """The class of machine, not its name."""
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", text)
    virtual = ", virtual" if "hypervisor" in text else ""
    return f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores{virtual}, Linux {platform.release().split('-')[0]}"


def version(*command, pattern=r"(\d+\.\d[\w.]*)"):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except FileNotFoundError:
        return "not found"
    found = re.search(pattern, done.stdout + done.stderr)
    return found[1] if found else "unknown"


def swift():
    return version("swift", "--version", pattern=r"Swift version ([\w.]+)")


def versions(options):
    found = {"swift": swift()}
    if options.tls:
        found["openssl"] = version("openssl", "version")
    if options.mqtt:
        found["mosquitto"] = version("mosquitto", "-h", pattern=r"mosquitto version ([\w.]+)")
    if options.flynn:
        found["go"] = version("go", "version", pattern=r"go(\d[\w.]*) ")
        found["flynn/noise"] = version("dpkg-query", "--show", "golang-github-flynn-noise-dev")
    if options.edhoc:
        found["lakers-python"] = "0.6.2"
    return found
