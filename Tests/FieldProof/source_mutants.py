# SPDX-License-Identifier: Apache-2.0
"""What the proofs of the C refuse: the source with one thing changed, in each of these places."""

import shutil
from pathlib import Path

from words import Refused

ENDS = (
    ("field.c", "fold_top(a, a[7] >> 31);  // below", "// below"),
    ("field.c", "uint32_t carry = 19;      //", "uint32_t carry = 18;      //"),
    ("field.c", "uint32_t reaches = (a[7] + carry) >> 31;", "uint32_t reaches = a[7] >> 31;"),
    ("field.c", "carry = word < carry;", "carry = 0;"),
    ("field.c", "  fold_top(a, reaches);\n  a[7] &= 0x7FFFFFFF;", "  fold_top(a, reaches);"),
    ("field.c", "for (int i = 0; i < 7; i++) carry = a[i] + carry < carry;", "for (int i = 0; i < 6; i++) carry = a[i] + carry < carry;"),
    ("x25519.c", "uint32_t before = 1;", "uint32_t before = 0;"),
    ("x25519.c", "scalar[i >> 3] >> (i & 7) & 1", "scalar[i >> 3] >> (i & 6) & 1"),
    ("x25519.c", "i = 253; i >= 3", "i = 253; i >= 2"),
    ("x25519.c", "i = 253; i >= 3", "i = 254; i >= 3"),
    ("x25519.c", "bit ^ before", "bit"),
    ("x25519.c", "takeSum = -before;", "takeSum = 0;"),
    ("x25519.c", "i < 3; i++, takeSum = 0", "i < 3; i++"),
    ("x25519.c", "before = bit;", "before = bit; if (bit) field25519_square(square, other);"),
)

EDWARDS = [("ed25519.c", *texts) for texts in (
    ("0x135978a3", "0x135978a4"),
    ("{0x4a0ea0b0", "{0x4a0ea0b1"),
    ("if (needsT) field25519_multiply(p[T], p[T], p[Y]);", "if (needsT) field25519_multiply(p[T], p[T], p[X]);"),
    ("field25519_multiply(p[Y], p[X], p[Y]);", "field25519_multiply(p[Y], p[Y], p[Y]);"),
    ("field25519_scale_and_add(p[Z], p[Z], 2, p[X]);", "field25519_scale_and_add(p[Z], p[Z], 1, p[X]);"),
    ("field25519_difference(p[T], p[Y], p[T]);", "field25519_difference(p[T], p[T], p[Y]);"),
    ("field25519_sum_and_difference(p[Y], p[X], p[X], p[Y]);", "field25519_sum_and_difference(p[Y], p[X], p[Y], p[X]);"),
    ("field25519_sum_and_difference(p[Y], p[X], p[Y], p[X]);", "field25519_sum_and_difference(p[X], p[Y], p[Y], p[X]);"),
    ("q[isNegative ? difference : sum]", "q[sum]"),
    ("p[isNegative ? Z : X], p[isNegative ? X : Z]", "p[X], p[Z]"),
    ("if (!isAffine) field25519_multiply", "field25519_multiply"),
    ("field25519_scale_and_add(q[product], q[product], 1, q[product]);", ""),
    ("field25519_scale_and_add(q[denominator], p[Z], 1, p[Z]);", "field25519_copy(q[denominator], p[Z]);"),
    ("field25519_scale_and_add(w[2], w[1], 2, w[2]);", "field25519_scale_and_add(w[2], w[1], 1, w[2]);"),
    ("field25519_multiply(w[0], w[0], w[1]);\n", ""),
    ("field25519_square(w[4], w[3]);", "field25519_multiply(w[4], w[3], v);"),
    ("field25519_multiply(w[4], w[4], u);", ""),
    ("if (!field25519_is_zero(w[4])) return -1;", ""),
    ("field25519_multiply(x, x, rootOfMinusOne);", ""),
    ("(x[0] & 1) == bytes[31] >> 7", "(x[0] & 1) != bytes[31] >> 7"),
    ("field25519_reduce(x);", ""),
    ("ofOwn == 3 || ofOwn == -3", "ofOwn == 3"),
    ("if (begun) double_point(p, ofOwn || ofBase);", "if (begun) double_point(p, ofOwn);"),
    ("begun |= ofOwn | ofBase;", "begun |= ofOwn;"),
    ("ofOwn < 0, ofBase != 0", "ofOwn < 0, 0"),
    ("(ofBase < 0 ? -ofBase : ofBase) / 2", "(ofBase < 0 ? -ofBase : ofBase) / 2 ^ 1"),
    ("1, ofBase < 0, 0);", "1, ofBase > 0, 0);"),
    ("i = 253; i >= 0", "i = 252; i >= 0"),
    ("i < 3; i++", "i < 2; i++"),
    ("<< 7", "<< 6"),
    ("different |= encoded", "different = encoded"),
)] + [("ed25519_base.c", "0x97de49e3", "0x97de49e4"), ("powers.h", "square_times(t, r, 20);", "square_times(t, r, 19);")]

SCALARS = [("ed25519_scalar.c", *texts) for texts in (
    ("0x5cf5d3ed", "0x5cf5d3ee"),
    ("bytes[2] << 16", "bytes[2] << 17"),
    ("return a[i] < order[i];", "return a[i] > order[i];"),
    ("  return 0;\n", "  return 1;\n"),
    ("int i = 7; i >= 0; i--", "int i = 7; i > 0; i--"),
    ("carry >>= 32;\n  }\n  return (int32_t)carry;", "carry >>= 32;\n  }\n  return (int32_t)carry & 1;"),
    ("(int64_t)r[i] - a[i]", "(int64_t)r[i] + a[i]"),
    ("r[i] = (uint32_t)carry;\n    carry >>= 32;", "r[i] = (uint32_t)carry;\n    carry = (uint64_t)carry >> 32;"),
    ("carry += (uint64_t)a[i] * order[j] + product[i + j];", "carry = (uint64_t)a[i] * order[j] + product[i + j];"),
    ("product[i + wordsOfC] = (uint32_t)carry;", ""),
    ("x[i + 7] >> 28", "x[i + 7] >> 27"),
    ("x[i + 8] << 4", "x[i + 8] << 3"),
    ("x[7] &= 0x0FFFFFFF;", "x[7] &= 0x1FFFFFFF;"),
    ("size > 8 ? size - 7 : 0", "size > 8 ? size - 8 : 0"),
    ("isNegative = !isNegative", "isNegative = 0"),
    ("top += accumulate(r, x, isNegative);", "accumulate(r, x, isNegative);"),
    ("while (top < 0)", "while (top < -1)"),
    ("|| !ed25519_scalar_is_reduced(r)", ""),
    ("i < 32; i++) result", "i < 31; i++) result"),
    ("place < 0 ? 0", "place < 1 ? 0"),
    ("% 8 & 1", "% 8 & 3"),
    ("place < digits->end", "place <= digits->end"),
    ("place - digits->window + 1", "place - digits->window"),
    ("digit = -bit(n, place)", "digit = bit(n, place)"),
    ("digit += bit(n, end - 1);", ""),
    ("digits->end = end;", ""),
    ("!(digit & 1); digits->place++", "!(digit & 3); digits->place++"),
)] + [("field.c", *texts) for texts in (
    ("bytes[1] << 8", "bytes[1] << 9"),
    ("r[7] &= 0x7FFFFFFF;", ""),
    ("8 * (i % 4)", "8 * (i % 3)"),
    ("any |= a[i]", "any ^= a[i]"),
    ("  field25519_reduce(a);\n  for (int i = 0; i < 8", "  for (int i = 0; i < 8"),
)]

# (core, file, text, other): of a hash.
HASHES = [
    *(("m4", "sha256.c", *texts) for texts in (
        ("ror #14", "ror #15"), ("ror #2\\n\"", "ror #3\\n\""), ("eor %[t], %[F], %[G]", "orr %[t], %[F], %[G]"),
        ("add %[D], %[H]", "add %[D], %[t]"), ("[at] \"I\"(4 * (n))", "[at] \"I\"(4 * ((n) ^ 1))"))),
    *(("rv32", "sha256.c", *texts) for texts in (
        ("0x71374491", "0x71374492"), ("0x6a09e667", "0x6a09e668"), ("rotate(early, 7)", "rotate(early, 8)"),
        ("(early) >> 3", "(early) >> 4"),
        ("(c & u)", "(c & b)"), ("(e & t)", "(e | t)"), ("ROLL(0, 7, 9)", "ROLL(0, 7, 8)"), ("hash->state[4] += e", "hash->state[4] = e"),
        ("*word << 8 | *data++", "*word << 7 | *data++"), ("place % 4 || size < 4", "size < 4"), ("place != 14", "place != 13"),
        ("(uint32_t)(bits >> 32)", "0"), ("{0x80}", "{0x40}"), ("if (place == 15) compress(hash);", ""),
        ("place < 64 && size", "place < 60 && size"))),
    *(("m0", "sha512.c", *texts) for texts in (
        ("0xb5c0fbcfec4d3b2f", "0xb5c0fbcfec4d3b2e"), ("rotate(late, 61)", "rotate(late, 60)"), ("late >> 6", "late >> 5"),
        ("rotate(e, 41)", "rotate(e, 42)"), ("(c & (a | b))", "(c & a)"), ("(i + 9) & 15", "(i + 8) & 15"), ("i < 80", "i < 79"),
        ("d += h;", "d += g;"), ("bytes >> 61", "0"), ("bytes << 3", "bytes << 4"), ("place % 8 || size < 8", "size < 8"),
        ("data[i + 4]", "data[i + 3]"), ("(i % 2 ? 0 : 32)", "(i % 2 ? 32 : 0)"))),
]


def campaign(what: str, mutants, folder: Path, source: Path, prove) -> str:
    """`prove` is called with a folder to work in and the changed source; and, where a mutant has a core, with that and the file's name."""
    for number, (*core, name, text, other) in enumerate(mutants):
        copy = folder / f"{what} {number}"
        shutil.copytree(source, copy)
        unchanged = (copy / name).read_text()
        if unchanged.count(text) != 1:
            raise SystemExit(f"{name} has changed: there is no mutant of {text!r}")
        (copy / name).write_text(unchanged.replace(text, other))
        try:
            prove(copy, copy, *(core and [*core, name]))
        except Refused:
            continue
        raise SystemExit(f"proved, but wrong: {name} with {other!r} for {text!r}")
    return f"{len(mutants)} mutants of {what}: refused"
