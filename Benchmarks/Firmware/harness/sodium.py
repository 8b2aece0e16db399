# SPDX-License-Identifier: Apache-2.0
"""libsodium for a microcontroller: the C files that the device modules reach, unmodified, as one archive a target."""

from install import PICOLIBC, SODIUM
from paths import FIRMWARE, WORK, run, swift_tool
from targets import Target

SOURCES = """
crypto_aead/chacha20poly1305/sodium/aead_chacha20poly1305.c
crypto_auth/hmacsha256/auth_hmacsha256.c
crypto_core/ed25519/core_ed25519.c
crypto_core/ed25519/ref10/ed25519_ref10.c
crypto_generichash/blake2b/ref/blake2b-compress-ref.c
crypto_generichash/blake2b/ref/blake2b-ref.c
crypto_generichash/blake2b/ref/generichash_blake2b.c
crypto_hash/sha256/hash_sha256.c
crypto_hash/sha256/cp/hash_sha256_cp.c
crypto_hash/sha512/hash_sha512.c
crypto_hash/sha512/cp/hash_sha512_cp.c
crypto_onetimeauth/poly1305/donna/poly1305_donna.c
crypto_onetimeauth/poly1305/onetimeauth_poly1305.c
crypto_scalarmult/ed25519/ref10/scalarmult_ed25519_ref10.c
crypto_sign/ed25519/ref10/keypair.c
crypto_sign/ed25519/ref10/open.c
crypto_sign/ed25519/ref10/sign.c
crypto_stream/chacha20/ref/chacha20_ref.c
crypto_stream/chacha20/stream_chacha20.c
crypto_verify/sodium/verify.c
sodium/core.c
sodium/utils.c
""".split()

# X25519 comes in two archives, so that an image chooses by what it links: the ladder alone, or libsodium's own dispatch
# with the Edwards tables for the base point.
TABLES = ["crypto_scalarmult/curve25519/scalarmult_curve25519.c", "crypto_scalarmult/curve25519/ref10/x25519_ref10.c"]

FLAGS = """
-std=c99 -Os -ffunction-sections -fdata-sections -fno-pic -fno-unwind-tables -fno-asynchronous-unwind-tables
-DNDEBUG -DCONFIGURED=1 -DNATIVE_LITTLE_ENDIAN=1 -DHAVE_WEAK_SYMBOLS=1
-DRANDOMBYTES_CUSTOM_IMPLEMENTATION -DRANDOMBYTES_DEFAULT_IMPLEMENTATION=NULL -w
""".split()


def includes(target: Target) -> list[str]:
    """picolibc's headers in place of the host's."""
    return ["-nostdinc", "-isystem", str(PICOLIBC / target.picolibc.split("/")[0] / "include"),
            "-isystem", str(next(swift_tool("..").glob("lib/clang/*/include")))]


def clang(target: Target) -> list[str]:
    return [str(swift_tool("clang")), f"--target={target.triple}", *target.cpu_flags, *includes(target)]


def archives(target: Target) -> dict[str, object]:
    """Builds, once, the archives `sodium`, `ladder` and `tables`."""
    folder = WORK / target.core / "sodium"
    folder.mkdir(parents=True, exist_ok=True)
    result = {}
    for name, sources in {"sodium": [SODIUM / path for path in SOURCES], "tables": [SODIUM / path for path in TABLES],
                          "ladder": [FIRMWARE / "sodium/ladder.c"]}.items():
        archive = folder / f"lib{name}.a"
        if not archive.exists():
            objects = [compile_one(target, source, folder / f"{name}-{source.stem}.o") for source in sources]
            run([swift_tool("llvm-ar"), "rcs", archive, *objects])
        result[name] = archive
    return result


def compile_one(target: Target, source, output):
    include = SODIUM / "include/sodium"
    run([*clang(target), *FLAGS, "-I", SODIUM, "-I", SODIUM / "include", "-I", include, "-c", source, "-o", output])
    return output
