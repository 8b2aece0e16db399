# SPDX-License-Identifier: Apache-2.0
"""Suspended sessions, both ends, from docs/reference/sleepers.md, and the session of scheme derived-key in which one is suspended, from
docs/reference/relay.md and wire-formats.md. Nothing here is taken from the Swift code."""

import hashlib
import hmac
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

WAKE_UP, ANSWER = 0x21, 0x29
WANTS_ANSWER, ONE_WAY, RECORD = 1, 4, 8
NEWS, RENEW, MORE = 1, 2, 4
DERIVED_KEY = 2
LABEL = b"countersign-v1\0"


def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def nonce(number):
    return bytes(4) + struct.pack("<Q", number)


class Aead:
    """ChaCha20-Poly1305 with a number for a nonce."""

    def __init__(self, key):
        self.cipher = ChaCha20Poly1305(key)

    def seal(self, number, plaintext, associated=b""):
        return self.cipher.encrypt(nonce(number), bytes(plaintext), associated)

    def open(self, number, ciphertext, associated=b""):
        """The plaintext; None when the tag is wrong."""
        try:
            return self.cipher.decrypt(nonce(number), bytes(ciphertext), associated)
        except InvalidTag:
            return None


class Step:
    """What belongs to one counter."""

    def __init__(self, key):
        # Block counter 0, then the nonce of 12 zero bytes.
        keystream = Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor().update(bytes(128))
        self.next_key = keystream[0:32]
        self.sealing = Aead(keystream[32:64])
        self.answering = Aead(keystream[64:96])
        self.hint = keystream[96:101]


class Chain:
    def __init__(self, export):
        self.name = mac(export, b"tag")[:8]
        self.start = mac(export, b"wake")

    def step(self, counter):
        key = self.start
        for _ in range(counter):
            key = Step(key).next_key
        return Step(key)


class Sleeper:
    """The device's end."""

    def __init__(self, export, first_message):
        self.chain = Chain(export)
        self.first_message = first_message
        self.counter = 0

    def seal(self, flags, data=b""):
        step = self.chain.step(self.counter)
        header = bytes([WAKE_UP]) + step.hint
        self.counter += 1
        return header + step.sealing.seal(0, bytes([flags]) + data, self.chain.name + header)

    def open(self, frame):
        """Flags, distance, bitmap, epoch and data of the answer to the last wake-up; None for anything else."""
        if len(frame) < 24 or frame[0] != ANSWER:
            return None
        step = self.chain.step(self.counter - 1)
        plaintext = step.answering.open(frame[1], frame[2:], self.chain.name + frame[:2])
        return plaintext and struct.unpack(">BBHH", plaintext[:6]) + (plaintext[6:],)


class Waiter:
    """The server's end of one session, without a disk."""

    WINDOW = 32

    def __init__(self, export, epoch):
        self.chain = Chain(export)
        self.epoch = epoch
        self.next = 0
        self.accepted = {}
        self.last = None

    def take(self, frame, reply):
        """The answer to a wake-up, or None; `reply(counter, flags, data)` gives flags and data of the answer to a new one."""
        if len(frame) < 23 or frame[0] != WAKE_UP:
            return None
        for counter in range(max(0, self.next - 16), self.next + self.WINDOW):
            step = self.chain.step(counter)
            if step.hint != frame[1:6]:
                continue
            plaintext = step.sealing.open(0, frame[6:], self.chain.name + frame[:6])
            if plaintext is None:
                continue
            digest = hashlib.sha256(frame).digest()[:8]
            if counter in self.accepted:
                assert self.accepted[counter] == digest, "two holders"
                repeats = self.last and self.last[0] == counter and len(self.last[1]) <= len(frame)
                return self.last[1] if repeats else None
            self.accepted[counter] = digest
            self.next = max(self.next, counter + 1)
            flags, data = reply(counter, plaintext[0], plaintext[1:])
            if not plaintext[0] & WANTS_ANSWER or plaintext[0] & ONE_WAY:
                return None
            answer = self.answer(step, counter, flags, data)
            self.last = (counter, answer)
            return answer
        return None

    def answer(self, step, counter, flags, data):
        lowest = max(0, self.next - 16)
        missing = next((c for c in range(lowest, self.next) if c not in self.accepted), self.next)
        distance = counter + 1 - missing if missing <= counter else 0
        bitmap = sum(1 << bit for bit in range(16) if missing + 1 + bit in self.accepted)
        plaintext = struct.pack(">BBHH", flags, distance, bitmap, self.epoch) + data
        header = bytes([ANSWER, 0])
        return header + step.answering.seal(0, plaintext, self.chain.name + header)


class Exchange:
    """The handshake of scheme derived-key: what is said, and the keys that follow."""

    def __init__(self, key):
        self.key = key
        self.said = b""

    def value(self, index):
        return mac(self.key, bytes([index]), LABEL, bytes([DERIVED_KEY]), self.said)

    def first_frame(self, epoch, counter):
        pseudonym = mac(self.key, b"countersign-v1 pseudonym", struct.pack(">H", epoch))[:8]
        self.said = bytes([DERIVED_KEY]) + pseudonym + struct.pack(">I", counter)
        return self.said + self.value(1)[:16]

    def read_first_frame(self, frame):
        self.said = frame[:13]
        assert frame[13:] == self.value(1)[:16], "not made with this key"

    def answer(self):
        self.said += os.urandom(16)
        return self.said[13:] + self.value(2)[:16]

    def read_answer(self, frame):
        self.said += frame[:16]
        assert frame[16:] == self.value(2)[:16], "not the server"

    @property
    def export(self):
        return self.value(6)

    def session(self, is_device):
        return Session(self.value(3), self.value(4)) if is_device else Session(self.value(4), self.value(3))


class Session:
    """Records of a session."""

    def __init__(self, sending, receiving):
        self.sending, self.receiving = Aead(sending), Aead(receiving)
        self.sent = self.received = 0

    def seal(self, record):
        self.sent += 1
        return self.sending.seal(self.sent - 1, record)

    def open(self, frame):
        self.received += 1
        record = self.receiving.open(self.received - 1, frame)
        assert record is not None, "a record does not open"
        return record


class DeviceFile:
    """A device file without a key pair, as the assembly line leaves it."""

    def __init__(self, path):
        with open(path, "rb") as file:
            content = file.read()
        assert content[:5] == b"CSSF\x01" and len(content) == 208
        self.address = content[8:20]
        self.epoch = struct.unpack(">H", content[20:22])[0]
        assert content[32] == 1 and content[33] == DERIVED_KEY, "slot A is in use, with this scheme"
        self.generation = struct.unpack(">H", content[34:36])[0]
        self.counter = struct.unpack(">I", content[36:40])[0]
        self.key = content[40:72]
