# SPDX-License-Identifier: Apache-2.0
"""A device's files: the identity, and beside it the inbox. A crash leaves the old content or the new."""

from __future__ import annotations

import fcntl
import os

from ._values import CountersignError


class DeviceFile:
    """Holds the lock of the device file for as long as it is open: one process at a time."""

    def __init__(self, path: str):
        self.path = os.path.realpath(path)
        self._lock = os.open(self.path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise CountersignError(f"another process uses {self.path}") from error

    def close(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1

    def read(self, suffix: str = "") -> bytes | None:
        """What the file holds; nothing where there is none."""
        try:
            descriptor = os.open(self.path + suffix, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        with open(descriptor, "rb") as file:
            if os.fstat(descriptor).st_mode & 0o077:
                raise CountersignError(f"others may read {self.path + suffix}: chmod 600")
            return file.read()

    def write(self, content: bytes, suffix: str = "", *, new: bool = False) -> None:
        """Replaces the file; it is on the disk when this returns. With `new` there must be none."""
        path = self.path + suffix
        if new and os.path.exists(path):
            raise FileExistsError(path)
        temporary = path + ".new"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.rename(temporary, path)
        directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
