# SPDX-License-Identifier: Apache-2.0
"""Sessions between `countersign noise` and other implementations, in both roles.

    drive.py COUNTERSIGN [NAME=COMMAND]...

Each COMMAND is a peer: it gets a JSON file, prints the address it listens on when it does, and at the end a JSON object.
Both ends must tell the same handshake hash, each other's static key, payloads and messages. `countersign` is a peer of
itself for what the others do not have.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time

PATTERNS = ["IK", "XK", "XX", "NNpsk0", "IKpsk2"]
SUITES = ["ChaChaPoly_SHA256", "AESGCM_SHA512", "ChaChaPoly_BLAKE2s", "AESGCM_BLAKE2b"]
LINES = ["hello", "", "grüße", "x" * 3000, "the last one"]
OWN_PATTERNS = ["NN", "KK", "IX", "X1X1", "I1K1", "XXpsk0+psk3", "KNpsk1"]


class Keys:
    """Key files of both ends, made by `countersign noise keygen`."""

    def __init__(self, countersign, folder):
        self.public, self.secret, self.path = {}, {}, {}
        for name in ("us", "them", "psk"):
            path = os.path.join(folder, name + ".key")
            self.public[name] = subprocess.check_output([countersign, "noise", "keygen", path], text=True).strip()
            assert os.stat(path).st_mode & 0o777 == 0o600, "a key file is for its owner alone"
            with open(path) as file:
                self.secret[name] = file.read().strip()
            self.path[name] = path


def needs(pattern, is_initiator):
    """Whether a side needs its static key, and the other's: one letter of the name for each side."""
    own, other = (pattern[0], pattern[1]) if is_initiator else (pattern[1], pattern[0])
    return own != "N", other == "K"


def our_command(countersign, keys, protocol, role, address, me, peer, rekey_every):
    pattern = protocol.split("_")[1]
    letters = pattern.replace("1", "")
    has_static, knows_peer = needs(letters, role == "connect")
    command = [countersign, "noise", role, "--protocol", protocol, "--address", address, "--prologue", "interop"]
    command += ["--output", "json", "--payload", "from us"]
    if has_static:
        command += ["--static", keys.path[me]]
    if knows_peer:
        command += ["--remote-static", keys.public[peer]]
    for _ in range(pattern.count("psk")):
        command += ["--psk", keys.path["psk"]]
    if rekey_every:
        command += ["--rekey-every", str(rekey_every)]
    if role == "listen":
        command += ["--count", "1", "--echo"]
    return command


def start_listening(command, is_ours):
    """Starts a listener and returns it with its address, which ours tells on standard error."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = (process.stderr if is_ours else process.stdout).readline()
    if not line:
        raise SystemExit(f"{command} does not listen: {process.communicate()}")
    return process, line.split()[-1]


def finish(process, text=None):
    output, errors = process.communicate(text, timeout=60)
    if process.returncode != 0:
        raise AssertionError(f"{process.args} ended with {process.returncode}: {errors}")
    return json.loads(output)


def connect(command, text):
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return finish(process, text)


def compare(ours, theirs, keys, protocol, we_connect):
    pattern = protocol.split("_")[1]
    assert ours["handshake_hash"] == theirs["handshake_hash"], "handshake hash"
    assert len(ours["handshake_hash"]) == (128 if protocol.endswith(("SHA512", "BLAKE2b")) else 64)
    assert ours["messages"] == LINES and theirs["messages"] == LINES, "messages"
    if needs(pattern, not we_connect)[0]:
        assert ours["remote_static"] == keys.public["them"], "their static key"
    else:
        assert ours["remote_static"] is None
    if needs(pattern, we_connect)[0]:
        assert theirs["remote_static"] == keys.public["us"], "our static key"
    assert ours["payloads"][0] == "from them" and theirs["payloads"][0] == "from us", "payloads"


def with_peer(countersign, peer, keys, folder, protocol, we_connect, rekey_every):
    pattern = protocol.split("_")[1]
    has_static, knows_peer = needs(pattern, not we_connect)
    session = {
        "connect": "", "protocol": protocol, "prologue": "interop", "payloads": ["from them"],
        "static": keys.secret["them"] if has_static else "",
        "remote_static": keys.public["us"] if knows_peer else "",
        "psk": keys.secret["psk"] if "psk" in pattern else "",
        "lines": [] if we_connect else LINES, "rekey_every": rekey_every,
    }  # fmt: skip
    path = os.path.join(folder, "session.json")

    def write():
        with open(path, "w") as file:
            json.dump(session, file)

    text = "".join(line + "\n" for line in LINES)
    if we_connect:
        write()
        listener, address = start_listening(peer + [path], is_ours=False)
        command = our_command(countersign, keys, protocol, "connect", address, "us", "them", rekey_every)
        ours = connect(command, text)
        theirs = finish(listener)
    else:
        command = our_command(countersign, keys, protocol, "listen", "127.0.0.1:0", "us", "them", rekey_every)
        listener, session["connect"] = start_listening(command, is_ours=True)
        write()
        theirs = connect(peer + [path], None)
        ours = finish(listener)
    compare(ours, theirs, keys, protocol, we_connect)


def with_ourselves(countersign, keys, protocol, rekey_every):
    command = our_command(countersign, keys, protocol, "listen", "127.0.0.1:0", "them", "us", rekey_every)
    listener, address = start_listening(command, is_ours=True)
    command = our_command(countersign, keys, protocol, "connect", address, "us", "them", rekey_every)
    ours = connect(command, "".join(line + "\n" for line in LINES))
    theirs = finish(listener)
    assert ours["handshake_hash"] == theirs["handshake_hash"] and ours["messages"] == LINES


def refusals(countersign, keys):
    """Two ends that disagree part with status 76 (EX_PROTOCOL) on both sides, and tell why."""
    protocol = "Noise_NNpsk0_25519_ChaChaPoly_SHA256"
    listen = our_command(countersign, keys, protocol, "listen", "127.0.0.1:0", "them", "us", 0)
    for option, value in (("--prologue", "another"), ("--psk", keys.path["us"])):
        listener, address = start_listening(listen, is_ours=True)
        command = our_command(countersign, keys, protocol, "connect", address, "us", "them", 0)
        command[command.index(option) + 1] = value
        result = subprocess.run(command, input="", capture_output=True, text=True, timeout=60)
        output, errors = listener.communicate(timeout=60)
        assert (result.returncode, listener.returncode) == (76, 76), (result, errors)
        assert "decryptionFailed" in json.loads(output)["error"] and "decryptionFailed" in errors


def main():
    countersign, peers = sys.argv[1], dict(argument.split("=", 1) for argument in sys.argv[2:])
    ran = 0
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(countersign, folder)
        for name, command in peers.items():
            start, sessions = time.monotonic(), 0
            for pattern in PATTERNS:
                for index, suite in enumerate(SUITES):
                    for we_connect in (True, False):
                        protocol = f"Noise_{pattern}_25519_{suite}"
                        rekey_every = 2 if index % 2 else 0
                        try:
                            with_peer(
                                countersign, shlex.split(command), keys, folder, protocol, we_connect, rekey_every)
                        except Exception as error:
                            raise SystemExit(
                                f"{name}, {protocol}, {'they listen' if we_connect else 'we listen'}: {error!r}")
                        sessions += 1
            ran += sessions
            print(f"interop: {name}: {sessions} sessions agree ({time.monotonic() - start:.0f} s)")
        own = 0
        for pattern in OWN_PATTERNS + PATTERNS:
            for suite in SUITES:
                with_ourselves(countersign, keys, f"Noise_{pattern}_25519_{suite}", own % 3)
                own += 1
        refusals(countersign, keys)
        print(f"interop: countersign with itself: {own} sessions agree, refusals are told")
    if not peers:
        print("interop: no other implementation took part")
    return ran


main()
