# SPDX-License-Identifier: Apache-2.0
"""The product's own device modules, compiled as Embedded Swift for one target."""

from pathlib import Path

import sodium
from paths import FIRMWARE, ROOT, WORK, run, swift_tool
from targets import Target

# In dependency order. A module is compiled when its folder exists.
MODULES = ("CountersignCrypto", "Noise", "Wire", "Credentials", "Schemes", "Records", "Device", "DeviceC")

# The copy propagation pass of Swift 6.3.1 stops with an ownership error in a specialisation of `Statement.encode`; without
# it the code is the same size within 1 %.
FLAGS = """
-swift-version 6 -enable-experimental-feature Embedded -enable-experimental-feature Lifetimes
-enable-experimental-feature RawLayout -enable-experimental-feature BuiltinModule
-wmo -parse-as-library -Osize -Xcc -DCOUNTERSIGN_BARE_METAL
-Xcc -ffunction-sections -Xcc -fdata-sections -Xfrontend -function-sections -Xfrontend -disable-stack-protector -Xfrontend -enable-copy-propagation=false
""".split()


# Leaves out the Edwards curve's group, which only identity-based credentials need.
CERTIFICATES_ONLY = ["-D", "COUNTERSIGN_CERTIFICATES_ONLY"]


def swiftc(target: Target, identity_based: bool) -> list[str]:
    flags = [str(swift_tool("swiftc")), "-target", target.triple, *FLAGS, *([] if identity_based else CERTIFICATES_ONLY)]
    for flag in [*target.cpu_flags, *sodium.includes(target), "-fno-pic"]:
        flags += ["-Xcc", flag]
    return [*flags, "-I", str(ROOT / "Sources/CSodium"), "-I", str(ROOT / "Sources/CMLKEM/include"), "-I", str(ROOT / "Sources/CCountersign"), "-I", str(FIRMWARE / "board"), "-I", str(folder(target, identity_based))]


def folder(target: Target, identity_based: bool) -> Path:
    return WORK / target.core / "modules" / ("all" if identity_based else "certificates")


def newest(files) -> float:
    return max((file.stat().st_mtime for file in files), default=0)


def build(target: Target, identity_based: bool) -> list[Path]:
    """Objects of all modules; a module is compiled again when it or one before it changed."""
    made = folder(target, identity_based)
    made.mkdir(parents=True, exist_ok=True)
    objects, changed = [], 0.0
    for name in MODULES:
        sources = sorted((ROOT / "Sources" / name).rglob("*.swift"))
        if not sources:
            continue
        changed = max(changed, newest(sources))
        output = made / f"{name}.o"
        if not output.exists() or output.stat().st_mtime < changed:
            run([*swiftc(target, identity_based), "-module-name", name, "-emit-module", "-emit-module-path",
                 made / f"{name}.swiftmodule", "-c", *sources, "-o", output])
            output.touch()  # the compiler leaves an object alone that would not change
        objects.append(output)
    return objects


def compile_image(target: Target, source: Path, name: str, flags: tuple[str, ...], identity_based: bool) -> Path:
    """An image's own Swift, with the support files, against the modules."""
    output = WORK / target.core / "images" / f"{name}.o"
    output.parent.mkdir(parents=True, exist_ok=True)
    sources = [source, *sorted((FIRMWARE / "images/support").glob("*.swift"))]
    inputs = [*sources, FIRMWARE / "board/firmware.h", *folder(target, identity_based).glob("*.swiftmodule")]
    if not output.exists() or output.stat().st_mtime < newest(inputs):
        run([*swiftc(target, identity_based), *flags, "-module-name", "Image", "-c", *sources, "-o", output])
        output.touch()
    return output
