# SPDX-License-Identifier: Apache-2.0
"""Two parties made from the fields of a vector, and the running of its messages.

The fields are those of README.md; the same code checks a foreign set and records one of ours.
"""

from functions import SUITES, KeyPair
from noise import HandshakeState
from patterns import parse
from seeds import seed

ROLES = ("init", "resp")


def _key(vector, field):
    return KeyPair(bytes.fromhex(vector[field])) if field in vector else None


def _bytes(vector, field):
    return bytes.fromhex(vector[field]) if field in vector else None


def party(vector, role):
    return HandshakeState(
        vector["protocol_name"],
        role == "init",
        _bytes(vector, f"{role}_prologue") or b"",
        s=_key(vector, f"{role}_static"),
        e=_key(vector, f"{role}_ephemeral"),
        rs=_bytes(vector, f"{role}_remote_static"),
        re=_bytes(vector, f"{role}_remote_ephemeral"),
        psks=[bytes.fromhex(p) for p in vector.get(f"{role}_psks", [])],
        kem=_bytes(vector, f"{role}_kem_seed"),
    )


class Session:
    """Both ends of one protocol run; message number i is sent by the initiator when i is even."""

    def __init__(self, vector):
        self.handshake = {role: party(vector, role) for role in ROLES}
        self.pattern = self.handshake["init"].pattern
        self.transport = None  # transport[role][direction]

    def sender(self, i):
        return "init" if i % 2 == 0 or self.pattern.one_way else "resp"

    def receiver(self, i):
        return "resp" if self.sender(i) == "init" else "init"

    def direction(self, i):
        return f"{self.sender(i)}_to_{self.receiver(i)}"

    def write(self, role, payload):
        if self.transport is None:
            return self.handshake[role].write_message(payload)
        return self.transport[role][f"{role}_to_{'resp' if role == 'init' else 'init'}"].seal(payload)

    def read(self, role, message):
        if self.transport is None:
            payload = self.handshake[role].read_message(message)
            if all(state.finished() for state in self.handshake.values()):
                self._split()
            return payload
        return self.transport[role][f"{'resp' if role == 'init' else 'init'}_to_{role}"].open(message)

    def _split(self):
        first, second = {}, {}
        for role in ROLES:
            first[role], second[role] = self.handshake[role].symmetric.split()
        self.transport = {r: {"init_to_resp": first[r], "resp_to_init": second[r]} for r in ROLES}

    def apply(self, vector, i):
        """What the vector orders before message i: rekeys, nonces set."""
        for order in vector.get("rekeys", []):
            if order["before_message"] == i:
                for role in ROLES:
                    self.transport[role][order["direction"]].rekey()
        for order in vector.get("set_nonces", []):
            if order["before_message"] == i:
                for role in ROLES:
                    self.transport[role][order["direction"]].n = int(order["n"])

    def exchange(self, vector, i, payload):
        """Message i, written, read and compared; returns its bytes."""
        self.apply(vector, i)
        message = self.write(self.sender(i), payload)
        assert self.read(self.receiver(i), message) == payload
        return message

    def hash(self):
        hashes = {state.symmetric.h for state in self.handshake.values()}
        assert len(hashes) == 1
        return hashes.pop()


def check(vector):
    """Runs a vector of either set; False when any byte differs."""
    session = Session(vector)
    for i, message in enumerate(vector["messages"]):
        if session.exchange(vector, i, bytes.fromhex(message["payload"])).hex() != message["ciphertext"]:
            return False
    return "handshake_hash" not in vector or session.hash().hex() == vector["handshake_hash"]


def blank(section, suite, label):
    """A vector with every key its pattern needs, no more, all derived from `label`; no messages yet."""
    pattern, keys = parse(section), {}
    vector = {"protocol_name": f"Noise_{section}_{suite}"}
    pre = {"init": pattern.initiator_pre, "resp": pattern.responder_pre}
    for role in ROLES:
        for kind, token in (("static", "s"), ("ephemeral", "e")):
            if token in pre[role] or pattern.sends(role == "init", token):
                keys[role, token] = KeyPair(seed(f"{label} {role} {kind}"))
    prologue = seed(f"{label} prologue", seed(label)[0] % 48)
    for role, peer in (ROLES, ROLES[::-1]):
        vector[f"{role}_prologue"] = prologue.hex()
        for token, size in (("e1", 64), ("ekem1", 32)):
            if pattern.sends(role == "init", token):
                vector[f"{role}_kem_seed"] = seed(f"{label} {role} kem", size).hex()
        if pattern.psk:
            vector[f"{role}_psks"] = [seed(f"{label} psk {i}").hex() for i in range(pattern.psks)]
        for kind, token in (("static", "s"), ("ephemeral", "e")):
            if (role, token) in keys:
                vector[f"{role}_{kind}"] = keys[role, token].private.hex()
            if token in pre[peer]:
                vector[f"{role}_remote_{kind}"] = keys[peer, token].public.hex()
    return vector


def record(vector, label, transport=4):
    """Plays the whole handshake and `transport` messages into `vector`, and returns it."""
    session, messages = Session(vector), []
    for i in range(len(session.pattern.messages) + transport):
        text = f"{label} payload {i}"
        payload = seed(text, seed(text + " length")[0] % 40)  # some are empty
        messages.append({"payload": payload.hex(), "ciphertext": session.exchange(vector, i, payload).hex()})
    vector["handshake_hash"] = session.hash().hex()
    vector["messages"] = messages
    return vector


def rotating(sections, set_name):
    """One recorded vector a name section, walking over the eight suites.

    Each round starts one suite later, so that rows of four do not always meet the same suites.
    """
    result = []
    for i, section in enumerate(sections):
        label = f"{set_name} {section}"
        result.append(record(blank(section, SUITES[(i + i // len(SUITES)) % len(SUITES)], label), label))
    return result
