# SPDX-License-Identifier: Apache-2.0
"""The curve -x^2 + y^2 = 1 + d x^2 y^2 as polynomials modulo p: its equation, its law, and that no denominator of the law is ever 0."""

from operations import P
from primes import D, ROOT, demand_complete
from words import Refused, multiplied, plus

INVERSE_OF_D = pow(D, P - 2, P)
HALF = (P + 1) // 2


def number(value):
    return {(): value % P} if value % P else {}


def symbol(name):
    return {(name,): 1}


def times(*factors):
    result = number(1)
    for factor in factors:
        result = reduced(multiplied(result, factor if isinstance(factor, dict) else number(factor)))
    return result


def total(*terms):
    result = {}
    for term in terms:
        result = plus(result, term)
    return reduced(result)


def negative(poly):
    return times(poly, -1)


def reduced(poly):
    """Modulo p and the curve's equations: x^2 y^2 = (y^2 - x^2 - 1) / d, for both points."""
    waiting, result = {key: value % P for key, value in poly.items()}, {}
    while waiting:
        key, value = waiting.popitem()
        for x, y in (("x1", "y1"), ("x2", "y2")):
            if key.count(x) >= 2 and key.count(y) >= 2:
                rest = list(key)
                for name in (x, x, y, y):
                    rest.remove(name)
                for more, sign in (((y, y), 1), ((x, x), -1), ((), -1)):
                    term = tuple(sorted([*rest, *more]))
                    waiting[term] = (waiting.get(term, 0) + sign * value * INVERSE_OF_D) % P
                break
        else:
            result[key] = (result.get(key, 0) + value) % P
    return {key: value for key, value in result.items() if value}


x1, y1, z1, x2, y2, z2 = map(symbol, ("x1", "y1", "z1", "x2", "y2", "z2"))
ONE = number(1)


def demand(condition, what) -> None:
    if not condition:
        raise Refused(what)


def demand_same(a, b, what) -> None:
    demand(not total(a, negative(b)), what)


# ---- The law, and that it is complete ----

def sum_of(xa, ya, xb, yb):
    """The numerators and denominators of x and y (RFC 8032, section 5.1.4, in affine form)."""
    e = times(D, xa, xb, ya, yb)
    return ((total(times(xa, yb), times(ya, xb)), total(ONE, e)), (total(times(ya, yb), times(xa, xb)), total(ONE, negative(e))))


def demand_law() -> None:
    """Where e = d x1 x2 y1 y2 is 1 or -1, (i x1 + e y1)^2 = d x1^2 y1^2 (i x2 + y2)^2 with i for the root of -1, and the same with
    -y1 and -y2. One of the right sides is not 0, and d would be a square, which it is not: so e is neither."""
    demand_complete()
    e = times(D, x1, x2, y1, y2)
    for sign in (1, -1):
        left, right = total(times(ROOT, x1), times(sign, e, y1)), total(times(ROOT, x2), times(sign, y2))
        difference = total(times(left, left), negative(times(D, x1, x1, y1, y1, right, right)))
        # e^2 - 1 is 0 there.
        demand_same(difference, times(total(times(e, e), number(-1)), total(times(y1, y1), number(-1))),
                    "the law is not seen to be complete")
