# SPDX-License-Identifier: Apache-2.0
"""Every secret of the vectors is the hash of a label, so a run repeats byte for byte."""

import hashlib


def seed(label, length=32):
    """`length` bytes of SHAKE-256 over the label."""
    return hashlib.shake_256(f"Countersign vectors: {label}".encode()).digest(length)
