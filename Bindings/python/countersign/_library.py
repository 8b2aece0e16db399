# SPDX-License-Identifier: Apache-2.0
"""The shared library's functions, as countersign.h declares them."""

import ctypes
import os
import pathlib
from ctypes import POINTER, c_char_p, c_int32, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p
from typing import Any

VERSION = 0x000100
STORED_SIZE = 1092
DEPOSIT_OVERHEAD = 227
RELAY_OFFSET = 17
FRAME_SIZE = 65535
TEXT_SIZE = 64000

OK, CORRUPT, BUSY, TRY_LATER, KEY_REFUSED = 0, 3, 9, 10, 11
UNKNOWN_PEER, NO_CERTIFICATE, PEER_REJECTED = 12, 13, 14
REPEATED, TOO_OLD, IMPOSSIBLE_NUMBER, INBOX_FULL, CHANNEL_OUTDATED = 15, 16, 17, 18, 19
STORE, ROTATE, RECONNECT, STORE_CHANNEL = 1, 2, 4, 8
CHANNEL_STORED_SIZE = 408
KIND_MESSAGE = 1
PEER_REJECTION = 0x04

WELCOME, FRAME, PEER, ACCEPTED, REFUSED, MAIL, CAUGHT_UP, PONG, TURNED_AWAY = 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x8C, 0x8D, 0x95

APPLICATION, CHANNEL_REFUSED, LATER, DONE, OPENING, REPORT, REQUEST_STATE, REQUEST = 0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7
PRESENCE = 0xA8


class Address(ctypes.Structure):
    _fields_ = [("device", c_uint64), ("system", c_uint32)]


class Enrolment(ctypes.Structure):
    _fields_ = [("address", Address), ("issuer_key", c_char_p), ("server_key", c_char_p), ("master_key", c_char_p),
                ("epoch", c_uint16), ("identity_based", c_uint8)]


class Record(ctypes.Structure):
    _fields_ = [("device", Address), ("number", c_uint64), ("body", c_void_p), ("body_size", c_size_t), ("session", c_uint32),
                ("seconds", c_uint32), ("kind", c_uint8), ("reason", c_uint8)]


class Request(ctypes.Structure):
    _fields_ = [("number", c_uint64), ("text", c_void_p), ("text_size", c_size_t), ("seconds", c_uint32), ("wants_no_reply", c_uint8)]


class Report(ctypes.Structure):
    _fields_ = [("device", Address), ("sequence", c_uint64), ("milliseconds", c_uint64), ("number", c_uint64), ("request", c_uint64),
                ("channel", c_uint64), ("text", c_void_p), ("text_size", c_size_t), ("attempt", c_uint8), ("answers", c_uint8),
                ("is_open", c_uint8), ("wants_done", c_uint8)]


class Message(ctypes.Structure):
    _fields_ = [("sender", Address), ("number", c_uint64), ("text", c_void_p), ("text_size", c_size_t), ("generation", c_uint16),
                ("kind", c_uint8), ("reason", c_uint8)]


Size = POINTER(c_size_t)
Todo = POINTER(c_uint32)
FRAME_OUT = [c_void_p, c_size_t, Size]

# What each function takes, after the context where there is one.
PROTOTYPES = {
    "version": (c_uint32, []),
    "context_size": (c_size_t, []),
    "peer_size": (c_size_t, []),
    "init": (c_int32, [c_void_p, c_size_t, c_char_p, c_size_t]),
    "create": (c_int32, [c_void_p, c_size_t, POINTER(Enrolment)]),
    "certificate_request": (c_int32, [c_void_p, c_void_p]),
    "install": (c_int32, [c_void_p, c_char_p, c_size_t]),
    "encode": (c_int32, [c_void_p, c_void_p, c_size_t]),
    "stored": (None, [c_void_p]),
    "clear": (None, [c_void_p]),
    "close": (None, [c_void_p]),
    "own_address": (None, [c_void_p, POINTER(Address)]),
    "generation": (c_uint16, [c_void_p]),
    "epoch": (c_uint16, [c_void_p]),
    "public_key": (c_int32, [c_void_p, c_void_p]),
    "set_listening": (None, [c_void_p, c_int32]),
    "set_applications": (None, [c_void_p, c_int32]),
    "handshake": (c_int32, [c_void_p, c_char_p, c_size_t, *FRAME_OUT]),
    "fall_back": (c_int32, [c_void_p]),
    "refusal": (c_uint8, [c_void_p]),
    "is_open": (c_int32, [c_void_p]),
    "open": (c_int32, [c_void_p, c_void_p, c_size_t, Size, Todo]),
    "rotate": (c_int32, [c_void_p, *FRAME_OUT, Todo]),
    "parse": (c_int32, [c_void_p, c_size_t, POINTER(Record)]),
    "lookup": (c_int32, [c_void_p, POINTER(Address), *FRAME_OUT]),
    "delivered": (c_int32, [c_void_p, POINTER(Address), c_uint64, *FRAME_OUT]),
    "ping": (c_int32, [c_void_p, *FRAME_OUT]),
    "relay": (c_int32, [c_void_p, POINTER(Address), c_uint32, c_void_p, c_size_t, c_size_t, Size]),
    "next_number": (c_int32, [c_void_p, POINTER(c_uint64), Todo]),
    "deposit": (c_int32, [c_void_p, c_void_p, c_uint64, c_char_p, c_size_t, *FRAME_OUT]),
    "open_mail": (c_int32, [c_void_p, c_void_p, c_size_t, POINTER(Message), Todo]),
    "inbox_create": (c_int32, [c_void_p, c_size_t]),
    "inbox_check": (c_int32, [c_void_p, c_size_t]),
    "inbox_judge": (c_int32, [c_void_p, c_size_t, POINTER(Message)]),
    "inbox_remember": (c_int32, [c_void_p, c_size_t, POINTER(Message)]),
    "peer_take": (c_int32, [c_void_p, c_void_p, c_size_t, POINTER(Address), c_void_p, c_size_t, Todo]),
    "peer_answer": (c_int32, [c_void_p, c_void_p, c_size_t, POINTER(Address), c_void_p, c_size_t]),
    "peer_handshake": (c_int32, [c_void_p, c_void_p, c_void_p, c_size_t, *FRAME_OUT, Todo]),
    "peer_is_open": (c_int32, [c_void_p]),
    "peer_open": (c_int32, [c_void_p, c_void_p, c_void_p, c_size_t, POINTER(Message)]),
    "peer_acknowledge": (c_int32, [c_void_p, c_uint64, c_int32, *FRAME_OUT]),
    "peer_close": (None, [c_void_p]),
    "channel_size": (c_size_t, []),
    "channel_init": (c_int32, [c_void_p, c_size_t]),
    "channel_load": (c_int32, [c_void_p, c_size_t, c_char_p, c_size_t]),
    "channel_encode": (c_int32, [c_void_p, c_void_p, c_size_t]),
    "channel_stored": (None, [c_void_p]),
    "channel_clear": (None, [c_void_p]),
    "channel_open": (c_int32, [c_void_p, c_void_p, c_void_p, c_size_t, c_uint64, *FRAME_OUT, Todo]),
    "report": (c_int32, [c_void_p, c_void_p, c_uint64, c_int32, POINTER(c_uint64), c_char_p, c_size_t, *FRAME_OUT]),
    "request_open": (c_int32, [c_void_p, c_void_p, c_size_t, POINTER(Request)]),
    "request_accept": (c_int32, [c_void_p, c_char_p, c_size_t, Todo]),
    "request_taken": (c_int32, [c_void_p, c_void_p, c_uint64, *FRAME_OUT]),
    "instance_init": (c_int32, [c_void_p, c_size_t]),
    "application_open": (c_int32, [c_void_p, c_void_p, c_size_t, c_void_p, c_size_t]),
    "application_clear": (None, [c_void_p]),
    "report_parse": (c_int32, [c_void_p, c_size_t, POINTER(Report)]),
    "report_open": (c_int32, [c_void_p, c_void_p, c_void_p, c_size_t, POINTER(Report)]),
    "request_seal": (c_int32, [c_void_p, c_void_p, c_void_p, c_uint64, c_int32, c_int32, c_uint32, c_char_p, c_size_t, *FRAME_OUT]),
    "take": (c_int32, [c_void_p, c_uint32, *FRAME_OUT]),
    "done": (c_int32, [c_void_p, c_uint64, *FRAME_OUT]),
    "release": (c_int32, [c_void_p, c_uint64, c_int32, *FRAME_OUT]),
    "find": (c_int32, [c_void_p, c_uint64, *FRAME_OUT]),
}


def load() -> ctypes.CDLL:
    """COUNTERSIGN_LIBRARY, or the library in the package, or the system's."""
    beside = pathlib.Path(__file__).with_name("libcountersign.so")
    path = os.environ.get("COUNTERSIGN_LIBRARY") or (str(beside) if beside.exists() else "libcountersign.so.0")
    library = ctypes.CDLL(path)
    for name, (result, arguments) in PROTOTYPES.items():
        function = getattr(library, "countersign_" + name)
        function.restype, function.argtypes = result, arguments
    if library.countersign_version() != VERSION:
        raise ImportError(f"{path} is of another version than this package: {library.countersign_version():#08x}")
    return library


class _Library:
    """The functions by their names without the prefix; loaded at the first use."""

    def __getattr__(self, name: str) -> Any:
        loaded = load()
        for function in PROTOTYPES:
            setattr(self, function, getattr(loaded, "countersign_" + function))
        return self.__dict__[name]


library: Any = _Library()
