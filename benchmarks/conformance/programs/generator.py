"""Random sequences: data processing, memory, IT blocks, jumps, loops, calls, exceptions, FP state, masks."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.conformance.programs.instructions import FREE, HIGH, LOW, Ready, code_of, memory, plain
from benchmarks.conformance.programs.items import LEAVE, Call, Code, Item, Jump, Loop, assembled, constant, halves
from firmware.conformance.programs.image import FLOATING_POINT_USED, KILOBYTE, PROCESS_STACK, Sequence

EDGES = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    0x7FFF_8000,
    0x8000_7FFF,
)
FP_EDGES = (0, 0x8000_0000, 0x3F80_0000, 0xBF80_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7F80_0001, 0xFFBF_FFFF, 1, 0x007F_FFFF,
            0x0080_0000, 0x7F7F_FFFF, 0x4B00_0000, 0x4F00_0000, 0xCF00_0000, 0x3F00_0000, 0x3B80_0001)  # fmt: skip
FPSCR_BITS = 0xF7C0_009F  # N Z C V, AHP DN FZ RMode, and the exceptions
ICSR, ISPR0, NOBODY = 0xE000_ED04, 0xE000_E200, 0x3000_0000
PENDSVSET, IRQ30, IRQ31 = 1 << 28, 1 << 30, 1 << 31
CPSID_I, CPSIE_I, CPSID_F, CPSIE_F = 0xB672, 0xB662, 0xB671, 0xB661
DSB, DMB, ISB, CLREX = (0xF3BF, 0x8F4F), (0xF3BF, 0x8F5F), (0xF3BF, 0x8F6F), (0xF3BF, 0x8F2F)
READABLE = (0, 1, 2, 3, 5, 6, 7, 9, 16, 17, 18, 19, 20)  # SYSm; MSP is SP


@dataclass(frozen=True)
class Program:
    """A sequence before its items are assembled."""

    name: str
    items: tuple[Item, ...]
    state: Sequence

    def sequence(self) -> Sequence:
        return replace(self.state, code=assembled(self.items, self.state.offset))


def program(seed: int) -> Program:
    """The sequence of a seed."""
    rng = random.Random(f"programs {seed}")
    items = tuple(_item(rng, 0) for _ in range(rng.randrange(3, 13)))
    state = _state(rng)
    if _holds_it_block(
        items
    ):  # QEMU begins the FP context of such a sequence late: tests/conformance/test_regressions.py
        state = replace(state, options=state.options | FLOATING_POINT_USED)
    return Program(f"seed {seed}", items, state)


def _holds_it_block(items: tuple[Item, ...]) -> bool:
    for item in items:
        if isinstance(item, Loop | Call):
            if _holds_it_block(item.body):
                return True
        elif isinstance(item, Code):
            found = (item.data[k] & 15 and item.data[k + 1] == 0xBF for k in range(0, len(item.data), 2))
            if any(found):
                return True
    return False


def _state(rng: random.Random) -> Sequence:
    near_the_end = rng.random() < 0.5
    offset = rng.randrange(KILOBYTE - 64, KILOBYTE, 2) if near_the_end else rng.randrange(0, KILOBYTE, 2)
    return Sequence(
        code=b"",
        offset=offset,
        registers=tuple(_word(rng, EDGES) for _ in range(13)),
        apsr=rng.getrandbits(5) << 27 | rng.getrandbits(4) << 16,
        fpscr=rng.choice((0, rng.getrandbits(32) & FPSCR_BITS)),
        memory_seed=rng.getrandbits(32),
        ccr=0x208 if rng.random() < 0.04 else 0x200,
        options=rng.choice((0, PROCESS_STACK)) | rng.choice((0, FLOATING_POINT_USED)),
        sp=rng.randrange(LOW + 256, HIGH - 256, 4),
        singles=tuple(_word(rng, FP_EDGES) for _ in range(32)),
    )


def _word(rng: random.Random, edges: tuple[int, ...]) -> int:
    return rng.choice(edges) if rng.random() < 0.4 else rng.getrandbits(32)


def _item(rng: random.Random, depth: int) -> Item:
    kinds = [kind for kind, _ in _KINDS if depth < 2 or kind not in (_loop, _call)]
    weights = [weight for kind, weight in _KINDS if kind in kinds]
    return rng.choices(kinds, weights)[0](rng, depth)


def _plain(rng: random.Random, depth: int) -> Item:
    return Code(code_of(plain(rng, floating=rng.random() < 0.3)))


def _memory(rng: random.Random, depth: int) -> Item:
    ready = Ready()
    code = memory(rng, ready)
    return Code(ready.code + code)


def _it(rng: random.Random, depth: int) -> Item:
    """An IT block of any shape; the last instruction may be an SVC."""
    length = rng.randrange(1, 5)
    condition = rng.randrange(15)
    mask = 1 << 4 - length
    for place in range(1, length):
        mask |= (condition & 1 if condition == 14 else rng.getrandbits(1)) << 4 - place
    ready, code = Ready(conditional=True), b""
    for place in range(length):
        kind = rng.random()
        if kind < 0.4:
            code += memory(rng, ready)
        elif kind < 0.45 and place == length - 1:
            code += halves(0xDF00 | rng.getrandbits(8))
        else:
            found = plain(rng, floating=kind > 0.8, in_it=True, pinned=frozenset(ready.pinned))
            ready.written |= {number for number, _ in found.destinations if number < 16}
            code += code_of(found)
    return Code(ready.code + halves(0xBF00 | condition << 4 | mask) + code)


def _jump(rng: random.Random, depth: int) -> Item:
    form = rng.choice(("b.n", "b.w", "bcc.n", "bcc.n", "bcc.w", "cbz", "cbnz", "bx", "mov", "pop", "it", "tbb", "tbh"))
    register = rng.choice((0, 1, 2, 3, 4, 5, 6, 7) if form in ("cbz", "cbnz", "pop") else FREE)
    skips = tuple(rng.randrange(4) for _ in range(rng.randrange(1, 6) if form in ("tbb", "tbh") else 1))
    return Jump(form, skips, rng.randrange(14), register, rng.randrange(len(skips)))


def _loop(rng: random.Random, depth: int) -> Item:
    body = tuple(_item(rng, depth + 1) for _ in range(rng.randrange(1, 5)))
    return Loop(rng.choice((1, 2, 3, 7)), body, depth)


def _call(rng: random.Random, depth: int) -> Item:
    body = tuple(_item(rng, 2) for _ in range(rng.randrange(4)))
    return Call(body, rng.choice(("bl", "blx")), rng.choice(tuple(LEAVE)), rng.choice(FREE))


def _supervisor_call(rng: random.Random, depth: int) -> Item:
    return Code(halves(0xDF00 | rng.getrandbits(8)))


def _pend(rng: random.Random, depth: int) -> Item:
    """PendSV, an interrupt or two, pended while masked and taken where the mask goes."""
    where, what = rng.choice(((ICSR, PENDSVSET), (ISPR0, IRQ30), (ISPR0, IRQ31), (ISPR0, IRQ30 | IRQ31)))
    a, v = rng.sample(FREE[:8], 2)
    store = constant(a, where) + constant(v, what) + halves(CPSID_I, 0x6000 | a << 3 | v, *DSB)
    return Code(store + halves(CPSIE_I, *(ISB if rng.random() < 0.5 else ())))


def _read_special(rng: random.Random, depth: int) -> Item:
    return Code(halves(0xF3EF, 0x8000 | rng.choice(FREE) << 8 | rng.choice(READABLE)))


def _write_special(rng: random.Random, depth: int) -> Item:
    r = rng.choice(FREE)
    kind = rng.random()
    if kind < 0.5:
        return Code(halves(0xF380 | r, 0x8000 | rng.randrange(1, 4) << 10))
    if kind < 0.8:  # BASEPRI, BASEPRI_MAX
        return Code(constant(r, rng.randrange(0, 256, 16)) + halves(0xF380 | r, 0x8800 | rng.choice((17, 18))))
    return Code(constant(r, rng.choice((0, 0, 1))) + halves(0xF380 | r, 0x8810))


def _change_state(rng: random.Random, depth: int) -> Item:
    kind = rng.random()
    if kind < 0.4:
        return Code(halves(rng.choice((CPSID_I, CPSIE_I))))
    if kind < 0.7:
        body = b"".join(code_of(plain(rng, floating=False)) for _ in range(rng.randrange(3)))
        return Code(halves(CPSID_F) + body + halves(CPSIE_F))
    return Code(halves(*rng.choice((DSB, DMB, ISB, CLREX))))


def _fp_state(rng: random.Random, depth: int) -> Item:
    r = rng.choice(FREE)
    kind = rng.random()
    if kind < 0.4:
        return Code(constant(r, rng.getrandbits(32) & FPSCR_BITS) + halves(0xEEE1, r << 12 | 0xA10))
    return Code(halves(0xEEF1, (15 if kind < 0.7 else r) << 12 | 0xA10))


def _exclusive(rng: random.Random, depth: int) -> Item:
    """LDREX, what may clear the monitor, STREX."""
    n, t, d, v = rng.sample(FREE[1:], 4)  # not R0, which an SVC changes
    between = (b"", halves(*CLREX), halves(0xDF00 | rng.getrandbits(8)), halves(0xBF00))
    size = rng.choice((1, 2, 4))
    code = constant(n, rng.randrange(LOW, HIGH) & -size)
    if size == 4:
        load, store = (0xE850 | n, t << 12 | 0xF00), (0xE840 | n, v << 12 | d << 8)
    else:
        kind = 0xF40 if size == 1 else 0xF50
        load, store = (0xE8D0 | n, t << 12 | kind | 15), (0xE8C0 | n, v << 12 | kind | d)
    return Code(code + halves(*load) + rng.choice(between) + halves(*store))


def _faulting(rng: random.Random, depth: int) -> Item:
    """An instruction that faults: undefined, absent coprocessor, no Thumb bit, nothing there.

    No store to where nothing is: kept_programs has one.
    """
    r, t = rng.sample(FREE[:8], 2)
    nothing = constant(r, NOBODY + rng.getrandbits(16) * 4)
    return Code(
        rng.choice(
            (
                halves(0xDE00 | rng.getrandbits(8)),
                halves(0xF7F0, 0xA000 | rng.getrandbits(12)),
                halves(0xEE00 | rng.getrandbits(8), t << 12 | 0x010 | rng.randrange(8) << 8),
                constant(r, LOW) + halves(0x4700 | r << 3),
                constant(r, LOW) + halves(0x4780 | r << 3),
                nothing + halves(0x6800 | r << 3 | t),
            )
        )
    )


_KINDS: tuple[tuple[Callable[[random.Random, int], Item], float], ...] = (
    (_plain, 30),
    (_memory, 22),
    (_it, 16),
    (_jump, 12),
    (_loop, 5),
    (_call, 3),
    (_supervisor_call, 3),
    (_pend, 3),
    (_read_special, 2),
    (_write_special, 2),
    (_change_state, 1.5),
    (_fp_state, 2.5),
    (_exclusive, 2),
    (_faulting, 0.7),
)
