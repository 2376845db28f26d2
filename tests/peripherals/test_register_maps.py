"""Every model's registers are those of the crate stm32f7's description: offsets, bits, values at reset; disagreements have reasons."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch

import crate_maps
import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.registers import KINDS, Peripheral
from peripherals.stm32f746g_disco import build

MANUAL = "RM0385's register section has it so; the description, made of ST's SVD, differs"
ONE_MAP = "one map serves timers that differ: the bits that TIM3 and TIM4 or TIM2 or TIM5 lack store and do nothing"

# (module of the crate, register, "bits", "reset", "missing" or "extra", reason); a * stands for any text.
DISAGREEMENTS = (
    ("can1", "BTR", "reset", MANUAL),
    (
        "can1",
        "f*",
        "missing",
        "CAN1 holds the filters of both controllers (RM0385 40.5.3); the description has one block for both",
    ),
    ("crc", "INIT", "reset", MANUAL),
    ("crc", "POL", "reset", MANUAL),
    ("dbgmcu", "IDCODE", "reset", "read from a board, revision Z"),
    (
        "dbgmcu",
        "APB?_FZ",
        "bits",
        "the model keeps all 32 bits of registers that only a debugger's halt gives a meaning",
    ),
    ("dcmi", "CR", "bits", "RM0385 17.7.1 has BSM, OEBS, LSM and OELS"),
    ("dma2d", "?GCLUT*", "extra", "the description has the first word of each table only"),
    ("exti", "*", "bits", "line 23 is LPTIM1's (RM0385 11.8); the description ends at 22"),
    ("flash", "CR", "bits", "the description has bits 7 and 15 of larger parts (RM0410)"),
    ("flash", "OPTCR", "reset", MANUAL),
    ("flash", "OPTCR1", "reset", MANUAL),
    ("fmc", "BCR?", "bits", "WRAPMOD is of older parts; CCLKEN's bit is kept in every bank"),
    ("fmc", "B?R?", "reset", MANUAL),
    ("gpioa", "OSPEEDR", "reset", MANUAL),
    ("gpio?", "brr", "missing", "RM0385 6.4 has no BRR"),
    ("i2c1", "CR1", "bits", "WUPEN is of other families; RM0385 30.7.1 reserves bit 18"),
    ("iwdg", "SR", "bits", "WVU is in RM0385 27.4.4"),
    ("iwdg", "WINR", "reset", MANUAL),
    ("ltdc", "L?CACR", "reset", MANUAL),
    ("pwr", "CSR1", "*", "guess: VOSRDY and EIWUP, as RM0385 4.4.2 has them"),
    ("quadspi", "SR", "bits", "FLEVEL counts to 32 and has six bits (RM0385 14.5.3)"),
    ("rcc", "AHB1LPENR", "*", MANUAL),
    ("rcc", "A*LPENR", "reset", MANUAL),
    ("rcc", "PLL*CFGR", "reset", MANUAL),
    ("rtc", "ISR", "bits", "ITSF is in RM0385 29.6.4"),
    ("rtc", "TS*", "extra", "the description writes the time stamps as arrays of one"),
    ("rtc", "OR", "bits", MANUAL),
    ("spi1", "I2SPR", "reset", MANUAL),
    ("tim*", "ARR", "reset", MANUAL),
    ("tim1", "CCR6", "extra", "RM0385 22.4.22 has it"),
    ("tim1", "af?", "missing", "RM0385 22.4 has no alternate function registers; larger parts have"),
    ("tim2", "OR", "bits", ONE_MAP),
    ("tim3", "*", "bits", ONE_MAP),
    ("tim3", "OR", "extra", ONE_MAP),
    ("tim5", "OR", "bits", ONE_MAP),
)
NO_MODEL = (
    "CEC", "CRYP", "ETHERNET_*", "HASH", "OTG_*", "SAI1", "SAI2", "SPDIFRX",
)  # fmt: skip


@pytest.fixture(scope="module")
def description() -> dict[str, str]:
    """Instance to module; the tests are skipped where the crate cannot be fetched."""
    try:
        crate_maps.fetch()
    except FileNotFoundError:
        pytest.skip("cargo is not installed: the register description cannot be fetched")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"the register description cannot be fetched: {error.stderr.strip().splitlines()[-1:]}")
    return crate_maps.blocks()


def models() -> dict[str, Peripheral]:
    board = build(Clock())
    found = {name: unit for name, unit in board.peripherals.items() if isinstance(unit, Peripheral) and unit.registers}
    adc = board.peripherals["ADC"]
    for unit in adc._parts:  # type: ignore[attr-defined]
        found[unit.name.upper()] = unit
    return found


def differences(unit: Peripheral, module: str) -> Iterator[tuple[str, str, str]]:
    """Register, what differs, and how."""
    theirs = {register.offset: register for register in crate_maps.registers(module)}
    for offset, row in unit._rows.items():
        there = theirs.pop(offset, None)
        if there is None:
            yield row.name, "extra", f"+{offset:#x}"
            continue
        ours, bits = row.register.mask(*KINDS), there.readable | there.writable
        if ours != bits:
            yield row.name, "bits", f"ours alone {ours & ~bits:#x}, theirs alone {bits & ~ours:#x}"
        if unit._words[offset] != there.reset:
            yield row.name, "reset", f"ours {unit._words[offset]:#x}, theirs {there.reset:#x}"
    for register in theirs.values():
        yield register.name, "missing", f"+{register.offset:#x}"


def test_every_difference_from_the_description_has_a_reason_and_every_reason_a_difference(description) -> None:
    units = models()
    unexplained, used = [], set()
    for name, module in sorted(description.items()):
        if name not in units:
            continue
        for register, kind, how in differences(units[name], module):
            place = (module, register, kind)
            rows = [n for n, row in enumerate(DISAGREEMENTS) if all(map(fnmatch, place, row[:3]))]
            used.update(rows)
            if not rows:
                unexplained.append(f"{name}.{register} {kind}: {how}")
    assert not unexplained
    assert [row for n, row in enumerate(DISAGREEMENTS) if n not in used] == []


def test_what_has_no_model_is_listed(description) -> None:
    units = models()
    without = [name for name in description if name not in units]
    assert [name for name in without if not any(fnmatch(name, known) for known in NO_MODEL)] == []
    assert [known for known in NO_MODEL if not any(fnmatch(name, known) for name in without)] == []


def test_the_description_is_the_whole_of_it(description) -> None:
    """The crate has 1,668 registers in its blocks (FIRMWARE.md); the models' blocks have most of those that matter."""
    units = models()
    compared = sum(len(crate_maps.registers(module)) for name, module in description.items() if name in units)
    assert compared > 1000
