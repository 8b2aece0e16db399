# SPDX-License-Identifier: Apache-2.0
"""negative.json: good handshakes, each with the corruptions that its reader must refuse."""

from functions import CIPHERS, MAX_MESSAGE, RESERVED_NONCE, SUITES, KeyPair
from make_low_order import low_order_groups
from negative import Group, layout, minimum, until
from patterns import parse
from seeds import seed
from session import blank, record

PATTERNS = ["NN", "XX", "IK", "NNpsk0", "IKpsk2", "XK", "KK", "X", "IXpsk2", "XX1"]


def group(section, suite, transport=3, name="", **fields):
    label = f"negative {name} {section} {suite}"
    return Group(record({**blank(section, suite, label), **fields}, label, transport))


def flipped(data, at, bit=1):
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]


def truncated(group, i):
    good = group.good(i)
    fields = layout(group.pattern, i, len(good))
    least = minimum(fields)
    short = {0, 1, least - 1} | {field.end - 1 for field in fields[:-1]} | {field.end for field in fields[:-1]}
    for length in sorted(n for n in short if n < least):
        group.add("truncated", i, good[:length], "length")
    if fields[-1].sealed and len(good) > least:
        for length in sorted({least, len(good) - 1}):
            group.add("truncated", i, good[:length], "decrypt")
    if fields[-1].sealed:
        group.add("extended", i, good + b"\0", "decrypt")


def tampered(group, i):
    good = group.good(i)
    fields = layout(group.pattern, i, len(good))
    if any(field.sealed for field in fields):
        for field in fields[:-1]:
            if not field.sealed:  # the high bit of a public key is masked by DH, yet it is hashed
                group.add(f"tampered_{field.name}", i, flipped(good, field.start), "decrypt")
                group.add(f"tampered_{field.name}", i, flipped(good, field.end - 1, 0x80), "decrypt")
    for field in fields:
        if field.sealed:
            if field.end - field.start > 16:
                group.add(f"tampered_{field.name}", i, flipped(good, field.start), "decrypt")
            group.add(f"tampered_{field.name}_tag", i, flipped(good, field.end - 16), "decrypt")
            group.add(f"tampered_{field.name}_tag", i, flipped(good, field.end - 1, 0x80), "decrypt")


def oversized(group, i):
    good = group.good(i)
    fields = layout(group.pattern, i, len(good))
    group.add("oversized", i, good, "length", zeros=MAX_MESSAGE + 1 - len(good))
    room = MAX_MESSAGE - minimum(fields)
    writer = {"operation": "write", "party": group.session.sender(i)}
    group.add("oversized", i, None, "length", **writer, payload_zeros=room + 1)


def disordered(group, i):
    """Message i once more after it was read, message i thrown back, and writing out of turn."""
    finished = i + 1 >= len(group.pattern.messages)
    good, receiver, sender = group.good(i), group.session.receiver(i), group.session.sender(i)
    group.add("replayed", i + 1, good, "decrypt" if finished else "order", party=receiver)
    if not group.pattern.one_way:
        if i >= len(group.pattern.messages):
            group.add("reflected", i + 1, good, "decrypt", party=sender)
        if i < len(group.pattern.messages):
            group.add("out_of_turn", i, None, "order", operation="write", party=receiver, payload_zeros=0)
            group.add("out_of_turn", i, good, "order", party=sender)


def mismatched(section, suite, mutation, at, *changes):
    """The parties disagree on something; the first message that depends on it is refused, for good."""
    result = group(section, suite, name=mutation)
    payload = bytes.fromhex(result.vector["messages"][at]["payload"])
    for changed in changes:
        session = until({**result.vector, **changed}, at)
        message = session.write(session.sender(at), payload)
        result.add(mutation, at, message, "decrypt", recovers=False, **{"with": changed})
    return result


def mismatches():
    other, key = seed("another value").hex(), KeyPair(seed("another key"))
    both = [{"init_prologue": other}, {"resp_prologue": other}]
    for i, (section, at) in enumerate((("NN", 1), ("IK", 0))):
        yield mismatched(section, SUITES[i], "wrong_prologue", at, *both)
    both = [{"init_psks": [other]}, {"resp_psks": [other]}]
    for i, (section, at) in enumerate((("NNpsk0", 0), ("IKpsk1", 0), ("IKpsk2", 1), ("XXpsk3", 2), ("Npsk0", 0))):
        yield mismatched(section, SUITES[i], "wrong_psk", at, *both)
    private, public = key.private.hex(), key.public.hex()
    for i, (section, at, *changes) in enumerate((
        ("IK", 0, {"init_remote_static": public}, {"resp_static": private}),
        ("NK", 0, {"init_remote_static": public}, {"resp_static": private}),
        ("XK", 0, {"init_remote_static": public}, {"resp_static": private}),
        ("KK", 0, {"resp_remote_static": public}, {"init_static": private}),
        ("KN", 1, {"resp_remote_static": public}, {"init_static": private}),
        ("K", 0, {"resp_remote_static": public}, {"init_static": private}),
    )):
        yield mismatched(section, SUITES[i], "wrong_static", at, *changes)


def exhausted(section, suite):
    """n = 2^64-2 serves once in each direction; n = 2^64-1 never, though the ciphertext is right."""
    first = len(parse(section).messages)
    last = {"before_message": first, "n": str(RESERVED_NONCE - 1)}
    orders = [{**last, "direction": d} for d in ("init_to_resp", "resp_to_init")]
    result = group(section, suite, transport=2, name="exhausted", set_nonces=orders)
    end = len(result.vector["messages"])
    state = until(result.vector, end).transport["init"]
    for i in (end, end + 1):
        k = state[result.session.direction(i)].k
        message = CIPHERS[suite.split("_")[1]].encrypt(k, RESERVED_NONCE, b"", b"one too many")
        roles = {"read": result.session.receiver(i), "write": result.session.sender(i)}
        result.add("nonce_exhausted", end, message, "nonce", recovers=False, party=roles["read"])
        writer = {"operation": "write", "party": roles["write"], "payload_zeros": 0}
        result.add("nonce_exhausted", end, None, "nonce", recovers=False, **writer)
    return result


def negative_vectors():
    groups = []
    for number, section in enumerate(PATTERNS):
        made = group(section, SUITES[number % len(SUITES)])
        for i in range(len(made.vector["messages"])):
            truncated(made, i)
            tampered(made, i)
            oversized(made, i)
            disordered(made, i)
        groups.append(made)
    groups += mismatches()
    groups += [exhausted(("XX", "NN")[i % 2], suite) for i, suite in enumerate(SUITES[:4])]
    groups += low_order_groups(group)
    return {"vectors": [made.result() for made in groups]}
