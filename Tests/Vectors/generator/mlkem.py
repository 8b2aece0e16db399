# SPDX-License-Identifier: Apache-2.0
"""ML-KEM-768 as FIPS 203 words it, in plain integers: slow, and for vectors only."""

import hashlib

Q, N, K = 3329, 256, 3
ETA, DU, DV = 2, 10, 4
PUBLICLEN, CIPHERLEN = 384 * K + 32, 32 * (DU * K + DV)


def _bitrev(i):
    return int(f"{i:07b}"[::-1], 2)


ZETAS = [pow(17, _bitrev(i), Q) for i in range(128)]
GAMMAS = [pow(17, 2 * _bitrev(i) + 1, Q) for i in range(128)]


def _bits(data):
    return [byte >> i & 1 for byte in data for i in range(8)]


def encode(f, d):
    """ByteEncode_d (algorithm 5)."""
    value = sum(a << (d * i) for i, a in enumerate(f))
    return value.to_bytes(32 * d, "little")


def decode(data, d):
    """ByteDecode_d (algorithm 6)."""
    value, modulus = int.from_bytes(data, "little"), Q if d == 12 else 1 << d
    return [(value >> (d * i) & (1 << d) - 1) % modulus for i in range(N)]


def compress(f, d):
    return [((a << (d + 1)) + Q) // (2 * Q) % (1 << d) for a in f]


def decompress(f, d):
    return [(2 * Q * a + (1 << d)) >> (d + 1) for a in f]


def ntt(f):
    """Algorithm 9."""
    f, i, length = list(f), 1, 128
    while length >= 2:
        for start in range(0, N, 2 * length):
            for j in range(start, start + length):
                t = ZETAS[i] * f[j + length] % Q
                f[j], f[j + length] = (f[j] + t) % Q, (f[j] - t) % Q
            i += 1
        length //= 2
    return f


def inverse_ntt(f):
    """Algorithm 10."""
    f, i, length = list(f), 127, 2
    while length <= 128:
        for start in range(0, N, 2 * length):
            for j in range(start, start + length):
                t = f[j]
                f[j], f[j + length] = (t + f[j + length]) % Q, ZETAS[i] * (f[j + length] - t) % Q
            i -= 1
        length *= 2
    return [a * 3303 % Q for a in f]


def multiply(f, g):
    """Algorithms 11 and 12."""
    h = []
    for i in range(128):
        a0, a1, b0, b1 = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
        h += [(a0 * b0 + a1 * b1 * GAMMAS[i]) % Q, (a0 * b1 + a1 * b0) % Q]
    return h


def add(*polynomials):
    return [sum(column) % Q for column in zip(*polynomials)]


def sample_ntt(seed):
    """Algorithm 7; a thousand bytes are more than it ever takes."""
    data, f = hashlib.shake_128(seed).digest(1008), []
    for c0, c1, c2 in zip(data[::3], data[1::3], data[2::3]):
        f += [d for d in (c0 + 256 * (c1 % 16), c1 // 16 + 16 * c2) if d < Q]
    assert len(f) >= N
    return f[:N]


def sample_cbd(seed, number):
    """PRF and algorithm 8."""
    b = _bits(hashlib.shake_256(seed + bytes([number])).digest(64 * ETA))
    return [(b[4 * i] + b[4 * i + 1] - b[4 * i + 2] - b[4 * i + 3]) % Q for i in range(N)]


def _matrix(rho):
    return [[sample_ntt(rho + bytes([j, i])) for j in range(K)] for i in range(K)]


def _dot(left, right):
    return add(*(multiply(a, b) for a, b in zip(left, right)))


def _g(data):
    digest = hashlib.sha3_512(data).digest()
    return digest[:32], digest[32:]


def generate(seed):
    """ML-KEM.KeyGen_internal (algorithms 13 and 16) of d and z, 64 bytes together: ek and dk."""
    d, z = seed[:32], seed[32:]
    rho, sigma = _g(d + bytes([K]))
    a = _matrix(rho)
    s = [ntt(sample_cbd(sigma, i)) for i in range(K)]
    e = [ntt(sample_cbd(sigma, K + i)) for i in range(K)]
    ek = b"".join(encode(add(_dot(a[i], s), e[i]), 12) for i in range(K)) + rho
    return ek, b"".join(encode(p, 12) for p in s) + ek + hashlib.sha3_256(ek).digest() + z


def is_public_key(ek):
    """Section 7.2."""
    return len(ek) == PUBLICLEN and b"".join(encode(decode(ek[384 * i :][:384], 12), 12) for i in range(K)) == ek[:-32]


def _encrypt(ek, m, r):
    """Algorithm 14."""
    t, a = [decode(ek[384 * i :][:384], 12) for i in range(K)], _matrix(ek[384 * K :])
    y = [ntt(sample_cbd(r, i)) for i in range(K)]
    e1, e2 = [sample_cbd(r, K + i) for i in range(K)], sample_cbd(r, 2 * K)
    u = [add(inverse_ntt(_dot([row[i] for row in a], y)), e1[i]) for i in range(K)]
    v = add(inverse_ntt(_dot(t, y)), e2, decompress(decode(m, 1), 1))
    return b"".join(encode(compress(p, DU), DU) for p in u) + encode(compress(v, DV), DV)


def encapsulate(ek, m):
    """ML-KEM.Encaps_internal (algorithm 17): ciphertext and secret."""
    secret, r = _g(m + hashlib.sha3_256(ek).digest())
    return _encrypt(ek, m, r), secret


def decapsulate(dk, c):
    """ML-KEM.Decaps_internal (algorithms 15 and 18)."""
    ek, h, z = dk[384 * K : -64], dk[-64:-32], dk[-32:]
    u = [ntt(decompress(decode(c[32 * DU * i :][: 32 * DU], DU), DU)) for i in range(K)]
    v = decompress(decode(c[32 * DU * K :], DV), DV)
    s = [decode(dk[384 * i :][:384], 12) for i in range(K)]
    w = [(a - b) % Q for a, b in zip(v, inverse_ntt(_dot(s, u)))]
    m = encode(compress(w, 1), 1)
    secret, r = _g(m + h)
    return secret if _encrypt(ek, m, r) == c else hashlib.shake_256(z + c).digest(32)
