# SPDX-License-Identifier: Apache-2.0
"""A device, for a program that waits."""

from __future__ import annotations

from typing import Iterator

from ._connection import Connection
from ._core import Core
from ._values import Message, NotStored, Recipient, Request, address


class Device(Connection):
    """A device's session with the server. One thread uses it; another program that uses the same device file is turned away.

    `listens`: whether messages of others should come over this session. `applications`: whether it talks to applications.
    """

    def __init__(
        self, path: str, host: str, port: int, *, listens: bool = True, applications: bool = False, timeout: float = 10
    ):
        self._core = Core(path, listens=listens, knows_applications=applications)
        super().__init__(self._core, host, port, timeout)

    def send(self, to: Recipient, body: bytes | str, *, timeout: float | None = None) -> int:
        """Leaves a message, which nobody but the recipient can read, with the server, and returns its number once it is stored there.

        Raises NotStored when the server refuses it, and TimeoutError when nothing was heard in time: it may be stored then or not.
        """
        deadline = self._deadline(timeout)
        sending = self._core.send(address(to, self.address.system), body.encode() if isinstance(body, str) else body)
        self._wait(lambda: sending.is_done, deadline)
        if sending.error:
            raise sending.error
        return sending.number

    def receive(self, *, timeout: float | None = None) -> Message:
        """Waits for a message that this device has not had. Acknowledge it once it is dealt with."""
        deadline = self._deadline(timeout)
        self._wait(lambda: bool(self._core.messages), deadline)
        return self._core.messages.pop(0)

    def acknowledge(self, message: Message) -> None:
        """Notes, on the disk, that the application has dealt with a message, and tells the mailbox or the sender."""
        self._core.acknowledge(message)
        self._flush()

    def messages(self) -> Iterator[Message]:
        """Messages as they come, for ever. Each is acknowledged when the next is asked for."""
        while True:
            self._wait(lambda: bool(self._core.messages), None)
            message = self._core.messages.pop(0)
            yield message
            self.acknowledge(message)

    # ---- Applications ----

    def report(
        self, body: bytes | str, *, to: str | None = None, wants_done: bool = False, timeout: float | None = None
    ) -> int:
        """Sends a message to an application of the system, or to its default one, and returns the number once the server has stored it; with
        `wants_done` once the application has said that it is done. Nobody but the application can read it.

        Raises NotStored; TryLater when the application's queue is full; TimeoutError.
        """
        deadline = self._deadline(timeout)
        channels = self._core.channels
        try:
            self._wait(lambda: channels.find(to) is not None, deadline)
        except TimeoutError as error:
            raise NotStored("the server knows no such application") from error
        known = channels.find(to)
        assert known
        reporting = channels.report(known, body.encode() if isinstance(body, str) else body, wants_done=wants_done)
        self._wait(lambda: reporting.is_done, deadline)
        if reporting.error:
            raise reporting.error
        return reporting.number

    def requests(self) -> Iterator[Request]:
        """Requests of applications as they come, for ever: reply to each, or accept it."""
        while True:
            self._wait(lambda: bool(self._core.channels.requests), None)
            yield self._core.channels.requests.pop(0)

    def request(self, *, timeout: float | None = None) -> Request:
        """Waits for a request of an application: reply to it, or accept it."""
        self._wait(lambda: bool(self._core.channels.requests), self._deadline(timeout))
        return self._core.channels.requests.pop(0)

    def accept(self, request: Request) -> None:
        """Notes, on the disk, that the program has had a request, and tells the server."""
        self._core.channels.accept(request)
        self._flush()

    def reply(self, request: Request, body: bytes | str, *, timeout: float | None = None) -> None:
        """Accepts a request and answers it; returns once the server has stored the answer."""
        deadline = self._deadline(timeout)
        reporting = self._core.channels.report(
            request.application, body.encode() if isinstance(body, str) else body, answers=request.number)
        self._wait(lambda: reporting.is_done, deadline)
        if reporting.error:
            raise reporting.error
        self.accept(request)
