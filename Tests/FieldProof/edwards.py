# SPDX-License-Identifier: Apache-2.0
"""Ed25519's point formulas in C, over the field's operations as contracts, from a record of what each calls.

Points are (x z, y z, z, x y z), with x and y on the curve. Doubling, addition, the prepared form, decoding and encoding are shown to be
the curve's, as polynomials modulo its equation; curve.py shows that they are complete, multiplication.py that the whole follows its
digits."""

import subprocess
from pathlib import Path

from curve import HALF, demand, demand_law, demand_same, negative, number, sum_of, symbol, times, total, x1, x2, y1, y2, z1, z2
from operations import P
from primes import D, ROOT
from record import Record
from words import Refused

ENCODED = int("55" * 32, 16)  # the bytes that the recorder decodes

GIVEN = {"X": times(x1, z1), "Y": times(y1, z1), "Z": z1, "T": times(x1, y1, z1)}


def prepared(x, y, z):
    """Y + X, Y - X, 2 d T, 2 Z"""
    return {"sum": times(total(y, x), z), "difference": times(total(y, negative(x)), z), "product": times(2 * D, x, y, z),
            "denominator": times(2, z)}


def demand_point(values, x, y, scale, has_t) -> None:
    """X, Y, Z and T of a point whose x and y are fractions; Z is their denominators, times what is not 0."""
    X, Y, Z = values[:3]
    demand_same(times(X, x[1]), times(x[0], Z), "x is not the sum's")
    demand_same(times(Y, y[1]), times(y[0], Z), "y is not the sum's")
    whole = times(scale, x[1], y[1])
    demand(any(not total(Z, times(k, whole)) for k in (1, -1, 4, -4)), "the denominator may be 0")
    if has_t:
        demand_same(times(values[3], Z), times(X, Y), "T is not x y z")


def demand_sum(values, place, sign, z, has_t) -> None:
    x, y, its_z = place
    demand_point(values, *sum_of(x, y, times(sign, x2), y2), times(its_z, its_z, z, z), has_t)


def demand_double(values, has_t) -> None:
    demand_point(values, *sum_of(x1, y1, x1, y1), times(z1, z1, z1, z1), has_t)


class Edwards:
    def __init__(self, compiler, folder: Path, source: Path, here: Path):
        self.program = folder / "ed25519-recorder"
        include = ["-I", source / "include", "-I", source, "-I", here]
        renamed = [f"-Dfield25519_{name}=other_{name}" for name in ("reduce", "is_zero", "store")]
        parts = {"recorder_ed25519.c": [], "field.c": renamed, "ed25519_scalar.c": ["-Ded25519_digit=real_digit"], "ed25519_base.c": [],
                 "sha512.c": []}
        objects = []
        for name, flags in parts.items():
            made = folder / f"record-{name}.o"
            file = here / name if name.startswith("recorder") else source / name
            subprocess.run([compiler, "-O1", "-w", *flags, *include, "-c", file, "-o", made], check=True)
            objects.append(made)
        subprocess.run([compiler, *objects, "-o", self.program], check=True)

    def lines(self, *arguments):
        return self.ran(*arguments).stdout.splitlines()

    def ran(self, *arguments):
        ran = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True)
        demand(ran.returncode == 0, f"the recorder refuses: {ran.stdout[-100:].strip()}")
        return ran

    def record(self, values, *arguments):
        record = Record(self.lines(*arguments))
        record.values = {name: values[what] for what, name in record.symbols().items()}
        return record

    def finish(self, record, kinds=None):
        """All operations up to the result; gives its names."""
        while record.peek() != "result":
            record.step()
        return record.take("result")

    # ---- Formulas ----

    def double(self) -> None:
        for has_t in (0, 1):
            record = self.record(GIVEN, "double", has_t)
            names = self.finish(record)
            demand_double([record.value(name) for name in names[:3 + has_t]], has_t)

    def add(self) -> None:
        for is_affine in (0, 1):
            z = number(HALF) if is_affine else z2
            for is_negative in (0, 1):
                for has_t in (0, 1):
                    record = self.record(GIVEN | prepared(x2, y2, z), "add", is_affine, is_negative, has_t)
                    names = self.finish(record)
                    demand_sum([record.value(name) for name in names[:3 + has_t]], (x1, y1, z1),
                               -1 if is_negative else 1, z, has_t)

    def prepare(self) -> None:
        record = self.record(GIVEN, "prepare")
        names = self.finish(record)
        for name, expected in zip(names, prepared(x1, y1, z1).values(), strict=True):
            demand_same(record.value(name), expected, "the prepared point is another")

    def small(self) -> None:
        """Refused are y = 0 and y^2 = 1, whose doubles are neutral or have y^2 = 1, and those whose double has y = 0: there
        x^2 = -y^2, and the curve is d y^4 + 2 y^2 = 1."""
        y = symbol("y")
        for decision in "01":
            record = Record(self.lines("small", decision), {f"{ENCODED:064x}": y})
            while record.peek() != "zero":
                record.step()
            [name, decided] = record.take("zero")
            square = times(y, y)
            expected = times(y, total(square, number(-1)), total(times(D, square, square), times(2, square), number(-1)))
            demand_same(record.value(name), expected, "small order is another condition")
            demand(record.take("verdict") == [decided], "the verdict on small order is another")

    # ---- Decoding: powers of u and v, of which each is a pair of exponents ----

    def decode(self) -> None:
        """x is u v^3 (u v^7)^((p - 5) / 8), and v x^2 is u times a power of u v^7 whose fourth power is 1 or 0: u, where x is the
        root; -u, where the root of -1 times x is; or u / v is no square."""
        e = (P - 5) // 8
        root, squared = (1 + e, 3 + 7 * e), (2 + 2 * e, 7 + 14 * e)
        demand(squared == (1 + (P - 1) // 4, 7 * (P - 1) // 4) and pow(ROOT, 4, P) == 1, "the exponents are others")
        for decisions in ("1", "01", "00"):
            for sign in (0, 1):
                for parity in (0, 1):
                    self.decode_one(decisions, sign, parity, root, squared)

    def decode_one(self, decisions, sign, parity, root, squared) -> None:
        y = symbol("y")
        record = Record(self.lines("decode", decisions, sign, parity), {f"{ENCODED:064x}": y})
        [square] = record.steps(["square"])
        product, more, less = record.steps(["multiply", "scale", "difference"])
        u, v = less[2], more[3]
        demand_same(record.value(u), total(times(y, y), number(-1)), "u is not y^2 - 1")
        demand_same(record.value(v), total(times(D, y, y), number(1)), "v is not d y^2 + 1")  # not 0: -1 / d is no square
        powers = {u: (1, 0), v: (0, 1)}
        while record.peek() in ("square", "multiply"):
            kind, *names = record.lines[record.place]
            record.place += 1
            a, b = powers[names[0]], powers[names[0] if kind == "square" else names[1]]
            powers[names[-1]] = (a[0] + b[0], a[1] + b[1])
        a, b, plus_u, minus_u = record.take("sum")
        demand(powers[a] == squared and b == u, "what is compared is not v x^2 and u")
        x = next(name for name, power in powers.items() if power == root)
        [name, _] = record.take("zero")
        demand(name == minus_u, "v x^2 is not compared with u")
        if decisions[0] == "0":
            [name, _] = record.take("zero")
            demand(name == plus_u, "v x^2 is not compared with -u")
            if decisions == "00":
                record.take("result")
                demand(record.take("verdict") == ["-1"], "what is no point is decoded")
                return
            a, b, x_again = record.take("multiply")
            demand(a == x and int(b, 16) == ROOT, "the other root is not x times the root of -1")
            x = x_again
        before, _, after = record.take("reduce")
        demand(before == x, "what is reduced is not the root")
        if parity == sign:  # the point's x is the one with this sign: it is to be negated
            a, b, negated = record.take("difference")
            demand(int(a, 16) == 0 and b == after, "x is not negated")
            after = negated
        a, b, t = record.take("multiply")
        X, Y, Z, T = record.take("result")
        demand((X, Y, int(Z, 16), T) == (after, f"{ENCODED:064x}", 1, t) and {a, b} == {X, Y}, "the point is another")
        demand(record.take("verdict") == ["0"], "a point is refused")

    # ---- Encoding ----

    def encode(self) -> None:
        for parity in (0, 1):
            ran = self.ran("encode", parity)
            record = Record(ran.stdout.splitlines())
            given = record.symbols()
            powers, products = {given["Z"]: 1}, {}
            while record.peek() in ("square", "multiply"):
                kind, *names = record.lines[record.place]
                record.place += 1
                if kind == "square":
                    powers[names[1]] = 2 * powers[names[0]]
                elif names[0] in powers:
                    powers[names[2]] = powers[names[0]] + powers[names[1]]
                else:
                    products[names[2]] = (names[0], powers[names[1]])
            [(x, of_x), (y, of_y)] = products.items()
            demand((of_x, of_y) == ((given["X"], P - 2), (given["Y"], P - 2)), "what is encoded is not x and y")
            demand(record.take("reduce")[0] == x and record.take("store") == [y], "what is encoded is not x and y")
            demand(ran.stderr.split() == ["0", "1", "0"], "another encoding is taken")


def prove(compiler, folder: Path, source: Path, here: Path) -> str:
    from multiplication import Multiplication
    demand_law()
    edwards = Edwards(compiler, folder, source, here)
    try:
        for part in (edwards.double, edwards.add, edwards.prepare, edwards.small, edwards.decode, edwards.encode):
            part()
        pairs = Multiplication(edwards).prove()
    except (KeyError, IndexError, ValueError) as error:
        raise Refused(f"a record that is not understood: {error!r}") from None
    return f"Ed25519's doubling, addition, decoding and encoding are the curve's and complete, and follow {pairs} pairs of digits: proved"
