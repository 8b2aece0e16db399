# SPDX-License-Identifier: Apache-2.0
"""An application, for a program that waits."""

from __future__ import annotations

from typing import Iterator

from ._connection import Connection
from ._queue import Queue
from ._values import NotDelivered, Recipient, Report, address


class Application(Connection):
    """An instance of an application: takes what devices report, and sends them requests. One thread uses it. Several instances, each with
    a copy of the file, share the queue."""

    def __init__(self, path: str, host: str, port: int, *, timeout: float = 10):
        self._queue = Queue(path)
        super().__init__(self._queue, host, port, timeout)

    def receive(self, *, timeout: float | None = None) -> Report:
        """Waits for a report. Say `done` once it is dealt with."""
        self._wait(lambda: bool(self._queue.reports), self._deadline(timeout))
        return self._queue.reports.pop(0)

    def reports(self) -> Iterator[Report]:
        """Reports as they come, for ever. Each is done when the next is asked for."""
        while True:
            self._wait(lambda: bool(self._queue.reports), None)
            report = self._queue.reports.pop(0)
            yield report
            self.done(report)

    def done(self, report: Report) -> None:
        """Tells the server that a report has been dealt with: it does not come again."""
        self._queue.done(report)
        self._flush()

    def release(self, report: Report, *, dead: bool = False) -> None:
        """Gives a report back, to another instance or to the dead letters."""
        self._queue.release(report, dead=dead)
        self._flush()

    def request(self, device: Recipient, body: bytes | str, *, timeout: float | None = None, waits: bool = False) -> bytes:
        """Sends a request to a device and returns its reply. `waits`: whether the request waits for a device that is not there, until the
        timeout, which is also the deadline. Raises NotDelivered."""
        seconds = self.timeout if timeout is None else timeout
        deadline = self._deadline(timeout)
        requesting = self._queue.request(
            address(device, self.address.system), body.encode() if isinstance(body, str) else body, seconds=max(1, int(seconds)),
            waits=waits, wants_reply=True)
        try:
            self._wait(lambda: requesting.is_done, deadline)
        except TimeoutError as error:
            raise NotDelivered("the device has not replied in time") from error
        finally:
            self._queue.forget(requesting)
        if requesting.error:
            raise requesting.error
        assert requesting.reply is not None
        return requesting.reply
