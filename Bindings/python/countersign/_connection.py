# SPDX-License-Identifier: Apache-2.0
"""A session with the server over a socket, for a program that waits."""

from __future__ import annotations

import contextlib
import socket
import time
from types import TracebackType
from typing import Callable, TypeVar

from ._session import Session
from ._values import Address, CountersignError

# How long an end waits for the server's, in seconds.
FAREWELL = 1.0

Self = TypeVar("Self", bound="Connection")


class Connection:
    def __init__(self, session: Session, host: str, port: int, timeout: float):
        self.timeout = timeout
        self._server = (host, port)
        self._session = session
        self._socket: socket.socket | None = None
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> Address:
        return self._session.identity.address

    @property
    def generation(self) -> int:
        """Numbers the keys that it has had."""
        return self._session.identity.generation

    def ping(self, *, timeout: float | None = None) -> None:
        """Waits until the server has said that it is still there."""
        before = self._session.pongs
        self._session.ping()
        self._wait(lambda: self._session.pongs > before, self._deadline(timeout))

    def close(self) -> None:
        """Ends the session and lets go of the file."""
        if self._socket:
            with contextlib.suppress(OSError):
                # What the server has not read yet is lost when a socket is closed over something unread.
                self._socket.shutdown(socket.SHUT_WR)
                self._socket.settimeout(FAREWELL)
                while self._socket.recv(65536):
                    pass
            self._socket.close()
        self._socket = None
        self._session.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _wait(self, condition: Callable[[], bool], deadline: float | None) -> None:
        """Sends what is to be sent, and takes frames until the condition holds."""
        self._flush()
        while not condition():
            self._step(deadline)

    def _connect(self) -> None:
        deadline = self._deadline(None)
        while True:
            if self._socket:
                self._socket.close()
            self._socket = socket.create_connection(self._server, timeout=self.timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._transmit(self._session.hello())
            if self._session.answer(self._read(deadline)):
                break
        self._flush()
        while self._session.session == 0:
            self._step(deadline)

    def _deadline(self, timeout: float | None) -> float:
        return time.monotonic() + (self.timeout if timeout is None else timeout)

    def _step(self, deadline: float | None) -> None:
        """Takes one frame, and sends what follows from it."""
        self._session.receive(self._read(deadline))
        self._flush()
        if self._session.wants_reconnect:
            self._connect()

    def _flush(self) -> None:
        while self._session.outgoing:
            self._transmit(self._session.outgoing.pop(0))

    def _transmit(self, frame: bytes) -> None:
        if not self._socket:
            raise CountersignError("the session is closed")
        self._socket.settimeout(self.timeout)
        self._socket.sendall(len(frame).to_bytes(2, "big") + frame)

    def _read(self, deadline: float | None) -> bytes:
        header = self._take(2, deadline)
        # What has begun to come is waited for: a frame that was read in part could not be read later.
        return self._take(int.from_bytes(header, "big"), None if deadline is None else deadline + self.timeout)

    def _take(self, size: int, deadline: float | None) -> bytes:
        if not self._socket:
            raise CountersignError("the session is closed")
        content = b""
        while len(content) < size:
            if deadline is None:
                self._socket.settimeout(None)
            else:
                self._socket.settimeout(max(deadline - time.monotonic(), 1e-6))
            more = self._socket.recv(size - len(content))
            if not more:
                raise ConnectionError("the server closed the connection")
            content += more
        return content
