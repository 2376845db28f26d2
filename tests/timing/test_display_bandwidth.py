"""What the SDRAM leaves for the display controller, against ST's own figures; and underruns of a whole machine where it is too little."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from small_timed import AXI, CACHES_ON, CLOCKS, SDRAM, TTUZZ, ltdc, machine_of, needs_compiler, store
from small_timed import sdram as sdram_by_fmc

from peripherals.stm32f7.fmc import SdramTiming
from simulator.machine import Machine
from simulator.settings import Settings
from simulator.timing import memories
from simulator.timing.slaves import Slaves
from simulator.timing.turns import bursts_left

HCLK = 200  # MHz
PORT = memories.PORTS["sdram"]
LIMIT = 83  # MHz, of the controller's output: where the table has it, bandwidth is no limit

# AN4861 rev. 6 table 11, "STM32F7x6/7/8/9 maximal supported pixel clock", in MHz: HCLK 200 MHz, SDRAM 100 MHz. Bits of a pixel of each
# layer: with an SDRAM of 16 and of 32 bits, LTDC alone, then with DMA2D.
AN4861 = {
    (32,): (42, 74, 25, 39),
    (24,): (56, 83, 34, 52),
    (16,): (83, 83, 51, 78),
    (8,): (83, 83, 83, 83),
    (32, 32): (21, 37, 12, 20),
    (32, 24): (24, 42, 14, 23),
    (32, 16): (28, 49, 17, 28),
    (32, 8): (34, 59, 21, 34),
    (24, 24): (29, 49, 17, 27),
    (24, 16): (34, 59, 20, 33),
    (24, 8): (42, 74, 26, 42),
    (16, 16): (43, 74, 25, 41),
    (16, 8): (57, 83, 34, 56),
    (8, 8): (83, 83, 51, 82),
}


def sdram(width: int, *, burst: bool = True) -> Slaves:
    """As the boards that AN4861 names run theirs at 100 MHz: CAS latency 3, rows of 256 columns, a refresh each 15.6 us."""
    slaves = Slaves()
    slaves.set_sdram(SdramTiming(2, width, 3, 0, burst, 8, 12, 2, 2, 7, 1562))
    return slaves


def greatest_clock(slaves: Slaves, bits: tuple[int, ...], *, dma2d: bool, alone: bool = True) -> float:
    """In MHz: where the layers need all that turns leave for them."""
    size = memories.LTDC_BURST.cycles
    others = [(Fraction(1), Fraction(slaves.occupied(PORT, memories.DMA2D_BURST.cycles)))] if dma2d else []
    left = bursts_left(slaves.scanned(PORT, size, alone=alone), others, slaves.usable(PORT))
    return float(size * left * HCLK * 8 / sum(bits))


@pytest.mark.parametrize("bits", AN4861)
@pytest.mark.parametrize(("column", "width", "dma2d"), [(0, 2, False), (1, 4, False), (2, 2, True), (3, 4, True)])
def test_the_greatest_pixel_clocks_are_those_of_an4861(
    bits: tuple[int, ...], column: int, width: int, dma2d: bool
) -> None:
    """Nothing of the model was made to fit them. LTDC alone comes out at most 7 % too quick, beside DMA2D up to 17 % too slow."""
    published = AN4861[bits][column]
    clock = greatest_clock(sdram(width), bits, dma2d=dma2d)
    if published == LIMIT:
        assert clock > 0.95 * LIMIT
    else:
        assert clock == pytest.approx(published, rel=0.17 if dma2d else 0.07, abs=0.5)


def test_a_frame_buffer_that_shares_its_bank_opens_its_row_for_every_burst() -> None:
    slaves = sdram(2)
    alone, shared = (slaves.scanned(PORT, 64, alone=alone) for alone in (True, False))
    assert shared - alone == 8 - 8 * Fraction(64, 512)


def test_without_read_bursts_every_word_has_its_own_latency() -> None:
    assert sdram(2, burst=False).scanned(PORT, 64, alone=True) == 16 * (2 + 2 * 3 + 2) + 1


def test_refreshes_take_their_share() -> None:
    slaves = sdram(2)
    assert slaves.usable(PORT) == 1 - Fraction(2 * (2 + 7), 2 * 1562)
    assert slaves.usable(memories.PORTS["sram1"]) == 1


@pytest.mark.parametrize(
    ("others", "left"),
    [
        ([], Fraction(1, 10)),
        ([(Fraction(1), Fraction(10))], Fraction(1, 20)),
        ([(Fraction(1), Fraction(30))], Fraction(1, 40)),
        ([(Fraction(1, 4), Fraction(10))], Fraction(3, 40)),
        ([(Fraction(1, 4), Fraction(10)), (Fraction(1), Fraction(10))], Fraction(3, 4) / 20),
        ([(Fraction(1), Fraction(10)), (Fraction(1), Fraction(10))], Fraction(1, 30)),
    ],
)
def test_a_master_gets_a_turn_for_each_of_the_others_and_what_they_do_not_ask_for(
    others: list[tuple[Fraction, Fraction]], left: Fraction
) -> None:
    assert bursts_left(Fraction(10), others) == left


# The whole machine, 480 x 272 at 9.6 MHz unless a test says otherwise

ARGB8888, RGB565 = 0, 2
FUIF = 2
ISR, ICR, IER, GCR = 0x38, 0x3C, 0x34, 0x18
SECOND_BANK = SDRAM + 0x20_0000
FRAME = 566 * 286 * 45 // 2  # cycles at 216 MHz
LOOP = "begin:\n b begin\nend:\n"
DMA2D, RCC_AHB1ENR, RCC_DCKCFGR1 = 0x4002_B000, 0x4002_3830, 0x4002_388C
DIV_2, DIV_4 = 0, 1 << 16  # of PLLSAI's 38.4 MHz
QUICK = CLOCKS.replace(f"{192 << 6 | 2 << 24 | 5 << 28:#x}", f"{192 << 6 | 2 << 24 | 2 << 28:#x}")  # or of 96 MHz


def second(buffer: int, pixel_format: int, pixel_bytes: int) -> str:
    """A second layer like the first one, with pixels that are blended half."""
    line = 480 * pixel_bytes
    registers = {
        0x108: 533 << 16 | 54,
        0x10C: 283 << 16 | 12,
        0x114: pixel_format,
        0x118: 128,
        0x12C: buffer,
        0x130: line << 16 | line + 3,
        0x134: 272,
        0x104: 1,
        0x24: 1,
    }
    return "".join(store(0x4001_6800 + offset, value) for offset, value in registers.items())


def shown(
    tmp_path, code: str, fmc: str = TTUZZ, divider: int = DIV_4, clocks: str = CLOCKS, **settings: bool
) -> Machine:
    """A machine that has scanned some frames."""
    setup = clocks + store(RCC_DCKCFGR1, divider) + fmc + CACHES_ON + code + LOOP
    machine = machine_of(tmp_path, setup, AXI, Settings(**settings))  # type: ignore[arg-type]
    machine.run(max_cycles=3 * FRAME)
    return machine


def underruns(machine: Machine) -> bool:
    ltdc = machine.soc.peripherals["LTDC"]
    ltdc.write(ICR, 4, FUIF)
    machine.run(max_cycles=machine.cycle + FRAME)
    return bool(ltdc.read(ISR, 4) & FUIF)


TWO = ltdc(SDRAM, ARGB8888, 4) + second(SECOND_BANK, ARGB8888, 4)
SLOW = sdram_by_fmc(3 << 10 | 3 << 7 | 1 << 6 | 1 << 4 | 1 << 2, 0x0111_5351, 1292, 3)  # 72 MHz, no read bursts
pytestmark = needs_compiler


@pytest.mark.jit
@pytest.mark.parametrize(
    ("code", "fmc", "divider", "expected"),
    [
        (ltdc(SDRAM, RGB565, 2), TTUZZ, DIV_4, False),
        (ltdc(SDRAM, RGB565, 2), SLOW, DIV_4, False),
        (TWO, TTUZZ, DIV_4, False),
        (TWO, TTUZZ, DIV_2, False),
        (TWO, SLOW, DIV_4, True),
        (TWO, SLOW, DIV_2, True),
        (ltdc(0x2001_0000, RGB565, 2), SLOW, DIV_2, False),
    ],
    ids=["demo", "demo, slow SDRAM", "two layers", "at 19.2 MHz", "slow SDRAM", "slow SDRAM, 19.2 MHz", "in SRAM"],
)
def test_a_display_that_needs_more_than_the_sdram_has_underruns(tmp_path, code, fmc, divider, expected) -> None:
    assert underruns(shown(tmp_path, code, fmc, divider)) is expected


def fast_pixels(tmp_path, **settings: bool) -> Machine:
    """Two layers of 32 bits at 48 MHz."""
    return shown(tmp_path, TWO, divider=DIV_2, clocks=QUICK, **settings)


@pytest.mark.jit
def test_two_layers_at_a_fast_pixel_clock_underrun(tmp_path) -> None:
    assert underruns(fast_pixels(tmp_path))


@pytest.mark.jit
def test_without_contention_nothing_underruns(tmp_path) -> None:
    assert not underruns(fast_pixels(tmp_path, contention=False))


@pytest.mark.jit
def test_a_blitter_takes_what_a_display_would_have_needed(tmp_path) -> None:
    """Two layers of 32 bits go well at 19.2 MHz, until DMA2D fills in the same memory: as in AN4861's table, 12 MHz are left then."""
    machine = shown(tmp_path, TWO, divider=DIV_2)
    assert not underruns(machine)
    machine.soc.peripherals["RCC"].write(0x30, 4, machine.soc.peripherals["RCC"].read(0x30, 4) | 1 << 23)
    dma2d, ltdc = (machine.soc.peripherals[name] for name in ("DMA2D", "LTDC"))
    for offset, value in ((0x34, 0), (0x3C, SDRAM + 0x60_0000), (0x44, 400 << 16 | 400), (0x00, 3 << 16 | 1)):
        dma2d.write(offset, 4, value)
    machine.run(max_cycles=machine.cycle + 400_000)
    assert dma2d.read(0, 4) & 1 and ltdc.read(ISR, 4) & FUIF
    machine.run(max_cycles=machine.cycle + 2 * FRAME)
    assert not dma2d.read(0, 4) & 1 and not underruns(machine)


@pytest.mark.jit
def test_an_underrun_interrupts_and_stretches_lines(tmp_path) -> None:
    machine = fast_pixels(tmp_path)
    ltdc = machine.soc.peripherals["LTDC"]
    line = np.arange(480, dtype="<u4") // 2 | 0xFF00_0000
    machine.soc.matrix.contents.write(SDRAM, np.tile(line, 272).tobytes())
    machine.soc.matrix.contents.write(SECOND_BANK, bytes(480 * 272 * 4))  # transparent
    picture = ltdc.frame()
    blue = picture[100, :, 2].astype(int)
    assert blue[:32].tolist() == [n // 2 for n in range(32)] and (np.diff(blue) >= 0).all()
    assert 100 < blue[-1] < 200, "the line's end is not reached"
    assert (picture[20:] == picture[100]).all(), "every line begins in its place"
    ltdc.write(ICR, 4, FUIF)
    ltdc.write(IER, 4, FUIF)
    machine.run(max_cycles=machine.cycle + FRAME)
    assert machine.soc.nvic.pending[16 + 89]
