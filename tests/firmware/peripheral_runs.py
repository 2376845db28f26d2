"""The programs of firmware/peripherals on a board, once each: what they print, and what is joined to their pins and seen there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from elftools.elf.elffile import ELFFile

from firmware import programs
from peripherals.kit.spi_bus import Loopback
from simulator import Board
from simulator.machine import Stop

Edges = list[tuple[Fraction, bool]]
Look = Callable[[], Any]  # what is seen when the program has ended
LINE = re.compile(r"^(PASS|FAIL|SKIP) (\w+) (.*)$", re.M)
PATIENCE = "120s"

NAMES = [name.removeprefix("peripherals-") for name in programs.programs() if name.startswith("peripherals-")]
PINS = {"gpio": ("PI1",), "dma": ("PI1",), "tim": ("PB4", "PH6", "PA8")}  # whose edges are kept


@dataclass(frozen=True)
class Outcome:
    """A run from power-on to its end. `lines` are (PASS, FAIL or SKIP; name; rest), `seen` is what the program's `OUTSIDE` gives."""

    stop: Stop
    lines: list[tuple[str, str, str]]
    edges: dict[str, Edges]
    seen: Any


def cross_uarts(board: Board) -> Look:
    """Two wires, D1 to A5 and A4 to D0; all bytes that USART6 sends."""
    board.wire("PC6", "PF6")
    board.wire("PF7", "PC7")
    sent = bytearray()
    board.machine.soc.usarts["USART6"].transmitted.append(sent.append)
    return lambda: bytes(sent)


def loop_spi2(board: Board) -> Look:
    """A wire from D11 to D12."""
    board.machine.soc.spi_buses["SPI2"].select(Loopback(), selected=True)
    return lambda: None


def card(board: Board) -> Look:
    """A card of 1 MB in the slot; what it holds."""
    image = bytearray(1024 * 1024)
    board.machine.soc.card.insert(image)
    return lambda: bytes(image)


def join_d3_to_a0(board: Board) -> Look:
    """A wire from PB4 to PA0."""
    board.wire("PB4", "PA0")
    return lambda: None


def red_and_blue(board: Board) -> Look:
    """A picture before the camera, its left half red and its right half blue; what the firmware has of it in memory."""
    picture = np.zeros((480, 640, 3), np.uint8)
    picture[:, :320, 0] = picture[:, 320:, 2] = 255
    board.camera.feed(picture)
    return lambda: np.array(board.mem.u16.array("frame", 160 * 120)).reshape(120, 160)


def fail_with_the_led(board: Board) -> Look:
    """The HSE crystal fails 10 us behind each time that the green LED goes on, for 3 ms."""

    def edge(seconds: Fraction, level: bool) -> None:
        if level:
            board.hse.fail(at=seconds + Fraction(10, 10**6))
            board.hse.recover(at=seconds + Fraction(3, 10**3))

    board.on_edge("PI1", edge)
    return lambda: None


def press_when_dark(board: Board) -> Look:
    """The blue button is pressed 1 ms behind each time that the green LED goes dark, for 2 ms."""
    clock = board.machine.clock

    def edge(seconds: Fraction, level: bool) -> None:
        if not level:
            clock.after_seconds(Fraction(1, 10**3), board.button.press)
            clock.after_seconds(Fraction(3, 10**3), board.button.release)

    board.on_edge("PI1", edge)
    return lambda: None


OUTSIDE: dict[str, Callable[[Board], Look]] = {
    "usart": cross_uarts,
    "spi": loop_spi2,
    "sdmmc": card,
    "capture": join_d3_to_a0,
    "dcmi": red_and_blue,
    "css": fail_with_the_led,
    "power": press_when_dark,
    "quadspi": lambda board: lambda: board.mem.read(0x90FF_0000, 512),
    "dac": lambda board: lambda: board.machine.soc.peripherals["DAC"].volts(1),
    "fmc": lambda board: lambda: board.mem.u32.array(0xC010_0000, 4096),
    "ltdc": lambda board: lambda: board.lcd.pixels.copy(),
}
WIRED = ("usart", "spi", "sdmmc", "capture", "css", "power")  # those that skip a part where nothing is joined to them


def elf(program: str, build: str) -> Path:
    return programs.elf(f"peripherals-{program}", *build.split("-"))


def checks_in(path: Path) -> set[str]:
    """The names of all checks that the source has, from the section that the macro CHECK fills."""
    with path.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".m7sim.checks")
        assert section is not None, f"{path} has no checks"
        return {name.decode() for name in section.data().split(b"\0") if name}


@cache
def run(program: str, build: str) -> Outcome:
    """With everything joined to it that the program wants."""
    return _run(program, build, OUTSIDE.get(program, lambda board: lambda: None))


def run_alone(program: str, build: str) -> Outcome:
    """With nothing joined to it."""
    return _run(program, build, lambda board: lambda: None)


def _run(program: str, build: str, outside: Callable[[Board], Look]) -> Outcome:
    with Board("stm32f746g-disco", elf(program, build)) as board:
        look = outside(board)
        edges: dict[str, Edges] = {pin: [] for pin in PINS.get(program, ())}
        for pin, seen in edges.items():
            board.on_edge(pin, lambda seconds, level, seen=seen: seen.append((seconds, level)))  # type: ignore[misc]
        stop = board.run(until="exit", timeout=PATIENCE)
        return Outcome(stop, LINE.findall(board.serial.replace("\r", "")), edges, look())
