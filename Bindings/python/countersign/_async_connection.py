# SPDX-License-Identifier: Apache-2.0
"""A session with the server over a socket, for a program with an event loop."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Callable, TypeVar

from ._connection import FAREWELL
from ._session import Session
from ._values import Address, CountersignError

Self = TypeVar("Self", bound="AsyncConnection")


class AsyncConnection:
    def __init__(self, session: Session, host: str, port: int, timeout: float):
        self.timeout = timeout
        self._server = (host, port)
        self._session = session
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._error: BaseException | None = None

    @property
    def address(self) -> Address:
        return self._session.identity.address

    @property
    def generation(self) -> int:
        """Numbers the keys that it has had."""
        return self._session.identity.generation

    async def ping(self, *, timeout: float | None = None) -> None:
        """Waits until the server has said that it is still there."""
        before = self._session.pongs
        self._session.ping()
        await self._flush()
        await self._wait(lambda: self._session.pongs > before, self._within(timeout))

    async def close(self) -> None:
        """Ends the session and lets go of the file."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._reader and self._writer:
            with contextlib.suppress(OSError, TimeoutError):
                # What the server has not read yet is lost when a socket is closed over something unread.
                self._writer.write_eof()
                await asyncio.wait_for(self._reader.read(), FAREWELL)
        self._disconnect()
        self._error = self._error or CountersignError("the session is closed")
        self._session.close()

    async def __aenter__(self: Self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    def _within(self, timeout: float | None) -> float:
        return self.timeout if timeout is None else timeout

    async def _open(self: Self) -> Self:
        """Connects, and closes again where that fails."""
        try:
            await asyncio.wait_for(self._connect(), self.timeout)
        except BaseException:
            await self.close()
            raise
        self._task = asyncio.create_task(self._run())
        return self

    async def _connect(self) -> None:
        while True:
            self._disconnect()
            self._reader, self._writer = await asyncio.open_connection(*self._server)
            self._transmit(self._session.hello())
            if self._session.answer(await self._read()):
                break
        await self._flush()
        while self._session.session == 0:
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
                if self._session.wants_reconnect:
                    await self._connect()
                async with self._changed:
                    self._changed.notify_all()
        except (OSError, EOFError, CountersignError) as error:
            self._error = error if isinstance(error, CountersignError) else ConnectionError("the server closed the connection")
            async with self._changed:
                self._changed.notify_all()

    async def _step(self) -> None:
        self._session.receive(await self._read())
        await self._flush()

    async def _wait(self, condition: Callable[[], bool], timeout: float | None) -> None:
        async def wait() -> None:
            async with self._changed:
                await self._changed.wait_for(lambda: condition() or self._error is not None)
            if not condition() and self._error:
                raise self._error

        await asyncio.wait_for(wait(), timeout)

    async def _flush(self) -> None:
        while self._session.outgoing:
            self._transmit(self._session.outgoing.pop(0))
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
