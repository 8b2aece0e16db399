# SPDX-License-Identifier: Apache-2.0
"""Products and squares of single words on the Cortex-M0, whose only multiplication gives the low word of a product."""


def product(f, x, y, low, high, scratch):
    """(high, low) = x y, which are lost."""
    f(f"lsrs {high}, {x}, #16")
    f(f"uxth {x}, {x}")
    f(f"lsrs {scratch}, {y}, #16")
    f(f"uxth {y}, {y}")
    f(f"movs {low}, {x}")
    f(f"muls {low}, {y}, {low}")
    f(f"muls {x}, {scratch}, {x}")
    f(f"muls {y}, {high}, {y}")
    f(f"muls {high}, {scratch}, {high}")
    for middle in (x, y):
        f(f"lsls {scratch}, {middle}, #16")
        f(f"lsrs {middle}, {middle}, #16")
        f(f"adds {low}, {low}, {scratch}")
        f(f"adcs {high}, {middle}")


def square(f, x, low, high, scratch):
    """(high, low) = x^2; x is lost."""
    f(f"lsrs {high}, {x}, #16")
    f(f"uxth {x}, {x}")
    f(f"movs {low}, {x}")
    f(f"muls {low}, {low}, {low}")
    f(f"muls {x}, {high}, {x}")
    f(f"muls {high}, {high}, {high}")
    f(f"lsls {scratch}, {x}, #17")
    f(f"lsrs {x}, {x}, #15")
    f(f"adds {low}, {low}, {scratch}")
    f(f"adcs {high}, {x}")
