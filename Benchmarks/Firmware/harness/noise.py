# SPDX-License-Identifier: Apache-2.0
"""An independent reading of the Noise specification: from a transcript and one side's private keys, every secret that the
side held on the way. It exists to know what to look for in RAM, and uses Python's standard library alone."""

import hashlib
import hmac
from dataclasses import dataclass, field

P = 2**255 - 19

# Pre-messages and messages of the patterns that the images speak; "->" is the initiator.
PATTERNS = {
    "IK": (["<- s"], ["e es s ss", "e ee se"]),
    "IKimplicit": (["<- s"], ["e es s ss", "e ee se"]),
    "IKpsk2": (["<- s"], ["e es s ss", "e ee se psk"]),
    "XX": ([], ["e", "e ee s es", "s se"]),
    "KK": (["-> s", "<- s"], ["e es ss", "e ee se"]),
    "X": (["<- s"], ["e es s ss"]),
    "NNpsk0": ([], ["psk e", "e ee"]),
    "NNpsk2": ([], ["e", "e ee psk"]),
}


def x25519(scalar: bytes, point: bytes = b"\x09" + bytes(31)) -> bytes:
    """RFC 7748, section 5, without any care for timing."""
    return (x25519_course(scalar, point)["result"] % P).to_bytes(32, "little")


def x25519_course(scalar: bytes, point: bytes) -> dict[str, int]:
    """The result, and what the ladder held at its end."""
    k = bytearray(scalar)
    k[0] &= 248
    k[31] = k[31] & 127 | 64
    k = int.from_bytes(k, "little")
    x1 = int.from_bytes(point, "little") & (2**255 - 1)
    x2, z2, x3, z3 = 1, 0, x1, 1
    for bit in reversed(range(255)):
        if k >> bit & 1:
            x2, z2, x3, z3 = ladder_step(x1, x3, z3, x2, z2)
            x2, z2, x3, z3 = x3, z3, x2, z2
        else:
            x2, z2, x3, z3 = ladder_step(x1, x2, z2, x3, z3)
    inverse = pow(z2, P - 2, P)
    return {"result": x2 * inverse % P, "x2": x2, "z2": z2, "x3": x3, "z3": z3, "1/z2": inverse}


def ladder_step(x1, x2, z2, x3, z3):
    """Doubles the first point and adds the two."""
    a, b = (x2 + z2) ** 2 % P, (x2 - z2) ** 2 % P
    e = a - b
    da, cb = (x3 - z3) * (x2 + z2), (x3 + z3) * (x2 - z2)
    return a * b % P, e * (a + 121665 * e) % P, (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P


@dataclass
class Side:
    """What one side knows at the outset."""

    initiator: bool
    s: bytes = b""  # private keys
    e: bytes = b""
    rs: bytes = b""  # the peer's static public key
    psk: bytes = b""


@dataclass
class Transcript:
    """Replays a handshake and collects its secrets by name."""

    pattern: str
    side: Side
    messages: list[bytes]
    prologue: bytes = b""
    secrets: dict[str, bytes] = field(default_factory=dict)

    def replay(self) -> dict[str, bytes]:
        name = f"Noise_{self.pattern}_25519_ChaChaPoly_SHA256".encode()
        self.h = name.ljust(32, b"\0") if len(name) <= 32 else hashlib.sha256(name).digest()
        self.ck, self.keyed, self.re = self.h, False, b""
        self.mix_hash(self.prologue)
        pre, messages = PATTERNS[self.pattern]
        for line in pre:
            ours = line.startswith("->") == self.side.initiator
            self.mix_hash(x25519(self.side.s) if ours else self.side.rs)
        for index, (tokens, message) in enumerate(zip(messages, self.messages)):
            self.message(tokens.split(), message, ours=(index % 2 == 0) == self.side.initiator, index=index)
        first, second = self.hkdf(b"", 2)
        for name, private in (("static key", self.side.s), ("ephemeral key", self.side.e), ("psk", self.side.psk)):
            if private:
                self.secrets[name] = private
        return self.secrets | {"transport key 1": first, "transport key 2": second}

    def message(self, tokens, message, ours, index):
        for token in tokens:
            if token == "e":
                key, message = message[:32], message[32:]
                self.re = self.re if ours else key
                self.mix_hash(key)
                if "psk" in self.pattern:
                    self.mix_key(key, f"message {index} e")
            elif token == "s":
                # With the modifier of ours an identity-based credential takes the key's place.
                size = (52 if "implicit" in self.pattern else 32) + (16 if self.keyed else 0)
                self.mix_hash(message[:size])
                message = message[size:]
            elif token == "psk":
                self.ck, temporary, key = self.hkdf(self.side.psk, 3)
                self.mix_hash(temporary)
                self.keep(f"message {index} psk", key)
            else:
                self.mix_key(self.agree(token), f"message {index} {token}")
        self.mix_hash(message)

    def agree(self, token: str) -> bytes:
        """`es` names the initiator's key first."""
        local, remote = token if self.side.initiator else token[::-1]
        shared = x25519(self.side.s if local == "s" else self.side.e, self.side.rs if remote == "s" else self.re)
        self.secrets[f"DH {token}"] = shared
        return shared

    def mix_hash(self, data: bytes):
        self.h = hashlib.sha256(self.h + data).digest()

    def mix_key(self, material: bytes, name: str):
        self.ck, key = self.hkdf(material, 2)
        self.keep(name, key)

    def keep(self, name: str, key: bytes):
        self.keyed = True
        self.secrets[f"chaining key after {name}"] = self.ck
        self.secrets[f"key after {name}"] = key

    def hkdf(self, material: bytes, count: int) -> list[bytes]:
        temporary = hmac.digest(self.ck, material, "sha256")
        self.secrets[f"HKDF {len(self.secrets)}"] = temporary
        outputs = [b""]
        for index in range(count):
            outputs.append(hmac.digest(temporary, outputs[-1] + bytes([index + 1]), "sha256"))
        return outputs[1:]
