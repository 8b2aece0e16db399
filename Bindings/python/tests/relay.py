# SPDX-License-Identifier: Apache-2.0
"""A second implementation of the server, for tests of applications alone: it certifies, holds sessions, and keeps queue, openings and
requests in memory. Needs the package cryptography."""

import hashlib
import hmac
import secrets
import socket
import struct
import threading
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

LABEL = b"countersign-v1\0"
CERTIFIED = 6
SYSTEM, EPOCH = 1, 5
PROTOCOL = b"Noise_IK_25519_ChaChaPoly_SHA256"


def public(key) -> bytes:
    return key.public_key().public_bytes_raw()


def address(id: int) -> bytes:
    return struct.pack(">IQ", SYSTEM, id)


class Authority:
    def __init__(self) -> None:
        self.signer, self.server = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        self.issuer = hashlib.sha256(b"countersign-v1 issuer key id" + public(self.signer)).digest()[:2]

    def certificate(self, key: bytes, id: int, *, is_application: bool = False) -> bytes:
        fields = bytes([0x11, int(is_application)]) + self.issuer + address(id) + struct.pack(">HH", 1, EPOCH + 8)
        return fields + key + self.signer.sign(LABEL + fields + key)

    def epoch(self) -> bytes:
        statement = bytes([0x13, 0]) + self.issuer + struct.pack(">H", EPOCH)
        return statement + self.signer.sign(LABEL + statement)


class Handshake:
    """The responder of Noise_IK (noiseprotocol.org, revision 34)."""

    def __init__(self, static: X25519PrivateKey, prologue: bytes):
        self.static, self.h, self.ck, self.key, self.n = static, PROTOCOL.ljust(32, b"\0"), PROTOCOL.ljust(32, b"\0"), b"", 0
        for piece in (prologue, public(static)):
            self.mix_hash(piece)

    def mix_hash(self, data: bytes) -> None:
        self.h = hashlib.sha256(self.h + data).digest()

    def expand(self, data: bytes) -> tuple[bytes, bytes]:
        secret = hmac.digest(self.ck, data, "sha256")
        first = hmac.digest(secret, b"\1", "sha256")
        return first, hmac.digest(secret, first + b"\2", "sha256")

    def mix(self, private: X25519PrivateKey, other: bytes) -> None:
        self.ck, self.key = self.expand(private.exchange(X25519PublicKey.from_public_bytes(other)))
        self.n = 0

    def open(self, data: bytes) -> bytes:
        text = ChaCha20Poly1305(self.key).decrypt(struct.pack("<IQ", 0, self.n), data, self.h)
        self.n += 1
        self.mix_hash(data)
        return text

    def read(self, message: bytes) -> tuple[bytes, bytes]:
        """The initiator's key and its payload."""
        self.other = message[:32]
        self.mix_hash(self.other)
        self.mix(self.static, self.other)
        key = self.open(message[32:80])
        self.mix(self.static, key)
        self.key_of_initiator = key
        return key, self.open(message[80:])

    def write(self) -> bytes:
        ephemeral = X25519PrivateKey.generate()
        self.mix_hash(public(ephemeral))
        self.mix(ephemeral, self.other)
        self.mix(ephemeral, self.key_of_initiator)
        sealed = ChaCha20Poly1305(self.key).encrypt(struct.pack("<IQ", 0, 0), b"", self.h)
        self.mix_hash(sealed)
        return public(ephemeral) + sealed


@dataclass
class Queued:
    sequence: int
    device: int
    # What stands before and after the number of attempts.
    parts: tuple[bytes, bytes]
    channel: bytes
    number: bytes
    wants_done: bool
    attempt: int = 0
    holder: "Connection | None" = None


@dataclass
class Asked:
    device: int
    application: int
    record: bytes
    asker: "Connection"


class Relay:
    def __init__(self) -> None:
        self.authority = Authority()
        self.lock = threading.RLock()
        self.applications: dict[int, tuple[str, bytes]] = {}
        self.connections: list[Connection] = []
        self.openings: dict[int, tuple[bytes, bytes, bytes]] = {}
        self.queue: list[Queued] = []
        self.asked: dict[int, Asked] = {}
        self.sequence = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=Connection(self, accepted).run, daemon=True).start()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def deliver(self) -> None:
        """Gives what waits to instances that are ready for it."""
        for queued in self.queue:
            if queued.holder is None:
                ready = next((c for c in self.connections if c.is_application and c.room >= sum(map(len, queued.parts))), None)
                if ready:
                    queued.holder, queued.attempt = ready, queued.attempt + 1
                    ready.give(queued)


@dataclass(eq=False)
class Connection:
    relay: Relay
    socket: socket.socket
    id: int = 0
    is_application: bool = False
    room: int = 0
    counters: list[int] = field(default_factory=lambda: [0, 0])
    shown: set[bytes] = field(default_factory=set)

    def run(self) -> None:
        try:
            self.shake_hands()
            while True:
                record = ChaCha20Poly1305(self.receiving).decrypt(struct.pack("<IQ", 0, self.counters[0]), self.read(), None)
                self.counters[0] += 1
                with self.relay.lock:
                    self.take(record)
        except OSError:
            pass
        finally:
            self.socket.close()
            with self.relay.lock:
                if self in self.relay.connections:
                    self.relay.connections.remove(self)
                for queued in self.relay.queue:
                    if queued.holder is self:
                        queued.holder = None
                self.relay.deliver()

    def read(self) -> bytes:
        def exactly(count: int) -> bytes:
            data = self.socket.recv(count, socket.MSG_WAITALL)
            if len(data) < count:
                raise OSError("the other side is gone")
            return data

        return exactly(int.from_bytes(exactly(2), "big"))

    def write(self, frame: bytes) -> None:
        try:
            self.socket.sendall(len(frame).to_bytes(2, "big") + frame)
        except OSError:
            pass

    def say(self, record: bytes) -> None:
        self.write(ChaCha20Poly1305(self.sending).encrypt(struct.pack("<IQ", 0, self.counters[1]), record, None))
        self.counters[1] += 1

    def shake_hands(self) -> None:
        authority = self.relay.authority
        prologue = LABEL + bytes([CERTIFIED]) + hashlib.sha256(public(authority.server)).digest()[:8]
        noise = Handshake(authority.server, prologue)
        frame = self.read()
        assert frame[0] == CERTIFIED
        key, shown = noise.read(frame[1:])
        authority.signer.public_key().verify(shown[20:], LABEL + shown[:20] + key)
        self.is_application, self.id = shown[1] == 1, int.from_bytes(shown[8:16], "big")
        self.write(noise.write())
        self.receiving, self.sending = noise.expand(b"")

    def take(self, record: bytes) -> None:
        relay, kind, body = self.relay, record[0], record[1:]
        if kind == 0x01:
            assert body[0] & 4
            relay.connections.append(self)
            self.say(b"\x81" + struct.pack(">IB", 1, 0) + relay.authority.epoch())
            for name, certificate in [] if self.is_application else relay.applications.values():
                self.say(b"\xa0\1" + certificate + name.encode())
            for asked in [asked for asked in relay.asked.values() if asked.device == self.id]:
                self.say(asked.record)
            self.say(b"\x8c")
        elif kind == 0x07:
            self.say(b"\x8d")
        elif kind == 0x10:
            relay.openings[self.id] = (body[8:10], body[10:18], body[18:])
        elif kind == 0x11:
            self.take_report(body)
        elif kind == 0x12:
            asked = relay.asked.pop(int.from_bytes(body[8:16], "big"), None)
            if asked:
                asked.asker.say(b"\xa6" + body[8:16] + b"\7")
        elif kind == 0x18:
            self.room += int.from_bytes(body, "big")
            relay.deliver()
        elif kind == 0x19:
            for sequence, in struct.iter_unpack(">Q", body):
                self.take_done(sequence)
        elif kind == 0x1A:
            self.take_back(int.from_bytes(body[:8], "big"), body[8])
        elif kind == 0x1B:
            self.take_request(body)
        elif kind == 0x1C:
            self.show(int.from_bytes(body, "big"))

    def take_report(self, body: bytes) -> None:
        relay = self.relay
        relay.sequence += 1
        channel, number, flags = body[8:16], body[16:24], body[24]
        before = address(self.id) + struct.pack(">Q", 1_700_000_000_000)
        parts = (before, bytes([flags << 1 & 6]) + channel + number + body[25:])
        relay.queue.append(Queued(relay.sequence, self.id, parts, channel, number, flags & 1 == 1))
        self.say(b"\x84" + number)
        relay.deliver()

    def give(self, queued: Queued) -> None:
        if queued.channel not in self.shown:
            self.room -= len(self.show(queued.device))
        record = b"\xa5" + struct.pack(">Q", queued.sequence) + queued.parts[0] + bytes([queued.attempt]) + queued.parts[1]
        self.room -= len(record)
        self.say(record)

    def show(self, device: int) -> bytes:
        generation, channel, opening = self.relay.openings.get(device, (bytes(2), bytes(8), b""))
        self.shown.add(channel)
        record = b"\xa4" + address(device) + generation + channel + opening
        self.say(record)
        return record

    def find(self, id: int) -> "Connection | None":
        return next((c for c in self.relay.connections if c.id == id), None)

    def take_done(self, sequence: int) -> None:
        queued = next(q for q in self.relay.queue if q.sequence == sequence and q.holder is self)
        self.relay.queue.remove(queued)
        device = self.find(queued.device)
        if queued.wants_done and device:
            device.say(b"\xa3" + queued.number)

    def take_back(self, sequence: int, is_dead: int) -> None:
        queued = next(q for q in self.relay.queue if q.sequence == sequence and q.holder is self)
        queued.holder = None
        if is_dead:
            self.relay.queue.remove(queued)
        self.relay.deliver()

    def take_request(self, body: bytes) -> None:
        id, channel, number, flags = int.from_bytes(body[:8], "big"), body[8:16], body[16:24], body[24]
        seconds, rest = body[25:29], body[29:]
        if self.relay.openings.get(id, (b"", b""))[1] != channel:
            return self.say(b"\xa6" + number + b"\4")
        record = b"\xa7" + struct.pack(">Q", self.id) + channel + number + bytes([flags]) + rest[:24] + seconds + rest[24:]
        device = self.find(id)
        if device is None and flags & 1 == 0:
            return self.say(b"\xa6" + number + b"\3")
        self.relay.asked[int.from_bytes(number, "big")] = Asked(id, self.id, record, self)
        self.say(b"\xa6" + number + (b"\2" if device else b"\1"))
        if device:
            device.say(record)


class RelayFleet:
    """What the tests need of a fleet, with this relay for a server."""

    def __init__(self, folder: str, library) -> None:
        self.path, self.library, self.relay = folder, library, Relay()
        self.port = self.relay.port

    def enrol(self, id: int, name: str, *, is_application: bool) -> tuple[str, bytes]:
        file, authority = f"{self.path}/{name}", self.relay.authority
        request = self.library.create(
            file, self.library.Address(SYSTEM, id), public(authority.signer), public(authority.server), epoch=EPOCH)
        certificate = authority.certificate(request, id, is_application=is_application)
        self.library.install(file, certificate)
        return file, certificate

    def device(self, id: str) -> str:
        return self.enrol(int(id, 16), f"{id}.device", is_application=False)[0]

    def application(self, name: str) -> str:
        file, certificate = self.enrol(secrets.randbits(63) | 1 << 63, f"{name}.application", is_application=True)
        self.relay.applications[int.from_bytes(certificate[8:16], "big")] = (name, certificate)
        return file

    def serve(self) -> None:
        """It serves from the start."""

    def close(self) -> None:
        self.relay.close()
