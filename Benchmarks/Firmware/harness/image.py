# SPDX-License-Identifier: Apache-2.0
"""Building one firmware image: what it links, where its flash goes, and which addresses the plugin watches."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import curve
import sodium
from install import PICOLIBC, SODIUM
from paths import FIRMWARE, WORK, run, swift_tool
from targets import Target

# Classes of code, as the plugin knows them.
HARNESS, PROTOCOL, PRIMITIVE, SHARED = range(4)

CFLAGS = "-std=c11 -Os -Wall -Wextra -ffunction-sections -fdata-sections -fno-pic -fno-unwind-tables".split()


@dataclass
class Image:
    """A linked image of one target."""

    target: Target
    name: str
    elf: Path
    flat: Path = field(init=False)
    symbols: dict[str, int] = field(init=False)
    flash: dict[str, int] = field(init=False)  # bytes by component
    static_ram: int = field(init=False)
    code: list["Section"] = field(init=False)

    def __post_init__(self):
        self.flat = self.elf.with_suffix(".bin")
        run([swift_tool("llvm-objcopy"), "-O", "binary", self.elf, self.flat])
        lines = run([swift_tool("llvm-nm"), self.elf]).splitlines()
        self.symbols = {parts[2]: int(parts[0], 16) for line in lines if len(parts := line.split()) == 3}
        sections = link_map(self.elf.with_suffix(".map"))
        self.flash = {"protocol": 0, "primitives": 0, "runtime": 0, "harness": 0}
        for section in sections:
            if section.in_flash:
                self.flash[section.component] += section.size
        self.code = [section for section in sections if section.is_code]
        self.static_ram = self.symbols["bss_end"] - self.target_ram_base
        owners = self.elf.with_suffix(".owners")
        owners.write_text("".join(f"{s.address:x} {s.address + s.size:x} {s.owner}\n" for s in self.code))
        self.owners = owners

    @property
    def target_ram_base(self) -> int:
        return 0x80000000 if self.target.core == "rv32" else 0x20000000

    def frames(self, outcome) -> list[dict]:
        """The functions that the stack held when it was deepest, the outermost first: names as their authors wrote them, the
        components that they belong to, and the bytes of each. What the outermost did not begin is the start-up code's."""
        starts = {value & ~1: name for name, value in self.symbols.items() if not re.match(r"\$[adtx](\.|$)|\.L", name)}
        mangled = [starts[max(start for start in starts if start <= entry)] for entry, _ in outcome.frames]
        names = run([swift_tool("swift-demangle"), "--simplified", "--compact", "--", *mangled]).splitlines()
        return [{"function": name, "component": self.component(entry), "bytes": size}
                for name, (entry, size) in zip(names, outcome.frames, strict=True)]

    def code_bytes(self, origin: str) -> int:
        """Of the sections whose origin is found by a pattern."""
        return sum(section.size for section in self.code if re.search(origin, section.origin))

    def component(self, address: int) -> str:
        [section] = [section for section in self.code if section.address <= address < section.address + section.size]
        return section.component

    @property
    def flash_bytes(self) -> int:
        return self.flat.stat().st_size


@dataclass
class Section:
    """One input section of the link, as it was placed."""

    output: str
    address: int
    size: int
    origin: str

    @property
    def in_flash(self) -> bool:
        return self.output in (".text", ".rodata", ".data")

    @property
    def is_code(self) -> bool:
        return self.output == ".text"

    @property
    def component(self) -> str:
        if re.search(r"lib(sodium|ladder|tables|curve25519|portable|mlkem)\.a|\(mlkem-", self.origin):
            return "primitives"
        if re.search(r"libc\.a|runtime\.o|arithmetic\.o|lmul\.o|start_", self.origin):
            return "runtime"
        # Generic code of the modules is specialised in the image's own object, so that all Swift counts as protocol.
        if "/modules/" in self.origin or "libcountersign.a" in self.origin or "/images/" in self.origin:
            return "protocol"
        return "harness"

    @property
    def owner(self) -> int:
        return {"protocol": PROTOCOL, "primitives": PRIMITIVE, "runtime": SHARED, "harness": HARNESS}[self.component]


def link_map(path: Path) -> list[Section]:
    """Reads lld's map: output sections start in one column, input sections in the next."""
    sections, output = [], ""
    for line in path.read_text().splitlines()[1:]:
        match = re.match(r" *([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+) +\d+ (\S.*| {8}\S.*)$", line)
        if not match:
            continue
        address, size, rest = int(match[1], 16), int(match[2], 16), match[3]
        if not rest.startswith(" "):
            output = rest.split()[0]
        elif ":(" in rest or rest.strip().startswith("<internal>"):
            sections.append(Section(output, address, size, rest.strip()))
    return sections


def board_objects(target: Target) -> list[Path]:
    """Start-up, serial line and hooks: the same for every image of a target."""
    folder = WORK / target.core / "board"
    folder.mkdir(parents=True, exist_ok=True)
    board = FIRMWARE / "board"
    sources = [board / "serial.c", board / "runtime.c", board / "arithmetic.c", board / f"{target.machine}.c"]
    sources += [board / "start_cortexm.c"] if target.is_arm else [board / "start_riscv.S"]
    sources += [board / "lmul.S"] if target.core == "m0" else []
    return [compile_c(target, source, folder / f"{source.stem}.o") for source in sources]


def compile_c(target: Target, source: Path, output: Path, *flags: str) -> Path:
    """Compiles when the source, or a header beside it, is newer than the object."""
    newest = max(file.stat().st_mtime for file in [source, *(FIRMWARE / "board").glob("*.h")])
    if not output.exists() or output.stat().st_mtime < newest:
        include = ["-I", FIRMWARE / "board", "-I", SODIUM / "include", "-I", SODIUM / "include/sodium"]
        run([*sodium.clang(target), *CFLAGS, *include, *flags, "-c", source, "-o", output])
    return output


def link(target: Target, name: str, objects: list[Path], arithmetic: str) -> Image:
    """`arithmetic` says whose Curve25519 to link: `own`, `portable` (ours without assembly), or of libsodium `ladder` or `tables`."""
    archives = sodium.archives(target)
    chosen = curve.archive(target, arithmetic == "portable") if arithmetic in ("own", "portable") else archives[arithmetic]
    elf = WORK / target.core / f"{name}.elf"
    board = FIRMWARE / "board"
    run([swift_tool("ld.lld"), "--gc-sections", "-T", board / f"{target.machine}.ld", "-L", board,
         *board_objects(target), *objects, chosen, archives["sodium"],
         PICOLIBC / target.picolibc / "libc.a", f"-Map={elf.with_suffix('.map')}", "-o", elf])
    return Image(target, name, elf)
