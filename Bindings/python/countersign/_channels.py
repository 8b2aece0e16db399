# SPDX-License-Identifier: Apache-2.0
"""A device's channels to the applications of its system: what it reports, and what they request."""

from __future__ import annotations

import ctypes
import time
from collections import OrderedDict
from ctypes import byref, c_size_t, c_uint32, c_uint64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import _library as c
from ._library import library
from ._values import REASONS, Address, CountersignError, NotStored, Request, TryLater, check

if TYPE_CHECKING:
    from ._core import Core


@dataclass
class Reporting:
    """A report on its way: to which application, and what became of it."""

    application: Address
    body: bytes
    number: int
    wants_done: bool = False
    answers: int | None = None
    attempts: int = 0
    is_stored: bool = False
    is_done_by_application: bool = False
    error: CountersignError | None = None

    @property
    def is_done(self) -> bool:
        return self.error is not None or (self.is_done_by_application if self.wants_done else self.is_stored)


class Channels:
    def __init__(self, core: "Core"):
        self._core = core
        # Applications by their names, and the system's default.
        self.names: dict[str, Address] = {}
        self.default: Address | None = None
        # Requests that have not been given to the program yet.
        self.requests: list[Request] = []
        self._given: set[tuple[Address, int]] = set()
        # The channel in use and the one before it, whose requests may be under way.
        self._channels: dict[Address, list[ctypes.Array]] = {}
        self._certificates: dict[Address, bytes] = {}
        self._reportings: OrderedDict[int, Reporting] = OrderedDict()

    def ended(self) -> None:
        """The session is over: what was not accepted comes again."""
        self.names.clear()
        self.default = None
        self.requests.clear()
        self._given.clear()
        self._certificates.clear()

    def close(self) -> None:
        for channels in self._channels.values():
            for channel in channels:
                library.channel_clear(channel)

    def find(self, name: str | None) -> Address | None:
        return self.default if name is None else self.names.get(name)

    # ---- What goes out ----

    def report(self, to: Address, body: bytes, *, wants_done: bool = False, answers: int | None = None) -> Reporting:
        if len(body) > c.TEXT_SIZE:
            raise ValueError(f"a message has at most {c.TEXT_SIZE} bytes")
        reporting = Reporting(to, body, self._core._next_number(), wants_done, answers)
        self._reportings[reporting.number] = reporting
        self._say(reporting)
        return reporting

    def _say(self, reporting: Reporting) -> None:
        """Seals a report. Under the same number and channel these are the same bytes each time."""
        request = byref(c_uint64(reporting.answers)) if reporting.answers is not None else None
        self._core._write(lambda frame, capacity, size: library.report(
            self._core.context, self._channels[reporting.application][0], reporting.number, reporting.wants_done, request,
            reporting.body, len(reporting.body), frame, capacity, size))

    def accept(self, request: Request) -> None:
        """Notes on the disk that the program has had a request, and tells the server."""
        channel, index, record = request._route
        if (request.application, request.number) not in self._given:
            raise ValueError("the session in which this request came is over: it comes again")
        todo = c_uint32()
        result = library.request_accept(channel, record, len(record), byref(todo))
        if result != c.REPEATED:
            check(result)
            self._store(request.application, channel, index)
        self._given.discard((request.application, request.number))
        self._taken(channel, request.number)

    def _taken(self, channel: ctypes.Array, number: int) -> None:
        self._core._write(lambda frame, capacity, size: library.request_taken(self._core.context, channel, number, frame, capacity, size))

    # ---- What comes in ----

    def application(self, record: c.Record, record_bytes: bytes) -> None:
        """An application: opens a channel to it, where there is none that serves."""
        address = Address(record.device.system, record.device.device)
        self._certificates[address] = record_bytes
        self._open(address)
        self.names[ctypes.string_at(record.body, record.body_size).decode()] = address
        if record.reason == 1:
            self.default = address
        for reporting in self._reportings.values():
            if reporting.application == address and not reporting.is_stored:
                self._say(reporting)

    def _open(self, address: Address) -> None:
        channels = self._channels.get(address) or self._load(address)
        before = self._encode(channels[0])
        record, size, todo = self._certificates[address], c_size_t(), c_uint32()
        frame = ctypes.create_string_buffer(256)
        check(library.channel_open(
            self._core.context, channels[0], record, len(record), int(time.time()), frame, len(frame), byref(size), byref(todo)),
            "the application's certificate")
        if todo.value & c.STORE_CHANNEL:
            check(library.channel_load(channels[1], ctypes.sizeof(channels[1]), before, len(before)))
            self._store(address, channels[1], 1)
            self._store(address, channels[0], 0)
            self._core.outgoing.append(frame.raw[: size.value])

    def request(self, record: c.Record, record_bytes: bytes) -> None:
        for address, channels in self._channels.items():
            for index, channel in enumerate(channels if address.device == record.device.device else []):
                buffer, opened = ctypes.create_string_buffer(record_bytes, len(record_bytes)), c.Request()
                result = library.request_open(channel, buffer, len(record_bytes), byref(opened))
                if result == c.REPEATED:
                    self._taken(channel, opened.number)
                    return
                if result == c.OK and (address, opened.number) not in self._given:
                    self._given.add((address, opened.number))
                    body = ctypes.string_at(opened.text, opened.text_size) if opened.text_size else b""
                    self.requests.append(Request(
                        address, opened.number, body, opened.seconds, not opened.wants_no_reply, (channel, index, record_bytes)))
                    return

    def answered(self, record: c.Record) -> bool:
        """What the server or the application says of a report; whether it was one."""
        reporting = self._reportings.get(record.number)
        if reporting is None:
            return False
        if record.kind == c.ACCEPTED:
            reporting.is_stored = True
        elif record.kind == c.DONE:
            reporting.is_stored = reporting.is_done_by_application = True
        elif record.kind == c.LATER:
            reporting.error = TryLater(f"the application's queue is full: again in {record.seconds} seconds")
        elif record.reason == 8 and reporting.attempts == 0:
            reporting.attempts = 1
            library.channel_clear(self._channels[reporting.application][0])
            self._open(reporting.application)
            self._say(reporting)
        else:
            reporting.error = NotStored(REASONS.get(record.reason, f"the server gives reason {record.reason}"))
        if reporting.is_done:
            del self._reportings[reporting.number]
        return True

    # ---- Storage: beside the device file ----

    def _load(self, address: Address) -> list[ctypes.Array]:
        channels = []
        for index in (0, 1):
            channel = (c_uint64 * ((library.channel_size() + 7) // 8))()
            stored = self._core.identity.file.read(self._name(address, index))
            if stored is None or library.channel_load(channel, ctypes.sizeof(channel), stored, len(stored)) != c.OK:
                check(library.channel_init(channel, ctypes.sizeof(channel)))
            channels.append(channel)
        self._channels[address] = channels
        return channels

    def _encode(self, channel: ctypes.Array) -> bytes:
        stored = ctypes.create_string_buffer(c.CHANNEL_STORED_SIZE)
        check(library.channel_encode(channel, stored, len(stored)))
        return stored.raw

    def _store(self, address: Address, channel: ctypes.Array, index: int) -> None:
        self._core.identity.file.write(self._encode(channel), self._name(address, index))
        library.channel_stored(channel)

    def _name(self, address: Address, index: int) -> str:
        return f".c-channel-{address.device:016x}" + (".old" if index else "")
