# SPDX-License-Identifier: Apache-2.0
"""Vectors for channels between a device and an application: the opening, its keys, reports, requests, the stored channel."""

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from functions import CIPHERS, HASHES, KeyPair
from noise import HandshakeState
from seeds import seed

LABEL = b"countersign-v1\0"
NAME = "Noise_X_25519_ChaChaPoly_SHA256"


def drawn(label, length):
    return seed(f"channel {label}", length)


def big(value, length):
    return value.to_bytes(length, "big")


class Authority:
    def __init__(self, label):
        self.seed = drawn(f"authority {label}", 32)
        self._key = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.anchor = self._key.public_key().public_bytes_raw()
        self.key_id = hashlib.sha256(b"countersign-v1 issuer key id" + self.anchor).digest()[:2]

    def fields(self, flags, system, device, generation, last_epoch):
        return bytes([0x11, flags]) + self.key_id + big(system, 4) + big(device, 8) + big(generation, 2) + big(last_epoch, 2)

    def sign(self, fields, public):
        return self._key.sign(LABEL + fields + public)


def stored(vector, u, d, windows):
    body = b"CSCH" + bytes([1, 0]) + big(vector["application_generation"], 2)
    body += vector_address(vector, "device") + vector_address(vector, "application")
    body += bytes.fromhex(vector["channel"]) + big(vector["device_generation"], 2) + big(vector["last_epoch"], 2)
    body += big(vector["epoch"], 2) + bytes(2) + big(vector["opened_at"], 8) + u + d
    for instance, following, had in windows:
        body += instance + big(following, 8) + big(had, 8)
    body += bytes(32 * (8 - len(windows)))
    return body + hashlib.sha256(body).digest()


def vector_address(vector, role):
    return big(vector["system"], 4) + big(int(vector[role]), 8)


def channel(index):
    authority = Authority(index)
    system, device, application = 7 + index, 0x001122FFFE334455 + index, 0x001122FFFE660000 + index
    device_generation, application_generation, epoch, last_epoch = 1 + index, 3 + index, 9, 30
    device_key, application_key, ephemeral = (
        KeyPair(drawn(f"{role} {index}", 32)) for role in ("device", "application", "ephemeral")
    )
    device_address = big(system, 4) + big(device, 8)
    application_address = big(system, 4) + big(application, 8)
    fields = authority.fields(0, system, device, device_generation, last_epoch)
    certificate = fields + authority.sign(fields, device_key.public)
    own = authority.fields(1, system, application, application_generation, last_epoch)
    own = own + application_key.public + authority.sign(own, application_key.public)

    prologue = LABEL + b"\x24" + device_address + application_address + big(application_generation, 2)
    noise = HandshakeState(NAME, True, prologue, s=device_key, e=ephemeral, rs=application_key.public)
    opening = noise.write_message(certificate)
    sha256 = HASHES["SHA256"]
    u, _, export = sha256.hkdf(noise.symmetric.ck, b"", 3)
    channel_id = noise.symmetric.h[:8]
    d = hmac.digest(export, b"requests", "sha256")
    wake_session = drawn(f"session {index}", 8)

    cipher = CIPHERS["ChaChaPoly"]
    reports = []
    for counter, flags, request, text in (
        (0, 0, 0, b""),
        (1, 1, 0, b"21.5 degrees"),
        (0xFFFFFFFFFFFF, 3, 0x0102030405060708, drawn("long text", 300)),
    ):
        number = device_generation << 48 | counter
        data = LABEL + b"\x11" + device_address + application_address + channel_id
        data += big(number, 8) + bytes([flags]) + big(request, 8)
        reports.append(
            {
                "number": str(number),
                "flags": flags,
                "request": str(request),
                "text": text.hex(),
                "ciphertext": cipher.encrypt(u, number, data, text).hex(),
            }
        )

    requests, windows = [], []
    for place in range(2):
        instance = drawn(f"instance {index} {place}", 16)
        key = hmac.digest(d, instance, "sha256")
        for counter, flags, text in ((0, 0, b"open the valve"), (70, 3, b"")):
            request = int.from_bytes(drawn(f"request {index} {place} {counter}", 8), "big")
            data = LABEL + b"\x1b" + application_address + device_address + channel_id
            data += big(request, 8) + instance + bytes([flags])
            requests.append(
                {
                    "instance": instance.hex(),
                    "counter": str(counter),
                    "flags": flags,
                    "request": str(request),
                    "text": text.hex(),
                    "ciphertext": cipher.encrypt(key, counter, data, text).hex(),
                }
            )
        windows.append((instance, 71, 1))

    vector = {
        "authority_seed": authority.seed.hex(),
        "system": system,
        "device": str(device),
        "device_generation": device_generation,
        "application": str(application),
        "application_generation": application_generation,
        "application_private_key": drawn(f"application {index}", 32).hex(),
        "application_certificate": own.hex(),
        "device_certificate": (fields + device_key.public + certificate[20:]).hex(),
        "epoch": epoch,
        "last_epoch": last_epoch,
        "opened_at": 1_700_000_000 + index,
        "opening": opening.hex(),
        "channel": channel_id.hex(),
        "wake_session": wake_session.hex(),
        "wake_key": hmac.digest(export, b"wake" + wake_session, "sha256").hex(),
        "reports": reports,
        "requests": requests,
    }
    vector["stored"] = stored(vector, u, d, []).hex()
    vector["stored_after_requests"] = stored(vector, u, d, windows).hex()
    return vector


def channel_vectors():
    return {"channels": [channel(index) for index in range(3)]}
