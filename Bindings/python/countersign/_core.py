# SPDX-License-Identifier: Apache-2.0
"""What a device says to others and hears of them, over its session with the server."""

from __future__ import annotations

import ctypes
from collections import OrderedDict
from ctypes import byref, c_size_t, c_uint32, c_uint64
from dataclasses import dataclass
from typing import Callable

from . import _library as c
from ._channels import Channels
from ._library import library
from ._session import Session
from ._values import REASONS, Address, CountersignError, Message, NotStored, check

# How many devices may have a session open with this one: the one that was silent longest ends first.
MAXIMUM_PEERS = 64
# How many senders are told apart.
SENDERS = 256
INBOX = ".c-inbox"


@dataclass
class Sending:
    """A message on its way: to whom, and what became of it."""

    to: Address
    body: bytes
    number: int
    attempts: int = 0
    is_stored: bool = False
    error: CountersignError | None = None

    @property
    def is_done(self) -> bool:
        return self.is_stored or self.error is not None


class Core(Session):
    """A device's end."""

    def __init__(self, path: str, *, listens: bool = True, knows_applications: bool = False):
        # Messages that the application has not been given yet.
        self.messages: list[Message] = []
        self.is_caught_up = False
        self._sendings: OrderedDict[int, Sending] = OrderedDict()
        self._peers: OrderedDict[tuple[Address, int], ctypes.Array] = OrderedDict()
        self._rejected: OrderedDict[tuple[Address, int], None] = OrderedDict()
        self._given: set[tuple[Address, int]] = set()
        self.channels = Channels(self)
        super().__init__(path, listens=listens, knows_applications=knows_applications)

    def _load(self) -> None:
        stored = self.identity.file.read(INBOX)
        self._inbox = ctypes.create_string_buffer(stored, len(stored)) if stored else ctypes.create_string_buffer(24 + 40 * SENDERS)
        if stored is None:
            check(library.inbox_create(self._inbox, len(self._inbox)))
        check(library.inbox_check(self._inbox, len(self._inbox)), self.identity.file.path + INBOX)

    def _opened(self) -> None:
        for sending in self._sendings.values():
            self._look_up(sending.to)

    def _ended(self) -> None:
        for peer in self._peers.values():
            library.peer_close(peer)
        for known in (self._peers, self._rejected, self._given, self.messages):
            known.clear()
        self.channels.ended()
        self.is_caught_up = False

    def close(self) -> None:
        self.channels.close()
        super().close()

    # ---- What goes out ----

    def send(self, to: Address, body: bytes) -> Sending:
        """Numbers a message, stores that the number is used, and asks for the recipient."""
        if len(body) > c.TEXT_SIZE:
            raise ValueError(f"a message has at most {c.TEXT_SIZE} bytes")
        sending = Sending(to, body, self._next_number())
        self._sendings[sending.number] = sending
        self._look_up(to)
        return sending

    def acknowledge(self, message: Message) -> None:
        """The application has dealt with a message: notes that on the disk, then tells the mailbox or the sender."""
        known, key = message._route
        if (message.sender, message.number) not in self._given:
            raise ValueError("the session in which this message came is over: it comes again")
        result = library.inbox_remember(self._inbox, len(self._inbox), byref(known))
        if result != c.REPEATED:
            check(result)
            self.identity.file.write(self._inbox.raw, INBOX)
        self._given.discard((message.sender, message.number))
        self._tell(known, key, c.OK)

    def _look_up(self, to: Address) -> None:
        wanted = c.Address(to.device, to.system)
        self._write(lambda frame, capacity, size: library.lookup(self.context, byref(wanted), frame, capacity, size))

    # ---- What comes in ----

    def _record(self, record: c.Record, buffer: ctypes.Array, size: int) -> None:
        if record.kind == c.CAUGHT_UP:
            self.is_caught_up = True
        elif record.kind == c.PEER:
            self._found(record, buffer, size)
        elif record.kind in (c.ACCEPTED, c.REFUSED, c.LATER, c.DONE):
            if not self.channels.answered(record):
                self._answered(record)
        elif record.kind == c.APPLICATION:
            self.channels.application(record, buffer.raw[:size])
        elif record.kind == c.REQUEST:
            self.channels.request(record, buffer.raw[:size])
        elif record.kind == c.MAIL:
            self._mail(buffer, size)
        elif record.kind == c.FRAME:
            self._peer_frame(record, ctypes.string_at(record.body, record.body_size))

    def _found(self, record: c.Record, buffer: ctypes.Array, size: int) -> None:
        to = Address(record.device.system, record.device.device)
        waiting = [sending for sending in self._sendings.values() if sending.to == to]
        peer, todo = self._new_peer(), c_uint32()
        result = library.peer_take(self.context, peer, ctypes.sizeof(peer), byref(record.device), buffer, size, byref(todo))
        self._obey(todo.value)
        for sending in waiting:
            try:
                check(result, f"the message to {to}")
                self._write(lambda frame, capacity, length: library.deposit(
                    self.context, peer, sending.number, sending.body, len(sending.body), frame, capacity, length))
            except CountersignError as error:
                self._end(sending, NotStored(str(error), error.code))

    def _answered(self, record: c.Record) -> None:
        sending = self._sendings.get(record.number)
        if sending is None:
            return
        if record.kind == c.ACCEPTED:
            sending.is_stored = True
            del self._sendings[sending.number]
        elif record.reason == 3 and sending.attempts == 0:
            sending.attempts = 1
            self._look_up(sending.to)
        else:
            self._end(sending, NotStored(REASONS.get(record.reason, f"the server gives reason {record.reason}")))

    def _end(self, sending: Sending, error: CountersignError) -> None:
        sending.error = error
        self._sendings.pop(sending.number, None)

    def _mail(self, buffer: ctypes.Array, size: int) -> None:
        known, todo = c.Message(), c_uint32()
        result = library.open_mail(self.context, buffer, size, byref(known), byref(todo))
        self._obey(todo.value)
        if result == c.OK:
            self._judge(known, None)
        else:
            # What cannot be opened now never can: the mailbox may forget it.
            self._tell(known, None, c.OK)

    def _judge(self, known: c.Message, key: tuple[Address, int] | None) -> None:
        body = ctypes.string_at(known.text, known.text_size) if known.text_size else b""
        known.text, known.text_size = None, 0
        judgement = library.inbox_judge(self._inbox, len(self._inbox), byref(known))
        sender = Address(known.sender.system, known.sender.device)
        if judgement == c.OK and (sender, known.number) not in self._given:
            self._given.add((sender, known.number))
            self.messages.append(Message(sender, known.number, body, (known, key)))
        elif judgement in (c.REPEATED, c.TOO_OLD, c.IMPOSSIBLE_NUMBER):
            self._tell(known, key, judgement)

    def _tell(self, known: c.Message, key: tuple[Address, int] | None, judgement: int) -> None:
        """Says what became of a message: to the mailbox, or in a session to its sender, if that is still open."""
        if key is None:
            self._write(lambda frame, capacity, size: library.delivered(
                self.context, byref(known.sender), known.number, frame, capacity, size))
        elif key in self._peers:
            peer = self._peers[key]
            self._relay(key, lambda frame, capacity, size: library.peer_acknowledge(
                peer, known.number, judgement, frame, capacity, size))

    # ---- Sessions that other devices open ----

    def _new_peer(self) -> ctypes.Array:
        return (c_uint64 * ((library.peer_size() + 7) // 8))()

    def _peer_frame(self, record: c.Record, frame: bytes) -> None:
        key = (Address(record.device.system, record.device.device), record.session)
        if frame == bytes([c.PEER_REJECTION]):
            self._peers.pop(key, None)
            return
        peer = self._peers.get(key)
        if peer is not None and self._open_in(peer, key, frame):
            self._peers.move_to_end(key)
            return
        if not self._begin(key, frame):
            self._peers.pop(key, None)
            if key in self._rejected:
                return
            # The key may be an old one of this device: told once, its sender looks this device up again.
            self._rejected[key] = None
            if len(self._rejected) > MAXIMUM_PEERS:
                self._rejected.popitem(last=False)
            ctypes.memset(ctypes.addressof(self._frame) + c.RELAY_OFFSET, c.PEER_REJECTION, 1)
            self._relay(key, None)

    def _open_in(self, peer: ctypes.Array, key: tuple[Address, int], frame: bytes) -> bool:
        buffer, known = ctypes.create_string_buffer(frame, len(frame)), c.Message()
        if not library.peer_is_open(peer) or library.peer_open(self.context, peer, buffer, len(frame), byref(known)) != c.OK:
            return False
        if known.kind == c.KIND_MESSAGE:
            self._judge(known, key)
        return True

    def _begin(self, key: tuple[Address, int], frame: bytes) -> bool:
        peer, other, todo = self._new_peer(), c.Address(key[0].device, key[0].system), c_uint32()
        buffer = ctypes.create_string_buffer(frame, len(frame))
        if library.peer_answer(self.context, peer, ctypes.sizeof(peer), byref(other), buffer, len(frame)) != c.OK:
            return False
        try:
            self._relay(key, lambda output, capacity, size: library.peer_handshake(
                self.context, peer, buffer, len(frame), output, capacity, size, byref(todo)))
        except CountersignError:
            return False
        self._obey(todo.value)
        self._peers[key] = peer
        if len(self._peers) > MAXIMUM_PEERS:
            library.peer_close(self._peers.popitem(last=False)[1])
        return True

    def _relay(self, key: tuple[Address, int], function: Callable[..., int] | None) -> None:
        """Puts the frame that `function` writes, or the byte that is there, into a record for a peer's session."""
        size, to = c_size_t(1), c.Address(key[0].device, key[0].system)
        place = ctypes.addressof(self._frame) + c.RELAY_OFFSET
        if function:
            check(function(place, c.FRAME_SIZE - c.RELAY_OFFSET, byref(size)))
        check(library.relay(self.context, byref(to), key[1], self._frame, c.FRAME_SIZE, size.value, byref(size)))
        self.outgoing.append(self._frame.raw[: size.value])
