# SPDX-License-Identifier: Apache-2.0
"""Builds the wheel: the package and the shared library, which Scripts/c-library makes, or COUNTERSIGN_LIBRARY names. Nothing is fetched."""

import base64
import hashlib
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NAME, VERSION = "countersign", "0.1.0"
INFO = f"{NAME}-{VERSION}.dist-info"


def tag() -> str:
    return f"py3-none-linux_{platform.machine()}"


def library(folder: str) -> pathlib.Path:
    if named := os.environ.get("COUNTERSIGN_LIBRARY"):
        return pathlib.Path(named)
    if not shutil.which("swiftc"):
        raise SystemExit("the shared library is built by Swift, which is not in PATH: name a built one in COUNTERSIGN_LIBRARY")
    subprocess.run([sys.executable, ROOT / "Scripts/c-library", "--target", "linux", folder], check=True)
    return pathlib.Path(folder) / "linux/lib/libcountersign.so"


def metadata() -> str:
    return f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\nRequires-Python: >=3.11\nLicense: Apache-2.0\n"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = f"{NAME}-{VERSION}-{tag()}.whl"
    wheel = f"Wheel-Version: 1.0\nGenerator: countersign\nRoot-Is-Purelib: false\nTag: {tag()}\n"
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(
        pathlib.Path(wheel_directory) / name, "w", zipfile.ZIP_DEFLATED
    ) as archive:
        files = {f"{NAME}/{file.name}": file.read_bytes() for file in sorted((HERE / NAME).iterdir()) if file.is_file()}
        files[f"{NAME}/libcountersign.so"] = library(folder).read_bytes()
        files[f"{INFO}/METADATA"] = metadata().encode()
        files[f"{INFO}/WHEEL"] = wheel.encode()
        files[f"{INFO}/LICENSE"] = (ROOT / "LICENSE").read_bytes()
        record = ""
        for path, content in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record += f"{path},sha256={digest},{len(content)}\n"
            archive.writestr(path, content)
        archive.writestr(f"{INFO}/RECORD", record + f"{INFO}/RECORD,,\n")
    return name


def build_sdist(sdist_directory, config_settings=None):
    raise SystemExit("install from the tree: the shared library is built from it")
