"""Builds the examples of the crate stm32f7xx-hal: `python -m firmware.thirdparty.stm32f7xx_hal.build`.

Cargo.lock here pins the crate; the crate's own Cargo.lock, which comes with it, pins what its examples need.
Its sources are copied out of cargo's folder into build/thirdparty and are built there as they are.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

from firmware.fetch import ROOT
from firmware.thirdparty import rust

CRATE = "stm32f7xx-hal"
HERE = Path(__file__).resolve().parent
FOLDER = ROOT / "build" / "thirdparty" / CRATE
FEATURES = "stm32f746,rt,fmc,ltdc"
EXAMPLES = (
    "blinky", "blinky-timer-irq", "can-echo", "can-loopback", "delay-syst-blinky", "delay-timer-blinky", "flash", "fmc", "hello",
    "i2c_scanner", "pwm", "pwm-sinus", "rng", "rtc", "serial_delay", "serial_dma", "serial_echo", "spi", "spi_16", "spi_dma",
    "spi_dma_16", "stm32f7disco-qspi-flash", "stm32f7disco-screen", "timer-periph", "timer-syst",
)  # fmt: skip


def elf(example: str) -> Path:
    """Where an example's ELF lands."""
    return rust.output(FOLDER) / "examples" / example


def crate(name: str) -> Path:
    """The sources of a crate that the examples are built with. Raises RustError."""
    return rust.sources(FOLDER, name)


def build() -> None:
    """All examples, where something has changed. Raises RustError; what could be built is there nevertheless."""
    with rust.building(FOLDER, _digest(), [elf(example) for example in EXAMPLES]) as wanted:
        if wanted:
            rust.library(ROOT)
            source = rust.fetch(HERE / "Cargo.toml", CRATE, FOLDER.parent / "fetch")
            shutil.copytree(source, FOLDER, dirs_exist_ok=True)
            arguments = ["--keep-going", "--features", FEATURES, "--examples"]
            rust.build(FOLDER, arguments, f"build the examples of {CRATE}", into=FOLDER)


def _digest() -> str:
    """Of all that an ELF depends on."""
    files = [HERE / "Cargo.lock", Path(rust.__file__), Path(__file__)]
    data = b"".join(file.read_bytes() for file in files) + rust.compiler(ROOT).encode()
    return hashlib.sha256(data).hexdigest()


def main() -> int:
    try:
        build()
    except rust.RustError as error:
        print(f"firmware: {error}", file=sys.stderr)
        return 1
    for example in EXAMPLES:
        print(f"{elf(example).stat().st_size:>9}  {elf(example).relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
