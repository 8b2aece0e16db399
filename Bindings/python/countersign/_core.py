# SPDX-License-Identifier: Apache-2.0
"""A device's session without input or output: frames go in, and frames and events come out."""

from __future__ import annotations

import ctypes
from collections import OrderedDict
from ctypes import byref, c_size_t, c_uint32, c_uint64
from dataclasses import dataclass
from typing import Callable

from . import _library as c
from ._identity import Identity
from ._library import library
from ._values import REASONS, REFUSALS, Address, CountersignError, KeyRefused, Message, NotStored, check

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


class Core:
    def __init__(self, path: str, *, listens: bool = True):
        self.identity = Identity(path)
        try:
            self.identity.load()
            self._load_inbox()
        except BaseException:
            self.identity.close()
            raise
        self.context = self.identity.context
        self.listens = listens
        # Frames to be sent, in order.
        self.outgoing: list[bytes] = []
        # Messages that the application has not been given yet.
        self.messages: list[Message] = []
        self.session = 0
        self.only_renews = False
        self.is_caught_up = False
        # Whether a certificate for the next key has come: a new session uses it.
        self.wants_reconnect = False
        self.pongs = 0
        self._is_pinging = False
        self._sendings: OrderedDict[int, Sending] = OrderedDict()
        self._peers: OrderedDict[tuple[Address, int], ctypes.Array] = OrderedDict()
        self._rejected: OrderedDict[tuple[Address, int], None] = OrderedDict()
        self._given: set[tuple[Address, int]] = set()
        self._frame = ctypes.create_string_buffer(c.FRAME_SIZE)

    def _load_inbox(self) -> None:
        stored = self.identity.file.read(INBOX)
        self._inbox = ctypes.create_string_buffer(stored, len(stored)) if stored else ctypes.create_string_buffer(24 + 40 * SENDERS)
        if stored is None:
            check(library.inbox_create(self._inbox, len(self._inbox)))
        check(library.inbox_check(self._inbox, len(self._inbox)), self.identity.file.path + INBOX)

    # ---- The handshake ----

    def hello(self) -> bytes:
        """The first frame of a session. What was on its way is sent again in it, under the same number."""
        self.close_session()
        library.set_listening(self.context, self.listens)
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
        for sending in self._sendings.values():
            self._look_up(sending.to)
        if self._is_pinging:
            self.ping()
        return True

    def close_session(self) -> None:
        library.close(self.context)
        for peer in self._peers.values():
            library.peer_close(peer)
        self._peers.clear()
        self._rejected.clear()
        self.outgoing.clear()
        self.messages.clear()
        self._given.clear()
        self.session, self.only_renews, self.is_caught_up, self.wants_reconnect = 0, False, False, False

    def close(self) -> None:
        self.close_session()
        self.identity.close()

    # ---- What goes out ----

    def send(self, to: Address, body: bytes) -> Sending:
        """Numbers a message, stores that the number is used, and asks for the recipient."""
        if len(body) > c.TEXT_SIZE:
            raise ValueError(f"a message has at most {c.TEXT_SIZE} bytes")
        number, todo = c_uint64(), c_uint32()
        check(library.next_number(self.context, byref(number), byref(todo)))
        self._obey(todo.value)
        sending = Sending(to, body, number.value)
        self._sendings[sending.number] = sending
        self._look_up(to)
        return sending

    def ping(self) -> None:
        self._is_pinging = True
        self._write(lambda frame, capacity, size: library.ping(self.context, frame, capacity, size))

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

    def _write(self, function: Callable[..., int]) -> None:
        size = c_size_t()
        check(function(self._frame, c.FRAME_SIZE, byref(size)))
        self.outgoing.append(self._frame.raw[: size.value])

    def _look_up(self, to: Address) -> None:
        wanted = c.Address(to.device, to.system)
        self._write(lambda frame, capacity, size: library.lookup(self.context, byref(wanted), frame, capacity, size))

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
        """Takes a frame of the server; what follows from it is in `outgoing`, in `messages` and in what `send` returned."""
        buffer = ctypes.create_string_buffer(frame, len(frame))
        size, todo, record = c_size_t(), c_uint32(), c.Record()
        check(library.open(self.context, buffer, len(frame), byref(size), byref(todo)), "a record")
        check(library.parse(buffer, size.value, byref(record)), "a record")
        self._obey(todo.value)
        start = record.body - ctypes.addressof(buffer) if record.body else 0
        if record.kind == c.WELCOME:
            self.session, self.only_renews = record.session, record.reason == 1
        elif record.kind == c.CAUGHT_UP:
            self.is_caught_up = True
        elif record.kind == c.PONG:
            self.pongs += 1
            self._is_pinging = False
        elif record.kind == c.PEER:
            self._found(record, buffer, size.value)
        elif record.kind in (c.ACCEPTED, c.REFUSED):
            self._answered(record)
        elif record.kind == c.MAIL:
            self._mail(buffer, size.value)
        elif record.kind == c.FRAME:
            self._peer_frame(record, buffer.raw[start : start + record.body_size])
        elif record.kind == 0x95:
            raise KeyRefused(REFUSALS.get(record.reason, f"the server refuses the key, for reason {record.reason}"), c.KEY_REFUSED)

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
