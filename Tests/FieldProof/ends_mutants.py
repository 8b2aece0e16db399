"""What the proofs of the C's ends refuse: the source with one thing changed."""

import shutil
from pathlib import Path

import ends
from words import Refused

MUTANTS = (
    ("field.c", "fold_top(a, a[7] >> 31);  // below", "// below"),
    ("field.c", "uint32_t carry = 19;      //", "uint32_t carry = 18;      //"),
    ("field.c", "uint32_t reaches = (a[7] + carry) >> 31;", "uint32_t reaches = a[7] >> 31;"),
    ("field.c", "carry = word < carry;", "carry = 0;"),
    ("field.c", "  fold_top(a, reaches);\n  a[7] &= 0x7FFFFFFF;", "  fold_top(a, reaches);"),
    ("field.c", "for (int i = 0; i < 7; i++) carry = a[i] + carry < carry;", "for (int i = 0; i < 6; i++) carry = a[i] + carry < carry;"),
    ("x25519.c", "uint32_t before = 1;", "uint32_t before = 0;"),
    ("x25519.c", "scalar[i >> 3] >> (i & 7) & 1", "scalar[i >> 3] >> (i & 6) & 1"),
    ("x25519.c", "i = 253; i >= 3", "i = 253; i >= 2"),
    ("x25519.c", "i = 253; i >= 3", "i = 254; i >= 3"),
    ("x25519.c", "bit ^ before", "bit"),
    ("x25519.c", "takeSum = -before;", "takeSum = 0;"),
    ("x25519.c", "i < 3; i++, takeSum = 0", "i < 3; i++"),
    ("x25519.c", "before = bit;", "before = bit; if (bit) field25519_square(square, other);"),
)


def campaign(clang, objdump, folder: Path, source: Path) -> str:
    for number, (name, text, other) in enumerate(MUTANTS):
        copy = folder / str(number)
        shutil.copytree(source, copy)
        changed = (copy / name).read_text()
        if changed.count(text) != 1:
            raise SystemExit(f"{name} has changed: there is no mutant of {text!r}")
        (copy / name).write_text(changed.replace(text, other))
        try:
            ends.prove(clang, objdump, copy, copy)
        except Refused:
            continue
        raise SystemExit(f"proved, but wrong: {name} with {other!r} for {text!r}")
    return f"{len(MUTANTS)} mutants of the C: refused"
