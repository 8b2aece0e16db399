# SPDX-License-Identifier: Apache-2.0
"""rekey.json: transport under rekeys at stated places, and the bare REKEY function."""

from functions import CIPHERS, SUITES
from patterns import parse
from seeds import seed
from session import blank, record

BOTH = ("init_to_resp", "resp_to_init")


def schedule(name, first):
    """Rekeys of both ends, by direction; `first` is the index of the first transport message."""
    return {
        "at_once": [(first, d) for d in BOTH],  # n is still 0
        "one_direction": [(first + 4, BOTH[0])],
        "other_direction": [(first + 5, BOTH[1])],
        "both": [(first + 4, d) for d in BOTH],
        "twice": [(first + 4, BOTH[0]), (first + 4, BOTH[0])],
        "continuous": [(i, BOTH[i % 2]) for i in range(first + 2, first + 12)],
    }[name]


def vector(name, section, suite):
    label = f"rekey {name} {section} {suite}"
    orders = schedule(name, len(parse(section).messages))
    base = blank(section, suite, label)
    base["rekeys"] = [{"before_message": i, "direction": d} for i, d in orders]
    return record(base, label, transport=12)


def one_way(suite):
    label = f"rekey one-way {suite}"
    base = blank("N", suite, label)
    base["rekeys"] = [{"before_message": i, "direction": BOTH[0]} for i in (2, 3, 5)]
    return record(base, label, transport=6)


def chain(cipher, label, length=3):
    """REKEY applied again and again."""
    keys = [seed(label)]
    for _ in range(length):
        keys.append(CIPHERS[cipher].rekey(keys[-1]))
    return [{"cipher": cipher, "key": k.hex(), "rekeyed": r.hex()} for k, r in zip(keys, keys[1:])]


def rekey_vectors():
    names = ["at_once", "one_direction", "other_direction", "both", "twice", "continuous"]
    vectors = [vector(n, ("NN", "XX")[i % 2], SUITES[i]) for i, n in enumerate(names)]
    vectors += [vector("continuous", "IK", s) for s in SUITES]
    vectors += [one_way(s) for s in SUITES[6:]]
    raw = [entry for cipher in CIPHERS for i in range(4) for entry in chain(cipher, f"rekey {cipher} {i}")]
    return {"vectors": vectors, "raw": raw}
