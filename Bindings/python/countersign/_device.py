# SPDX-License-Identifier: Apache-2.0
"""A device, for a program that waits."""

from __future__ import annotations

import socket
import time
from types import TracebackType
from typing import Iterator

from ._core import Core
from ._values import Address, CountersignError, Message, Recipient, address


class Device:
    """A device's session with the server. One thread uses it; another program that uses the same device file is turned away.

    `listens`: whether messages of others should come over this session.
    """

    def __init__(self, path: str, host: str, port: int, *, listens: bool = True, timeout: float = 10):
        self.timeout = timeout
        self._server = (host, port)
        self._core = Core(path, listens=listens)
        self._socket: socket.socket | None = None
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> Address:
        return self._core.identity.address

    @property
    def generation(self) -> int:
        """Numbers the keys that the device has had."""
        return self._core.identity.generation

    def send(self, to: Recipient, body: bytes | str, *, timeout: float | None = None) -> int:
        """Leaves a message, which nobody but the recipient can read, with the server, and returns its number once it is stored there.

        Raises NotStored when the server refuses it, and TimeoutError when nothing was heard in time: it may be stored then or not.
        """
        deadline = self._deadline(timeout)
        sending = self._core.send(address(to, self.address.system), body.encode() if isinstance(body, str) else body)
        self._flush()
        while not sending.is_done:
            self._step(deadline)
        if sending.error:
            raise sending.error
        return sending.number

    def receive(self, *, timeout: float | None = None) -> Message:
        """Waits for a message that this device has not had. Acknowledge it once it is dealt with."""
        deadline = self._deadline(timeout)
        while not self._core.messages:
            self._step(deadline)
        return self._core.messages.pop(0)

    def acknowledge(self, message: Message) -> None:
        """Notes, on the disk, that the application has dealt with a message, and tells the mailbox or the sender."""
        self._core.acknowledge(message)
        self._flush()

    def messages(self) -> Iterator[Message]:
        """Messages as they come, for ever. Each is acknowledged when the next is asked for."""
        while True:
            while not self._core.messages:
                self._step(None)
            message = self._core.messages.pop(0)
            yield message
            self.acknowledge(message)

    def ping(self, *, timeout: float | None = None) -> None:
        """Waits until the server has said that it is still there."""
        deadline, before = self._deadline(timeout), self._core.pongs
        self._core.ping()
        self._flush()
        while self._core.pongs == before:
            self._step(deadline)

    def close(self) -> None:
        """Ends the session and lets go of the device file."""
        if self._socket:
            self._socket.close()
        self._socket = None
        self._core.close()

    def __enter__(self) -> "Device":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # ---- The connection ----

    def _connect(self) -> None:
        deadline = self._deadline(None)
        while True:
            if self._socket:
                self._socket.close()
            self._socket = socket.create_connection(self._server, timeout=self.timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._transmit(self._core.hello())
            if self._core.answer(self._read(deadline)):
                break
        self._flush()
        while self._core.session == 0:
            self._step(deadline)

    def _deadline(self, timeout: float | None) -> float:
        return time.monotonic() + (self.timeout if timeout is None else timeout)

    def _step(self, deadline: float | None) -> None:
        """Takes one frame, and sends what follows from it."""
        self._core.receive(self._read(deadline))
        self._flush()
        if self._core.wants_reconnect:
            self._connect()

    def _flush(self) -> None:
        while self._core.outgoing:
            self._transmit(self._core.outgoing.pop(0))

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
