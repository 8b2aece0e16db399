# SPDX-License-Identifier: Apache-2.0
"""Identity-based encryption as docs/reference/identity-based-encryption.md specifies it, from that document. The curve is
that of arkworks."""

import hashlib

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from identity import hkdf_sha512
from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
TAG = b"COUNTERSIGN-V1-IBE-with-BLS12381G2_XMD:SHA-256_SSWU_RO_"
LABEL = b"countersign-v1 ibe "
NONCE = bytes(12)


def number(wide):
    return int.from_bytes(wide, "big") % ORDER


def times(value, point):
    return point * Scalar.from_be_bytes((value % ORDER).to_bytes(32, "big"))


def encode(point):
    return bytes(point.to_compressed_bytes())


def identity(system, device, first, last):
    return system.to_bytes(4, "big") + device.to_bytes(8, "big") + first.to_bytes(2, "big") + last.to_bytes(2, "big")


def hashed(name):
    return G2Point.hash_to_curve(name, TAG)


def pairing(point, key):
    """576 bytes: the coefficients of w^0 to w^5, each a real and an imaginary part. arkworks prints those of the even powers
    first, each part with its least significant byte first."""
    printed = bytes.fromhex(str(GT.pairing(point, key)))
    parts = [printed[index : index + 48][::-1] for index in range(0, 576, 48)]
    return b"".join(parts[6 * (power % 2) + 2 * (power // 2) + part] for power in range(6) for part in range(2))


def xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


class Master:
    def __init__(self, seed):
        self.secret = number(hkdf_sha512(seed, b"countersign-v1 ibe master", b"scalar", 64))
        self.point = times(self.secret, G1Point())
        self.public = encode(self.point)

    def extract(self, name):
        return times(self.secret, hashed(name))


def encapsulate(public, name, sigma):
    """The encapsulation and the key."""
    r = number(hashlib.sha512(LABEL + b"exponent" + sigma + public + name).digest())
    u = encode(times(r, G1Point()))
    value = pairing(times(r, G1Point.from_compressed_bytes(public)), hashed(name))
    encapsulation = u + xor(sigma, hashlib.sha256(LABEL + b"mask" + value).digest())
    return encapsulation, hashlib.sha256(LABEL + b"key" + sigma + encapsulation + public + name).digest()


def decapsulate(public, name, key, encapsulation):
    """The key, and whether it is the one that was encapsulated."""
    u, v = encapsulation[:48], encapsulation[48:]
    sigma = xor(v, hashlib.sha256(LABEL + b"mask" + pairing(G1Point.from_compressed_bytes(u), key)).digest())
    r = number(hashlib.sha512(LABEL + b"exponent" + sigma + public + name).digest())
    if encode(times(r, G1Point())) == u:
        return hashlib.sha256(LABEL + b"key" + sigma + encapsulation + public + name).digest(), True
    secret = hashlib.sha256(LABEL + b"rejection secret" + encode(key)).digest()
    return hashlib.sha256(LABEL + b"rejection" + secret + encapsulation + public + name).digest(), False


def seal(public, name, sigma, text, data):
    encapsulation, key = encapsulate(public, name, sigma)
    return encapsulation + ChaCha20Poly1305(key).encrypt(NONCE, text, data)


def open_message(public, name, key, sealed, data):
    return ChaCha20Poly1305(decapsulate(public, name, key, sealed[:80])[0]).decrypt(NONCE, sealed[80:], data)


def split(master, threshold, holders, seed):
    """The shares and the commitments."""
    coefficients = [master.secret] + [
        number(hashlib.sha512(LABEL + b"coefficient" + seed + bytes([degree])).digest())
        for degree in range(1, threshold)
    ]
    shares = {
        holder: sum(c * pow(holder, degree, ORDER) for degree, c in enumerate(coefficients)) % ORDER
        for holder in range(1, holders + 1)
    }
    return shares, [encode(times(c, G1Point())) for c in coefficients]


def combine(partial_keys):
    """The key from what holders gave, by their numbers."""
    key = G2Point.identity()
    for holder, partial in partial_keys.items():
        coefficient = 1
        for other in partial_keys.keys() - {holder}:
            coefficient = coefficient * other * pow(other - holder, -1, ORDER) % ORDER
        key = key + times(coefficient, partial)
    return key
