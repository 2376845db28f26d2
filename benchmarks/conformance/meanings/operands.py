"""Records of operands: random numbers, the edges of every width, and operands that have to do with each other.

Not here: what an instruction makes of them. A record is a row of uint32, in the order that the runner's loops have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.conformance.meanings.forms import CORE, FP, STACK
from benchmarks.conformance.meanings.words import APSR, FPSCR, S0

Words = NDArray[np.uint32]
Generator = np.random.Generator
U = np.uint32

# The places in a state of a record's words: firmware/conformance/meanings/runner.S.
COLUMNS: Mapping[str, tuple[int, ...]] = {
    CORE: (0, 1, 2, 9, 12, APSR),
    STACK: (0, 1, 2, 9, 13, APSR),
    FP: (0, 1, FPSCR, APSR, S0 + 14, S0 + 15, S0 + 16, S0 + 17),
}
HALVES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0x8001, 0xFFFE, 0xFFFF)
BYTES = (0, 1, 0x7F, 0x80, 0x81, 0xFE, 0xFF)
EXTREMES = (0, 1, 0xFFFF_FFFF, 0x7FFF_FFFF, 0x8000_0000, 0x7FFF_7FFF, 0x8000_8000)
FLAGS = 0xF80F_0000  # N Z C V Q GE
MODES, CUMULATIVE = 0x07C0_0000, 0xF000_009F  # FPSCR: AHP DN FZ RMode; flags and exceptions
SINGLES = (
    0x0000_0000, 0x0000_0001, 0x0000_0002, 0x0040_0000, 0x007F_FFFF, 0x0080_0000, 0x0080_0001, 0x00FF_FFFF,
    0x0100_0000, 0x3F7F_FFFF, 0x3F80_0000, 0x3F80_0001, 0x3F00_0000, 0x3F00_0001, 0x3EFF_FFFF, 0x3FC0_0000,
    0x4000_0000, 0x4020_0000, 0x4B00_0000, 0x4AFF_FFFF, 0x4B7F_FFFF, 0x4B80_0000, 0x4EFF_FFFF, 0x4F00_0000,
    0x4F00_0001, 0x4F7F_FFFF, 0x4F80_0000, 0x46FF_FE00, 0x4700_0000, 0x477F_FF00, 0x4780_0000, 0x477F_E000,
    0x477F_EFFF, 0x477F_F000, 0x387F_C000, 0x3880_0000, 0x3300_0000, 0x3300_0001, 0x7F7F_FFFF, 0x7F7F_FFFE,
    0x7F00_0000, 0x7F80_0000, 0x7F80_0001, 0x7FBF_FFFF, 0x7FC0_0000, 0x7FC0_0001, 0x7FFF_FFFF, 0x7FA0_0000,
)  # fmt: skip


def records(loop: str, count: int, rng: Generator) -> Words:
    """Records for one of the runner's loops, uint32[count, words]."""
    table = np.empty((count, len(COLUMNS[loop])), np.uint32)
    if loop == FP:
        table[:, :2] = _integers(count, 2, rng)
        table[:, 2] = _fpscr(count, rng)
        table[:, 3] = _bits(count, rng) & FLAGS
        table[:, 4:] = _floats(count, rng)
        return table
    table[:, :5] = _integers(count, 5, rng)
    table[:, 5] = _bits(count, rng) & FLAGS
    if loop == STACK:
        table[:, 4] &= ~np.uint32(3)
    return table


def _between(low: int, high: int, shape: int | tuple[int, int], rng: Generator) -> Words:
    return rng.integers(low, high, shape, np.uint32)


def _bits(shape: int | tuple[int, int], rng: Generator) -> Words:
    return _between(0, 1 << 32, shape, rng)


def _choice(values: tuple[int, ...], shape: int | tuple[int, int], rng: Generator) -> Words:
    return np.array(values, np.uint32)[rng.integers(0, len(values), shape)]


def _mixed(kinds: list[Words], rng: Generator) -> Words:
    return np.choose(rng.integers(0, len(kinds), kinds[0].shape), kinds)


def _integers(count: int, columns: int, rng: Generator) -> Words:
    shape = (count, columns)
    halves = _choice(HALVES, shape, rng) | _choice(HALVES, shape, rng) << U(16)
    quarters = [_choice(BYTES, shape, rng) << U(8 * lane) for lane in range(4)]
    powers = (U(1) << _between(0, 32, shape, rng)) + _choice((0, 1, 0xFFFF_FFFF), shape, rng)
    small = _between(0, 66, shape, rng) | _choice((0, 0, 0, 0x100, 0xFFFF_FF00), shape, rng)
    sparse = _bits(shape, rng) & _bits(shape, rng) & _bits(shape, rng)
    random = _bits(shape, rng)
    table = _mixed(
        [random, random, halves, quarters[0] | quarters[1] | quarters[2] | quarters[3], powers, small, sparse, ~sparse],
        rng,
    )
    extreme = np.flatnonzero(_between(0, 16, count, rng) == 0)
    table[extreme] = _choice(EXTREMES, (len(extreme), columns), rng)
    return _related(table, rng, [lambda x: x, lambda x: ~x, lambda x: -x, lambda x: x + U(1), lambda x: x * U(3)])


def _related(table: Words, rng: Generator, functions: Sequence[Callable[[Words], Words]]) -> Words:
    """A quarter of the records get a column that is a function of another one."""
    count, columns = table.shape
    rows = np.flatnonzero(rng.integers(0, 4, count) == 0)
    to, of = rng.integers(0, columns, len(rows)), rng.integers(0, columns, len(rows))
    values = table[rows, of]
    table[rows, to] = _mixed([f(values) for f in functions], rng)
    return table


def _fpscr(count: int, rng: Generator) -> Words:
    flags = np.where(rng.integers(0, 4, count) == 0, _bits(count, rng) & np.uint32(CUMULATIVE), 0).astype(np.uint32)
    return _bits(count, rng) & np.uint32(MODES) | flags


def _floats(count: int, rng: Generator) -> Words:
    shape = (count, 4)
    sign = _bits(shape, rng) & U(1 << 31)
    random = _bits(shape, rng)
    edges = _choice(SINGLES, shape, rng) | sign
    sparse = _bits(shape, rng) & _bits(shape, rng) & U(0x7F_FFFF)
    near_one = sign | _between(127 - 26, 127 + 34, shape, rng) << U(23) | sparse
    full = sign | _between(127 - 15, 127 + 17, shape, rng) << U(23) | random & U(0x7F_FFFF)
    denormal = sign | _bits(shape, rng) >> _between(9, 32, shape, rng)
    tiny = sign | _between(0, 30, shape, rng) << U(23) | sparse
    huge = sign | _between(225, 255, shape, rng) << U(23) | random & U(0x7F_FFFF)
    nan = sign | U(0x7F80_0000) | _bits(shape, rng) >> _between(9, 32, shape, rng)
    half = _choice((*HALVES, 0x3FF, 0x400, 0x7BFF, 0x7C00, 0x7C01, 0x7DFF, 0x7E00), shape, rng)
    halves = half | (_bits(shape, rng) & U(0xFFFF_0000))
    quarters = (rng.integers(-400, 400, shape) / 4).astype(np.float32).view(np.uint32)
    kinds = [random, edges, near_one, full, full, denormal, tiny, nan, halves, half << U(16), quarters, huge]
    table = _mixed(kinds, rng)
    _cancel(table, rng)
    alike = np.flatnonzero(_between(0, 8, count, rng) == 0)
    table[alike, 1:] = table[alike, :1] ^ _bits((len(alike), 3), rng) & U(0x80FF_FFFF)  # of about the same size
    return _related(
        table, rng, [lambda x: x, lambda x: x ^ U(1 << 31), lambda x: x + U(1), lambda x: x - U(1), lambda x: x ^ U(1)]
    )


def _cancel(table: Words, rng: Generator) -> None:
    """An eighth of the records get an operand that nearly cancels the product of two others."""
    rows = np.flatnonzero(rng.integers(0, 8, len(table)) == 0)
    places = rng.permuted(np.tile(np.arange(4), (len(rows), 1)), axis=1)
    operands = table.view(np.float32)
    with np.errstate(all="ignore"):
        product = operands[rows, places[:, 0]] * operands[rows, places[:, 1]]
    off = rng.integers(-1, 2, len(rows)).astype(np.uint32)
    table[rows, places[:, 2]] = (product.view(np.uint32) + off) ^ (
        rng.integers(0, 2, len(rows), np.uint32) << np.uint32(31)
    )
