# SPDX-License-Identifier: Apache-2.0
"""Vectors for identity-based credentials: issuance in each flavour, reconstruction, points that are refused, the lift."""

from edwards25519 import BASE, L, P, add, decode, encode, montgomery, multiply, x25519
from identity import BLINDED, ESCROW, INJECTED, Master, lift, reconstruct
from seeds import seed

NAMES = {BLINDED: "blinded", INJECTED: "injected", ESCROW: "escrow"}


def drawn(label, length):
    return seed(f"identity {label}", length)


def subject(index):
    """Ordinary values, then those at the ends of their ranges."""
    if index == 0:
        return 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF, 65534, 65535
    if index == 1:
        return 1, 0, 1, 0
    numbers = drawn(f"subject {index}", 16)
    return (
        int.from_bytes(numbers[:4], "big"),
        int.from_bytes(numbers[4:12], "big"),
        1 + index,
        int.from_bytes(numbers[12:14], "big"),
    )


def issued(index, issuance):
    root = drawn(f"seed {index % 3}", 32)
    master = Master(root)
    fields = master.fields(issuance, *subject(index))
    random = b"" if issuance == ESCROW else drawn(f"random {index} {issuance}", 32)
    u = int.from_bytes(drawn(f"device {index}", 32), "little") % L
    request = encode(multiply(u, BASE)) if issuance == BLINDED else None
    credential, s = master.issue(fields, request, random)
    private = lift((s + u) % L if request else s)
    public = reconstruct(master.public, credential)
    assert x25519(private, (9).to_bytes(32, "little")) == public
    system, device, generation, last_epoch = subject(index)
    vector = {
        "issuance": NAMES[issuance],
        "seed": root.hex(),
        "master_public_key": master.public.hex(),
        "system": system,
        "device": str(device),
        "generation": generation,
        "last_epoch": last_epoch,
        "random": random.hex(),
    }
    if request:
        vector |= {
            "device_secret": u.to_bytes(32, "little").hex(),
            "request": request.hex(),
            "contribution": s.to_bytes(32, "little").hex(),
        }
    return vector | {"credential": credential.hex(), "private_key": private.hex(), "public_key": public.hex()}


def torsion():
    """A point of order 8: L times a point outside the prime-order group."""
    y = 2
    while True:
        square = (y * y - 1) * pow(-121665 * pow(121666, P - 2, P) * y * y + 1, P - 2, P) % P
        x = pow(square, (P + 3) // 8, P)
        if x * x % P != square:
            x = x * pow(2, (P - 1) // 4, P) % P
        if x * x % P == square:
            point = multiply(L, (x, y))
            if multiply(4, point) != (0, 1):
                return point
        y += 1


def refused():
    master = Master(drawn("seed 0", 32))
    fields = master.fields(BLINDED, 1, 2, 3, 4)
    good = multiply(scalar_of("good"), BASE)
    eighth = torsion()
    points = {f"low order, {n} times a point of order 8": encode(multiply(n, eighth)) for n in range(1, 8)}
    points["the neutral point"] = encode((0, 1))
    points |= {f"with torsion {n}": encode(add(good, multiply(n, eighth))) for n in range(1, 8)}
    off, y = [], 2
    while len(off) < 4:
        if decode_any(y) is None:
            off.append(y)
        y += 1
    points |= {f"off the curve, y = {y}": y.to_bytes(32, "little") for y in off}
    points["the neutral point, y = p + 1"] = (P + 1).to_bytes(32, "little")
    points["not canonical, y = 2^255 - 1"] = ((1 << 255) - 1).to_bytes(32, "little")
    points["the neutral point with a sign"] = (1 | 1 << 255).to_bytes(32, "little")
    for name, point in points.items():
        assert reconstruct(master.public, fields + point) is None, name
    return [
        {"comment": name, "master_public_key": master.public.hex(), "credential": (fields + point).hex()}
        for name, point in points.items()
    ]


def decode_any(y):
    """x for y, on the whole curve."""
    square = (y * y - 1) * pow(-121665 * pow(121666, P - 2, P) * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    return x if x * x % P in (square, P - square) else None


def scalar_of(label):
    return int.from_bytes(drawn(label, 64), "little") % L


def lifts():
    """Scalars at the turns of the formula, then drawn ones; with the agreement of neighbours."""
    edges = [1, 2, 7, 8, L - 1, L - 2, L - 8, (1 << 251) + 1, 1 << 250, L // 2, L // 8]
    scalars = edges + [scalar_of(f"lift {index}") for index in range(48)]
    vectors = []
    peer = drawn("peer", 32)
    peer_public = x25519(peer, (9).to_bytes(32, "little"))
    for s in scalars:
        private = lift(s)
        vector = {"scalar": s.to_bytes(32, "little").hex()}
        if private is None:
            vectors.append(vector | {"private_key": ""})
            continue
        public = montgomery(multiply(s, BASE))
        clamped = bytes([private[0] & 248]) + private[1:31] + bytes([private[31] & 127 | 64])
        assert clamped == private and x25519(private, (9).to_bytes(32, "little")) == public
        vectors.append(
            vector
            | {
                "private_key": private.hex(),
                "public_key": public.hex(),
                "peer": peer_public.hex(),
                "shared": x25519(private, peer_public).hex(),
            }
        )
    return vectors


def identity_vectors():
    issuances = [issued(index, issuance) for index in range(12) for issuance in (BLINDED, INJECTED, ESCROW)]
    return {"issuance": issuances, "refused": refused(), "lift": lifts()}
