"""What other bus masters take of a slave delays the core's own transfers to it, and no others."""

from __future__ import annotations

import pytest
from small_timed import (
    AXI,
    CACHED,
    CACHES_ON,
    CLOCKS,
    MPU_ON,
    SDRAM,
    TTUZZ,
    between,
    ltdc,
    machine_of,
    needs_compiler,
    or_in,
    region,
    store,
)

from simulator.settings import Settings

pytestmark = needs_compiler
ARGB8888, RGB565 = 0, 2
FEIF, DMEIF = 1, 4
LINES = 512
FRAME_RATE = 9_600_000 / (566 * 286)
START = CLOCKS + TTUZZ + CACHES_ON + region(0, SDRAM, 23, CACHED) + MPU_ON
OTHER_BANK = SDRAM + 0x40_0000


def walk(address: int, lines: int = LINES) -> str:
    """A load of each of so many lines, some cycles apart."""
    return (
        f" ldr r3, ={address}\n ldr r4, ={address + 32 * lines}\n b.w begin\n"
        "begin:\n1: ldr r2, [r3], #32\n" + " nop\n" * 37 + " cmp r3, r4\n bne.w 1b\nend: b end\n"
    )


def walked(tmp_path, setup: str, address: int = OTHER_BANK, **settings: object):
    machine = machine_of(tmp_path, START + setup + walk(address), AXI, Settings(**settings))  # type: ignore[arg-type]
    return machine, between(machine)


def test_nobody_else_costs_nothing(tmp_path):
    machine, causes = walked(tmp_path, "")
    assert "contention" not in causes
    assert machine.memory_system.shares() == {}


@pytest.mark.parametrize(("pixel_format", "pixel_bytes"), [(ARGB8888, 4), (RGB565, 2)])
def test_the_display_takes_its_share_of_the_sdram(tmp_path, pixel_format, pixel_bytes):
    """A frame's bytes at the frame rate in bursts of 64, each of which holds the SDRAM for its data, a command and the latency."""
    machine, causes = walked(tmp_path, ltdc(SDRAM, pixel_format, pixel_bytes))
    burst = 2 * (1 + 2 + 32)
    share = 480 * 272 * pixel_bytes * FRAME_RATE / 64 * burst / 216e6
    assert machine.memory_system.shares()["sdram"]["LTDC"] == pytest.approx(share, rel=0.01)
    assert (
        share * burst / 3 < causes["contention"] / LINES < share * burst
    )  # by the share, and most of a burst each time


def test_what_the_core_does_elsewhere_is_not_delayed(tmp_path):
    _, causes = walked(tmp_path, ltdc(SDRAM, ARGB8888, 4), 0x2002_0000)
    assert "contention" not in causes


def test_a_frame_buffer_in_the_same_bank_closes_the_cores_rows(tmp_path):
    same, other = (walked(tmp_path, ltdc(SDRAM, ARGB8888, 4), SDRAM + at)[1] for at in (0x10_0000, 0x40_0000))
    assert same["d_miss_ram"] > other["d_miss_ram"]


def test_a_display_in_sram_takes_of_sram(tmp_path):
    machine, causes = walked(tmp_path, ltdc(0x2001_0000, RGB565, 2), 0x2003_0000)
    assert list(machine.memory_system.shares()) == ["sram1"]
    assert causes["contention"] > 0


def test_contention_can_be_left_out(tmp_path):
    _, causes = walked(tmp_path, ltdc(SDRAM, ARGB8888, 4), contention=False)
    assert "contention" not in causes


def test_a_run_is_the_same_in_slices_of_one_block(tmp_path):
    code = START + ltdc(SDRAM, ARGB8888, 4) + walk(OTHER_BANK)
    whole, sliced = machine_of(tmp_path, code, AXI), machine_of(tmp_path, code, AXI)
    sliced.slice_blocks = 1
    assert between(whole) == between(sliced)
    assert whole.cycle == sliced.cycle


def dma2d_fill(address: int) -> str:
    base = 0x4002_B000
    registers = {0x34: 0, 0x38: 0, 0x3C: address, 0x40: 0, 0x44: 200 << 16 | 200, 0x00: 3 << 16 | 1}
    return or_in(0x4002_3830, 1 << 23) + "".join(store(base + o, v) for o, v in registers.items())


def test_dma2d_delays_the_core_while_it_draws_and_not_behind(tmp_path):
    machine, causes = walked(tmp_path, dma2d_fill(SDRAM))
    assert causes["contention"] > 0
    assert machine.memory_system.shares()["sdram"]["DMA2D"] > 0.9
    machine.run(max_cycles=machine.cycle + 500_000)
    assert machine.memory_system.shares() == {}


def dma_copy(source: int, target: int) -> str:
    """DMA2's stream 0 copies 60,000 words of SRAM."""
    base = 0x4002_6400
    registers = {
        0x14: 15000,
        0x18: source,
        0x1C: target,
        0x24: 7,
        0x10: 2 << 6 | 1 << 9 | 1 << 10 | 2 << 11 | 2 << 13 | 1,
    }
    return or_in(0x4002_3830, 1 << 22) + "".join(store(base + o, v) for o, v in registers.items())


def test_a_dma_that_copies_in_sram_delays_the_cores_lines_of_it(tmp_path):
    machine, causes = walked(tmp_path, dma_copy(0x2001_0000, 0x2002_0000), 0x2003_0000)
    assert causes["contention"] > 0
    assert 0.1 < machine.memory_system.shares()["sram1"]["DMA2"] <= 1.5


def updates_into(address: int) -> str:
    """TIM1's updates, one each 40 cycles, make DMA2's stream 5 store its counter at one address, in direct mode."""
    dma, tim = 0x4002_6400 + 0x10 + 5 * 0x18, 0x4001_0000
    stream = {0x04: 0xFFFF, 0x08: tim + 0x24, 0x0C: address, 0x14: 0, 0x00: 6 << 25 | 2 << 13 | 2 << 11 | 1}
    timer = {0x2C: 39, 0x0C: 1 << 8, 0x00: 1}
    gates = or_in(0x4002_3830, 1 << 22) + or_in(0x4002_3844, 1)
    return gates + "".join(store(base + o, v) for base, rows in ((dma, stream), (tim, timer)) for o, v in rows.items())


@pytest.mark.parametrize(
    ("other", "flags"),
    [("", 0), (ltdc(SDRAM, ARGB8888, 4), DMEIF), (dma2d_fill(SDRAM), DMEIF | FEIF), (dma2d_fill(0x2002_0000), 0)],
)
def test_a_stream_waits_for_bursts_of_others_and_tells_where_the_next_request_comes_first(tmp_path, other, flags):
    code = START + other + updates_into(OTHER_BANK) + walk(0x2003_0000, 4)
    machine = machine_of(tmp_path, code, AXI)
    between(machine)
    machine.run(max_cycles=machine.cycle + 20_000)
    dma = machine.soc.find(0x4002_6400)[0]
    assert dma.read(4, 4) >> 6 & 0x3D == flags
    assert dma.read(0x88, 4) & 1 and dma.read(0x8C, 4) < 0xFFFF - 200


def test_a_copy_takes_longer_while_dma2d_draws_there(tmp_path):
    left = []
    for other in ("", dma2d_fill(SDRAM)):
        machine = machine_of(tmp_path, START + other + dma_copy(OTHER_BANK, OTHER_BANK + 0x10_0000) + walk(AXI, 4), AXI)
        between(machine)
        machine.run(max_cycles=machine.cycle + 20_000)
        left.append(machine.soc.find(0x4002_6400)[0].read(0x14, 4))
    assert 15_000 > left[1] > left[0]


def test_a_master_is_told_how_long_the_display_holds_the_sdram_and_leaves_it(tmp_path):
    machine, _ = walked(tmp_path, ltdc(SDRAM, ARGB8888, 4))
    matrix, burst = machine.soc.matrix, 2 * (1 + 2 + 32)
    spacing = 216e6 / (480 * 272 * 4 * FRAME_RATE / 64)
    held, left = matrix.worst("DMA2", OTHER_BANK)
    assert held == burst and held + left == pytest.approx(spacing, abs=1)
    seen = []
    for _ in range(200):
        seen.append((matrix.wait("DMA2", OTHER_BANK), matrix.quiet("DMA2", OTHER_BANK)))
        machine.clock.advance(machine.clock.now + 7)
    assert all((wait > 0) == (quiet == 0) and wait <= burst for wait, quiet in seen)
    assert 0.5 < sum(wait > 0 for wait, _ in seen) / len(seen) / (burst / spacing) < 1.5
    assert matrix.wait("LTDC", OTHER_BANK) == matrix.wait("DMA2", 0x2003_0000) == 0
