"""The programs of firmware/peripherals with both compilers: every check of the source is printed, and passes; and what leaves the chip."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from peripheral_runs import NAMES, WIRED, Edges, checks_in, elf, run, run_alone

from firmware import programs
from peripherals.parts.picture import from_rgb565
from simulator import Board

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc"),
]

BUILDS = [f"{compiler}-{level}" for compiler, level in programs.PERIPHERAL_BUILDS]
CORE_HZ = 216_000_000

# What the model does not do yet, by program and check; one that passes is an error.
KNOWN: dict[str, dict[str, str]] = {}


@pytest.fixture(scope="module", params=BUILDS)
def build(request: pytest.FixtureRequest) -> str:
    """One of the two builds; all programs of one are made in one graph, once."""
    name: str = request.param
    compiler = programs.compilers()[name.split("-")[0]]
    if not compiler.present:
        pytest.skip(f"there is no {compiler.program}")
    programs.build([f"peripherals-{program}-{name}" for program in NAMES])
    return name


@pytest.mark.parametrize("program", NAMES)
def test_every_check_is_printed_and_passes(build: str, program: str) -> None:
    outcome = run(program, build)
    assert outcome.stop.reason == "exit", f"{outcome.stop.detail}; the last line was {outcome.lines[-1:]}"
    known = KNOWN.get(program, {})
    assert [line for line in outcome.lines if line[0] != "PASS" and line[1] not in known] == []
    printed = {name: kind for kind, name, _ in outcome.lines}
    assert len(printed) == len(outcome.lines), "two checks have one name"
    assert set(printed) == checks_in(elf(program, build))
    assert {name for name in known if printed[name] == "PASS"} == set(), "what is known to fail passes"
    assert outcome.stop.exit_code == len(known)


@pytest.mark.parametrize("program", WIRED)
def test_without_wires_and_card_the_rest_passes(build: str, program: str) -> None:
    outcome = run_alone(program, build)
    kinds = [kind for kind, _, _ in outcome.lines]
    assert kinds.count("SKIP") == 1 and "FAIL" not in kinds
    assert outcome.stop.exit_code == 0


def lengths(seen: Edges, level: bool) -> list[float]:
    """Core cycles for which the pin had that level, each time that both edges were seen."""
    return [float((end - start) * CORE_HZ) for (start, was), (end, _) in pairwise(seen) if was is level]


def test_gpio_makes_pulses_of_ten_microseconds_on_the_led(build: str) -> None:
    pulses = lengths(run("gpio", build).edges["PI1"], True)
    assert len(pulses) == 6 * 3  # a round for each setting of the EXTI
    assert pulses == pytest.approx([2160] * len(pulses), abs=300)


def test_dma_makes_four_pulses_at_a_timers_pace(build: str) -> None:
    seen = run("dma", build).edges["PI1"]
    assert [level for _, level in seen] == [True, False] * 4
    assert lengths(seen, True) == pytest.approx([2160] * 4, abs=8)
    assert lengths(seen, False) == pytest.approx([2160] * 3, abs=8)


def test_tim3_is_high_for_a_fourth_of_each_period(build: str) -> None:
    seen = run("tim", build).edges["PB4"]
    assert len(lengths(seen, True)) >= 99
    assert set(lengths(seen, True)[1:-1]) == {270.0}
    assert set(lengths(seen, False)[1:-1]) == {810.0}


def test_tim12_toggles_each_half_millisecond(build: str) -> None:
    seen = run("tim", build).edges["PH6"]
    whole = [float((after - before) * CORE_HZ) for (before, _), (after, _) in pairwise(seen[1:-1])]
    assert len(whole) >= 7
    assert set(whole) == {108_000.0}


def test_tim1_makes_one_pulse_of_three_microseconds(build: str) -> None:
    assert lengths(run("tim", build).edges["PA8"], True) == [3 * 216]


def test_usart6_sends_its_text_by_interrupt_and_by_dma(build: str) -> None:
    assert run("usart", build).seen.count(b"0123456789abcdef") == 2


def test_sdmmc_leaves_its_block_on_the_card_and_no_other(build: str) -> None:
    image = run("sdmmc", build).seen
    written = b"".join((0x0100_0193 * (i + 1) & 0xFFFF_FFFF).to_bytes(4, "little") for i in range(128))
    assert image[7 * 512 : 8 * 512] == written
    assert not any(image[: 7 * 512]) and not any(image[8 * 512 :])


def test_sdmmc_s_block_is_in_the_file_when_it_is_written_and_only_where_that_is_asked_for(
    build: str, tmp_path: Path
) -> None:
    path = tmp_path / "card.img"
    for write in (False, True):
        path.write_bytes(bytes(1024 * 1024))
        with Board("stm32f746g-disco", elf("sdmmc", build), card=path, write_card=write) as board:
            board.run(until="text:and_read_again", timeout="60s")
            block = board.card.read(7 * 512, 512)
            assert block[:4] == (0x0100_0193).to_bytes(4, "little")
            assert (path.read_bytes()[7 * 512 : 8 * 512] == block) is write


def test_quadspi_leaves_its_page_in_the_flash(build: str) -> None:
    page = bytes(5 * i + 1 & 0xFF for i in range(256))
    assert run("quadspi", build).seen == page + b"\xff" * 256


def test_fmc_leaves_its_pattern_in_the_sdram(build: str) -> None:
    assert run("fmc", build).seen == [0x9E37_79B1 * i & 0xFFFF_FFFF for i in range(4096)]


def test_dac_channel_1_shows_its_last_code_as_a_voltage(build: str) -> None:
    assert run("dac", build).seen == pytest.approx(3.3 * 0x800 / 4095)


def test_dcmi_brings_the_cameras_picture_into_memory(build: str) -> None:
    frame = run("dcmi", build).seen
    assert set(frame[:, :79].ravel()) == {0xF800}
    assert set(frame[:, 81:].ravel()) == {0x001F}


def test_ltdc_shows_a_keyed_layer_and_one_that_is_blended(build: str) -> None:
    lcd = run("ltdc", build).seen.astype(int)
    rows, columns = np.mgrid[0:272, 0:240]
    background = np.array([0x20, 0x40, 0x60])
    looked_up = np.stack([columns, 255 - columns, columns // 2], -1)
    looked_up[:, 7] = background  # the colour key
    assert np.array_equal(lcd[:, :240], looked_up)
    words = (columns & 31) << 11 | (rows & 63) << 5 | (columns ^ rows) & 31
    blended = (from_rgb565(words) * 128.0 + background * 127.0) / 255
    assert np.abs(lcd[:, 240:] - blended).max() <= 1
