# SPDX-License-Identifier: Apache-2.0
"""Fetches what the images need from Debian: QEMU, picolibc's headers and memcpy, and two source packages."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import targets
from paths import WORK, run

DEBS = WORK / "debian"
PICOLIBC = DEBS / "root/usr/lib/picolibc"
SODIUM = DEBS / "sodium/src/libsodium"
PLUGIN_HEADER = DEBS / "include/qemu-plugin.h"

EMULATORS = {"qemu-system-arm": "qemu-system-arm", "qemu-system-riscv32": "qemu-system-misc"}
LIBRARIES = ("picolibc-arm-none-eabi", "picolibc-riscv64-unknown-elf")


def install() -> None:
    """Does nothing on the second run."""
    DEBS.mkdir(parents=True, exist_ok=True)
    missing = [package for program, package in EMULATORS.items() if not shutil.which(program)]
    if missing:
        run(["apt-get", "update"])
        run(["apt-get", "install", "-y", "--no-install-recommends", *missing])
    if not PICOLIBC.exists():
        unpack_picolibc()
    if not (SODIUM.exists() and PLUGIN_HEADER.exists()):
        unpack_sources()


def unpack_picolibc() -> None:
    """Only files are wanted: installing the packages would bring two GCC toolchains along."""
    run(["apt-get", "download", *LIBRARIES], cwd=DEBS)
    wanted = ["*/include/*"] + [f"*/{target.picolibc}/libc.a" for target in targets.ALL]
    (DEBS / "root").mkdir(exist_ok=True)
    for archive in DEBS.glob("picolibc-*.deb"):
        files = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE)
        run(["tar", "-C", DEBS / "root", "-x", "--wildcards", *wanted[:1], *[w for w in wanted[1:] if own(w, archive)]],
            stdin=files.stdout)
        if files.wait():
            raise SystemExit(f"{archive} cannot be read")


def own(pattern: str, archive: Path) -> bool:
    """Whether the multilib that a pattern names belongs to this package: tar rejects a pattern without a match."""
    return pattern.split("/")[1] in archive.name


def unpack_sources() -> None:
    apt = ["apt-get", *source_lists()]
    run([*apt, "update"], cwd=DEBS)
    run([*apt, "source", "--download-only", "libsodium", "qemu"], cwd=DEBS)
    [sodium] = DEBS.glob("libsodium_*.dsc")
    shutil.rmtree(DEBS / "sodium", ignore_errors=True)
    run(["dpkg-source", "--no-check", "-x", sodium, DEBS / "sodium"])
    write_version_header()
    [qemu] = DEBS.glob("qemu_*.orig.tar.*")
    PLUGIN_HEADER.parent.mkdir(exist_ok=True)
    run(["tar", "-C", PLUGIN_HEADER.parent, "-xf", qemu, "--wildcards", "*/include/qemu/qemu-plugin.h",
         "--strip-components=3"])


def source_lists() -> list[str]:
    """apt's options for a private list of source repositories, derived from the machine's own binary ones."""
    lines = []
    etc = Path("/etc/apt")
    for file in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))]:
        if file.exists():
            lines += re.sub(r"(?m)^deb ", "deb-src ", file.read_text()).splitlines()
    (DEBS / "source.list").write_text("\n".join(line for line in lines if "debian" in line) + "\n")
    sources = [file.read_text() for file in sorted((etc / "sources.list.d").glob("debian*.sources"))]
    (DEBS / "source.sources").write_text(re.sub(r"(?m)^Types:.*$", "Types: deb-src", "\n\n".join(sources)))
    lists = DEBS / "lists/partial"
    lists.mkdir(parents=True, exist_ok=True)
    chosen = "source.sources" if sources else "source.list"
    return ["-o", f"Dir::Etc::sourcelist={DEBS / chosen}", "-o", "Dir::Etc::sourceparts=/dev/null",
            "-o", f"Dir::State::lists={lists.parent}", "-o", f"APT::Sandbox::User={os.environ.get('USER', 'root')}"]


def write_version_header() -> None:
    """The one header that libsodium's configure would have made."""
    text = (SODIUM / "include/sodium/version.h.in").read_text()
    values = {"@VERSION@": sodium_version(), "@SODIUM_LIBRARY_VERSION_MAJOR@": "10", "@SODIUM_LIBRARY_VERSION_MINOR@": "3",
              "@SODIUM_LIBRARY_MINIMAL_DEF@": ""}
    for key, value in values.items():
        text = text.replace(key, value)
    (SODIUM / "include/sodium/version.h").write_text(text)


def sodium_version() -> str:
    return re.search(r"AC_INIT\(\[libsodium\],\[([^]]*)\]", (DEBS / "sodium/configure.ac").read_text()).group(1)
