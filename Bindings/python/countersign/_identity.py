# SPDX-License-Identifier: Apache-2.0
"""A device's identity: loaded, stored, and made here."""

from __future__ import annotations

import base64
import ctypes

from . import _library as c
from ._files import DeviceFile
from ._library import library
from ._values import Address, check


class Identity:
    """The library's context, in memory that stays, and the file that it is stored in."""

    def __init__(self, path: str):
        self.file = DeviceFile(path)
        size = library.context_size()
        self.context = (ctypes.c_uint64 * ((size + 7) // 8))()
        self.context_size = ctypes.sizeof(self.context)

    def load(self) -> None:
        stored = self.file.read()
        if stored is None:
            raise FileNotFoundError(self.file.path)
        check(library.init(self.context, self.context_size, stored, len(stored)), self.file.path)

    def store(self, *, new: bool = False) -> None:
        stored = ctypes.create_string_buffer(c.STORED_SIZE)
        check(library.encode(self.context, stored, c.STORED_SIZE))
        self.file.write(stored.raw, new=new)
        ctypes.memset(stored, 0, c.STORED_SIZE)
        library.stored(self.context)

    @property
    def address(self) -> Address:
        address = c.Address()
        library.own_address(self.context, address)
        return Address(address.system, address.device)

    @property
    def generation(self) -> int:
        return library.generation(self.context)

    @property
    def epoch(self) -> int:
        return library.epoch(self.context)

    def close(self) -> None:
        library.clear(self.context)
        self.file.close()


def create(path: str, address: Address, issuer_key: bytes, server_key: bytes, *, epoch: int = 0, master_key: bytes | None = None) -> bytes:
    """Makes a device file with a key of its own, and returns the request: the public key, for `countersign device add --public-key`.

    `issuer_key` and `server_key` are what `countersign init` prints, 32 bytes each; with `master_key` the device also trusts
    identity-based credentials.
    """
    for key in (issuer_key, server_key, *([master_key] if master_key else [])):
        if len(key) != 32:
            raise ValueError("a key has 32 bytes")
    identity = Identity(path)
    try:
        enrolment = c.Enrolment(
            c.Address(address.device, address.system), ctypes.cast(ctypes.c_char_p(issuer_key), ctypes.c_char_p), server_key,
            master_key, epoch, 0)
        check(library.create(identity.context, identity.context_size, enrolment))
        identity.store(new=True)
        request = ctypes.create_string_buffer(32)
        check(library.certificate_request(identity.context, request))
        return request.raw
    finally:
        identity.close()


def install(path: str, certificate: bytes) -> None:
    """Puts the answer to the request into the device file: the certificate's bytes, or the PEM text that holds them."""
    if certificate.lstrip().startswith(b"-----BEGIN"):
        certificate = base64.b64decode(b"".join(line for line in certificate.split(b"\n") if not line.startswith(b"-----")))
    identity = Identity(path)
    try:
        identity.load()
        check(library.install(identity.context, certificate, len(certificate)), "the certificate")
        identity.store()
    finally:
        identity.close()
