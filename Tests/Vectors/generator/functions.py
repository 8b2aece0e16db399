# SPDX-License-Identifier: Apache-2.0
"""The concrete functions of Noise revision 34, sections 4 and 12: DH, ciphers, hashes, HKDF.

Keys, nonces and names follow the specification. Nothing here keeps state.
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

DHLEN = 32
TAGLEN = 16
MAX_MESSAGE = 65535
RESERVED_NONCE = 2**64 - 1


class Refused(Exception):
    """A refusal, with its category: decrypt, kem_key, length, low_order, nonce or order."""

    def __init__(self, category):
        super().__init__(category)
        self.category = category


class KeyPair:
    """A Curve25519 key pair; `dh` refuses an all-zero output (section 12.1 allows it)."""

    def __init__(self, private):
        self.private = private
        self._key = X25519PrivateKey.from_private_bytes(private)
        self.public = self._key.public_key().public_bytes_raw()

    def dh(self, public):
        try:
            return self._key.exchange(X25519PublicKey.from_public_bytes(public))
        except ValueError:  # the library's word for an all-zero output
            raise Refused("low_order") from None


class LowOrderKeyPair:
    """What an attacker presents: a public key of small order, whose every DH output is zero."""

    def __init__(self, public):
        self.public = public

    def dh(self, _public):
        return bytes(DHLEN)


class Cipher:
    """ENCRYPT, DECRYPT and REKEY of section 4.2 over one of the two AEADs of section 12."""

    def __init__(self, name, aead, byte_order):
        self.name, self._aead, self._order = name, aead, byte_order

    def _nonce(self, n):
        return bytes(4) + n.to_bytes(8, self._order)

    def encrypt(self, k, n, ad, plaintext):
        return self._aead(k).encrypt(self._nonce(n), plaintext, ad)

    def decrypt(self, k, n, ad, ciphertext):
        if len(ciphertext) < TAGLEN:
            raise Refused("length")
        try:
            return self._aead(k).decrypt(self._nonce(n), ciphertext, ad)
        except InvalidTag:
            raise Refused("decrypt") from None

    def rekey(self, k):
        return self.encrypt(k, RESERVED_NONCE, b"", bytes(32))[:32]


class Hash:
    """HASH, HMAC-HASH and HKDF of section 4.3."""

    def __init__(self, name, constructor):
        self.name, self._new = name, constructor
        self.length, self.block = constructor().digest_size, constructor().block_size

    def hash(self, data):
        return self._new(data).digest()

    def hmac(self, key, data):
        return hmac.new(key, data, self._new).digest()

    def hkdf(self, chaining_key, material, outputs):
        temp = self.hmac(chaining_key, material)
        result, last = [], b""
        for i in range(1, outputs + 1):
            last = self.hmac(temp, last + bytes([i]))
            result.append(last)
        return result


CIPHERS = {
    "ChaChaPoly": Cipher("ChaChaPoly", ChaCha20Poly1305, "little"),
    "AESGCM": Cipher("AESGCM", AESGCM, "big"),
}
HASHES = {
    "SHA256": Hash("SHA256", hashlib.sha256),
    "SHA512": Hash("SHA512", hashlib.sha512),
    "BLAKE2s": Hash("BLAKE2s", hashlib.blake2s),
    "BLAKE2b": Hash("BLAKE2b", hashlib.blake2b),
}
# The default suite first; sets that rotate over the suites walk this list.
SUITES = [f"25519_{c}_{h}" for h in HASHES for c in CIPHERS]
