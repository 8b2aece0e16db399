# SPDX-License-Identifier: Apache-2.0
"""Vectors for identity-based encryption: keys, messages, refused messages and points, shares."""

from ibe import G1Point, G2Point, Master, combine, decapsulate, encapsulate, encode, hashed, identity
from ibe import open_message, seal, split, times
from seeds import seed

P = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
LENGTHS = [0, 1, 15, 16, 17, 64, 65, 1000]


def drawn(label, length=32):
    return seed(f"ibe {label}", length)


def subject(index):
    """Values at the ends of their ranges, then drawn ones."""
    if index == 0:
        return 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF, 65535, 65535
    if index == 1:
        return 0, 0, 0, 0
    numbers = drawn(f"subject {index}", 16)
    epochs = sorted([int.from_bytes(numbers[12:14], "big"), int.from_bytes(numbers[14:16], "big")])
    return int.from_bytes(numbers[:4], "big"), int.from_bytes(numbers[4:12], "big"), *epochs


def described(index):
    system, device, first, last = subject(index)
    return {"system": system, "device": str(device), "first_epoch": first, "last_epoch": last}


def message(index):
    root = drawn(f"seed {index % 3}")
    master = Master(root)
    name = identity(*subject(index))
    sigma = drawn(f"sigma {index}")
    text, data = drawn(f"text {index}", LENGTHS[index % len(LENGTHS)]), drawn(f"data {index}", index % 5)
    encapsulation, shared = encapsulate(master.public, name, sigma)
    sealed = seal(master.public, name, sigma, text, data)
    key = master.extract(name)
    assert decapsulate(master.public, name, key, encapsulation) == (shared, True)
    assert open_message(master.public, name, key, sealed, data) == text
    return described(index) | {
        "seed": root.hex(),
        "master_public_key": master.public.hex(),
        "identity": name.hex(),
        "device_key": encode(key).hex(),
        "sigma": sigma.hex(),
        "encapsulation": encapsulation.hex(),
        "shared_key": shared.hex(),
        "text": text.hex(),
        "associated_data": data.hex(),
        "sealed": sealed.hex(),
    }


def rejected():
    """Encapsulations that nobody made, and the key that the device comes to nevertheless."""
    master, name = Master(drawn("seed 0")), identity(*subject(3))
    key = master.extract(name)
    good, shared = encapsulate(master.public, name, drawn("sigma of rejected"))
    other, _ = encapsulate(master.public, identity(*subject(4)), drawn("sigma of rejected"))
    point = G1Point.from_compressed_bytes(good[:48])
    changed = {
        "the first bit of V": good[:48] + bytes([good[48] ^ 0x80]) + good[49:],
        "the last bit of V": good[:79] + bytes([good[79] ^ 1]),
        "U, negated": bytes([good[0] ^ 0x20]) + good[1:],
        "U, doubled": encode(point + point) + good[48:],
        "U, the generator": encode(G1Point()) + good[48:],
        "to another identity": other,
        "noise in V": good[:48] + drawn("noise"),
    }
    cases = []
    for comment, encapsulation in changed.items():
        wrong, is_good = decapsulate(master.public, name, key, encapsulation)
        assert not is_good and wrong != shared
        cases.append({"comment": comment, "encapsulation": encapsulation.hex(), "shared_key": wrong.hex()})
    return described(3) | {
        "seed": drawn("seed 0").hex(),
        "good": good.hex(),
        "shared_key": shared.hex(),
        "cases": cases,
    }


def flags(x, bits):
    return bytes([x[0] | bits]) + x[1:]


def root_1(x):
    """Whether x is on the curve of G1."""
    square = (x * x * x + 4) % P
    return pow(square, (P - 1) // 2, P) == 1


def root_2(c0, c1):
    """Whether c0 + c1 u is on the curve of G2: the norm of its right-hand side is a square."""
    s0, s1 = (c0 * c0 - c1 * c1) % P, 2 * c0 * c1 % P
    y0, y1 = (s0 * c0 - s1 * c1 + 4) % P, (s0 * c1 + s1 * c0 + 4) % P
    return pow((y0 * y0 + y1 * y1) % P, (P - 1) // 2, P) == 1


def refused(kind, length, is_on_curve, named):
    """Encodings of points that must be refused; a number x stands for itself in the last 48 bytes."""
    good = encode(kind())
    points = {
        "neutral": bytes([0xC0]) + bytes(length - 1),
        "neutral, with a sign": bytes([0xE0]) + bytes(length - 1),
        "neutral, and more": bytes([0xC0]) + bytes(length - 2) + b"\x01",
        "not marked as compressed": bytes([good[0] & 0x1F]) + good[1:],
        "all zero": bytes(length),
        "all ones": b"\xff" * length,
    } | named
    x, outside, off = 0, 0, 0
    while outside < 6 or off < 6:
        encoded = flagged(x.to_bytes(length, "big"), 0x80)
        if is_on_curve(x) and outside < 6:
            assert not kind.from_compressed_bytes_unchecked(encoded).is_in_subgroup()
            points[f"outside the group, x = {x}"] = encoded
            outside += 1
        elif not is_on_curve(x) and off < 6:
            points[f"off the curve, x = {x}"] = encoded
            off += 1
        x += 1
    # A point of the group whose last number is written as itself plus p, which must fit in the bits it has.
    factor, twice = 1, 0
    while twice < 2:
        multiple = encode(times(factor, kind()))
        last = multiple[-48:]
        flags, bits = (last[0] & 0xE0, 381) if length == 48 else (0, 384)
        twin = (int.from_bytes(last, "big") & (1 << bits) - 1) + P
        if twin < 1 << bits:
            points[f"{factor} times the generator, with p added"] = multiple[:-48] + flagged(twin.to_bytes(48, "big"), flags)
            twice += 1
        factor += 1
    for comment, point in points.items():
        assert not is_accepted(kind, point), comment
    return [{"comment": comment, "point": point.hex()} for comment, point in points.items()]


def flagged(encoded, bits):
    return bytes([encoded[0] | bits]) + encoded[1:]


def refused_1():
    return refused(
        G1Point,
        48,
        lambda x: pow((x**3 + 4) % P, (P - 1) // 2, P) == 1,
        {"x = p": flagged(P.to_bytes(48, "big"), 0x80)},
    )


def refused_2():
    # x is real: x^3 + 4 (1 + u) is a square where its norm is.
    return refused(
        G2Point,
        96,
        lambda x: pow(((x**3 + 4) ** 2 + 16) % P, (P - 1) // 2, P) == 1,
        {
            "an imaginary part of p": flagged(P.to_bytes(48, "big"), 0x80) + bytes(48),
            "a real part of p": flagged(bytes(48), 0x80) + P.to_bytes(48, "big"),
        },
    )


def is_accepted(kind, encoded):
    """Whether the other implementation takes it too, the neutral point apart, which it allows."""
    try:
        point = kind.from_compressed_bytes(encoded)
    except ValueError:
        return False
    return encode(point) == encoded and point != kind.identity()


def shared(index, threshold, holders, chosen):
    root, polynomial = drawn(f"seed {index}"), drawn(f"polynomial {index}")
    master, name = Master(root), identity(*subject(index + 2))
    shares, commitments = split(master, threshold, holders, polynomial)
    partial = {holder: times(share, hashed(name)) for holder, share in shares.items()}
    key = combine({holder: partial[holder] for holder in chosen})
    assert encode(key) == encode(master.extract(name))
    return described(index + 2) | {
        "seed": root.hex(),
        "threshold": threshold,
        "holders": holders,
        "polynomial": polynomial.hex(),
        "commitments": b"".join(commitments).hex(),
        "shares": [(bytes([holder]) + share.to_bytes(32, "big")).hex() for holder, share in shares.items()],
        "partial_keys": [encode(point).hex() for point in partial.values()],
        "chosen": chosen,
        "device_key": encode(key).hex(),
    }


def ibe_vectors():
    return {
        "messages": [message(index) for index in range(24)],
        "rejected": rejected(),
        "refused_public_keys": refused_1(),
        "refused_device_keys": refused_2(),
        "shares": [
            shared(0, 2, 2, [2, 1]),
            shared(1, 2, 3, [1, 3]),
            shared(2, 3, 5, [5, 2, 4]),
            shared(3, 5, 7, [7, 1, 3, 6, 2]),
        ],
    }
