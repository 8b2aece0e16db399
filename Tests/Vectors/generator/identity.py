# SPDX-License-Identifier: Apache-2.0
"""Identity-based credentials as docs/explanation/identity-based.md specifies them, from that document."""

import hashlib
import hmac

from edwards25519 import BASE, L, add, decode, encode, montgomery, multiply

BLINDED, INJECTED, ESCROW = 0, 1, 2
LABEL = b"countersign-v1 identity credential"


def hkdf_sha512(ikm, salt, info, length):
    key = hmac.digest(salt, ikm, "sha512")
    output, block, counter = b"", b"", 1
    while len(output) < length:
        block = hmac.digest(key, block + info + bytes([counter]), "sha512")
        output, counter = output + block, counter + 1
    return output[:length]


def scalar(wide):
    return int.from_bytes(wide, "little") % L


class Master:
    def __init__(self, seed):
        salt = b"countersign-v1 identity master"
        self.x = scalar(hkdf_sha512(seed, salt, b"scalar", 64))
        self.nonce_key = hkdf_sha512(seed, salt, b"nonce key", 32)
        self.public = encode(multiply(self.x, BASE))
        self.key_id = hashlib.sha256(b"countersign-v1 master key id" + self.public).digest()[:2]

    def fields(self, issuance, system, device, generation, last_epoch):
        return (
            bytes([0x12, issuance])
            + self.key_id
            + system.to_bytes(4, "big")
            + device.to_bytes(8, "big")
            + generation.to_bytes(2, "big")
            + last_epoch.to_bytes(2, "big")
        )

    def nonce(self, fields, request, random):
        return scalar(hmac.digest(self.nonce_key, fields + request + random, "sha512"))

    def issue(self, fields, request=None, random=b""):
        """The credential and s = r + hx; with a request, R = U + rB."""
        r = self.nonce(fields, request or bytes(32), random)
        point = multiply(r, BASE)
        if request:
            point = add(decode(request), point)
        credential = fields + encode(point)
        return credential, (r + challenge(self.public, credential) * self.x) % L


def challenge(master, credential):
    """h."""
    return scalar(hashlib.sha512(LABEL + master + len(credential).to_bytes(2, "big") + credential).digest())


def reconstruct(master, credential):
    """The subject's X25519 public key, or None where the point is refused."""
    point = decode(credential[20:])
    if point is None:
        return None
    return montgomery(add(point, multiply(challenge(master, credential), decode(master))))


def lift(s):
    """An X25519 private key that clamping leaves as it is, for s or -s."""
    k = -s * pow(L, -1, 8) % 8
    t = s + k * L
    if t < 1 << 254:
        t = 8 * L - t
    return t.to_bytes(32, "little") if 1 << 254 <= t < 1 << 255 else None
