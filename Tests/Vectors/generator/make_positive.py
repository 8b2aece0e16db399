# SPDX-License-Identifier: Apache-2.0
"""psk.json and deferred.json: whole handshakes in the common shape, over the eight suites in turn."""

from patterns import BASE, DEFERRED_NAMES, FUNDAMENTAL_NAMES
from session import rotating

# The placements that the public cacophony set already covers.
CACOPHONY_PSK = set(
    "Npsk0 Kpsk0 Xpsk1 NNpsk0 NNpsk2 NKpsk0 NKpsk2 NXpsk2 XNpsk3 XKpsk3 XXpsk3"
    " KNpsk0 KNpsk2 KKpsk0 KKpsk2 KXpsk2 INpsk1 INpsk2 IKpsk1 IKpsk2 IXpsk2".split()
)


def modified(name, *positions):
    return name + "+".join(f"psk{p}" for p in positions)


def combinations(name):
    """Both ends, the first two, and all at once; a pattern of one message has only the last."""
    last = len(BASE[name].messages)
    return dict.fromkeys([modified(name, 0, 1), modified(name, 0, last), modified(name, *range(last + 1))])


def psk_vectors():
    single = [
        modified(name, position)
        for name in FUNDAMENTAL_NAMES
        for position in range(len(BASE[name].messages) + 1)
        if modified(name, position) not in CACOPHONY_PSK
    ]
    several = [section for name in FUNDAMENTAL_NAMES for section in combinations(name)]
    return {"vectors": rotating(single + several, "psk")}


def deferred_vectors():
    sections = []
    for name in DEFERRED_NAMES:
        last = len(BASE[name].messages)
        sections += [name, modified(name, 0), modified(name, last), modified(name, *range(last + 1))]
    return {"vectors": rotating(sections, "deferred")}
