# SPDX-License-Identifier: Apache-2.0
"""The three machines, and how to compile for each."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Target:
    core: str
    machine: str  # QEMU's name, and the stem of the board's files
    emulator: str
    triple: str  # for clang and swiftc
    cpu_flags: tuple[str, ...]
    picolibc: str  # folder below picolibc's lib/release
    flash_base: int
    flash_size: int  # the real part's
    ram_size: int
    storage_page: int
    # Ticks of the board's cycle counter per instruction under `-icount shift=0` (one instruction per nanosecond).
    ticks_per_instruction: float
    calibration: str

    @property
    def float_abi(self) -> str:
        return "hard" if "-mfloat-abi=hard" in self.cpu_flags else "soft"

    @property
    def is_arm(self) -> bool:
        return self.core != "rv32"


M0 = Target(
    core="m0",
    machine="microbit",
    emulator="qemu-system-arm",
    triple="armv6m-none-none-eabi",
    cpu_flags=("-mcpu=cortex-m0", "-mthumb", "-mfloat-abi=soft"),
    picolibc="arm-none-eabi/lib/release/thumb/v6-m/nofp",
    flash_base=0,
    flash_size=256 << 10,
    ram_size=16 << 10,
    storage_page=0x3F800,
    ticks_per_instruction=16e6 / 1e9,
    calibration="Arm's table, uncalibrated",
)

M4 = Target(
    core="m4",
    machine="netduinoplus2",
    emulator="qemu-system-arm",
    triple="armv7em-none-none-eabi",
    cpu_flags=("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft"),
    picolibc="arm-none-eabi/lib/release/thumb/v7e-m/nofp",
    flash_base=0x08000000,
    flash_size=1 << 20,
    ram_size=128 << 10,
    storage_page=0x080E0000,
    ticks_per_instruction=1.0,
    calibration="Arm's table, uncalibrated",
)

RV32 = Target(
    core="rv32",
    machine="sifive_e",
    emulator="qemu-system-riscv32",
    triple="riscv32-none-none-eabi",
    cpu_flags=("-march=rv32imc", "-mabi=ilp32"),
    picolibc="riscv64-unknown-elf/lib/release/rv32imac/ilp32",
    flash_base=0x20400000,
    flash_size=512 << 10,
    ram_size=16 << 10,
    storage_page=0x20480000,
    ticks_per_instruction=1.0,
    calibration="a generic in-order core, uncalibrated",
)

ALL = (M0, M4, RV32)

# For firmware whose other files pass floating-point arguments in the FPU's registers: a linker joins no two ABIs. No image runs on it.
M4_HARD = replace(M4, core="m4-hard", cpu_flags=("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"))

EXPORTED = (M0, M4, M4_HARD, RV32)
