"""The registers and bits that our bare-metal C names have the addresses and places of the register maps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from firmware.programs import DEMO, PERIPHERALS
from firmware.sources import BOARD
from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, Register
from peripherals.stm32f746g_disco import Board, build

HEADERS = [
    *sorted(PERIPHERALS.glob("*.[ch]")),
    *(BOARD / "stm32f746g_disco" / name for name in ("registers.h", "blocks.h")),
    DEMO / "devices.h",
]
REGISTER = re.compile(r"^#define (\w+) REG32\((0x[0-9A-Fa-f]{8})u\)$", re.M)
BIT = re.compile(r"^#define (\w+) \(1u << (\d+)\)$", re.M)
PLACES = {
    "USART": "USART1",
    "TIM": "TIM1",
    "SPI": "SPI1",
    "I2C": "I2C1",
    "CAN": "CAN1",
    "LPTIM": "LPTIM1",
    "DMA": "DMA1",
}
PLACES |= {"SDMMC": "SDMMC1", "GPIO": "GPIOA"}  # a family's name in C, and the instance whose map is looked at
ALIASES = {
    "SCR": "S0CR",
    "SFCR": "S0FCR",
    "PFCCR": "FGPFCCR",
    "RFR": "RF0R",
    "TIR": "TI0R",
}  # a row of a map for several registers


def maps() -> dict[str, Peripheral]:
    found: Board = build(Clock())
    return {name: one for name, one in found.peripherals.items() if isinstance(one, Peripheral)}


MAPS = maps()


def rows(peripheral: Peripheral) -> dict[str, tuple[int, Register]]:
    return {name: (offset, row) for row in peripheral.registers for name, offset, _ in row.places()}


def bits_in(name: str) -> dict[str, int] | None:
    """The one-bit masks of the register whose name begins this one, by field; None where it names no register of a map."""
    family, _, rest = name.partition("_")
    peripheral = MAPS.get(PLACES.get(family, family))
    register = rest.partition("_")[0]
    if peripheral is None or "_" not in rest:
        return None
    listed = rows(peripheral)
    row = listed.get(register) or listed.get(ALIASES.get(register, "")) or listed.get(f"{family}1_{register}")
    return None if row is None else {field.name: field.mask for field in row[1].fields}


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
def test_registers_are_at_their_addresses(header: Path) -> None:
    board = build(Clock())
    for name, address in REGISTER.findall(header.read_text()):
        found = board.find(int(address, 16))
        if found is None or found[2] == "PPB":
            continue
        peripheral, offset, _ = found
        listed = {at: register for register, (at, _) in rows(MAPS[peripheral.name]).items()}
        assert listed[offset].removeprefix("ADC_") == name.partition("_")[2], name


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
def test_bits_are_at_their_places(header: Path) -> None:
    for name, place in BIT.findall(header.read_text()):
        fields = bits_in(name)
        if fields is None:
            continue
        words = name.split("_")[2:]
        named = ["_".join(words[:count]) for count in range(len(words), 0, -1)]  # FIELD, or FIELD_MEANING
        field = next((field for field in named if field in fields), None)
        assert field is not None, f"{name}: there are {', '.join(fields)}"
        assert fields[field] >> int(place) & 1, name
