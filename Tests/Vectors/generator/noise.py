# SPDX-License-Identifier: Apache-2.0
"""The three objects of Noise revision 34, section 5, as the specification words them."""

import mlkem
from functions import CIPHERS, DHLEN, HASHES, MAX_MESSAGE, RESERVED_NONCE, TAGLEN, Refused
from patterns import parse


class CipherState:
    """Section 5.1. A failed decryption leaves n as it was."""

    def __init__(self, cipher, key=None):
        self.cipher, self.k, self.n = cipher, key, 0

    def encrypt_with_ad(self, ad, plaintext):
        return self._step(self.cipher.encrypt, ad, plaintext)

    def decrypt_with_ad(self, ad, ciphertext):
        return self._step(self.cipher.decrypt, ad, ciphertext)

    def _step(self, operation, ad, data):
        if self.k is None:
            return data
        if self.n == RESERVED_NONCE:
            raise Refused("nonce")
        result = operation(self.k, self.n, ad, data)
        self.n += 1
        return result

    def rekey(self):
        self.k = self.cipher.rekey(self.k)  # n stays (section 11.3)

    # Transport messages are bare AEAD ciphertexts with empty associated data (section 3).

    def seal(self, payload):
        if len(payload) + TAGLEN > MAX_MESSAGE:
            raise Refused("length")
        return self.encrypt_with_ad(b"", payload)

    def open(self, message):
        if len(message) > MAX_MESSAGE:
            raise Refused("length")
        return self.decrypt_with_ad(b"", message)


class SymmetricState:
    """Section 5.2."""

    def __init__(self, name, cipher, hash):
        self.hash, self.cipher = hash, CipherState(cipher)
        name = name.encode("ascii")
        self.h = name.ljust(hash.length, b"\0") if len(name) <= hash.length else hash.hash(name)
        self.ck = self.h

    def mix_key(self, material):
        self.ck, key = self.hash.hkdf(self.ck, material, 2)
        self.cipher = CipherState(self.cipher.cipher, key[:32])

    def mix_hash(self, data):
        self.h = self.hash.hash(self.h + data)

    def mix_key_and_hash(self, material):
        self.ck, temp, key = self.hash.hkdf(self.ck, material, 3)
        self.mix_hash(temp)
        self.cipher = CipherState(self.cipher.cipher, key[:32])

    def encrypt_and_hash(self, plaintext):
        ciphertext = self.cipher.encrypt_with_ad(self.h, plaintext)
        self.mix_hash(ciphertext)
        return ciphertext

    def decrypt_and_hash(self, ciphertext):
        plaintext = self.cipher.decrypt_with_ad(self.h, ciphertext)
        self.mix_hash(ciphertext)
        return plaintext

    def split(self):
        keys = self.hash.hkdf(self.ck, b"", 2)
        return [CipherState(self.cipher.cipher, key[:32]) for key in keys]


class HandshakeState:
    """Section 5.3, with the psk token of section 9 and the tokens e1 and ekem1 of the modifier hfs.

    `e` is the key pair that the "e" token will send, or, where a pre-message already carries it,
    the key pair in use from the start. `psks` are taken in the order of the "psk" tokens.
    `kem` is the seed from which the KEM's key pair follows, for the sender of e1, or its ciphertext, for that of ekem1; `replaced`
    has functions that change what a field holds, for negative cases.
    """

    def __init__(self, name, initiator, prologue, s=None, e=None, rs=None, re=None, psks=(), kem=None):
        _, pattern, _, cipher, hash = name.split("_")
        self.pattern = parse(pattern)
        self.symmetric = SymmetricState(name, CIPHERS[cipher], HASHES[hash])
        self.initiator, self.s, self.e, self.rs, self.re = initiator, s, e, rs, re
        self.psks, self.index = list(psks), 0
        self.kem, self.kem_key, self.replaced = kem, None, {}
        self.symmetric.mix_hash(prologue)
        for owner, tokens in ((True, self.pattern.initiator_pre), (False, self.pattern.responder_pre)):
            for token in tokens:
                self._pre_message(token, own=owner == initiator)

    def _pre_message(self, token, own):
        if token == "s":
            self.symmetric.mix_hash(self.s.public if own else self.rs)
        else:
            self._mix_ephemeral(self.e.public if own else self.re)

    def _mix_ephemeral(self, public):
        self.symmetric.mix_hash(public)
        if self.pattern.psk:
            self.symmetric.mix_key(public)

    def finished(self):
        return self.index == len(self.pattern.messages)

    def _next(self, writing):
        if self.finished() or writing != (self.initiator == (self.index % 2 == 0)):
            raise Refused("order")
        self.index += 1
        return self.pattern.messages[self.index - 1]

    def _mix(self, token):
        if token == "psk":
            self.symmetric.mix_key_and_hash(self.psks.pop(0))
            return
        own, remote = token if self.initiator else reversed(token)
        self.symmetric.mix_key((self.s if own == "s" else self.e).dh(self.rs if remote == "s" else self.re))

    def write_message(self, payload):
        message = b""
        for token in self._next(writing=True):
            if token == "e":
                message += self.e.public
                self._mix_ephemeral(self.e.public)
            elif token == "s":
                message += self.symmetric.encrypt_and_hash(self.s.public)
            elif token == "e1":
                public, self.kem_key = mlkem.generate(self.kem)
                message += self.symmetric.encrypt_and_hash(self._field(token, public))
            elif token == "ekem1":
                ciphertext, secret = mlkem.encapsulate(self.kem_key, self.kem)
                message += self.symmetric.encrypt_and_hash(self._field(token, ciphertext))
                self.symmetric.mix_key(secret)
            else:
                self._mix(token)
        message += self.symmetric.encrypt_and_hash(payload)
        if len(message) > MAX_MESSAGE:
            raise Refused("length")
        return message

    def _field(self, token, content):
        return self.replaced.get(token, lambda same: same)(content)

    def read_message(self, message):
        tokens, rest = self._next(writing=False), memoryview(message)
        if len(message) > MAX_MESSAGE:
            raise Refused("length")

        def take(count):
            nonlocal rest
            if len(rest) < count:
                raise Refused("length")
            head, rest = bytes(rest[:count]), rest[count:]
            return head

        for token in tokens:
            if token == "e":
                self.re = take(DHLEN)
                self._mix_ephemeral(self.re)
            elif token == "s":
                sealed = TAGLEN if self.symmetric.cipher.k else 0
                self.rs = self.symmetric.decrypt_and_hash(take(DHLEN + sealed))
            elif token == "e1":
                sealed = TAGLEN if self.symmetric.cipher.k else 0
                self.kem_key = self.symmetric.decrypt_and_hash(take(mlkem.PUBLICLEN + sealed))
                if not mlkem.is_public_key(self.kem_key):
                    raise Refused("kem_key")
            elif token == "ekem1":
                sealed = TAGLEN if self.symmetric.cipher.k else 0
                ciphertext = self.symmetric.decrypt_and_hash(take(mlkem.CIPHERLEN + sealed))
                self.symmetric.mix_key(mlkem.decapsulate(self.kem_key, ciphertext))
            else:
                self._mix(token)
        return self.symmetric.decrypt_and_hash(bytes(rest))
