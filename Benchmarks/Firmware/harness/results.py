"""What the runs showed, as records, as a table, and beside the aims and published peers."""

import json
from pathlib import Path

from catalogue import SPECS, Spec
from emulate import Outcome
from image import Image

# Published figures of whole implementations, for orientation only: other functions are in them.
PEERS = (
    ("EDHOC on nRF52840 (hal-04382397; with stack and waiting)", "31 KB", "8.9 KB"),
    ("DTLS 1.3 on nRF52840 (the same)", "142 KB", "33 KB"),
    ("micro-EDHOC", "25 KB", "1.8 to 4.2 KB"),
)


def record(image: Image, spec: Spec, outcome: Outcome) -> dict:
    """One image on one core. The totals are the handshake's; what lies outside it is among the operations."""
    operations, inside = [], []
    for operation, (sent, received) in zip(outcome.operations, traffic(outcome), strict=True):
        entry = {
            "operation": operation.name,
            "instructions": operation.instructions,
            "model_cycles": operation.cycles,
            "peak_stack_bytes": operation.stack,
            "bytes_sent": sent,
            "bytes_received": received,
            "primitive_instructions": operation.primitive,
        }
        operations.append(entry)
        if operation.name not in spec.outside:
            inside.append(entry)
    total = lambda key: sum(entry[key] for entry in inside)
    return {
        "core": image.target.core,
        "machine": image.target.machine,
        "image": spec.name,
        "scheme": spec.scheme,
        "role": spec.role,
        "flash_bytes": image.flash_bytes,
        "flash_by_component": image.flash,
        "static_ram_bytes": image.static_ram,
        "peak_stack_bytes": outcome.peak_stack,
        "instructions": total("instructions"),
        "model_cycles": total("model_cycles"),
        "model": image.target.calibration,
        "bytes_sent": total("bytes_sent"),
        "bytes_received": total("bytes_received"),
        "primitive_instructions": total("primitive_instructions"),
        "operations": operations,
    }


def traffic(outcome: Outcome) -> list[tuple[int, int]]:
    """Bytes that each operation sent (the frames that followed it) and received (those before it)."""
    result = [[0, 0] for _ in outcome.operations]
    for way, count, frame in outcome.events:
        if way == "sent":
            result[count - 1][0] += len(frame)
        elif count < len(result):
            result[count][1] += len(frame)
    return [tuple(pair) for pair in result]


def write(records: list[dict], folder: Path) -> None:
    (folder / "results.json").write_text(json.dumps(records, indent=1) + "\n")
    (folder / "results.md").write_text(markdown(records))


def markdown(records: list[dict]) -> str:
    lines = ["# Cost on the target", "", "Made by `Benchmarks/Firmware/run`; counts are exact and repeat. Bytes of flash and",
             "RAM hold the whole image, harness included. Cycles come from a model: see README.md.", ""]
    lines += table(
        ["image", "core", "flash", "static RAM", "stack", "instructions", "model cycles", "sent", "received", "overhead"],
        [[r["image"], r["core"], r["flash_bytes"], r["static_ram_bytes"], r["peak_stack_bytes"], r["instructions"],
          r["model_cycles"], r["bytes_sent"], r["bytes_received"], overhead(r)] for r in records])
    lines += ["", "Flash by component, bytes:", ""]
    parts = ["protocol", "primitives", "runtime", "harness"]
    lines += table(["image", "core", *parts],
                   [[r["image"], r["core"], *(r["flash_by_component"][part] for part in parts)] for r in records])
    lines += ["", "Operation by operation:", ""]
    lines += table(
        ["image", "core", "operation", "instructions", "model cycles", "stack", "sent", "received"],
        [[r["image"], r["core"], o["operation"], o["instructions"], o["model_cycles"], o["peak_stack_bytes"],
          o["bytes_sent"], o["bytes_received"]] for r in records for o in r["operations"]])
    lines += ["", "Aims:", ""] + aims(records)
    lines += ["", "Published peers, on other parts and with other functions linked:", ""]
    lines += table(["implementation", "flash", "RAM"], [list(peer) for peer in PEERS])
    return "\n".join(lines) + "\n"


def table(head: list, rows: list[list]) -> list[str]:
    show = lambda cell: f"{cell:,}" if isinstance(cell, int) else str(cell)
    return ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)] + [
        "| " + " | ".join(show(cell) for cell in row) + " |" for row in rows]


def overhead(entry: dict) -> str:
    """A handshake's instructions over those that its primitives took."""
    return f"{entry['instructions'] / entry['primitive_instructions']:.3f}" if entry["primitive_instructions"] else "-"


def aims(records: list[dict]) -> list[str]:
    """One line for each aim of the catalogue: kept or missed."""
    limits = {spec.name: spec.limits for spec in SPECS}
    rows = []
    for r in records:
        aim = limits.get(r["image"], {}).get(r["core"], {})
        found = {"flash": r["flash_bytes"], "ram": r["static_ram_bytes"] + r["peak_stack_bytes"]}
        for kind, limit in aim.items():
            rows.append([r["image"], r["core"], kind, found[kind], limit, "kept" if found[kind] <= limit else "missed"])
        if aim:
            ratio = r["instructions"] / r["primitive_instructions"]
            rows.append([r["image"], r["core"], "overhead", f"{ratio:.3f}", "1.100", "kept" if ratio <= 1.1 else "missed"])
    return table(["image", "core", "aim", "found", "limit", ""], rows)
