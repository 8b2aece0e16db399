"""Which secrets a session handled: the image's random draws, and everything that follows from them."""

import hmac
import struct

import noise
from catalogue import Spec
from emulate import Outcome


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

    def key(self) -> bytes:
        """32 bytes; each word is topped with a marker bit that says when it is used up."""
        out, word = b"", 0
        while len(out) < 32:
            if not word & ~0xFF:
                word = self.word() | 1 << 31
            out += bytes([word & 0xFF])
            word >>= 8
        return out


def secrets(spec: Spec, page: bytes, peer_key: bytes, outcome: Outcome) -> dict[str, bytes]:
    source = Draws(page)
    draws = [source.key() for _ in range(4)]
    found = {}
    for number, handshake in enumerate(spec.handshakes):
        private = page[spec.key_offset : spec.key_offset + 32] if handshake.static == "page" else draws[handshake.static]
        ephemeral = b"" if handshake.ephemeral is None else draws[handshake.ephemeral]
        frames = {"sent": outcome.sent, "received": outcome.received}
        messages = [frames[way][index][skip:] for way, index, skip in handshake.frames]
        if handshake.pattern == "symmetric":
            found |= symmetric(private, messages, spec.scheme == "derived-key-ratchet")
            continue
        psk = b"" if handshake.psk is None else page[handshake.psk : handshake.psk + 32]
        side = noise.Side(handshake.initiator, private, ephemeral, peer_key, psk)
        for name, value in noise.Transcript(handshake.pattern, side, messages).replay().items():
            found[f"{name} of handshake {number + 1}"] = value
    return found


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
