# SPDX-License-Identifier: Apache-2.0
"""The library for programs in C on Linux, x86-64: the device modules as Embedded Swift, which needs nothing of Swift at run time, and the
system's libsodium."""

import shutil
from pathlib import Path

import modules
from export import licences
from library import HEADER
from paths import FIRMWARE, ROOT, WORK, run, swift_tool

TRIPLE = "x86_64-unknown-linux-gnu"
SODIUM_LICENCE = Path("/usr/share/doc/libsodium-dev/copyright")

FLAGS = """
-swift-version 6 -enable-experimental-feature Embedded -enable-experimental-feature Lifetimes
-enable-experimental-feature RawLayout -enable-experimental-feature BuiltinModule
-wmo -parse-as-library -O -no-allocations -Xcc -fPIC -Xfrontend -function-sections -Xfrontend -enable-copy-propagation=false
""".split()

PKG_CONFIG = """\
prefix=${{pcfiledir}}/../..
Name: countersign
Description: Identities, sessions and messages of devices
Version: {version}
Cflags: -I${{prefix}}/include
Libs: -L${{prefix}}/lib -lcountersign
Libs.private: -lsodium
"""

CMAKE = """\
# find_package(Countersign) with CMAKE_PREFIX_PATH at this export; link countersign::countersign, or countersign::static.
get_filename_component(_countersign "${{CMAKE_CURRENT_LIST_DIR}}/../../.." ABSOLUTE)
add_library(countersign::countersign SHARED IMPORTED)
set_target_properties(countersign::countersign PROPERTIES
  IMPORTED_LOCATION "${{_countersign}}/lib/libcountersign.so.{version}" IMPORTED_SONAME libcountersign.so.{major}
  INTERFACE_INCLUDE_DIRECTORIES "${{_countersign}}/include")
add_library(countersign::static STATIC IMPORTED)
set_target_properties(countersign::static PROPERTIES
  IMPORTED_LOCATION "${{_countersign}}/lib/libcountersign.a" INTERFACE_LINK_LIBRARIES sodium
  INTERFACE_INCLUDE_DIRECTORIES "${{_countersign}}/include")
"""


def version() -> str:
    """What the header says."""
    line = next(line for line in HEADER.read_text().splitlines() if line.startswith("#define COUNTERSIGN_VERSION"))
    number = int(line.split()[2], 16)
    return f"{number >> 16}.{number >> 8 & 255}.{number & 255}"


def build(identity_based: bool) -> list[Path]:
    """Objects of all modules; a module is compiled again when it or one before it changed."""
    made = WORK / "linux" / ("all" if identity_based else "certificates")
    made.mkdir(parents=True, exist_ok=True)
    flags = [*FLAGS, *([] if identity_based else modules.CERTIFICATES_ONLY)]
    for folder in ("Sources/CSodium", "Sources/CCountersign", "Sources/CMLKEM/include"):
        flags += ["-I", ROOT / folder]
    compiler = [swift_tool("swiftc"), "-target", TRIPLE, *flags, "-I", made]
    objects, changed = [], Path(__file__).stat().st_mtime
    for name in modules.MODULES:
        sources = sorted((ROOT / "Sources" / name).rglob("*.swift"))
        changed = max(changed, modules.newest([*sources, HEADER]))
        output = made / f"{name}.o"
        if not output.exists() or output.stat().st_mtime < changed:
            run([*compiler, "-module-name", name, "-emit-module", "-emit-module-path", made / f"{name}.swiftmodule",
                 "-c", *sources, "-o", output])
            output.touch()
        objects.append(output)
    for source in sorted((ROOT / "Sources/CMLKEM").glob("*.c")):
        objects.append(made / f"mlkem-{source.stem}.o")
        run([swift_tool("clang"), "-std=c11", "-O2", "-fPIC", "-Wall", "-ffunction-sections", "-I", ROOT / "Sources/CMLKEM/include", "-c",
             source, "-o", objects[-1]])
    start = made / "start.o"
    run([swift_tool("clang"), "-O2", "-fPIC", "-Wall", "-c", FIRMWARE / "sodium/start.c", "-o", start])
    return [*objects, start]


def export(folder: Path, identity_based: bool = True) -> None:
    """Writes include, lib with the static and the shared library, and the files of pkg-config and CMake."""
    for name in ("include", "lib/pkgconfig", "lib/cmake/Countersign"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(HEADER, folder / "include")
    objects = build(identity_based)
    library(objects, folder / "lib")
    words = {"version": version(), "major": version().split(".")[0]}
    (folder / "lib/pkgconfig/countersign.pc").write_text(PKG_CONFIG.format(**words))
    (folder / "lib/cmake/Countersign/CountersignConfig.cmake").write_text(CMAKE.format(**words))
    licences(folder, SODIUM_LICENCE)


def library(objects: list[Path], folder: Path) -> None:
    """One object whose symbols are the header's alone, as archive and as shared library."""
    joined = objects[0].parent / "countersign.o"
    run([swift_tool("ld.lld"), "-r", *objects, "-o", joined])
    run([swift_tool("llvm-objcopy"), "--wildcard", "--keep-global-symbol=countersign_*", joined])
    archive = folder / "libcountersign.a"
    archive.unlink(missing_ok=True)
    run([swift_tool("llvm-ar"), "rcs", archive, joined])
    shared = folder / f"libcountersign.so.{version()}"
    names = objects[0].parent / "names"
    names.write_text("{ global: countersign_*; local: *; };\n")
    soname = f"libcountersign.so.{version().split('.')[0]}"
    run([swift_tool("clang"), "-shared", "-fuse-ld=lld", "-Wl,--gc-sections,--no-undefined,-z,now,-z,relro", f"-Wl,-soname,{soname}",
         f"-Wl,--version-script={names}", joined, "-lsodium", "-o", shared])
    for link in (soname, "libcountersign.so"):
        (folder / link).unlink(missing_ok=True)
        (folder / link).symlink_to(shared.name)
