# SPDX-License-Identifier: Apache-2.0
"""Which secrets a session handled: the image's random draws, and everything that follows from them."""

import hmac
import struct

import noise
from catalogue import Spec
from emulate import Outcome
from peer import Peer


class Draws:
    """The generator of board/runtime.c, seeded from the storage page."""

    def __init__(self, page: bytes):
        self.state = list(struct.unpack("<4I", page[:16]))

    def word(self) -> int:
        t, s = self.state[3], self.state[0]
        t ^= t << 11 & 0xFFFFFFFF
        t ^= t >> 8
        self.state = [(t ^ s ^ s >> 19) & 0xFFFFFFFF, s, self.state[1], self.state[2]]
        return self.state[0]

    def take(self, count: int) -> bytes:
        """What one call gives; each word is topped with a marker bit that says when it is used up."""
        out, word = b"", 0
        while len(out) < count:
            if not word & ~0xFF:
                word = self.word() | 1 << 31
            out += bytes([word & 0xFF])
            word >>= 8
        return out


def secrets(spec: Spec, page: bytes, peer: Peer, outcome: Outcome) -> dict[str, bytes]:
    source = Draws(page)
    draws = [source.take(count) for count in spec.draws]
    found = {}
    if "contribution" in peer.notes:
        found = issued(next(draw for draw in draws if len(draw) == 64), peer.notes["contribution"])
    for number, handshake in enumerate(spec.handshakes):
        match handshake.static:
            case "page": private = page[spec.key_offset : spec.key_offset + 32]
            case "issued": private = found["issued key"]
            case draw: private = draws[draw]
        ephemeral = b"" if handshake.ephemeral is None else draws[handshake.ephemeral]
        frames = {"sent": outcome.sent, "received": outcome.received}
        messages = [frames[way][index][skip:] for way, index, skip in handshake.frames]
        if handshake.pattern == "symmetric":
            found |= symmetric(private, messages, spec.scheme == "derived-key-ratchet")
            continue
        psk = b"" if handshake.psk is None else page[handshake.psk : handshake.psk + 32]
        side = noise.Side(handshake.initiator, private, ephemeral, peer.key, psk)
        for name, value in noise.Transcript(handshake.pattern, side, messages).replay().items():
            found[f"{name} of handshake {number + 1}"] = value
    return found


ORDER = 2**252 + 27742317777372353535851937790883648493


def issued(wide: bytes, contribution: bytes) -> dict[str, bytes]:
    """What a device holds on its way from a request for an identity-based credential to its key: see Lift.swift."""
    request = int.from_bytes(wide, "little") % ORDER
    scalar = (request + int.from_bytes(contribution, "little")) % ORDER
    lifted = scalar + -scalar * pow(ORDER, -1, 8) % 8 * ORDER
    if lifted < 1 << 254:
        lifted = 8 * ORDER - lifted
    values = {"request": request, "key before its lift": scalar, "issued key": lifted}
    return {"draw for the request": wide} | {name: value.to_bytes(32, "little") for name, value in values.items()}


def symmetric(key: bytes, messages: list[bytes], ratchets: bool) -> dict[str, bytes]:
    """The schemes without public keys: four values of one PRF under the key, over what was said. See SymmetricTranscript."""
    found = {"symmetric key": key}
    if ratchets:
        first = hmac.digest(b"countersign-v1 ratchet", key, "sha256")
        key = hmac.digest(first, b"\x01", "sha256")
        found |= {"ratchet's HKDF": first, "key moved forward": key}
    hello, reply = messages
    prologue = b"countersign-v1\0" + hello[:1]
    said = hello[:-16] + reply[:16]
    if hmac.digest(key, b"\x02" + prologue + said, "sha256")[:16] != reply[16:]:
        raise SystemExit("the transcript of the symmetric exchange is not what the harness takes it for")
    return found | {f"session key {n}": hmac.digest(key, bytes([n]) + prologue + said, "sha256") for n in (3, 4)}
