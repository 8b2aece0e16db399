# SPDX-License-Identifier: Apache-2.0
"""Edwards25519 and the Montgomery ladder in plain integers, from RFC 8032 (section 5.1) and RFC 7748 (sections 4.1 and 5).

Affine coordinates and Fermat inversions: slow, and short enough to be read beside the documents. Not for secrets.
"""

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
NEUTRAL = (0, 1)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P
    return x, y


def multiply(k, point):
    result = NEUTRAL
    while k:
        if k & 1:
            result = add(result, point)
        point = add(point, point)
        k >>= 1
    return result


def encode(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data):
    """The point of the prime-order group that is encoded, or None; strict: RFC 8032, section 5.1.3, and no neutral point."""
    value = int.from_bytes(data, "little")
    sign, y = value >> 255, value & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    point = (x, y)
    return point if point != NEUTRAL and multiply(L, point) == NEUTRAL else None


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = decode(BASE_Y.to_bytes(32, "little"))


def montgomery(point):
    """u = (1 + y) / (1 - y)."""
    y = point[1]
    return ((1 + y) * pow(1 - y, P - 2, P) % P).to_bytes(32, "little")


def x25519(k, u):
    """RFC 7748, section 5, with the clamping."""
    k = int.from_bytes(k, "little") & ((1 << 255) - 8) | 1 << 254
    k &= (1 << 255) - 1
    x1 = (int.from_bytes(u, "little") & (1 << 255) - 1) % P
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a, b * b, d * a, c * b
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")
