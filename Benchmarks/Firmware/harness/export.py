# SPDX-License-Identifier: Apache-2.0
"""What firmware in C links, in a folder of its own: the library, libsodium's files, our own Curve25519 or libsodium's ladder, what the
compilers call on the core, a file for CMake, and the licences of all of it."""

import shutil
from pathlib import Path

import curve
import image
import library
import sodium
from install import SODIUM
from paths import ROOT, run
from targets import Target

CMAKE = """\
# Countersign for {core} ({triple}, {flags}). Link countersign::countersign with --gc-sections.
add_library(countersign::countersign INTERFACE IMPORTED)
set_target_properties(countersign::countersign PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES "${{CMAKE_CURRENT_LIST_DIR}}"
  INTERFACE_LINK_LIBRARIES "{libraries}")
"""

README = """\
Countersign for {core}

triple      {triple}
compiled    {flags}
float ABI   {abi}. No function of countersign.h has a floating-point argument, and the library computes with none.
link        {libraries}, in this order and with --gc-sections;
            libladder.a in the place of libcurve25519.a has libsodium's arithmetic.
you supply  randombytes_buf, which fills a buffer from a hardware generator; sodium_misuse, which never returns; memcpy, memset, memmove
licences    LICENSE.countersign (Apache 2.0) and LICENSE.libsodium (ISC): both texts go with your product.
"""


def firmware(target: Target, folder: Path, identity_based: bool) -> None:
    folder = folder / target.core
    folder.mkdir(parents=True, exist_ok=True)
    archives = sodium.archives(target)
    helpers = [file for file in image.board_objects(target) if file.stem in ("arithmetic", "lmul")]
    linked = [library.build(target, identity_based), curve.archive(target, False), archives["sodium"], *helpers]
    for file in [*linked, archives["ladder"]]:
        shutil.copy(file, folder)
    shutil.copy(library.HEADER, folder)
    licences(folder, SODIUM.parent.parent / "LICENSE")
    words = {"core": target.core, "triple": target.triple, "flags": " ".join(target.cpu_flags), "abi": target.float_abi}
    (folder / "README.txt").write_text(README.format(**words, libraries=" ".join(file.name for file in linked)))
    places = ";".join("${CMAKE_CURRENT_LIST_DIR}/" + file.name for file in linked)
    (folder / "countersign.cmake").write_text(CMAKE.format(**words, libraries=places))


def licences(folder: Path, sodium_licence: Path) -> None:
    shutil.copy(ROOT / "LICENSE", folder / "LICENSE.countersign")
    shutil.copy(sodium_licence, folder / "LICENSE.libsodium")
