# SPDX-License-Identifier: Apache-2.0
"""X25519's C over the field's operations as contracts: compiled for the host with operations that only record, and run.

For a scalar, the record is read as what it computes for any point: each step doubles the one of two points that the bits ask for, by
the formulas of RFC 7748 as polynomials, and adds the two, whose difference is the given point; at the end the multiple is the clamped
scalar, and the result x z^(p - 2), fully reduced."""

import random
import subprocess
from pathlib import Path

from operations import P
from words import Refused, multiplied, plus

POINT = int("55" * 32, 16)
STEP = ["sum", "sum", "selected", "selected", "multiply", "multiply", "sum", "square", "square", "multiply", "multiply", "difference",
        "scale", "multiply"]
A24 = 121665


def times(poly, k):
    return plus({}, poly, k)


def modulo(poly):
    return {key: value % P for key, value in poly.items() if value % P}


class Course:
    """What the names of a record stand for: polynomials in `symbols` since the last cut, or the power of one number."""

    def __init__(self, lines, point):
        self.lines, self.point, self.place = [line.split() for line in lines], point, 0
        self.values = {}

    def value(self, name):
        if name in self.values:
            return self.values[name]
        number = int(name, 16)
        if number == POINT:
            return {("p",): 1}
        if number < 1 << 32:
            return {(): number} if number else {}
        raise Refused("a number that nobody made")

    def step(self, kinds):
        """Carries out the next operations, which must be these; gives the names of their operands and results."""
        used = []
        for kind in kinds:
            line = self.lines[self.place]
            self.place += 1
            if line[0] != kind:
                raise Refused(f"{line[0]} where {kind} should come")
            used.append(line[1:])
            match kind:
                case "multiply": self.values[line[3]] = multiplied(self.value(line[1]), self.value(line[2]))
                case "square": self.values[line[2]] = multiplied(self.value(line[1]), self.value(line[1]))
                case "difference": self.values[line[3]] = plus(self.value(line[1]), self.value(line[2]), -1)
                case "scale": self.values[line[4]] = plus(times(self.value(line[2]), int(line[1], 16)), self.value(line[3]))
                case "selected":
                    if line[1] not in ("00000000", "ffffffff"):
                        raise Refused("a mask that is none")
                    one = self.value(line[3] if line[1] == "ffffffff" else line[2])
                    self.values[line[4]] = multiplied(one, one)
                case "sum":
                    self.values[line[3]] = plus(self.value(line[1]), self.value(line[2]))
                    self.values[line[4]] = plus(self.value(line[1]), self.value(line[2]), -1)
        return used

    def cut(self, names):
        """From here on these names are symbols."""
        self.values = {name: {(symbol,): 1} for symbol, name in names.items()}


def doubled(x, z):
    """RFC 7748, section 5: x_2 and z_2."""
    a, b = plus(x, z), plus(x, z, -1)
    aa, bb = multiplied(a, a), multiplied(b, b)
    e = plus(aa, bb, -1)
    return multiplied(aa, bb), multiplied(e, plus(aa, times(e, A24)))


def added(x2, z2, x3, z3, x1):
    """RFC 7748, section 5: x_3 and z_3."""
    da, cb = multiplied(plus(x3, z3, -1), plus(x2, z2)), multiplied(plus(x3, z3), plus(x2, z2, -1))
    s, d = plus(da, cb), plus(da, cb, -1)
    return multiplied(s, s), multiplied(x1, multiplied(d, d))


def demand(found, expected, what):
    if any(modulo(plus(a, b, -1)) for a, b in zip(found, expected, strict=True)):
        raise Refused(f"{what} is not RFC 7748's")


def follow(lines, scalar: int, base: bool) -> None:
    course = Course(lines, base)
    x1 = {(): 9} if base else {("p",): 1}
    kinds = [*STEP]
    if base:
        kinds[9] = "scale"
    # The first bit doubles the point: its coordinates are x1 and 1.
    used = course.step(["sum", "square", "square", "multiply", "difference", "scale", "multiply"])
    twice = used[3][2], used[6][2]
    demand([course.value(name) for name in twice], doubled(x1, {(): 1}), "the first doubling")
    of_twice, of_sum, names = 2, 1, None
    for bit in range(253, 2, -1):
        first = course.lines[course.place:course.place + 2]
        given = {"x2": first[0][1], "z2": first[0][2], "x3": first[1][1], "z3": first[1][2]}
        if (given["x2"], given["z2"]) != twice:
            raise Refused("the step does not begin with the last double")
        if names and (given["x3"], given["z3"]) != names:
            raise Refused("the step does not begin with the last sum")
        if not names and (course.value(given["x3"]), course.value(given["z3"])) != (x1, {(): 1}):
            raise Refused("the first sum is not the point")
        # The first sum is the point itself, which is no symbol of its own.
        course.cut(given if names else {"x2": given["x2"], "z2": given["z2"]})
        symbols = [course.value(given[name]) for name in ("x2", "z2", "x3", "z3")]
        used = course.step(kinds)
        takes_sum = used[2][0] == "ffffffff"
        if used[3][0] != used[2][0]:
            raise Refused("two masks in one step")
        twice, names = (used[10][2], used[13][2]), (used[7][1], used[9][-1])
        demand([course.value(name) for name in twice], doubled(*(symbols[2:] if takes_sum else symbols[:2])), "a doubling")
        demand([course.value(name) for name in names], added(*symbols, x1), "an addition")
        if abs(of_twice - of_sum) != 1:
            raise Refused("the points do not differ by the given one")
        of_twice, of_sum = 2 * (of_sum if takes_sum else of_twice), of_twice + of_sum
    for i in range(3):
        kinds = ["sum", *(["sum"] if i == 0 else []), "selected", "selected", "multiply", "difference", "scale", "multiply"]
        first = course.lines[course.place:course.place + 2]
        given = {"x2": twice[0], "z2": twice[1]} | ({"x3": names[0], "z3": names[1]} if i == 0 else {})
        held = dict(course.values)
        course.cut(given)
        course.values |= {name: {} for name in held if name not in course.values}  # what the mask leaves out may be anything
        used = course.step(kinds)
        shift = len(kinds) - 7
        takes_sum = used[1 + shift][0] == "ffffffff"
        if takes_sum and i or used[2 + shift][0] != used[1 + shift][0] or tuple(used[0][:2]) != twice:
            raise Refused("the last doublings are of something else")
        twice = used[3 + shift][2], used[6 + shift][2]
        chosen = ("x3", "z3") if takes_sum else ("x2", "z2")
        demand([course.value(name) for name in twice], doubled(*({(s,): 1} for s in chosen)), "a last doubling")
        of_twice = 2 * (of_sum if takes_sum else of_twice)
    if of_twice != scalar & ~7 & (1 << 255) - 1 | 1 << 254:
        raise Refused("the multiple is not the scalar")
    invert(course, *twice)


def invert(course, x, z) -> None:
    """x times z^(p - 2): powers of z are followed as their exponents."""
    powers = {z: 1}
    while True:
        line = course.lines[course.place]
        course.place += 1
        if line[0] == "square":
            powers[line[2]] = 2 * powers[line[1]]
        elif line[0] == "multiply" and x in line[1:3]:
            other = line[2] if line[1] == x else line[1]
            if powers[other] != P - 2:
                raise Refused("the inverse is another power")
            product = line[3]
            break
        elif line[0] == "multiply":
            powers[line[3]] = powers[line[1]] + powers[line[2]]
        else:
            raise Refused(f"{line[0]} in the inversion")
    [result] = course.lines[course.place:]
    if result[0] != "result" or int(result[1], 16) != int(product, 16) % P:
        raise Refused("the result is not the product, reduced")


def prove(compiler, folder: Path, source: Path, here: Path) -> str:
    program = folder / "recorder"
    subprocess.run([compiler, "-O1", "-I", source / "include", here / "recorder.c", source / "x25519.c", source / "field.c", "-o",
                    program], check=True)
    chance = random.Random(1)
    scalars = [0, (1 << 256) - 1, int("55" * 32, 16), int("aa" * 32, 16)] + [chance.getrandbits(256) for _ in range(4)]
    for scalar in scalars:
        for base in (False, True):
            command = [program, *(["base"] if base else []), scalar.to_bytes(32, "little").hex()]
            lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
            follow(lines, scalar, base)
    return f"X25519 is the clamped multiple of every point, and of the base point, for {len(scalars)} scalars"
