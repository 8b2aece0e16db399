# SPDX-License-Identifier: Apache-2.0
"""The field's operations, on each core, in every arrangement of their operands and results."""

from machine import Address
from operations import Refused, aliases, multiplied, number_of, plus, prove
from riscv import RISCV
from thumb import Thumb
from words import ONES

ARGUMENTS = {Thumb: ["r0", "r1", "r2", "r3"], RISCV: ["a0", "a1", "a2", "a3"]}

# Where the Cortex-M0 lays the lower and the upper words of a product before they are folded, and the word above the middle ones
# before it has been added: from the stack pointer at its entry.
LOWER_ON_M0, UPPER_ON_M0, ABOVE_MIDDLE_ON_M0 = -48, -80, -112


class Field:
    """The proofs of one object."""

    def __init__(self, machine_class, sections, functions):
        self.machine_class, self.sections, self.functions = machine_class, sections, functions
        self.contracts, self.call_depth = {}, 0

    def all(self) -> dict[str, dict]:
        results = {}
        for name, setup, contract in (("multiply_half", self.half, self.half_contract),
                                      ("square_half", self.square_half, self.square_half_contract)):
            if name in self.functions:
                results[name] = self.prove(name, setup)
                self.call_depth = max(self.call_depth, results[name]["stack"])
                self.contracts[name] = contract
        for name in ("multiply", "square", "square_selected", "sum_and_difference", "difference", "scale_and_add"):
            results[name] = self.every_arrangement("field25519_" + name, getattr(self, name))
        return results

    def prove(self, name, setup):
        section, start = self.functions[name]
        return prove(self.machine_class, self.sections[section], start, setup, self.contracts)

    def every_arrangement(self, name, setups):
        total = {}
        for setup in setups():
            try:
                found = self.prove(name, setup)
            except Refused as refusal:
                raise Refused(f"{name}: {refusal}") from None
            total = {"cases": total.get("cases", 0) + found["cases"], "instructions": found["instructions"],
                     "stack": max(total.get("stack", 0), found["stack"])}
        return total

    def arguments(self, run, *values) -> None:
        for register, value in zip(ARGUMENTS[self.machine_class], values):
            run.registers[register] = Address(value, 0) if isinstance(value, str) else value

    # ---- Each operation: its inputs, and what is demanded of its result, in every arrangement ----

    def multiply(self):
        for (a, b), (r,) in aliases(2, 1):
            def setup(run, a=a, b=b, r=r):
                x = run.array(a)
                y = x if b == a else run.array(b)
                run.output(r)
                self.arguments(run, r, a, b)

                def demand():
                    if "multiply_half" in self.functions:
                        self.learn_of_karatsuba(run, multiplied(x, y))
                    run.demand_equal(run.result(r), multiplied(x, y))
                return demand
            yield setup

    def learn_of_karatsuba(self, run, product) -> None:
        """The middle words are what stood there, a number, plus the products of one lower and one upper half: not negative."""
        try:
            lower = [run.machine.stored[Address("stack", LOWER_ON_M0 + 4 * i)] for i in range(8)]
            upper = [run.machine.stored[Address("stack", UPPER_ON_M0 + 4 * i)] for i in range(8)]
            above = run.machine.stored[Address("stack", ABOVE_MIDDLE_ON_M0)]
            low, high, _ = run.products
        except (KeyError, ValueError):
            raise Refused("the parts of the product are not where they are looked for") from None
        run.learn_from_number([*lower[4:], *upper[:4], above], among=[*low[4:], *high[:4]])
        run.learn_from_product([*lower, *upper], product)

    def square(self):
        for (a,), (r,) in aliases(1, 1):
            def setup(run, a=a, r=r):
                x = run.array(a)
                run.output(r)
                self.arguments(run, r, a)
                return lambda: self.demand_square(run, r, x)
            yield setup

    def demand_square(self, run, r, x) -> None:
        if "square_half" in self.functions:
            self.learn_of_karatsuba(run, multiplied(x, x))
        run.demand_equal(run.result(r), multiplied(x, x))

    def square_selected(self):
        for (a, b), (r,) in aliases(2, 1):
            for mask in (0, ONES):
                def setup(run, a=a, b=b, r=r, mask=mask):
                    x = run.array(a)
                    y = x if b == a else run.array(b)
                    run.output(r)
                    self.arguments(run, r, a, b, run.algebra.const(mask))
                    return lambda: self.demand_square(run, r, y if mask else x)
                yield setup

    def sum_and_difference(self):
        for (a, b), (s, d) in aliases(2, 2):
            def setup(run, a=a, b=b, s=s, d=d):
                x = run.array(a)
                y = x if b == a else run.array(b)
                run.output(s)
                run.output(d)
                self.arguments(run, s, d, a, b)

                def demand():
                    run.demand_equal(run.result(s), plus(x, y))
                    run.demand_equal(run.result(d), plus(x, y, -1))
                return demand
            yield setup

    def difference(self):
        for (a, b), (r,) in aliases(2, 1):
            def setup(run, a=a, b=b, r=r):
                x = run.array(a)
                y = x if b == a else run.array(b)
                run.output(r)
                self.arguments(run, r, a, b)
                return lambda: run.demand_equal(run.result(r), plus(x, y, -1))
            yield setup

    def scale_and_add(self):
        for (a, b), (r,) in aliases(2, 1):
            def setup(run, a=a, b=b, r=r):
                x = run.array(a)
                y = x if b == a else run.array(b)
                factor = run.algebra.make(0, (1 << 17) - 1)
                run.output(r)
                self.arguments(run, r, a, factor, b)
                return lambda: run.demand_equal(run.result(r), plus(multiplied(x, factor.poly), y))
            yield setup

    # ---- The Cortex-M0's product of four words by four, which writes into its caller's frame ----

    def half(self, run):
        x, y = run.array("a", 4), run.array("b", 4)
        run.output("stack")
        self.arguments(run, None, "a", "b")

        def demand():
            difference = run.known(plus(run.result("stack"), multiplied(x, y), -1))
            if difference:
                raise Refused(f"the product differs in {len(difference)} terms")
        return demand

    def square_half(self, run):
        """By Karatsuba's way again: the upper words' square, the lower ones', and that of their difference, which is moved to r0 and r1
        as both others are, and whose words are then kept in four high registers."""
        x = run.array("a", 4)
        run.output("stack")
        self.arguments(run, None, "a")

        def demand():
            stores, moves = run.machine.stores, run.machine.moves
            try:
                difference = [moves["r0"][5], moves["r1"][3]]
                squared = [moves[f"r{i}"][1] for i in range(8, 12)]
            except (KeyError, IndexError):
                raise Refused("the difference is not where it is looked for") from None
            run.learn_from_number(difference)
            high, low = stores[:4], stores[4:8]
            for words, root in ((high, run.words[2:]), (low, run.words[:2]), (squared, difference)):
                run.learn_from_product(words, multiplied(number_of(root), number_of(root)))
            run.learn_from_number([*stores[8:12], run.machine.value("r3")], among=[*low[2:], *high[:2]])
            run.learn_from_product([run.machine.load(Address("stack", 4 * i)) for i in range(8)], multiplied(x, x))
        return demand

    def half_contract(self, machine) -> None:
        self.product_contract(machine, "r1", "r2")

    def square_half_contract(self, machine) -> None:
        self.product_contract(machine, "r1", "r1")

    def product_contract(self, machine, *registers) -> None:
        run = machine.run_of
        factors = []
        for register in registers:
            words = [machine.load(machine.address(register) + 4 * i) for i in range(4)]
            run.learn_from_number(words)
            factors.append(number_of(words))
        upper = [run.algebra.make(0, ONES) for _ in range(7)]
        product = multiplied(*factors)
        lowest = run.algebra.make(0, ONES, plus(product, number_of(upper), -(1 << 32)))
        top = machine.registers["sp"]
        run.products.append([lowest, *upper])
        for i, word in enumerate([lowest, *upper]):
            machine.store(top + 4 * i, word)
        machine.deepest = min(machine.deepest, top.offset - self.call_depth)


MACHINES = {"m0": Thumb, "m4": Thumb, "rv32": RISCV}
