# SPDX-License-Identifier: Apache-2.0
"""Devices and applications, for a program with an event loop. Each belongs to one loop; several calls may be under way at once."""

from __future__ import annotations

from typing import AsyncIterator

from ._async_connection import AsyncConnection
from ._core import Core
from ._queue import Queue
from ._values import Message, NotDelivered, NotStored, Recipient, Report, Request, address

__all__ = ["Application", "Device", "connect", "connect_application"]


def _bytes(body: bytes | str) -> bytes:
    return body.encode() if isinstance(body, str) else body


class Device(AsyncConnection):
    """A device's session with the server; `connect` makes it. The methods are those of `countersign.Device`."""

    def __init__(
        self, path: str, host: str, port: int, *, listens: bool = True, applications: bool = False, timeout: float = 10
    ):
        self._core = Core(path, listens=listens, knows_applications=applications)
        super().__init__(self._core, host, port, timeout)

    async def send(self, to: Recipient, body: bytes | str, *, timeout: float | None = None) -> int:
        sending = self._core.send(address(to, self.address.system), _bytes(body))
        await self._flush()
        await self._wait(lambda: sending.is_done, self._within(timeout))
        if sending.error:
            raise sending.error
        return sending.number

    async def receive(self, *, timeout: float | None = None) -> Message:
        await self._wait(lambda: bool(self._core.messages), self._within(timeout))
        return self._core.messages.pop(0)

    async def acknowledge(self, message: Message) -> None:
        self._core.acknowledge(message)
        await self._flush()

    async def messages(self) -> AsyncIterator[Message]:
        while True:
            await self._wait(lambda: bool(self._core.messages), None)
            message = self._core.messages.pop(0)
            yield message
            await self.acknowledge(message)

    async def report(
        self, body: bytes | str, *, to: str | None = None, wants_done: bool = False, timeout: float | None = None
    ) -> int:
        channels = self._core.channels
        try:
            await self._wait(lambda: channels.find(to) is not None, self._within(timeout))
        except TimeoutError as error:
            raise NotStored("the server knows no such application") from error
        known = channels.find(to)
        assert known
        reporting = channels.report(known, _bytes(body), wants_done=wants_done)
        await self._flush()
        await self._wait(lambda: reporting.is_done, self._within(timeout))
        if reporting.error:
            raise reporting.error
        return reporting.number

    async def requests(self) -> AsyncIterator[Request]:
        while True:
            await self._wait(lambda: bool(self._core.channels.requests), None)
            yield self._core.channels.requests.pop(0)

    async def request(self, *, timeout: float | None = None) -> Request:
        await self._wait(lambda: bool(self._core.channels.requests), self._within(timeout))
        return self._core.channels.requests.pop(0)

    async def accept(self, request: Request) -> None:
        self._core.channels.accept(request)
        await self._flush()

    async def reply(self, request: Request, body: bytes | str, *, timeout: float | None = None) -> None:
        reporting = self._core.channels.report(request.application, _bytes(body), answers=request.number)
        await self._flush()
        await self._wait(lambda: reporting.is_done, self._within(timeout))
        if reporting.error:
            raise reporting.error
        await self.accept(request)


class Application(AsyncConnection):
    """An instance of an application; `connect_application` makes it. The methods are those of `countersign.Application`."""

    def __init__(self, path: str, host: str, port: int, *, timeout: float = 10):
        self._queue = Queue(path)
        super().__init__(self._queue, host, port, timeout)

    async def receive(self, *, timeout: float | None = None) -> Report:
        await self._wait(lambda: bool(self._queue.reports), self._within(timeout))
        return self._queue.reports.pop(0)

    async def reports(self) -> AsyncIterator[Report]:
        while True:
            await self._wait(lambda: bool(self._queue.reports), None)
            report = self._queue.reports.pop(0)
            yield report
            await self.done(report)

    async def done(self, report: Report) -> None:
        self._queue.done(report)
        await self._flush()

    async def release(self, report: Report, *, dead: bool = False) -> None:
        self._queue.release(report, dead=dead)
        await self._flush()

    async def request(self, device: Recipient, body: bytes | str, *, timeout: float | None = None, waits: bool = False) -> bytes:
        seconds = self._within(timeout)
        requesting = self._queue.request(
            address(device, self.address.system), _bytes(body), seconds=max(1, int(seconds)), waits=waits, wants_reply=True)
        await self._flush()
        try:
            await self._wait(lambda: requesting.is_done, seconds)
        except TimeoutError as error:
            raise NotDelivered("the device has not replied in time") from error
        finally:
            self._queue.forget(requesting)
        if requesting.error:
            raise requesting.error
        assert requesting.reply is not None
        return requesting.reply


async def connect(
    path: str, host: str, port: int, *, listens: bool = True, applications: bool = False, timeout: float = 10
) -> Device:
    """Opens a device's session with the server."""
    return await Device(path, host, port, listens=listens, applications=applications, timeout=timeout)._open()


async def connect_application(path: str, host: str, port: int, *, timeout: float = 10) -> Application:
    """Opens an application's session with the server."""
    return await Application(path, host, port, timeout=timeout)._open()
