// SPDX-License-Identifier: Apache-2.0
// The digits of a scalar, for every number: all that `ed25519_digit` can find at a place, with what it asks of the number as a contract.
// A group that begins at `place` covers `window` places, and stands for the sum of (bit[i - 1] - bit[i]) 2^i over them; what is
// not covered adds nothing. Summed over all places that is the number. Prints what is wrong, or nothing.
#include <stdio.h>
#include <stdlib.h>
#include "ed25519.h"

static int highest, pattern, asked;  // the place of the pattern's top bit, the bits from there down, and how many there are

int bit(const uint8_t *number, int place) {
  (void)number;
  if (place > highest || place < highest - asked) puts("a bit that a group does not cover"), exit(0);
  return pattern >> (place - highest + asked) & 1;
}

static void demand(int condition, const char *what, int place) {
  if (!condition) printf("%s, at place %d with pattern %x\n", what, place, (unsigned)pattern), exit(0);
}

static void try(int window, int place, int end) {
  // What was found before lies above.
  ed25519_digits digits = {NULL, window, place + 1, end, 5};
  int found = ed25519_digit(&digits, place);
  int top = pattern >> window & 1, next = pattern >> (window - 1) & 1;
  if (top == next) {
    demand(found == 0 && digits.end == end && digits.place == place + 1 && digits.digit == 5, "a group begins", place);
    return;
  }
  int lowest = place - window + 1, value = 0;
  for (int i = place; i >= lowest; i--) {
    int shift = i - lowest;
    value += ((pattern >> shift & 1) - (pattern >> (shift + 1) & 1)) * (1 << shift);
  }
  int digit = digits.digit;
  demand(digits.end == lowest && digits.place >= lowest && digits.place >= 0 && digits.place <= place, "a group's places", place);
  demand(digit * (1 << (digits.place - lowest)) == value, "a group's value", place);
  demand(digit % 2 && abs(digit) < 1 << (window - 1), "a digit that is in no table", place);
  demand(found == (place == digits.place ? digit : 0), "a digit at another place", place);
  asked = -1;  // within the group nothing is asked
  for (int i = place - 1; i >= lowest && i >= 0; i--) {
    found = ed25519_digit(&digits, i);
    demand(found == (i == digits.place ? digit : 0) && digits.end == lowest && digits.digit == digit, "a digit is lost", i);
  }
}

int main(void) {
  for (int window = 3; window <= 5; window += 2) {
    for (int place = 0; place <= 253; place++) {
      for (int bits = 0; bits < 1 << (window + 1); bits++) {
        // Below place 0 there are no bits.
        int below = window - place;
        if (below > 0 && bits & ((1 << below) - 1)) continue;
        for (int more = 1; more <= 254 - place; more += 253 - place ? 253 - place : 1) {
          highest = place, asked = window, pattern = bits;
          try(window, place, place + more);
        }
      }
    }
  }
  ed25519_digits none = {NULL, 5, 0, 254, 0};
  highest = 253, asked = 5, pattern = 0;
  demand(ed25519_digit(&none, 253) == 0, "a digit of nothing", 253);
  return 0;
}
