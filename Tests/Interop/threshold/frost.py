# SPDX-License-Identifier: Apache-2.0
"""FROST(Ed25519, SHA-512), written from RFC 9591 and RFC 8032 and from nothing else, and the ceremonies of
docs/reference/threshold-signing.md, written from that page. Slow, and not in constant time: for tests."""

import hashlib
import secrets

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)
CONTEXT = b"FROST-ED25519-SHA512-v1"


# ---- RFC 8032, section 5.1: points as x and y ----


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    return (
        (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P,
    )


NEUTRAL = (0, 1)


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
    """A point of the prime-order group other than the neutral one, strictly."""
    number = int.from_bytes(data, "little")
    y, sign = number & (2**255 - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT % P
    if x & 1 != sign:
        x = P - x
    point = (x, y)
    if len(data) != 32 or y >= P or x * x % P != square or point == NEUTRAL or multiply(L, point) != NEUTRAL:
        raise ValueError("no point of the group")
    return point


B = decode(bytes.fromhex("58" + "66" * 31))


def scalar(number):
    return (number % L).to_bytes(32, "little")


def load(data):
    number = int.from_bytes(data, "little")
    if len(data) != 32 or number >= L:
        raise ValueError("no scalar")
    return number


def sha512(*parts):
    return hashlib.sha512(b"".join(parts)).digest()


def number(digest):
    return int.from_bytes(digest, "little") % L


def total(points):
    result = NEUTRAL
    for point in points:
        result = add(result, point)
    return result


# ---- RFC 9591, sections 4 and 5 ----


def interpolating_value(i, signers):
    above = below = 1
    for j in signers:
        if j != i:
            above = above * j % L
            below = below * (j - i) % L
    return above * pow(below, -1, L) % L


def nonce(share, random=None):
    return number(sha512(CONTEXT, b"nonce", random or secrets.token_bytes(32), scalar(share)))


def binding_factors(key, commitments, message):
    """`commitments`: sorted triples of identifier, hiding and binding point."""
    listed = b"".join(scalar(i) + encode(hiding) + encode(binding) for i, hiding, binding in commitments)
    prefix = encode(key) + sha512(CONTEXT, b"msg", message) + sha512(CONTEXT, b"com", listed)
    return {i: number(sha512(CONTEXT, b"rho", prefix, scalar(i))) for i, _, _ in commitments}


def group_commitment(commitments, factors):
    return total(add(hiding, multiply(factors[i], binding)) for i, hiding, binding in commitments)


def challenge(commitment, key, message):
    return number(sha512(encode(commitment), encode(key), message))


def sign(i, share, key, hiding, binding, message, commitments):
    factors = binding_factors(key, commitments, message)
    c = challenge(group_commitment(commitments, factors), key, message)
    return (hiding + binding * factors[i] + interpolating_value(i, [c[0] for c in commitments]) * share * c) % L


def verify_share(i, z, public_share, key, message, commitments):
    factors = binding_factors(key, commitments, message)
    c = challenge(group_commitment(commitments, factors), key, message)
    hiding, binding = next((h, b) for j, h, b in commitments if j == i)
    factor = c * interpolating_value(i, [c[0] for c in commitments]) % L
    return multiply(z, B) == total([hiding, multiply(factors[i], binding), multiply(factor, public_share)])


def aggregate(key, message, commitments, shares):
    commitment = group_commitment(commitments, binding_factors(key, commitments, message))
    return encode(commitment) + scalar(sum(shares))


def verify(key, message, signature):
    """RFC 8032, section 5.1.7, without the cofactor."""
    z = load(signature[32:])
    c = number(sha512(signature[:32], encode(key), message))
    return multiply(z, B) == add(decode(signature[:32]), multiply(c, key))


# ---- docs/reference/threshold-signing.md: ceremonies ----


def big(value, size):
    return value.to_bytes(size, "big")


class Party:
    """One party of a generation or a refresh in which everybody deals and gets a share."""

    def __init__(self, me, threshold, session, keys, group=None, share=0):
        self.me, self.keys, self.threshold, self.group, self.old = me, keys, threshold, group, share
        self.first = 1 if group else 0
        previous = group.encoded if group else b""
        self.set = group.set + 1 if group else 1
        self.context = sha512(
            b"countersign-v1 threshold ceremony" + big(2 if group else 1, 1) + session + big(self.set, 4),
            big(threshold, 2) + big(len(previous), 4) + previous + big(len(keys), 2),
            *(big(i, 2) + big(3, 1) + key for i, key in sorted(keys.items())),
        )
        self.coefficients = [secrets.randbelow(L - 1) + 1 for _ in range(threshold)]
        if group:
            self.coefficients[0] = 0
        points = [encode(multiply(a, B)) for a in self.coefficients[self.first :]]
        announcement = big(me, 2) + big(len(points), 2) + b"".join(points)
        if not group:
            k = secrets.randbelow(L)
            commitment = encode(multiply(k, B))
            announcement += commitment + scalar(k + self.proof_challenge(me, points, commitment) * self.coefficients[0])
        self.announcements, self.pledges = {me: announcement}, {}
        self.polynomials = {me: [decode(point) for point in points]}
        self.shares = {me: self.share(me)}
        self.pledge = self.pledge_of(announcement)

    def pledge_of(self, announcement):
        return sha512(b"countersign-v1 threshold pledge", self.context, announcement)

    def proof_challenge(self, dealer, points, commitment):
        return number(
            sha512(b"countersign-v1 threshold proof", self.context, big(dealer, 2), b"".join(points), commitment)
        )

    def take_announcement(self, dealer, data):
        assert self.pledge_of(data) == self.pledges[dealer], "a broken pledge"
        count = self.threshold - self.first
        assert data[:4] == big(dealer, 2) + big(count, 2), "another dealer or degree"
        points = [data[4 + 32 * i : 36 + 32 * i] for i in range(count)]
        rest = data[4 + 32 * count :]
        self.polynomials[dealer] = [decode(point) for point in points]
        if self.group:
            assert not rest
        else:
            commitment, z = decode(rest[:32]), load(rest[32:])
            c = self.proof_challenge(dealer, points, rest[:32])
            assert multiply(z, B) == add(commitment, multiply(c, self.polynomials[dealer][0])), "a wrong proof"
        self.announcements[dealer] = data

    def share(self, receiver):
        return sum(a * receiver**power for power, a in enumerate(self.coefficients)) % L

    def expected(self, dealers, receiver):
        return total(
            multiply(receiver ** (power + self.first) % L, point)
            for dealer in dealers
            for power, point in enumerate(self.polynomials[dealer])
        )

    def take_share(self, dealer, data):
        assert multiply(load(data), B) == self.expected([dealer], self.me), "a wrong share"
        self.shares[dealer] = load(data)

    @property
    def transcript(self):
        listed = b"".join(big(len(a), 4) + a for _, a in sorted(self.announcements.items()))
        return sha512(b"countersign-v1 threshold transcript", self.context, listed)

    def finish(self):
        dealers = sorted(self.keys)
        assert sorted(self.shares) == dealers
        key = self.group.key if self.group else total(self.polynomials[i][0] for i in dealers)
        public = {i: self.expected(dealers, i) for i in dealers}
        if self.group:
            public = {i: add(self.group.public[i], point) for i, point in public.items()}
        share = (sum(self.shares.values()) + self.old) % L
        assert multiply(share, B) == public[self.me]
        return Group(self.set, self.threshold, key, self.transcript[:32], public), share


class Group:
    def __init__(self, set_number, threshold, key, ceremony, public):
        self.set, self.threshold, self.key, self.public = set_number, threshold, key, public
        self.encoded = big(1, 1) + big(set_number, 4) + big(threshold, 2) + big(len(public), 2) + encode(key) + ceremony
        self.encoded += b"".join(big(i, 2) + encode(point) for i, point in sorted(public.items()))

    @property
    def fingerprint(self):
        digest = sha512(b"countersign-v1 threshold fingerprint", self.encoded)
        digits = f"{int.from_bytes(digest[:16], 'big') % 10**25:025}"
        return " ".join(digits[i : i + 5] for i in range(0, 25, 5))
