# SPDX-License-Identifier: Apache-2.0
"""A session with the server without input or output: frames go in, and frames and events come out."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_size_t, c_uint32, c_uint64
from typing import Callable

from . import _library as c
from ._identity import Identity
from ._library import library
from ._values import REFUSALS, KeyRefused, check


class Session:
    """What devices and applications have in common."""

    def __init__(self, path: str, *, listens: bool, knows_applications: bool):
        self.identity = Identity(path)
        try:
            self.identity.load()
            self._load()
        except BaseException:
            self.identity.close()
            raise
        self.context = self.identity.context
        self.listens, self.knows_applications = listens, knows_applications
        # Frames to be sent, in order.
        self.outgoing: list[bytes] = []
        self.session = 0
        self.only_renews = False
        # Whether a certificate for the next key has come: a new session uses it.
        self.wants_reconnect = False
        self.pongs = 0
        self._is_pinging = False
        self._frame = ctypes.create_string_buffer(c.FRAME_SIZE)

    def _load(self) -> None:
        """Loads what lies beside the identity."""

    def _opened(self) -> None:
        """The session is open: says again what was not answered in the one before."""

    def _ended(self) -> None:
        """Forgets what belonged to the session."""

    def _record(self, record: c.Record, buffer: ctypes.Array, size: int) -> None:
        """Takes a record that is not about the session itself."""

    # ---- The handshake ----

    def hello(self) -> bytes:
        """The first frame of a session. What was on its way is sent again in it, under the same number."""
        self.close_session()
        library.set_listening(self.context, self.listens)
        library.set_applications(self.context, self.knows_applications)
        size = c_size_t()
        check(library.handshake(self.context, None, 0, self._frame, c.FRAME_SIZE, byref(size)))
        return self._frame.raw[: size.value]

    def answer(self, frame: bytes) -> bool:
        """Takes the server's answer. False when the server refused a key that has never been in use: begin again with the one before."""
        size = c_size_t()
        result = library.handshake(self.context, frame, len(frame), self._frame, c.FRAME_SIZE, byref(size))
        if result == c.KEY_REFUSED:
            reason = library.refusal(self.context)
            library.close(self.context)
            if library.fall_back(self.context) == c.OK:
                return False
            raise KeyRefused(REFUSALS.get(reason, f"the server refuses the key, for reason {reason}"), result)
        check(result, "the server's answer")
        self.outgoing.append(self._frame.raw[: size.value])
        self._opened()
        if self._is_pinging:
            self.ping()
        return True

    def close_session(self) -> None:
        library.close(self.context)
        self._ended()
        self.outgoing.clear()
        self.session, self.only_renews, self.wants_reconnect = 0, False, False

    def close(self) -> None:
        self.close_session()
        self.identity.close()

    # ---- What goes out ----

    def ping(self) -> None:
        self._is_pinging = True
        self._write(lambda frame, capacity, size: library.ping(self.context, frame, capacity, size))

    def _write(self, function: Callable[..., int]) -> None:
        size = c_size_t()
        check(function(self._frame, c.FRAME_SIZE, byref(size)))
        if size.value:
            self.outgoing.append(self._frame.raw[: size.value])

    def _next_number(self) -> int:
        """Draws a message's number, which is stored as used before anything leaves under it."""
        number, todo = c_uint64(), c_uint32()
        check(library.next_number(self.context, byref(number), byref(todo)))
        self._obey(todo.value)
        return number.value

    def _obey(self, todo: int) -> None:
        if todo & c.STORE:
            self.identity.store()
        if todo & c.ROTATE:
            size, more = c_size_t(), c_uint32()
            result = library.rotate(self.context, self._frame, c.FRAME_SIZE, byref(size), byref(more))
            if result == c.BUSY:
                return
            check(result)
            if more.value & c.STORE:
                self.identity.store()
            self.outgoing.append(self._frame.raw[: size.value])
        if todo & c.RECONNECT:
            self.wants_reconnect = True

    # ---- What comes in ----

    def receive(self, frame: bytes) -> None:
        """Takes a frame of the server."""
        buffer = ctypes.create_string_buffer(frame, len(frame))
        size, todo, record = c_size_t(), c_uint32(), c.Record()
        check(library.open(self.context, buffer, len(frame), byref(size), byref(todo)), "a record")
        check(library.parse(buffer, size.value, byref(record)), "a record")
        self._obey(todo.value)
        if record.kind == c.WELCOME:
            self.session, self.only_renews = record.session, record.reason == 1
        elif record.kind == c.PONG:
            self.pongs += 1
            self._is_pinging = False
        elif record.kind == c.TURNED_AWAY:
            raise KeyRefused(REFUSALS.get(record.reason, f"the server refuses the key, for reason {record.reason}"), c.KEY_REFUSED)
        else:
            self._record(record, buffer, size.value)
