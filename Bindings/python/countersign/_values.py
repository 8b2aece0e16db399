# SPDX-License-Identifier: Apache-2.0
"""What the package hands out: addresses, messages and errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Union

from . import _library as c


class Address(NamedTuple):
    """A device's system and its id."""

    system: int
    device: int

    def __str__(self) -> str:
        return f"{self.system}/{self.device:016x}"


# An Address, or the 16 hexadecimal digits of a device of the own system.
Recipient = Union[Address, str]


def address(of: Recipient, system: int) -> Address:
    if isinstance(of, Address):
        return of
    words = of.split("/")
    if len(words) > 2 or len(words[-1]) != 16:
        raise ValueError(f"a device is named by 16 hexadecimal digits, or by its system and them: {of!r}")
    return Address(int(words[0]) if len(words) == 2 else system, int(words[-1], 16))


@dataclass(frozen=True)
class Message:
    """A message of another device. Acknowledge it once it is dealt with: until then it comes again in the next session."""

    sender: Address
    number: int
    body: bytes
    # How it came, and what the library needs to remember it.
    _route: Any = field(repr=False, compare=False, default=None)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Report:
    """A message of a device to this application. Say `done` once it is dealt with: until then it comes again, here or elsewhere."""

    device: Address
    number: int
    body: bytes
    sequence: int
    # How many times it has been given to an instance, this time included.
    attempt: int
    # When it arrived at the server: seconds since 1970.
    arrived: float
    # Whether only this application could read it; not so for a device without a key pair.
    is_sealed: bool
    _size: int = field(repr=False, compare=False, default=0)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Request:
    """A request of an application. Reply to it, or accept it: until then it comes again in the next session."""

    application: Address
    number: int
    body: bytes
    # Until its deadline, when it came.
    seconds: int
    wants_reply: bool
    _route: Any = field(repr=False, compare=False, default=None)

    @property
    def text(self) -> str:
        return self.body.decode()


class CountersignError(Exception):
    """Something that the library, the server or a peer refused; `code` is the result of countersign.h, or 0."""

    def __init__(self, text: str, code: int = 0):
        super().__init__(text)
        self.code = code


class KeyRefused(CountersignError):
    """The server, which has proved to be it, opens no session with this device's key."""


class TryLater(CountersignError):
    """The server cannot serve any device now."""


class NotStored(CountersignError):
    """The server, or the library, did not take a message, and the text says why."""


class NotDelivered(CountersignError):
    """A request did not reach its device, or was not answered, and the text says why."""


RESULTS = {
    1: "header and library are of different versions", 2: "the buffer is too small", 3: "this is no stored identity, or a damaged one",
    4: "the device has no certified key", 5: "the session is not open", 6: "a frame did not verify",
    7: "a certificate or statement that must not be accepted", 8: "a record is unknown or malformed", 9: "a change of keys is under way",
    12: "there is no such device, or none that this one may talk to", 13: "the device has no key pair: the server could read the message",
    18: "the inbox has no place for one more sender", 19: "there is no such channel, or it is out of date",
}

REFUSALS = {
    1: "the server knows no device by this key", 2: "the device is revoked", 3: "the device has proved itself by a better scheme before",
    4: "the certificate is not one that the owner signed", 6: "there seem to be two of the device: its owner has to look at it",
}

REASONS = {
    1: "there is no such device, or none that this one may talk to", 2: "the mailbox is full", 3: "the recipient's key has changed",
    4: "it is too long", 5: "the server cannot store anything now",
    6: "the certificate is out of date", 7: "its number is impossible",
    8: "the application has no such channel",
}


def check(result: int, what: str = "") -> None:
    if result == c.OK:
        return
    if result == c.TRY_LATER:
        raise TryLater("the server cannot serve any device now: come again later", result)
    text = RESULTS.get(result, f"result {result}")
    raise CountersignError(f"{what}: {text}" if what else text, result)
