# SPDX-License-Identifier: Apache-2.0
"""What the runs showed, as records."""

import json
import time
from pathlib import Path

from catalogue import Spec
from emulate import Outcome
from image import Image


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
        "arithmetic": spec.arithmetic,
        "flash_bytes": image.flash_bytes,
        "flash_by_component": image.flash,
        "static_ram_bytes": image.static_ram,
        "peak_stack_bytes": outcome.peak_stack,
        "deepest_stack": image.frames(outcome),
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


# What the comparison needs, embedded in the command.
SHIPPED = ("kind", "date", "command", "core", "image", "scheme", "role", "flash_bytes", "static_ram_bytes",
           "peak_stack_bytes", "instructions", "model_cycles", "bytes_sent", "bytes_received")


def stamp(records: list[dict], command: str, folder: Path) -> list[dict]:
    """Every record says what kind of measurement it is, and when and how it was made, so that it can stand alone. A run that
    gives what the folder holds already keeps its date: the same results are the same files."""
    made = [{"kind": "emulated", "date": time.strftime("%Y-%m-%d", time.gmtime()), "command": command} | entry
            for entry in records]
    path = folder / "results.json"
    before = json.loads(path.read_text()) if path.exists() else []
    dated = lambda entries: [entry | {"date": ""} for entry in entries]
    return before if dated(before) == dated(made) else made


def write(records: list[dict], folder: Path) -> None:
    """results.json, a list of records."""
    (folder / "results.json").write_text(lines(records))


def ship(records: list[dict], path: Path) -> None:
    """The records of the schemes in every role, without their operations: a complete device is judged by its image."""
    devices = [entry for entry in records if entry["scheme"] != "primitives" and entry["arithmetic"] == "own"]
    path.write_text(lines([{key: entry[key] for key in SHIPPED} for entry in devices]))


def lines(records: list[dict]) -> str:
    """JSON with a line for each record and each operation, so that a change shows as one."""
    texts = []
    for entry in records:
        text = json.dumps({key: value for key, value in entry.items() if key != "operations"})
        if "operations" in entry:
            operations = ",\n  ".join(json.dumps(operation) for operation in entry["operations"])
            text = text[:-1] + ', "operations": [\n  ' + operations + "]}"
        texts.append(text)
    return "[" + ",\n".join(texts) + "]\n"


def overhead(entry: dict) -> float:
    """A handshake's instructions over those that its primitives took."""
    return entry["instructions"] / entry["primitive_instructions"] if entry["primitive_instructions"] else 1.0
