# SPDX-License-Identifier: Apache-2.0
"""The reference page: every number of a run as tables, beside the aims and published peers."""

from catalogue import OPERATION_CYCLES, OPERATION_STACK, SPECS, X25519_CODE
from results import overhead

# Published figures of whole implementations, for orientation only: other functions are in them.
PEERS = (
    ("EDHOC on nRF52840 (hal-04382397)", "31 KB", "8.9 KB", "with its network stack"),
    ("DTLS 1.3 on nRF52840 (hal-04382397)", "142 KB", "33 KB", "with its network stack"),
    ("micro-EDHOC", "25 KB", "1.8 to 4.2 KB", "as its authors give it"),
)

CORES = {"m0": "Cortex-M0, micro:bit (nRF51822: 256 KB of flash, 16 KB of RAM)",
         "m4": "Cortex-M4, Netduino Plus 2 (STM32F405: 1 MB, 128 KB)",
         "rv32": "RV32IMC, HiFive1 (FE310: external flash, 16 KB)"}

# Published X25519 in assembly, for orientation: measured on hardware, where ours is a model without wait states.
X25519_PEERS = (
    ("m0", "High-speed Curve25519 on 8-bit, 16-bit, and 32-bit microcontrollers (doi 10.1007/s10623-015-0087-1)", 3_589_850, ""),
    ("m4", "Emill/X25519-Cortex-M4, as its README says", 548_873, 368),
)

ARITHMETIC = {"own": "ours", "portable": "ours, the field in C", "ladder": "libsodium's, the ladder alone",
              "tables": "libsodium's, with its tables", "bearssl": "BearSSL's, in C", "monocypher": "Monocypher's, in C"}

PARTS = ("protocol", "primitives", "runtime", "harness")

HEAD = """# What the firmware costs

Written by `{command}`; do not edit. Last change of a figure: {date}. Each row is a firmware image of the product's own device modules on an emulated
microcontroller, whose other end was the host's code: a row stands here because the conversation was held to its end and verified.
Instructions, bytes and stack are exact and were the same in two runs. Model cycles add a cost for each instruction and are
**{calibration}**; they know no wait states of the flash. What is counted and what fails the run:
[Benchmarks/Firmware](../../Benchmarks/Firmware/README.md).

Curve25519, SHA-256 and SHA-512 are our own, but for the images whose names end in `-libsodium`. libsodium {sodium} is compiled with
`-Os` without link-time optimisation, the modules with `-Osize`. Flash and static RAM are those
of the whole image, its serial line and frame buffer included; the stack is the deepest of the whole session, storage and first
messages included. Instructions, cycles and bytes of a row are those of the handshake alone (of a sealed message, or of the two
sessions of a key rotation); sealing and opening records is among the operations further down. So is `agree`, DH of the device's key
and the server's, which a device computes at its first session after a start and then keeps in RAM: each later handshake is a
row's. In `rotation` and `c-device` both sessions are under a key that is used for the first time, and theirs is in the row. Overhead is the handshake's
instructions over those spent inside our Curve25519 and libsodium.
"""


def page(records: list[dict], sodium: str) -> str:
    calibration = "; ".join(sorted({f"{r['core']}: {r['model']}" for r in records}))
    text = HEAD.format(command=records[0]["command"], date=records[0]["date"], calibration=calibration, sodium=sodium)
    lines = text.splitlines()
    images = [r for r in records if r["scheme"] != "primitives"]
    for core, title in CORES.items():
        rows = [r for r in images if r["core"] == core]
        if rows:
            lines += ["", f"## {title}", ""] + summary(rows)
    lines += ["", "![Flash by component](firmware-flash.svg)", "", "![RAM](firmware-ram.svg)", "",
              "![Cycles](firmware-cycles.svg)", "", "## What was aimed at", ""] + aims(images, records)
    lines += ["", "### What identity-based credentials add", "",
              "Their aims are those of the other images. They miss them by what the Edwards curve's group takes: its code, which checks",
              "the master public key's point or reconstructs a peer's key, and the stack of libsodium's multiplication there.", ""]
    lines += differences(images)
    lines += ["", "## Beside published implementations", "",
              "On other parts, by other people, with other functions linked: orientation, not a comparison. Ours, on the M4, is the",
              "image of one scheme with its primitives, serial line and stack.", ""] + beside(images)
    lines += ["", "## Curve25519", "",
              "Model cycles, without wait states and not calibrated; the stack is that of an image with the operation, its own frame",
              "included. BearSSL (Debian's source) and Monocypher (that of its Python binding) are compiled as libsodium is, and measured by",
              "the same image. Published figures are of real boards, and cycles of theirs are not ours.", ""] + curve(records)
    lines += ["", "## Flash by component", ""] + components(images)
    lines += ["", "## The deepest stack, by component", "",
              "What the functions that it held belong to; `results.json` names each of them. What is not in the table is the start-up",
              "code's.", ""] + stacks(images)
    lines += ["", "## Operation by operation", ""] + operations(records)
    return "\n".join(lines) + "\n"


def summary(rows: list[dict]) -> list[str]:
    return table(
        ["image", "scheme, role", "flash", "static RAM", "peak stack", "instructions", "model cycles", "sent", "received",
         "overhead"],
        [[r["image"], f"{r['scheme']}, {r['role']}", r["flash_bytes"], r["static_ram_bytes"], r["peak_stack_bytes"],
          r["instructions"], r["model_cycles"], r["bytes_sent"], r["bytes_received"], f"{overhead(r):.3f}"] for r in rows])


def components(images: list[dict]) -> list[str]:
    return table(["core", "image", *PARTS],
                 [[r["core"], r["image"], *(r["flash_by_component"][part] for part in PARTS)] for r in images])


def stack_by_component(record: dict) -> dict[str, int]:
    return {part: sum(f["bytes"] for f in record["deepest_stack"] if f["component"] == part) for part in PARTS}


def stacks(images: list[dict]) -> list[str]:
    """The largest frame of the product's own code is named: where less stack could come from."""
    rows = []
    for r in images:
        own = [f for f in r["deepest_stack"] if f["component"] == "protocol"]
        largest = max(own, key=lambda f: f["bytes"], default={"function": "", "bytes": 0})
        rows.append([r["core"], r["image"], *stack_by_component(r).values(), f"`{largest['function'][:70]}`", largest["bytes"]])
    return table(["core", "image", *PARTS, "largest frame of the protocol", "its bytes"], rows)


def operations(records: list[dict]) -> list[str]:
    return table(
        ["core", "image", "operation", "instructions", "model cycles", "stack", "sent", "received"],
        [[r["core"], r["image"], o["operation"], o["instructions"], o["model_cycles"], o["peak_stack_bytes"],
          o["bytes_sent"], o["bytes_received"]] for r in records for o in r["operations"]])


def aims(images: list[dict], records: list[dict]) -> list[str]:
    """One line for each aim of the catalogue: kept, or missed, by how much, and of what it is made."""
    limits = {spec.name: spec.limits for spec in SPECS}
    rows = []
    for r in (r for r in records if r["image"] == "primitives"):
        own = next(o["peak_stack_bytes"] for o in r["operations"] if o["operation"] == "nothing")
        found = [("bytes of code of x25519", r["x25519_code_bytes"], X25519_CODE[r["core"]], "")]
        for o in r["operations"]:
            for what, aimed, value, made in (
                    ("model cycles", OPERATION_CYCLES, o["model_cycles"], ""),
                    ("bytes of stack", OPERATION_STACK, o["peak_stack_bytes"] - own, "the function that gives it libsodium's name included")):
                if limit := aimed.get(o["operation"], {}).get(r["core"]):
                    found.append((f"{what} of {o['operation']}", value, limit, made))
        for what, value, limit, made in found:
            verdict = "kept" if value <= limit else f"**missed** by {value - limit:,}"
            rows.append([r["core"], r["image"], what, value, limit, verdict, made])
    for r in images:
        aim = limits.get(r["image"], {}).get(r["core"], {})
        found = {"flash": r["flash_bytes"], "RAM and stack": r["static_ram_bytes"] + r["peak_stack_bytes"],
                 "overhead": round(overhead(r), 3), "model cycles": r["model_cycles"]}
        for kind, limit in aim.items():
            if found[kind] <= limit:
                rows.append([r["core"], r["image"], kind, found[kind], limit, "kept", ""])
            else:
                by = round(found[kind] - limit, 3)
                rows.append([r["core"], r["image"], kind, found[kind], limit, f"**missed** by {by:,}", made_of(r, kind)])
    missed = sum("missed" in row[5] for row in rows)
    return [f"{len(rows) - missed} aims are kept and {missed} missed.", ""] + table(
        ["core", "image", "aim", "found", "at most", "", "what it is made of"], rows)


# Images that do the same with identity-based credentials and without.
PAIRS = (("ik-identity", "ik-registered"), ("xx-identity-initiator", "xx-initiator"), ("rotation-identity", "rotation"))


def differences(images: list[dict]) -> list[str]:
    found = {(r["core"], r["image"]): r for r in images}
    rows = []
    for core in CORES:
        for one, other in PAIRS:
            if (core, one) in found and (core, other) in found:
                a, b = found[core, one], found[core, other]
                parts = [a["flash_by_component"][part] - b["flash_by_component"][part] for part in ("protocol", "primitives")]
                stack = [stack_by_component(a)[part] - stack_by_component(b)[part] for part in ("protocol", "primitives")]
                rows.append([core, one, other, a["flash_bytes"] - b["flash_bytes"], *parts,
                             a["peak_stack_bytes"] - b["peak_stack_bytes"], *stack, a["instructions"] - b["instructions"]])
    return table(["core", "image", "beyond", "flash", "of it protocol", "of it primitives", "stack", "of it protocol",
                  "of it primitives", "instructions"], rows)


def made_of(record: dict, kind: str) -> str:
    """What a missed aim's figure is the sum of."""
    match kind:
        case "flash": parts = record["flash_by_component"]
        case "RAM and stack":
            parts = {"static": record["static_ram_bytes"]} | {f"stack of {k}": v for k, v in stack_by_component(record).items()}
        case "model cycles":
            parts = {o["operation"]: o["model_cycles"] for o in record["operations"] if o["operation"] in ("write-1", "read-2")}
        case _: parts = {"instructions of primitives": record["primitive_instructions"],
                         "others": record["instructions"] - record["primitive_instructions"]}
    return ", ".join(f"{name} {value:,}" for name, value in parts.items())


def beside(images: list[dict]) -> list[str]:
    ours = {"ik-registered": "device to server", "xx-initiator": "device to device, certificates verified"}
    rows = [[f"Countersign, {ours[r['image']]}", r["flash_bytes"], r["static_ram_bytes"] + r["peak_stack_bytes"],
             "measured in this run"] for r in images if r["core"] == "m4" and r["image"] in ours]
    return table(["implementation", "flash", "RAM", ""], rows + [list(peer) for peer in PEERS])


def curve(records: list[dict]) -> list[str]:
    """Whose arithmetic takes how long, the published beside them."""
    rows = []
    for r in records:
        if r["scheme"] == "primitives":
            found = {o["operation"]: o for o in r["operations"]}
            cells = [found[name][key] if name in found else "" for name in ("x25519", "x25519-base", "ed25519-verify")
                     for key in ("model_cycles", "peak_stack_bytes")]
            rows.append([r["core"], ARITHMETIC[r["arithmetic"]], *cells])
    rows += [[core, name, cycles, stack, "", "", "", ""] for core, name, cycles, stack in X25519_PEERS]
    rows.sort(key=lambda row: list(CORES).index(row[0]))
    return table(["core", "whose", "X25519", "stack", "of the base point", "stack", "Ed25519 verification", "stack"], rows)


def table(head: list, rows: list[list]) -> list[str]:
    show = lambda cell: f"{cell:,}" if isinstance(cell, int) else str(cell)
    return ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)] + [
        "| " + " | ".join(show(cell) for cell in row) + " |" for row in rows]
