# SPDX-License-Identifier: Apache-2.0
"""A device, for a program with an event loop."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import AsyncIterator, Callable

from ._core import Core, Sending
from ._values import Address, CountersignError, Message, Recipient, address

__all__ = ["Device", "connect"]


class Device:
    """A device's session with the server, of one event loop; `connect` makes it."""

    def __init__(self, path: str, host: str, port: int, *, listens: bool = True, timeout: float = 10):
        self.timeout = timeout
        self._server = (host, port)
        self._core = Core(path, listens=listens)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._error: BaseException | None = None

    @property
    def address(self) -> Address:
        return self._core.identity.address

    @property
    def generation(self) -> int:
        """Numbers the keys that the device has had."""
        return self._core.identity.generation

    async def send(self, to: Recipient, body: bytes | str, *, timeout: float | None = None) -> int:
        """See `countersign.Device.send`. Several may be under way at once."""
        sending: Sending = self._core.send(address(to, self.address.system), body.encode() if isinstance(body, str) else body)
        await self._flush()
        await self._wait(lambda: sending.is_done, self.timeout if timeout is None else timeout)
        if sending.error:
            raise sending.error
        return sending.number

    async def receive(self, *, timeout: float | None = None) -> Message:
        """See `countersign.Device.receive`."""
        await self._wait(lambda: bool(self._core.messages), self.timeout if timeout is None else timeout)
        return self._core.messages.pop(0)

    async def acknowledge(self, message: Message) -> None:
        """See `countersign.Device.acknowledge`."""
        self._core.acknowledge(message)
        await self._flush()

    async def messages(self) -> AsyncIterator[Message]:
        """Messages as they come, for ever. Each is acknowledged when the next is asked for."""
        while True:
            await self._wait(lambda: bool(self._core.messages), None)
            message = self._core.messages.pop(0)
            yield message
            await self.acknowledge(message)

    async def ping(self, *, timeout: float | None = None) -> None:
        """Waits until the server has said that it is still there."""
        before = self._core.pongs
        self._core.ping()
        await self._flush()
        await self._wait(lambda: self._core.pongs > before, self.timeout if timeout is None else timeout)

    async def close(self) -> None:
        """Ends the session and lets go of the device file."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._disconnect()
        self._error = self._error or CountersignError("the session is closed")
        self._core.close()

    async def __aenter__(self) -> "Device":
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    # ---- The connection ----

    async def _open(self) -> None:
        await asyncio.wait_for(self._connect(), self.timeout)
        self._task = asyncio.create_task(self._run())

    async def _connect(self) -> None:
        while True:
            self._disconnect()
            self._reader, self._writer = await asyncio.open_connection(*self._server)
            self._transmit(self._core.hello())
            if self._core.answer(await self._read()):
                break
        await self._flush()
        while self._core.session == 0:
            await self._step()

    def _disconnect(self) -> None:
        if self._writer:
            self._writer.close()
        self._reader = self._writer = None

    async def _run(self) -> None:
        """Takes frames until the connection ends; whoever waits then is told why."""
        try:
            while True:
                await self._step()
                if self._core.wants_reconnect:
                    await self._connect()
                async with self._changed:
                    self._changed.notify_all()
        except (OSError, EOFError, CountersignError) as error:
            self._error = error if isinstance(error, CountersignError) else ConnectionError("the server closed the connection")
            async with self._changed:
                self._changed.notify_all()

    async def _step(self) -> None:
        self._core.receive(await self._read())
        await self._flush()

    async def _wait(self, condition: Callable[[], bool], timeout: float | None) -> None:
        async def wait() -> None:
            async with self._changed:
                await self._changed.wait_for(lambda: condition() or self._error is not None)
            if not condition() and self._error:
                raise self._error

        await asyncio.wait_for(wait(), timeout)

    async def _flush(self) -> None:
        while self._core.outgoing:
            self._transmit(self._core.outgoing.pop(0))
        if self._writer:
            await self._writer.drain()

    def _transmit(self, frame: bytes) -> None:
        if not self._writer:
            raise self._error or CountersignError("the session is closed")
        self._writer.write(len(frame).to_bytes(2, "big") + frame)

    async def _read(self) -> bytes:
        if not self._reader:
            raise CountersignError("the session is closed")
        header = await self._reader.readexactly(2)
        return await self._reader.readexactly(int.from_bytes(header, "big"))


async def connect(path: str, host: str, port: int, *, listens: bool = True, timeout: float = 10) -> Device:
    """Opens a device's session with the server."""
    device = Device(path, host, port, listens=listens, timeout=timeout)
    try:
        await device._open()
    except BaseException:
        await device.close()
        raise
    return device
