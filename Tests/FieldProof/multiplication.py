# SPDX-License-Identifier: Apache-2.0
"""h (-A) + s B, from its record: of which multiples of the given point and of the base point each double and each sum is."""

import random
from dataclasses import dataclass

from curve import HALF, ONE, demand, demand_same, number, times, x1, x2, y1, y2, z1, z2
from edwards import demand_double, demand_sum, prepared
from operations import P
from primes import D, ORDER, ROOT
from record import Record
from words import Refused


@dataclass
class Point:
    names: list
    multiple: tuple[int, int]  # of the given point and of the base point


NEUTRAL = [f"{value:064x}" for value in (0, 1, 1, 0)]


class Multiplication:
    def __init__(self, edwards):
        self.edwards = edwards

    def prove(self) -> int:
        """Every pair of digits, first or not; and some numbers, whose digits are their own."""
        pairs = [(own, base) for own in (0, 1, -1, 3, -3) for base in [0, *range(-15, 16, 2)]]
        runs = [pairs[1:] + pairs] + [[(0, 0)] * 253 + [pair] for pair in pairs]
        for digits in runs:
            places = range(253, 253 - len(digits), -1)
            expected = [sum(digit[i] << place for digit, place in zip(digits, places)) for i in range(2)]
            self.follow(self.edwards.lines("multiply", ";".join(f"{own},{base}" for own, base in digits)), *expected)
        chance = random.Random(1)
        for _ in range(2):
            h, s = chance.randrange(ORDER), chance.randrange(ORDER)
            self.follow(self.edwards.lines("scalars", *(value.to_bytes(32, "little").hex() for value in (h, s))), h, s)
        return len(pairs)

    def follow(self, lines, own, base) -> None:
        """The multiple of the given point, and that of the base point, that a record leaves."""
        record = Record(lines)
        given = record.symbols()
        point = Point([given[what] for what in "XYZT"], (1, 0))
        tables = base_table() | {self.table(record, point): (point.multiple, z2)}
        point = self.added(record, self.doubled(record, point), tables)
        tables[self.table(record, point)] = (point.multiple, z2)
        point = Point(NEUTRAL, (0, 0))
        while record.peek() != "result":
            # An addition begins with Y and X, a doubling with X and Y.
            first = record.lines[record.place][1:3]
            if first == [point.names[1], point.names[0]]:
                point = self.added(record, point, tables)
            else:
                point = self.doubled(record, point)
        demand(record.take("result") == point.names[:3], "the result is another point")
        demand(point.multiple == (own, base), "the multiple is another")

    def place_of(self, point):
        return ({}, ONE, ONE) if point.names == NEUTRAL else (x1, y1, z1)

    def values_of(self, point):
        x, y, z = self.place_of(point)
        values = (times(x, z), times(y, z), z, times(x, y, z))
        return {name: value for name, value in zip(point.names, values) if name}

    def table(self, record, point):
        record.values = self.values_of(point)
        names = record.steps(["sum", "multiply", "scale", "scale"])
        made = (names[0][2], names[0][3], names[2][3], names[3][3])
        for name, expected in zip(made, prepared(x1, y1, z1).values(), strict=True):
            demand_same(record.value(name), expected, "the prepared point is another")
        return made

    def ended(self, record):
        """The last multiplications; gives the names of X, Y, Z, and of T where that is made."""
        names = [name[2] for name in record.steps(["multiply"] * record.ahead("multiply"))]
        demand(len(names) in (3, 4), "a formula ends otherwise")
        return [names[0], names[-2], names[-1], names[1] if len(names) == 4 else None]

    def doubled(self, record, point):
        record.values = self.values_of(point)
        record.steps(["sum", "square", "square", "square", "square", "sum", "scale", "difference"])
        names = self.ended(record)
        demand_double([record.value(name) for name in names if name], names[3] is not None)
        return Point(names, tuple(2 * times for times in point.multiple))

    def added(self, record, point, tables):
        first = [line[2] for line in record.lines[record.place + 1:record.place + 5]]
        factors = tuple(first[:3])
        for entry, (multiple, z) in tables.items():
            if factors in (entry[:3], (entry[1], entry[0], entry[2])):
                sign = 1 if factors == entry[:3] else -1
                break
        else:
            raise Refused("what is added is in no table")
        record.values = self.values_of(point) | dict(zip(entry, prepared(x2, y2, z).values()))
        is_affine = len(entry) == 3
        record.steps(["sum", *["multiply"] * (3 if is_affine else 4), "sum", "sum"])
        names = self.ended(record)
        demand_sum([record.value(name) for name in names if name], self.place_of(point), sign, z, names[3] is not None)
        return Point(names, tuple(a + sign * b for a, b in zip(point.multiple, multiple)))


def base_table():
    """The odd multiples of the base point, 1 to 15, by the elements that are in the table for each."""
    y = 4 * pow(5, P - 2, P) % P
    x = decoded(y)
    entries, point, double = {}, (x, y), affine_sum((x, y), (x, y))
    for multiple in range(1, 16, 2):
        elements = ((point[1] + point[0]) * HALF, (point[1] - point[0]) * HALF, D * point[0] * point[1])
        entries[tuple(f"{element % P:064x}" for element in elements)] = ((0, multiple), number(HALF))
        point = affine_sum(point, double)
    return entries


def affine_sum(a, b):
    e = D * a[0] * b[0] * a[1] * b[1]
    return ((a[0] * b[1] + a[1] * b[0]) * pow(1 + e, P - 2, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - e, P - 2, P) % P)


def decoded(y):
    """The even x of a point."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * ROOT % P
    return P - x if x % 2 else x
