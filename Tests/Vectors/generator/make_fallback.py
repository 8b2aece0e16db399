# SPDX-License-Identifier: Apache-2.0
"""fallback.json: every pattern that admits the fallback modifier, and Noise Pipes (section 10.4)."""

from functions import SUITES, KeyPair, Refused
from patterns import BASE, admits_fallback
from seeds import seed
from session import Session, blank, record, rotating


def pipe(suite):
    """Alice opens with IK to a key that Bob no longer has; Bob answers with XXfallback."""
    label = f"pipe {suite}"
    second = blank("XXfallback", suite, label)
    alice = {"static": second["resp_static"], "ephemeral": second["resp_ephemeral"]}
    old, new = KeyPair(seed(f"{label} outdated static")), second["init_static"]
    payload = seed(f"{label} zero-RTT payload", 20)
    first = {
        "protocol_name": f"Noise_IK_{suite}",
        "init_prologue": second["init_prologue"],
        "init_static": alice["static"],
        "init_ephemeral": alice["ephemeral"],
        "init_remote_static": old.public.hex(),
        "resp_prologue": second["init_prologue"],
        "resp_static": new,
    }
    session = Session(first)
    message = session.write("init", payload)
    try:
        session.read("resp", message)
        raise AssertionError("Bob must not be able to read the first message")
    except Refused as refusal:
        category = refusal.category
    # What Bob needs of it is its clear first field.
    assert message[:32].hex() == second["init_remote_ephemeral"]
    first["messages"] = [{"payload": payload.hex(), "ciphertext": message.hex()}]
    return {"first": first, "expect": category, "second": record(second, label)}


def fallback_vectors():
    names = [name for name, pattern in BASE.items() if admits_fallback(pattern)]
    sections = [f"{name}fallback" for name in names]
    for name in names:
        last = len(BASE[name].messages) - 1
        sections += [f"{name}fallback+psk0", f"{name}fallback+psk{last}"]
    sections += ["XXfallback+psk0+psk1+psk2", "X1K1fallback+psk0+psk2", "KXfallback+psk0+psk1"]
    return {"vectors": rotating(sections, "fallback"), "pipes": [pipe(suite) for suite in SUITES]}
