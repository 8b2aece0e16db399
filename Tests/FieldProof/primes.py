# SPDX-License-Identifier: Apache-2.0
"""That 2^255 - 19 is prime, and what follows for the curve: proofs that need no trust in a test for probable primes."""

from operations import P
from words import Refused

D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # of -1
ORDER = 2**252 + 27742317777372353535851937790883648493

# The factors of p - 1, and of each large one less 1. They are checked, not believed.
FACTORS = {
    P: [2, 3, 65147, 74058212732561358302231226437062788676166966415465897661863160754340907],
    74058212732561358302231226437062788676166966415465897661863160754340907:
        [2, 3, 353, 57467, 132049, 1923133, 31757755568855353, 75445702479781427272750846543864801],
    31757755568855353: [2, 3, 31, 107, 223, 4153, 430751],
    75445702479781427272750846543864801: [2, 3, 5, 75707, 72106336199, 1919519569386763],
    72106336199: [2, 13, 2773320623],
    1919519569386763: [2, 3, 7, 19, 47, 127, 8574133],
}


def demand_prime(number: int) -> None:
    """By Lucas: an element whose order is the number less 1."""
    if number < 1 << 32:
        if number < 2 or any(number % divisor == 0 for divisor in range(2, int(number**0.5) + 1)):
            raise Refused(f"{number} is not prime")
        return
    rest = number - 1
    for factor in FACTORS[number]:
        demand_prime(factor)
        while rest % factor == 0:
            rest //= factor
    if rest != 1:
        raise Refused(f"{number} - 1 has another factor")
    for element in range(2, 1000):
        if pow(element, number - 1, number) == 1 and all(pow(element, (number - 1) // factor, number) != 1
                                                         for factor in FACTORS[number]):
            return
    raise Refused(f"{number} is not prime")


def demand_complete() -> None:
    """-1 is a square and d is none: with what edwards.py shows, no sum of two points has a denominator of 0."""
    demand_prime(P)
    if ROOT * ROOT % P != P - 1:
        raise Refused("the root of -1 is none")
    if pow(D, (P - 1) // 2, P) != P - 1:
        raise Refused("d is a square")
