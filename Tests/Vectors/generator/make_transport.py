# SPDX-License-Identifier: Apache-2.0
"""transport.json: messages under an explicit n, the reserved n, arrival in any order, and full-size messages."""

import hashlib

from functions import CIPHERS, MAX_MESSAGE, RESERVED_NONCE, SUITES
from patterns import parse
from seeds import seed
from session import Session, blank

NONCES = [0, 1, 255, 256, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**63 - 1, 2**63, RESERVED_NONCE - 1]
SIZES = [(0, 0), (1, 0), (16, 13), (64, 0), (300, 64)]  # plaintext, ad


def datagram(cipher, label, n, size, ad_size):
    key, ad, plaintext = seed(label), seed(label + " ad", ad_size), seed(label + " text", size)
    return {
        "cipher": cipher,
        "key": key.hex(),
        "n": str(n),  # a string: it does not fit the number of every JSON reader
        "ad": ad.hex(),
        "plaintext": plaintext.hex(),
        "ciphertext": CIPHERS[cipher].encrypt(key, n, ad, plaintext).hex(),
    }


def refused(cipher, i):
    """A ciphertext that is right in all but its n, so that only the rule on n refuses it."""
    return {**datagram(cipher, f"reserved {cipher} {i}", RESERVED_NONCE, *SIZES[i]), "expect": "nonce"}


def arrivals(cipher, name, steps):
    """Datagrams under one key in the order they arrive; `steps` holds (n, expectation)."""
    label = f"arrivals {cipher} {name}"
    key, listed = seed(label), []
    for n, expect in steps:
        ciphertext = bytearray(CIPHERS[cipher].encrypt(key, n, b"", str(n).encode()))
        if expect == "decrypt":
            ciphertext[-1] ^= 1
        listed.append({"n": str(n), "ciphertext": ciphertext.hex(), "expect": expect})
    return {"name": name, "cipher": cipher, "key": key.hex(), "steps": listed}


def arrival_sets(cipher):
    ok, replay, decrypt = "ok", "replay", "decrypt"
    far = 2**40
    orders = {
        "in order, each once more": [(n, e) for n in range(4) for e in (ok, replay)],
        "reordered and lost": [(n, ok) for n in (5, 0, 9, 3, 4, 7)] + [(n, replay) for n in (0, 3, 4, 5, 7, 9)],
        # A forged datagram must move nothing: neither its own bit nor the window.
        "forged, then true": [(7, decrypt), (7, ok), (7, replay), (far, decrypt), (6, ok), (8, ok)],
        "oldest place of a window of 2048": [(2047, ok), (0, ok), (0, replay), (1, ok), (2048, ok), (1, replay)],
        "far ahead, far behind": [(10, ok), (far, ok), (11, replay), (far - 2047, ok), (far - 2047, replay)],
        "last n": [(RESERVED_NONCE - 1, ok), (RESERVED_NONCE - 2, ok), (RESERVED_NONCE - 1, replay)],
        "the reserved n": [(0, ok), (RESERVED_NONCE, "nonce"), (1, ok)],
    }
    return [arrivals(cipher, name, steps) for name, steps in orders.items()]


def limit(section, suite):
    """A run whose every message is exactly 65535 bytes: payloads of zeros, ciphertexts by SHA-256."""
    label = f"limit {section} {suite}"
    vector = blank(section, suite, label)
    session, messages = Session(vector), []
    for i in range(len(parse(section).messages) + 2):
        overhead = len(fresh(vector, i).write(session.sender(i), b""))
        size = MAX_MESSAGE - overhead
        ciphertext = session.exchange(vector, i, bytes(size))
        assert len(ciphertext) == MAX_MESSAGE
        messages.append({"payload_zeros": size, "ciphertext_sha256": hashlib.sha256(ciphertext).hexdigest()})
    return {**vector, "handshake_hash": session.hash().hex(), "messages": messages}


def fresh(vector, i):
    """The same run, just before message i."""
    session = Session(vector)
    for earlier in range(i):
        session.exchange(vector, earlier, b"")
    return session


def transport_vectors():
    datagrams = [
        datagram(cipher, f"datagram {cipher} {n} {size}", n, *size)
        for cipher in CIPHERS
        for n in NONCES
        for size in SIZES
    ]
    return {
        "datagrams": datagrams,
        "refused": [refused(cipher, i) for cipher in CIPHERS for i in range(len(SIZES))],
        "arrivals": [entry for cipher in CIPHERS for entry in arrival_sets(cipher)],
        "limits": [limit(s, SUITES[i]) for i, s in enumerate(("XX", "IK", "NNpsk0", "X"))],
    }
