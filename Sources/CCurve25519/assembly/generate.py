#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the field's operations in assembly: generate.py m0|m4|rv32 > field.S"""

import importlib
import sys

HEADS = {"m4": ".syntax unified\n.cpu cortex-m4\n.thumb\n", "m0": ".syntax unified\n.cpu cortex-m0\n.thumb\n", "rv32": ""}


def text(core: str) -> str:
    functions = importlib.import_module(core).FUNCTIONS
    return HEADS[core] + "\n".join(function().text() for function in functions)


if __name__ == "__main__":
    sys.stdout.write(text(sys.argv[1]))
