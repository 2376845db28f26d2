"""The Chrom-ART accelerator works on rectangles of pixels."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest

from peripherals.kit.bus_master import BusMatrix
from peripherals.kit.clock import Clock
from peripherals.kit.wires import Line
from peripherals.memory_map import Memory
from peripherals.stm32f7.dma2d import Dma2d
from peripherals.stm32f7.dma2d_lines import blended

CR, ISR, IFCR, FGMAR, FGOR, BGMAR, BGOR, FGPFCCR, FGCOLR, BGPFCCR, BGCOLR, FGCMAR, BGCMAR = range(0x00, 0x34, 4)
OPFCCR, OCOLR, OMAR, OOR, NLR, LWR, AMTCR = range(0x34, 0x50, 4)
START, SUSPEND, ABORT, TEIE, TCIE, CEIE = 1, 2, 4, 1 << 8, 1 << 9, 1 << 13
TE, TC, TW, CAE, CTC, CE = 1, 2, 4, 8, 16, 32
COPY, CONVERT, BLEND, FILL = (n << 16 for n in range(4))
ARGB8888, RGB888, RGB565, ARGB1555, ARGB4444, L8, AL44, AL88, L4, A8, A4 = range(11)
RAM, FG, BG, OUT, TABLE = 0x2001_0000, 0x2001_0000, 0x2001_4000, 0x2001_8000, 0x2001_C000
RNG = np.random.default_rng(6)


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.irq = Line()
        self.matrix = BusMatrix((Memory("RAM", RAM, 0x10_0000, "ram", "sram"),), lambda address: None)
        self.dma2d = Dma2d("DMA2D", self.clock, self.matrix.port("DMA2D"), irq=self.irq)

    def read(self, offset: int) -> int:
        return self.dma2d.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.dma2d.write(offset, 4, value)

    def put(self, address: int, data: bytes) -> None:
        self.matrix.contents.write(address, data)

    def get(self, size: int, address: int = OUT) -> bytes:
        return self.matrix.contents.read(address, size)

    def run(self, mode: int, width: int, height: int, **registers: int) -> None:
        values = {"FGMAR": FG, "BGMAR": BG, "OMAR": OUT, **registers}
        for name, value in values.items():
            self.write(globals()[name], value)
        self.write(NLR, width << 16 | height)
        self.write(CR, mode | START)

    def wait(self, cycles: int = 1_000_000) -> None:
        self.clock.advance(self.clock.now + cycles)

    def done(self, mode: int, width: int, height: int, **registers: int) -> None:
        self.run(mode, width, height, **registers)
        self.wait()
        assert self.read(ISR) & TC and not self.read(CR) & START


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("form", "colour", "pixel"),
    [
        (ARGB8888, 0x1234_5678, b"\x78\x56\x34\x12"),
        (RGB888, 0x34_5678, b"\x78\x56\x34"),
        (RGB565, 0xF81F, b"\x1f\xf8"),
        (ARGB1555, 0x8001, b"\x01\x80"),
        (ARGB4444, 0xF00F, b"\x0f\xf0"),
    ],
)
def test_a_rectangle_is_filled_and_what_is_beside_it_stays(bench: Bench, form: int, colour: int, pixel: bytes) -> None:
    bench.done(FILL, 3, 2, OCOLR=colour, OPFCCR=form, OOR=2)
    gap = bytes(2 * len(pixel))
    assert bench.get(10 * len(pixel)) == pixel * 3 + gap + pixel * 3 + gap


@pytest.mark.parametrize("form", [ARGB8888, RGB888, RGB565, L8])
def test_a_copy_changes_no_byte(bench: Bench, form: int) -> None:
    size = (4, 3, 2, 0, 0, 1)[form]
    data = RNG.bytes(6 * 4 * size)
    bench.put(FG, data)
    bench.done(COPY, 4, 4, FGPFCCR=form, FGOR=2)
    assert bench.get(16 * size) == b"".join(data[6 * size * n : 6 * size * n + 4 * size] for n in range(4))


@pytest.mark.parametrize(
    ("form", "pixels", "expected"),
    [
        (RGB888, b"\x03\x02\x01" * 2, [0xFF01_0203] * 2),
        (RGB565, b"\x00\xf8\x1f\x00", [0xFFFF_0000, 0xFF00_00FF]),
        (ARGB1555, b"\x00\xfc\x1f\x00", [0xFFFF_0000, 0x0000_00FF]),
        (ARGB4444, b"\x34\x12\xcd\xab", [0x1122_3344, 0xAABB_CCDD]),
        (A8, b"\x80\xff", [0x8010_2030, 0xFF10_2030]),
        (A4, b"\xf3", [0x3310_2030, 0xFF10_2030]),
    ],
)
def test_every_direct_format_becomes_argb8888(bench: Bench, form: int, pixels: bytes, expected: list[int]) -> None:
    bench.put(FG, pixels)
    bench.done(CONVERT, 2, 1, FGPFCCR=form, FGCOLR=0x10_2030, OPFCCR=ARGB8888)
    assert np.frombuffer(bench.get(8), "<u4").tolist() == expected


@pytest.mark.parametrize(
    ("form", "pixels", "expected"),
    [
        (L8, b"\x05\x06", [0x0500_0005, 0x0600_0006]),
        (L4, b"\x65", [0x0500_0005, 0x0600_0006]),
        (AL44, b"\xf0\x81", [0xFF00_0000, 0x8800_0011]),
        (AL88, b"\x07\x80\x08\xff", [0x8000_0007, 0xFF00_0008]),
    ],
)
def test_indexed_formats_take_their_colours_from_the_table(
    bench: Bench, form: int, pixels: bytes, expected: list[int]
) -> None:
    for n in range(256):
        bench.write(0x400 + 4 * n, n << 24 | n)
    bench.put(FG, pixels)
    bench.done(CONVERT, 2, 1, FGPFCCR=form, OPFCCR=ARGB8888)
    assert np.frombuffer(bench.get(8), "<u4").tolist() == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [(RGB888, b"\xbc\x9a\x78"), (RGB565, b"\xd7\x7c"), (ARGB1555, b"\x77\xbe"), (ARGB4444, b"\x9b\xd7")],
)
def test_output_formats_cut_the_lower_bits_off(bench: Bench, form: int, expected: bytes) -> None:
    bench.put(FG, np.array([0xDE78_9ABC], "<u4").tobytes())
    bench.done(CONVERT, 1, 1, FGPFCCR=ARGB8888, OPFCCR=form)
    assert bench.get(len(expected)) == expected


@pytest.mark.parametrize(("mode", "alpha"), [(0, 0x80), (1, 0x40), (2, 0x80 * 0x40 // 255)])
def test_alpha_is_kept_replaced_or_multiplied(bench: Bench, mode: int, alpha: int) -> None:
    bench.put(FG, b"\1\2\3\x80")
    bench.done(CONVERT, 1, 1, FGPFCCR=0x40 << 24 | mode << 16 | ARGB8888, OPFCCR=ARGB8888)
    assert bench.get(4) == bytes([1, 2, 3, alpha])


def test_blending_is_the_manuals_formula_for_every_pixel(bench: Bench) -> None:
    above, below = (RNG.integers(0, 256, (64, 4)) for _ in range(2))
    bench.put(FG, above.astype(np.uint8).tobytes())
    bench.put(BG, below.astype(np.uint8).tobytes())
    bench.done(BLEND, 16, 4, FGPFCCR=ARGB8888, BGPFCCR=ARGB8888, OPFCCR=ARGB8888)
    shown = np.frombuffer(bench.get(256), np.uint8).reshape(64, 4)
    for fg, bg, out in zip(above.tolist(), below.tolist(), shown.tolist(), strict=True):
        product = fg[3] * bg[3] // 255
        alpha = fg[3] + bg[3] - product
        assert out == [(fg[n] * fg[3] + bg[n] * bg[3] - bg[n] * product) // alpha for n in range(3)] + [alpha]


def test_an_opaque_foreground_hides_and_a_transparent_one_shows() -> None:
    fg, bg = np.array([[[9, 8, 7, 255]]], np.uint8), np.array([[[1, 2, 3, 255]]], np.uint8)
    assert blended(fg, bg).tolist() == fg.tolist()
    fg[..., 3] = 0
    assert blended(fg, bg).tolist() == bg.tolist()
    bg[..., 3] = 0
    assert blended(fg, bg).tolist() == [[[0, 0, 0, 0]]]


def test_a_transfer_takes_its_time_and_then_interrupts(bench: Bench) -> None:
    bench.run(FILL | TCIE, 100, 10, OPFCCR=ARGB8888, OCOLR=1)
    bench.wait(1000)
    assert bench.read(CR) & START and not bench.irq.level
    bench.wait(100)
    assert not bench.read(CR) & START and bench.irq.level
    bench.write(IFCR, TC)
    assert not bench.irq.level and not bench.read(ISR)


def test_dead_time_makes_it_longer(bench: Bench) -> None:
    bench.run(FILL, 100, 10, OPFCCR=ARGB8888, AMTCR=9 << 8 | 1)
    bench.wait(9000)
    assert bench.read(CR) & START
    bench.wait(2000)
    assert not bench.read(CR) & START


def test_the_watermark_comes_with_its_line(bench: Bench) -> None:
    bench.run(FILL, 100, 10, OPFCCR=ARGB8888, LWR=5)
    bench.wait(490)
    assert not bench.read(ISR)
    bench.wait(30)
    assert bench.read(ISR) == TW


def test_a_suspended_transfer_waits(bench: Bench) -> None:
    bench.run(FILL, 100, 10, OPFCCR=ARGB8888)
    bench.write(CR, FILL | START | SUSPEND)
    bench.wait()
    assert not bench.read(ISR)
    bench.write(CR, FILL | START)
    bench.wait()
    assert bench.read(ISR) == TC


def test_an_aborted_transfer_writes_nothing_and_tells_nothing(bench: Bench) -> None:
    bench.run(FILL, 4, 4, OPFCCR=ARGB8888, OCOLR=0xFFFF_FFFF)
    bench.write(CR, FILL | ABORT)
    assert bench.read(CR) & (START | ABORT) == 0
    bench.wait()
    assert bench.read(ISR) == 0 and bench.get(4) == bytes(4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"OPFCCR": 5},
        {"OMAR": OUT + 2, "OPFCCR": ARGB8888},
        {"FGPFCCR": 11},
        {"FGMAR": FG + 1, "FGPFCCR": RGB565},
        {"FGPFCCR": A4},
    ],
)
def test_a_configuration_that_makes_no_sense_is_an_error(bench: Bench, wrong: dict[str, int]) -> None:
    bench.run(CONVERT | CEIE, 3, 1, **wrong)
    assert bench.read(ISR) == CE and bench.irq.level and not bench.read(CR) & START


@pytest.mark.parametrize("size", [(0, 1), (1, 0)])
def test_an_empty_rectangle_is_an_error(bench: Bench, size: tuple[int, int]) -> None:
    bench.run(FILL, *size)
    assert bench.read(ISR) == CE


def test_an_address_where_nothing_is_raises_the_transfer_error(bench: Bench) -> None:
    bench.run(FILL | TEIE, 1, 1, OMAR=0x4000_0000)
    bench.wait()
    assert bench.read(ISR) == TE and bench.irq.level


@pytest.mark.parametrize(("ccm", "data"), [(0, b"\1\2\3\4\5\6\7\x08"), (1, b"\1\2\3\5\6\7")])
def test_a_table_is_loaded_from_memory(bench: Bench, ccm: int, data: bytes) -> None:
    bench.put(TABLE, data)
    bench.write(BGCMAR, TABLE)
    bench.write(BGPFCCR, 1 << 8 | 1 << 5 | ccm << 4 | L8)
    bench.write(0x800, 0)
    assert bench.read(ISR) == CAE
    bench.wait()
    assert bench.read(ISR) == CAE | CTC and not bench.read(BGPFCCR) & 1 << 5
    expected = [0x0403_0201, 0x0807_0605] if ccm == 0 else [0xFF03_0201, 0xFF07_0605]
    assert [bench.read(0x800), bench.read(0x804)] == expected


def test_a_whole_screen_is_blended_in_less_than_twenty_milliseconds(bench: Bench) -> None:
    bench.run(
        BLEND,
        480,
        272,
        FGMAR=RAM,
        BGMAR=RAM + 0x1_0000,
        OMAR=RAM + 0x8_0000,
        FGPFCCR=ARGB4444,
        BGPFCCR=RGB565,
        OPFCCR=RGB565,
    )
    start = time.process_time()
    bench.wait()
    assert time.process_time() - start < 0.020 and bench.read(ISR) == TC


def test_it_tells_what_a_transfer_moves_and_that_it_is_over(bench: Bench) -> None:
    told: list[object] = []
    bench.dma2d.on_transfer = lambda moved, cycles: told.append((moved, cycles))
    bench.run(BLEND, 10, 4, FGPFCCR=RGB565, BGPFCCR=ARGB8888, OPFCCR=RGB565)
    assert told == [(((FG, 80), (BG, 160), (OUT, 80)), 8 + 20 + 40 + 20)]
    bench.wait()
    assert told[1:] == [((), 0)]


def test_a_slow_memory_makes_a_transfer_longer(bench: Bench) -> None:
    bench.matrix.pace = lambda address: Fraction(9, 2)
    told: list[int] = []
    bench.dma2d.on_transfer = lambda moved, cycles: told.append(cycles)
    bench.run(FILL, 10, 4, OPFCCR=ARGB8888)
    assert told == [8 + 40 * 9 // 2]
