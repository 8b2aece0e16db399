# SPDX-License-Identifier: Apache-2.0
"""A record of the field's operations, read as the polynomials that its names stand for."""

from curve import demand, negative, number, times, total
from primes import D, ROOT
from words import Refused

CONSTANTS = {0, 1, D, ROOT}


class Record:
    """What a record's names stand for."""

    def __init__(self, lines, values=()):
        self.lines, self.place, self.values = [line.split() for line in lines], 0, dict(values)

    def value(self, name):
        if name in self.values:
            return self.values[name]
        found = int(name, 16)
        if found in CONSTANTS:
            return number(found)
        raise Refused("a number that nobody made")

    def peek(self) -> str:
        return self.lines[self.place][0] if self.place < len(self.lines) else ""

    def take(self, kind):
        demand(self.peek() == kind, f"{self.peek() or 'nothing'} where {kind} should come")
        self.place += 1
        return self.lines[self.place - 1][1:]

    def symbols(self):
        """The elements that are given: {what: its name}."""
        given = {}
        while self.peek() == "symbol":
            what, name = self.take("symbol")
            given[what] = name
        return given

    def step(self):
        """Carries out one operation; gives its kind, operands and results."""
        kind, *names = self.lines[self.place]
        self.place += 1
        value, values = self.value, self.values
        match kind:
            case "multiply": values[names[2]] = times(value(names[0]), value(names[1]))
            case "square": values[names[1]] = times(value(names[0]), value(names[0]))
            case "difference": values[names[2]] = total(value(names[0]), negative(value(names[1])))
            case "scale": values[names[3]] = total(times(int(names[0], 16), value(names[1])), value(names[2]))
            case "sum":
                values[names[2]] = total(value(names[0]), value(names[1]))
                values[names[3]] = total(value(names[0]), negative(value(names[1])))
            case _: raise Refused(f"{kind} in a formula")
        return kind, names

    def ahead(self, kind) -> int:
        """How many of a kind come next."""
        count = 0
        while self.lines[self.place + count][0] == kind:
            count += 1
        return count

    def steps(self, kinds):
        """The next operations, which must be these."""
        found = []
        for kind in kinds:
            demand(self.peek() == kind, f"{self.peek() or 'nothing'} where {kind} should come")
            found.append(self.step()[1])
        return found
