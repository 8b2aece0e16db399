# SPDX-License-Identifier: Apache-2.0
"""hybrid.json and hybrid-negative.json: the modifier hfs with ML-KEM-768."""

import mlkem
from functions import SUITES
from make_negative import disordered, flipped
from negative import Group, layout, minimum, until
from patterns import DEFERRED_NAMES, FUNDAMENTAL_NAMES
from seeds import seed
from session import blank, record

HYBRID_SUITES = [suite.replace("25519", "25519+MLKEM768") for suite in SUITES]
WITH_PSK = ["NNhfs+psk0", "NNhfs+psk2", "IKhfs+psk2", "XXhfs+psk3", "KKhfs+psk0+psk2", "XKhfs+psk0+psk1+psk2+psk3"]


def made(section, suite, label, transport):
    return record(blank(section, suite, label), label, transport)


def hybrid_vectors():
    interactive = [name for name in FUNDAMENTAL_NAMES if name not in ("N", "K", "X")] + DEFERRED_NAMES
    sections = [f"{name}hfs" for name in interactive] + WITH_PSK
    suites = [HYBRID_SUITES[(i + i // len(SUITES)) % len(SUITES)] for i in range(len(sections))]
    return {"vectors": [made(section, suite, f"hybrid {section}", 2) for section, suite in zip(sections, suites)]}


def truncated(group, i):
    good = group.good(i)
    fields = layout(group.pattern, i, len(good))
    for field in fields:
        if field.name in ("e1", "ekem1"):
            for length in (field.start, field.end - 17, field.end - 1):
                group.add("truncated", i, good[:length], "length")
    group.add("truncated", i, good[: minimum(fields) - 1], "length")


def tampered(group, i):
    good = group.good(i)
    for field in layout(group.pattern, i, len(good)):
        if field.name in ("e1", "ekem1") and field.sealed:
            group.add(f"tampered_{field.name}", i, flipped(good, field.start), "decrypt")
            group.add(f"tampered_{field.name}", i, flipped(good, field.end - 17, 0x80), "decrypt")
            group.add(f"tampered_{field.name}_tag", i, flipped(good, field.end - 1), "decrypt")


def content(group, i, name, changed, expect):
    """Message i as a party writes it that puts `changed(bytes)` into the field, sealed as it should be."""
    session = until(group.vector, i)
    state = session.handshake[session.sender(i)]
    state.replaced[name] = changed
    message = session.write(session.sender(i), bytes.fromhex(group.vector["messages"][i]["payload"]))
    group.add(f"wrong_{name}", i, message, expect)


def not_reduced(key):
    """The first coefficient becomes q."""
    return bytes([mlkem.Q & 255, key[1] & 0xF0 | mlkem.Q >> 8]) + key[2:]


def last_not_reduced(key):
    """The last coefficient becomes 4095."""
    at = mlkem.PUBLICLEN - 32 - 1
    return key[: at - 1] + bytes([key[at - 1] | 0xF0, 0xFF]) + key[at + 1 :]


def negative_hybrid_vectors():
    groups = []
    for section, suite in (("NNhfs", HYBRID_SUITES[0]), ("IKhfs", HYBRID_SUITES[4])):
        group = Group(made(section, suite, f"hybrid negative {section}", 1))
        for i in range(len(group.pattern.messages)):
            truncated(group, i)
            tampered(group, i)
            disordered(group, i)
        for changed in (not_reduced, last_not_reduced):
            content(group, 0, "e1", changed, "kem_key")
        # Implicit rejection: the reader finds another secret, and nothing after it verifies.
        for at in (0, 959, 960, 1087):
            content(group, 1, "ekem1", lambda c, at=at: flipped(c, at), "decrypt")
        other = mlkem.generate(seed("another KEM key", 64))[0]
        content(group, 1, "ekem1", lambda _c: mlkem.encapsulate(other, seed("another secret"))[0], "decrypt")
        groups.append(group)
    return {"vectors": [group.result() for group in groups]}
