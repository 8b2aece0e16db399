# SPDX-License-Identifier: Apache-2.0
"""primitives.json: hashes by length, HMAC-HASH and the HKDF of section 4.3."""

from functions import HASHES
from seeds import seed

SHOWN = [0, 1, 3, 31, 32, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 191, 192, 255, 256, 300]
LENGTHS = 301


def pattern(length):
    """The input of a given length: byte i is i mod 251, so that no block repeats another."""
    return bytes(i % 251 for i in range(length))


def hash_set(name):
    hash = HASHES[name]
    digests = [hash.hash(pattern(n)) for n in range(LENGTHS)]
    return {
        "hash": name,
        "abc": hash.hash(b"abc").hex(),
        "lengths": [{"length": n, "digest": digests[n].hex()} for n in SHOWN],
        "digest_of_digests": {"lengths": LENGTHS, "digest": hash.hash(b"".join(digests)).hex()},
    }


def hmac_set(name):
    hash = HASHES[name]
    lengths = [0, 1, 20, hash.length, hash.block - 1, hash.block, hash.block + 1, 2 * hash.block + 3]
    result = []
    for i, length in enumerate(lengths):
        key = seed(f"hmac {name} {length}", length)
        data = pattern(SHOWN[2 * i])
        result.append({"hash": name, "key": key.hex(), "data": data.hex(), "mac": hash.hmac(key, data).hex()})
    return result


def hkdf_set(name):
    hash, result = HASHES[name], []
    for outputs in (2, 3):
        for length in (0, 32):
            ck, material = seed(f"hkdf {name} {length}", hash.length), seed(f"hkdf input {name}", length)
            okm = [o.hex() for o in hash.hkdf(ck, material, outputs)]
            result.append({"hash": name, "chaining_key": ck.hex(), "input": material.hex(), "outputs": okm})
    return result


def primitive_vectors():
    return {
        "hashes": [hash_set(name) for name in HASHES],
        "hmac": [entry for name in HASHES for entry in hmac_set(name)],
        "hkdf": [entry for name in HASHES for entry in hkdf_set(name)],
    }
