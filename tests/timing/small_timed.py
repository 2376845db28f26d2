"""Programs of a few instructions, and the cycles by cause that pass between their labels `begin` and `end`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings
from simulator.until import UntilSymbol

needs_compiler = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc")
AXI, ITCM, DTCM, SRAM1, SDRAM, QSPI = 0x0800_0000, 0x0020_0000, 0x2000_0000, 0x2001_0000, 0xC000_0000, 0x9000_0000
ACR, RCC_AHB3ENR, FMC_SDCR1 = 0x4002_3C00, 0x4002_3838, 0xA000_0140
ARTEN, PRFTEN, ARTRST = 1 << 9, 1 << 8, 1 << 11
VECTORS = """ .syntax unified
 .cpu cortex-m7
 .thumb
 .section .vectors, "a"
 .word 0x20010000, start + 1
 .text
 .global start, begin, end
 .thumb_func
start:
"""
CACHES_ON = " ldr r0, =0xE000ED14\n ldr r1, [r0]\n orr r1, #0x30000\n str r1, [r0]\n dsb\n isb\n"


def store(address: int, value: int) -> str:
    return f" ldr r0, ={address:#x}\n ldr r1, ={value:#x}\n str r1, [r0]\n"


def wait_states(count: int, *bits: int) -> str:
    """FLASH_ACR with so many wait states and these bits."""
    return store(ACR, count | sum(bits)) + " dsb\n isb\n"


def region(number: int, base: int, log2: int, attributes: int) -> str:
    return store(0xE000_ED98, number) + store(0xE000_ED9C, base) + store(0xE000_EDA0, attributes | (log2 - 1) << 1 | 1)


CACHED, MPU_ON = 0x030B_0000, store(0xE000_ED94, 5) + " dsb\n isb\n"  # full access, write-back write-allocate


def sdram(control: int, timing: int, refresh: int, cas: int) -> str:
    """The FMC's registers, and the commands after which an SDRAM answers."""
    commands = (1 | 16, 2 | 16, 3 | 16 | 7 << 5, 4 | 16 | cas << 4 + 9)
    return "".join(
        [
            store(RCC_AHB3ENR, 1),
            store(FMC_SDCR1, control),
            store(FMC_SDCR1 + 8, timing),
            *(store(FMC_SDCR1 + 16, command) for command in commands),
            store(FMC_SDCR1 + 20, refresh << 1),
        ]
    )


TTUZZ = sdram(
    1 << 12 | 2 << 10 | 2 << 7 | 1 << 6 | 1 << 4 | 1 << 2, 0x0111_5351, 1292, 2
)  # the registers of TIMING.md 4's loops


def machine_of(folder: Path, code: str, base: int = AXI, settings: Settings = Settings()) -> Machine:  # noqa: B008
    """A machine at reset with the code linked to run at a base, where its vector table is, too; flash has it at both."""
    source, binary, elf = (folder / f"small.{kind}" for kind in ("S", "o", "elf"))
    source.write_text(f"{VECTORS}{code}\n bkpt #2\n .ltorg\n")
    subprocess.run(["arm-none-eabi-gcc", "-c", source, "-o", binary], check=True)
    places = [f"-Ttext={base + 0x400:#x}", f"--section-start=.vectors={base:#x}", "-e", "start"]
    subprocess.run(["arm-none-eabi-ld", *places, binary, "-o", elf], check=True)
    return Machine(load(elf), settings=settings)


def between(machine: Machine) -> dict[str, int]:
    """Cycles by cause from the first time at `begin` to the first at `end`; causes without any are left out."""
    assert machine.run(UntilSymbol("begin"), max_cycles=10_000_000).reason == "symbol"
    before = machine.causes()
    assert machine.run(UntilSymbol("end"), max_cycles=100_000_000).reason == "symbol"
    return {name: cycles - before[name] for name, cycles in machine.causes().items() if cycles != before[name]}


RCC = 0x4002_3800


def until_set(address: int, bit: int) -> str:
    return f" ldr r0, ={address:#x}\n97: ldr r1, [r0]\n tst r1, #{1 << bit}\n beq 97b\n"


def or_in(address: int, bits: int) -> str:
    return f" ldr r0, ={address:#x}\n ldr r1, [r0]\n ldr r2, ={bits:#x}\n orr r1, r2\n str r1, [r0]\n"


# 216 MHz from the crystal, and 9.6 MHz for the display's pixels
CLOCKS = (
    or_in(RCC, 1 << 16)
    + until_set(RCC, 17)
    + store(RCC + 4, 25 | 432 << 6 | 1 << 22 | 9 << 24)
    + or_in(RCC, 1 << 24)
    + until_set(RCC, 25)
    + wait_states(7)
    + store(RCC + 8, 5 << 10 | 4 << 13 | 2)
    + until_set(RCC + 8, 3)
    + store(RCC + 0x88, 192 << 6 | 2 << 24 | 5 << 28)
    + or_in(RCC, 1 << 28)
    + until_set(RCC, 29)
    + store(RCC + 0x8C, 1 << 16)
)


def ltdc(buffer: int, pixel_format: int, pixel_bytes: int) -> str:
    """One layer of 480 x 272 pixels, as the board's display is driven: 566 x 286 with its margins."""
    base, line = 0x4001_6800, 480 * pixel_bytes
    registers = {
        0x08: 40 << 16 | 9,
        0x0C: 53 << 16 | 11,
        0x10: 533 << 16 | 283,
        0x14: 565 << 16 | 285,
        0x88: 533 << 16 | 54,
        0x8C: 283 << 16 | 12,
        0x94: pixel_format,
        0xAC: buffer,
        0xB0: line << 16 | line + 3,
        0xB4: 272,
        0x84: 1,
        0x24: 1,
        0x18: 0x2221,
    }
    return or_in(RCC + 0x44, 1 << 26) + "".join(store(base + offset, value) for offset, value in registers.items())
