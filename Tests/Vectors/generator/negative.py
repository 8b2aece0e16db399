# SPDX-License-Identifier: Apache-2.0
"""The running of one negative case, and the layout of messages that corruptions aim at."""

import copy
from dataclasses import dataclass

import mlkem
from functions import DHLEN, TAGLEN, Refused
from session import Session


@dataclass
class Field:
    name: str  # e, s, e1, ekem1 or payload
    start: int
    end: int
    sealed: bool


LENGTHS = {"e": DHLEN, "s": DHLEN, "e1": mlkem.PUBLICLEN, "ekem1": mlkem.CIPHERLEN}


def layout(pattern, index, size):
    """The fields of message `index`, which is `size` bytes long."""
    if index >= len(pattern.messages):
        return [Field("payload", 0, size, True)]
    has_key = any(t in ("psk", "ee", "es", "se", "ss", "ekem1") for m in pattern.messages[:index] for t in m)
    has_key |= pattern.psk and any("e" in m for m in pattern.messages[:index])
    fields, at = [], 0
    for token in pattern.messages[index]:
        if token in LENGTHS:
            sealed = token != "e" and has_key
            end = at + LENGTHS[token] + (TAGLEN if sealed else 0)
            fields.append(Field(token, at, end, sealed))
            at = end
        has_key |= token not in ("e", "s", "e1") or (token == "e" and pattern.psk)
    return fields + [Field("payload", at, size, has_key)]


def minimum(fields):
    """The shortest message of this layout."""
    return fields[-1].start + (TAGLEN if fields[-1].sealed else 0)


def until(vector, at):
    """The vector's run, with the good messages before `at` delivered and compared."""
    session = Session(vector)
    for i in range(at):
        message = vector["messages"][i]
        assert session.exchange(vector, i, bytes.fromhex(message["payload"])).hex() == message["ciphertext"]
    session.apply(vector, at)
    return session


def _attempt(session, case):
    data = bytes.fromhex(case.get("bytes", "")) + bytes(case.get("zeros", 0))
    if case["operation"] == "write":
        session.write(case["party"], bytes(case["payload_zeros"]))
    else:
        session.read(case["party"], data)
    if case["operation"] == "read_or_write":
        session.write(case["party"], b"")


def verify(vector, case):
    """Asserts that the reference itself behaves as the case says, recovery included."""
    changed = {**vector, **case.get("with", {})}
    at = case["at_message"]
    session = until(changed, at)
    before = copy.deepcopy(session)
    try:
        _attempt(session, case)
    except Refused as refusal:
        assert refusal.category == case["expect"], (case["id"], refusal.category)
    else:
        raise AssertionError(f"{case['id']} was accepted")
    if case["recovers"]:
        for i in range(at, len(vector["messages"])):
            message = vector["messages"][i]
            sent = before.exchange({}, i, bytes.fromhex(message["payload"]))
            assert sent.hex() == message["ciphertext"], case["id"]
        assert before.hash().hex() == vector["handshake_hash"]


class Group:
    """A good vector and the cases made from it."""

    def __init__(self, vector):
        self.vector, self.cases, self._seen = vector, [], set()
        self.session = Session(vector)
        self.pattern = self.session.pattern

    def good(self, i):
        return bytes.fromhex(self.vector["messages"][i]["ciphertext"])

    def add(self, mutation, at, data=None, expect=None, *, recovers=True, **extra):
        """Adds and verifies one case; by default the receiver of message `at` reads `data`."""
        name = f"{self.vector['protocol_name']}/{mutation}/{at}"
        case = {"id": f"{name}/{sum(i.startswith(name + '/') for i in self._seen)}", "mutation": mutation}
        self._seen.add(case["id"])
        case |= {"at_message": at, "operation": "read", "party": self.session.receiver(at)}
        if data is not None:
            case["bytes"] = data.hex()
        case |= {**extra, "expect": expect, "recovers": recovers}
        verify(self.vector, case)
        self.cases.append(case)

    def result(self):
        return {**self.vector, "cases": self.cases}
