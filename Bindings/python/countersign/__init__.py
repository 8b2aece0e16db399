# SPDX-License-Identifier: Apache-2.0
"""Devices and applications of Countersign in Python, over the shared library for C. `countersign.aio` is the same for an event loop."""

from ._application import Application
from ._device import Device
from ._identity import create, install
from ._values import Address, CountersignError, KeyRefused, Message, NotDelivered, NotStored, Report, Request, TryLater

__all__ = [
    "Address", "Application", "CountersignError", "Device", "KeyRefused", "Message", "NotDelivered", "NotStored", "Report", "Request",
    "TryLater", "connect", "create", "install",
]
__version__ = "0.1.0"

connect = Device
