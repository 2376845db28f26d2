"""The programs of firmware/peripherals with both compilers: every check of the source is printed, and passes; and what leaves the chip."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile

from firmware import programs
from peripherals.kit.spi_bus import Loopback
from peripherals.parts.picture import from_rgb565
from simulator import Board

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc"),
]

Edges = list[tuple[Fraction, bool]]
LINE = re.compile(r"^(PASS|FAIL|SKIP) (\w+) (.*)$", re.M)
NAMES = [name.removeprefix("peripherals-") for name in programs.programs() if name.startswith("peripherals-")]
BUILDS = [f"{compiler}-{level}" for compiler, level in programs.PERIPHERAL_BUILDS]
CORE_HZ = 216_000_000

# What the model does not do yet, by program and check; one that passes is an error.
KNOWN: dict[str, dict[str, str]] = {}


def checks_in(elf: Path) -> set[str]:
    """The names of all checks that the source has, from the section that the macro CHECK fills."""
    with elf.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".m7sim.checks")
        assert section is not None, f"{elf} has no checks"
        return {name.decode() for name in section.data().split(b"\0") if name}


def cross_uarts(board: Board) -> None:
    """Two wires: D1 to A5 and A4 to D0."""
    usarts = board.machine.soc.usarts
    usarts["USART6"].started.append(usarts["UART7"].receive_word)
    usarts["UART7"].started.append(usarts["USART6"].receive_word)


def loop_spi2(board: Board) -> None:
    """A wire from D11 to D12."""
    board.machine.soc.spi_buses["SPI2"].select(Loopback(), selected=True)


def card(board: Board) -> None:
    """A card of 1 MB in the slot."""
    board.machine.soc.insert_card(bytearray(1024 * 1024))


OUTSIDE: dict[str, Callable[[Board], None]] = {"usart": cross_uarts, "spi": loop_spi2, "sdmmc": card}


@pytest.fixture(scope="module", params=BUILDS)
def build(request: pytest.FixtureRequest) -> str:
    """One of the two builds; both are made in one graph, once."""
    name: str = request.param
    compiler = programs.compilers()[name.split("-")[0]]
    if not compiler.present:
        pytest.skip(f"there is no {compiler.program}")
    programs.build([f"peripherals-{program}-{name}" for program in NAMES])
    return name


def elf_of(program: str, build: str) -> Path:
    return programs.elf(f"peripherals-{program}", *build.split("-"))


@pytest.fixture
def run(board: Callable[..., Board], build: str) -> Callable[..., Board]:
    """run(program, look) runs it to its end, with `look` between power-on and start."""

    def run(program: str, look: Callable[[Board], None] = lambda board: None) -> Board:
        one = board(str(elf_of(program, build)))
        OUTSIDE.get(program, lambda board: None)(one)
        look(one)
        stop = one.run(until="exit", timeout="120s")
        assert stop.reason == "exit", stop.detail
        return one

    return run


@pytest.mark.parametrize("program", NAMES)
def test_every_check_is_printed_and_passes(run: Callable[..., Board], build: str, program: str) -> None:
    board = run(program)
    lines = LINE.findall(board.serial.replace("\r", ""))
    printed = {name: kind for kind, name, _ in lines}
    assert len(printed) == len(lines), "two checks have one name"
    assert set(printed) == checks_in(elf_of(program, build))
    known = KNOWN.get(program, {})
    assert {f"{kind} {name} {rest}" for kind, name, rest in lines if kind != "PASS" and name not in known} == set()
    assert {name for name in known if printed[name] == "PASS"} == set(), "what is known to fail passes"
    assert board.stop is not None and board.stop.exit_code == len(known)


def edges_of(pin: str, into: Edges) -> Callable[[Board], None]:
    return lambda board: board.on_edge(pin, lambda seconds, level: into.append((seconds, level)))


def lengths(seen: Edges, level: bool) -> list[float]:
    """Core cycles for which the pin had that level, each time that both edges were seen."""
    return [float((end - start) * CORE_HZ) for (start, was), (end, _) in pairwise(seen) if was is level]


def test_gpio_makes_pulses_of_ten_microseconds_on_the_led(run: Callable[..., Board]) -> None:
    seen: Edges = []
    run("gpio", edges_of("PI1", seen))
    pulses = lengths(seen, True)
    assert len(pulses) == 6 * 3  # a round for each setting of the EXTI
    assert pulses == pytest.approx([2160] * len(pulses), abs=300)


def test_dma_makes_four_pulses_at_a_timers_pace(run: Callable[..., Board]) -> None:
    seen: Edges = []
    run("dma", edges_of("PI1", seen))
    assert [level for _, level in seen] == [True, False] * 4
    assert lengths(seen, True) == pytest.approx([2160] * 4, abs=8)
    assert lengths(seen, False) == pytest.approx([2160] * 3, abs=8)


def test_tim3_is_high_for_a_fourth_of_each_period(run: Callable[..., Board]) -> None:
    seen: Edges = []
    run("tim", edges_of("PB4", seen))
    assert len(lengths(seen, True)) >= 99
    assert set(lengths(seen, True)[1:-1]) == {270.0}
    assert set(lengths(seen, False)[1:-1]) == {810.0}


def test_tim12_toggles_each_half_millisecond(run: Callable[..., Board]) -> None:
    seen: Edges = []
    run("tim", edges_of("PH6", seen))
    whole = [float((b[0] - a[0]) * CORE_HZ) for a, b in pairwise(seen[1:-1])]
    assert len(whole) >= 7
    assert set(whole) == {108_000.0}


def test_tim1_makes_one_pulse_of_three_microseconds(run: Callable[..., Board]) -> None:
    seen: Edges = []
    run("tim", edges_of("PA8", seen))
    assert lengths(seen, True) == [3 * 216]


def test_uart7_hears_what_usart6_sends(run: Callable[..., Board]) -> None:
    sent = bytearray()
    run("usart", lambda board: board.machine.soc.usarts["USART6"].transmitted.append(sent.append))
    assert sent.count(b"0123456789abcdef") == 2  # by interrupt, by DMA


def test_sdmmc_leaves_its_block_on_the_card_and_no_other(run: Callable[..., Board]) -> None:
    image = bytearray(1024 * 1024)
    run("sdmmc", lambda board: board.machine.soc.insert_card(image))
    written = b"".join((0x0100_0193 * (i + 1) & 0xFFFF_FFFF).to_bytes(4, "little") for i in range(128))
    assert image[7 * 512 : 8 * 512] == written
    assert not any(image[: 7 * 512]) and not any(image[8 * 512 :])


def test_quadspi_leaves_its_page_in_the_flash(run: Callable[..., Board]) -> None:
    board = run("quadspi")
    page = bytes(5 * i + 1 & 0xFF for i in range(256))
    assert board.mem.read(0x90FF_0000, 512) == page + b"\xff" * 256


def test_dac_channel_1_shows_its_last_code_as_a_voltage(run: Callable[..., Board]) -> None:
    board = run("dac")
    assert board.machine.soc.peripherals["DAC"].volts(1) == pytest.approx(3.3 * 0x800 / 4095)


@pytest.mark.parametrize(("colour", "pixel"), [((255, 0, 0), 0xF800), ((0, 0, 255), 0x001F)])
def test_dcmi_brings_the_cameras_picture_into_memory(run: Callable[..., Board], colour: object, pixel: int) -> None:
    board = run("dcmi", lambda board: board.camera.feed(np.full((480, 640, 3), colour, np.uint8)))
    assert set(board.mem.u16.array("frame", 160 * 120)) == {pixel}


def test_ltdc_shows_a_keyed_layer_and_one_that_is_blended(run: Callable[..., Board]) -> None:
    lcd = run("ltdc").lcd.pixels.astype(int)
    rows, columns = np.mgrid[0:272, 0:240]
    background = np.array([0x20, 0x40, 0x60])
    looked_up = np.stack([columns, 255 - columns, columns // 2], -1)
    looked_up[:, 7] = background  # the colour key
    assert np.array_equal(lcd[:, :240], looked_up)
    words = (columns & 31) << 11 | (rows & 63) << 5 | (columns ^ rows) & 31
    blended = (from_rgb565(words) * 128.0 + background * 127.0) / 255
    assert np.abs(lcd[:, 240:] - blended).max() <= 1


def test_without_wires_and_card_the_rest_passes(board: Callable[..., Board], build: str) -> None:
    for program in ("usart", "spi", "sdmmc"):
        alone = board(str(elf_of(program, build)))
        stop = alone.run(until="exit", timeout="60s")
        assert stop.exit_code == 0
        assert [kind for kind, _, _ in LINE.findall(alone.serial)].count("SKIP") == 1
        assert "FAIL" not in alone.serial
