"""Builds the examples of the crate stm32f7xx-hal: `python -m firmware.thirdparty.stm32f7xx_hal.build`.

Cargo.lock here pins the crate; the crate's own Cargo.lock, which comes with it, pins what its examples need.
Its sources are copied out of cargo's folder into build/thirdparty and are built there as they are.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

from firmware.command import told
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
AS_CARGO_RUN = ("stm32f7disco-qspi-flash",)  # also unoptimised, as `cargo run` builds: the release build loses a race


def elf(example: str, profile: str = rust.RELEASE) -> Path:
    """Where an example's ELF lands."""
    return rust.output(FOLDER, profile) / "examples" / example


def crate(name: str) -> Path:
    """The sources of a crate that the examples are built with. Raises RustError."""
    return rust.sources(FOLDER, name)


def build() -> None:
    """All examples, where something has changed. Raises RustError; what could be built is there nevertheless."""
    outputs = [elf(example) for example in EXAMPLES] + [elf(example, rust.DEV) for example in AS_CARGO_RUN]
    with rust.building(FOLDER, _digest(), outputs) as wanted:
        if wanted:
            rust.library(ROOT)
            source = rust.fetch(HERE / "Cargo.toml", CRATE, FOLDER.parent / "fetch")
            shutil.copytree(source, FOLDER, dirs_exist_ok=True)
            arguments, what = ["--keep-going", "--features", FEATURES], f"build the examples of {CRATE}"
            rust.build(FOLDER, [*arguments, "--examples"], what, into=FOLDER)
            for example in AS_CARGO_RUN:
                rust.build(FOLDER, [*arguments, "--example", example], what, into=FOLDER, profile=rust.DEV)


def _digest() -> str:
    """Of all that an ELF depends on."""
    files = [HERE / "Cargo.lock", Path(rust.__file__), Path(__file__)]
    data = b"".join(file.read_bytes() for file in files) + rust.compiler(ROOT).encode()
    return hashlib.sha256(data).hexdigest()


def main() -> int:
    def built() -> list[Path]:
        build()
        return [elf(example) for example in EXAMPLES]

    return told(built, rust.RustError)


if __name__ == "__main__":
    sys.exit(main())
