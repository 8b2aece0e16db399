# SPDX-License-Identifier: Apache-2.0
"""Bar charts as SVG, drawn here so that nothing has to be installed. Readable on light and dark."""

from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, LEFT, BAR, GAP = 760, 190, 16, 6
COLOURS = ("#2f6f9f", "#d08a2e", "#6a9a4a", "#8a8a8a")


def write(records: list[dict], folder: Path) -> None:
    images = [r for r in records if r["scheme"] != "primitives"]
    if not images:
        return
    name = lambda r: f"{r['core']} {r['image']}"
    parts = ("protocol", "primitives", "runtime", "harness")
    (folder / "firmware-flash.svg").write_text(stacked(
        "Flash by component, bytes", parts,
        [(name(r), [r["flash_by_component"][part] for part in parts]) for r in images]))
    (folder / "firmware-ram.svg").write_text(stacked(
        "RAM, bytes", ("static", "peak stack"),
        [(name(r), [r["static_ram_bytes"], r["peak_stack_bytes"]]) for r in images]))
    (folder / "firmware-cycles.svg").write_text(stacked(
        "One handshake, millions of model cycles", ("cycles",),
        [(name(r), [round(r["model_cycles"] / 1e6, 2)]) for r in images]))


def stacked(title: str, parts: tuple[str, ...], rows: list[tuple[str, list]]) -> str:
    height = 60 + len(rows) * (BAR + GAP)
    scale = (WIDTH - LEFT - 90) / max(sum(values) for _, values in rows)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
           'font-family="sans-serif" font-size="12">',
           "<style>text{fill:#222}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>",
           f'<text x="10" y="18" font-size="14">{escape(title)}</text>']
    x = LEFT
    for part, colour in zip(parts, COLOURS):
        out.append(f'<rect x="{x}" y="28" width="10" height="10" fill="{colour}"/>')
        out.append(f'<text x="{x + 14}" y="37">{escape(part)}</text>')
        x += 30 + 7 * len(part)
    for index, (name, values) in enumerate(rows):
        x, y = LEFT, 48 + index * (BAR + GAP)
        out.append(f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(name)}</text>')
        for value, colour in zip(values, COLOURS):
            out.append(f'<rect x="{x:.1f}" y="{y}" width="{value * scale:.1f}" height="{BAR}" fill="{colour}"/>')
            x += value * scale
        out.append(f'<text x="{x + 6:.1f}" y="{y + 12}">{sum(values):,}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"
