"""Every register of the chip reads at reset what its map says, but for those that show something live, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral
from peripherals.stm32f7.known import Known
from peripherals.stm32f746g_disco import build

WORD = 0xFFFF_FFFF
LIVE = (
    ("GPIO?.IDR", "the pins' levels: pull-ups of the debug port (RM0385 6.4.5)"),
    ("DCMI.SR", "the levels of HSYNC and VSYNC"),
    ("RTC.SSR", "counts down from PREDIV_S"),
    ("DWT.PCSR", "reads all ones where no sample is to be had (Armv7-M manual C1.8.16)"),
    ("ADC.ADC?_HTR", "a converter without its clock reads 0"),
    ("CRYP.*", "an STM32F746 has none"),
    ("HASH.*", "an STM32F746 has none"),
    ("ETH.DMABMR", "SR, which is 1 until the software reset at the beginning ends, reads as done"),
)


def units() -> dict[str, Peripheral]:
    return {name: unit for name, unit in build(Clock()).peripherals.items() if isinstance(unit, Peripheral)}


def others() -> Iterator[str]:
    """Registers that read something else than what they hold at reset."""
    for name, unit in units().items():
        for register in unit.registers:
            written_only = register.mask("w") & ~register.mask("r", "rw")
            for title, offset, _ in register.places():
                if unit.read(offset, 4) != unit[title] & WORD & ~written_only:
                    yield f"{name}.{title}"


def test_registers_read_their_reset_values_but_for_live_ones() -> None:
    found = list(others())
    assert [place for place in found if not any(fnmatchcase(place, live) for live, _ in LIVE)] == []
    assert [live for live, _ in LIVE if not any(fnmatchcase(place, live) for place in found)] == []


def test_every_access_to_what_has_a_map_only_is_counted_by_its_registers_name() -> None:
    for name, unit in units().items():
        if isinstance(unit, Known):
            names = [title for register in unit.registers for title, _, _ in register.places()]
            for register in unit.registers:
                for _, offset, _ in register.places():
                    unit.read(offset, 4)
                    unit.write(offset, 4, WORD)
            assert unit.unmodelled == {title: 2 for title in names}, name


def test_what_has_a_map_only_keeps_the_bits_that_may_be_written_and_no_others() -> None:
    for name, unit in units().items():
        if isinstance(unit, Known) and name not in ("CRYP", "HASH"):
            for register in unit.registers:
                for title, offset, _ in register.places():
                    unit.write(offset, 4, WORD)
                    written = unit.read(offset, 4)
                    unit.write(offset, 4, 0)
                    assert written ^ unit.read(offset, 4) == register.mask("rw"), f"{name}.{title}"
