# SPDX-License-Identifier: Apache-2.0
"""Devices of Countersign in Python, over the shared library for C. `countersign.aio` is the same for an event loop."""

from ._device import Device
from ._identity import create, install
from ._values import Address, CountersignError, KeyRefused, Message, NotStored, TryLater

__all__ = [
    "Address", "CountersignError", "Device", "KeyRefused", "Message", "NotStored", "TryLater", "connect", "create", "install",
]
__version__ = "0.1.0"

connect = Device
