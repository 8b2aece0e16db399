# SPDX-License-Identifier: Apache-2.0
"""Products by columns on the Cortex-M0."""


class Column:
    """The sum of the products of one column: words c, and m, which counts 2^16 times."""

    def __init__(self, f, sum_words):
        self.f, self.c = f, sum_words
        self.m, self.started = ["r3", "r4"], False
        self.x, self.y, self.z = "r5", "r6", "r7"

    def fetch(self, register, place):
        """From a high register, or from a place on the stack."""
        self.f(f"mov {register}, {place}" if isinstance(place, str) else f"ldr {register}, [sp, #{place}]")

    def add_product(self, a, b, is_first=False):
        f, x, y, z, m, c = self.f, self.x, self.y, self.z, self.m, self.c
        self.fetch(x, a)
        self.fetch(y, b)
        f(f"lsrs {z}, {x}, #16")
        f(f"uxth {x}, {x}")
        f(f"uxth {y}, {y}")
        f(f"muls {x}, {y}, {x}")       # low low
        if self.started:
            f(f"muls {y}, {z}, {y}")   # high low
            f(f"adds {m[0]}, {m[0]}, {y}")
            f(f"movs {y}, #0")
            f(f"adcs {m[1]}, {y}")
        else:
            f(f"movs {m[0]}, {y}")
            f(f"muls {m[0]}, {z}, {m[0]}")
            f(f"movs {m[1]}, #0")
        self.fetch(y, b)
        f(f"lsrs {y}, {y}, #16")
        f(f"muls {z}, {y}, {z}")       # high high
        if is_first:
            f(f"mov {c[0]}, {x}")
            f(f"mov {c[1]}, {z}")
            f(f"movs {c[2]}, #0")
        else:
            f(f"adds {c[0]}, {c[0]}, {x}")
            f(f"adcs {c[1]}, {z}")
        f(f"movs {x}, #0")
        if self.started:  # before that c has room: its second word was the third one
            f(f"adcs {c[2]}, {x}")
        self.fetch(z, a)
        f(f"uxth {z}, {z}")
        f(f"muls {y}, {z}, {y}")       # low high
        f(f"adds {m[0]}, {m[0]}, {y}")
        f(f"adcs {m[1]}, {x}")
        self.started = True

    def combine(self):
        """c += 2^16 m. After a product x is 0."""
        f, x, y, z, m, c = self.f, self.x, self.y, self.z, self.m, self.c
        f(f"lsls {y}, {m[0]}, #16")
        f(f"lsrs {z}, {m[0]}, #16")
        f(f"lsls {m[1]}, {m[1]}, #16")
        f(f"orrs {z}, {m[1]}")
        f(f"adds {c[0]}, {c[0]}, {y}")
        f(f"adcs {c[1]}, {z}")
        f(f"adcs {c[2]}, {x}")
