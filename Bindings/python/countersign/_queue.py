# SPDX-License-Identifier: Apache-2.0
"""An application's end: the reports of devices, its requests and their answers."""

from __future__ import annotations

import ctypes
import secrets
from collections import OrderedDict
from ctypes import byref, c_uint64
from dataclasses import dataclass

from . import _library as c
from ._library import library
from ._session import Session
from ._values import Address, CountersignError, NotDelivered, Report, check

# For how many bytes of reports an instance is ready at once.
WINDOW = 1 << 20
# How many devices' channels it keeps: the one that was silent longest is asked for again.
MAXIMUM_CHANNELS = 10_000

STATES = {3: "the device sleeps", 4: "there is no such device, or it has no channel", 5: "its deadline has passed", 6: "too many requests wait"}


@dataclass
class Requesting:
    """A request on its way, and what became of it."""

    device: Address
    body: bytes
    number: int
    seconds: int
    waits: bool
    wants_reply: bool
    state: int = 0
    reply: bytes | None = None
    error: CountersignError | None = None

    @property
    def is_done(self) -> bool:
        return self.error is not None or (self.reply is not None if self.wants_reply else self.state == 7)


class Queue(Session):
    """An application's end. One instance: its number is drawn here and never stored."""

    def __init__(self, path: str):
        self.reports: list[Report] = []
        self._leased: set[int] = set()
        self._requestings: OrderedDict[int, Requesting] = OrderedDict()
        self._channels: OrderedDict[tuple[Address, int], ctypes.Array] = OrderedDict()
        # Reports whose channel was thrown away, by device, until the server has sent its opening again.
        self._waiting: dict[Address, list[bytes]] = {}
        # Bytes that were received and may be sent again, beyond what the server has been told.
        self._credit = 0
        self._instance = (c_uint64 * 4)()
        super().__init__(path, listens=True, knows_applications=True)
        check(library.instance_init(self._instance, ctypes.sizeof(self._instance)))

    def _caught_up(self) -> None:
        self._credit = 0
        self._grant(WINDOW)
        for requesting in self._requestings.values():
            self._find(requesting.device)

    def _ended(self) -> None:
        self.reports.clear()
        self._leased.clear()
        self._waiting.clear()

    def close(self) -> None:
        for channel in self._channels.values():
            library.application_clear(channel)
        super().close()

    # ---- What goes out ----

    def done(self, report: Report) -> None:
        """The program has dealt with a report: the queue forgets it."""
        self._give_back(report, lambda frame, capacity, size: library.done(self.context, report.sequence, frame, capacity, size))

    def release(self, report: Report, *, dead: bool = False) -> None:
        """Gives a report back, to another instance or to the dead letters."""
        self._give_back(report, lambda frame, capacity, size: library.release(self.context, report.sequence, dead, frame, capacity, size))

    def _give_back(self, report: Report, function) -> None:
        if report.sequence not in self._leased:
            raise ValueError("the session in which this report came is over: it comes again, here or to another instance")
        self._leased.discard(report.sequence)
        self._write(function)
        self._grant(report._size)

    def _grant(self, count: int) -> None:
        """Room for so many bytes more. Small amounts wait for others."""
        self._credit += count
        if self._credit >= WINDOW // 4:
            credit, self._credit = self._credit, 0
            self._write(lambda frame, capacity, size: library.take(self.context, credit, frame, capacity, size))

    def request(self, device: Address, body: bytes, *, seconds: int, waits: bool, wants_reply: bool) -> Requesting:
        if len(body) > c.TEXT_SIZE:
            raise ValueError(f"a request has at most {c.TEXT_SIZE} bytes")
        requesting = Requesting(device, body, secrets.randbits(64), seconds, waits, wants_reply)
        self._requestings[requesting.number] = requesting
        self._find(device)
        return requesting

    def forget(self, requesting: Requesting) -> None:
        self._requestings.pop(requesting.number, None)

    def _find(self, device: Address) -> None:
        self._write(lambda frame, capacity, size: library.find(self.context, device.device, frame, capacity, size))

    def _ask(self, requesting: Requesting, channel: ctypes.Array) -> None:
        requesting.state = 1
        self._write(lambda frame, capacity, size: library.request_seal(
            self.context, channel, self._instance, requesting.number, requesting.waits, not requesting.wants_reply,
            requesting.seconds, requesting.body, len(requesting.body), frame, capacity, size))

    # ---- What comes in ----

    def _record(self, record: c.Record, buffer: ctypes.Array, size: int) -> None:
        if record.kind == c.CAUGHT_UP:
            self._caught_up()
        elif record.kind == c.OPENING:
            self._opening(record, buffer, size)
        elif record.kind == c.REPORT:
            self._report(buffer.raw[:size])
        elif record.kind == c.REQUEST_STATE and record.number in self._requestings:
            requesting = self._requestings[record.number]
            requesting.state = record.reason
            if record.reason in STATES:
                self._end(requesting, NotDelivered(STATES[record.reason]))

    def _opening(self, record: c.Record, buffer: ctypes.Array, size: int) -> None:
        self._grant(size)
        device = Address(record.device.system, record.device.device)
        channel = (c_uint64 * 32)()
        result = library.application_open(self.context, channel, ctypes.sizeof(channel), buffer, size)
        if result == c.OK:
            self._channels[device, record.number] = channel
            if len(self._channels) > MAXIMUM_CHANNELS:
                library.application_clear(self._channels.popitem(last=False)[1])
        for waiting in self._waiting.pop(device, []):
            self._report(waiting, is_second=True)
        for requesting in [r for r in self._requestings.values() if r.device == device and r.state == 0]:
            try:
                check(result, f"the device {device} has no channel")
                self._ask(requesting, channel)
            except CountersignError as error:
                self._end(requesting, NotDelivered(str(error), error.code))

    def _end(self, requesting: Requesting, error: CountersignError) -> None:
        requesting.error = error
        self.forget(requesting)

    def _report(self, record: bytes, *, is_second: bool = False) -> None:
        buffer, size, opened = ctypes.create_string_buffer(record, len(record)), len(record), c.Report()
        check(library.report_parse(buffer, size, byref(opened)))
        device = Address(opened.device.system, opened.device.device)
        self._leased.add(opened.sequence)
        is_sealed, result = not opened.is_open, c.OK
        if is_sealed:
            channel = self._channels.get((device, opened.channel))
            if channel is None and not is_second:
                self._waiting.setdefault(device, []).append(record)
                return self._find(device)
            result = c.CHANNEL_OUTDATED if channel is None else library.report_open(self.context, channel, buffer, size, byref(opened))
        body = ctypes.string_at(opened.text, opened.text_size) if result == c.OK and opened.text_size else b""
        report = Report(device, opened.number, body, opened.sequence, opened.attempt, opened.milliseconds / 1000, is_sealed, size)
        if result != c.OK:
            # Another instance may have the key that this one does not have; what does not verify nobody can open.
            self.release(report, dead=result != c.CHANNEL_OUTDATED)
        elif not opened.answers:
            self.reports.append(report)
        else:
            self._answer(opened.request, device, report)

    def _answer(self, number: int, device: Address, report: Report) -> None:
        """An answer goes to the request that waits for it; a late or repeated one to nobody."""
        requesting = self._requestings.get(number)
        if requesting and requesting.device == device and report.is_sealed:
            requesting.reply = report.body
            self.forget(requesting)
        self.done(report)
