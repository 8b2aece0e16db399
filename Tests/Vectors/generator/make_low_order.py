# SPDX-License-Identifier: Apache-2.0
"""Public keys of small order, sent by a party that computes everything else as the specification says.

Every DH with such a key is zero, which the attacker knows; a reader that does not look at the output
accepts these messages. Section 12.1 lets an implementation refuse them, and this project does.
"""

from functions import DHLEN, SUITES, LowOrderKeyPair
from negative import until

P = 2**255 - 19
# The u-coordinates of small order on Curve25519 and its twist; then what reduces to 0 and 1.
SMALL_ORDER = [
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    P - 1,
    P,
    P + 1,
]
# Each also with the high bit set, which X25519 ignores.
LOW_ORDER = [(u | high << 255).to_bytes(DHLEN, "little") for u in SMALL_ORDER for high in (0, 1)]


def forged(group, at, key, public):
    """Message `at` with the sender's e or s replaced by `public`."""
    session = until(group.vector, at)
    sender = session.sender(at)
    setattr(session.handshake[sender], key, LowOrderKeyPair(public))
    return session.write(sender, bytes.fromhex(group.vector["messages"][at]["payload"]))


def sent_keys(group, places):
    for at, key in places:
        for public in LOW_ORDER:
            group.add(f"low_order_{key}", at, forged(group, at, key, public), "low_order")
    return group


def without_dh(group):
    """Message 0 of XX has no DH: the refusal may come on reading it or on writing the answer."""
    for public in LOW_ORDER:
        message = public + group.good(0)[DHLEN:]
        fields = {"operation": "read_or_write", "recovers": False}
        group.add("low_order_e_unused", 0, message, "low_order", **fields)
    return group


def known_static(group):
    """The remote static key given to the initiator: refused on writing message 0, or when the state is made."""
    for public in LOW_ORDER:
        fields = {"operation": "write", "party": "init", "payload_zeros": 0, "recovers": False}
        fields["with"] = {"init_remote_static": public.hex()}
        group.add("low_order_remote_static", 0, None, "low_order", **fields)
    return group


def low_order_groups(group):
    return [
        sent_keys(group("XX", SUITES[0], name="low order"), [(1, "e"), (1, "s"), (2, "s")]),
        sent_keys(group("IK", SUITES[0], name="low order"), [(0, "e"), (0, "s"), (1, "e")]),
        without_dh(group("XX", SUITES[1], name="low order")),
        known_static(group("IK", SUITES[1], name="low order")),
    ]
