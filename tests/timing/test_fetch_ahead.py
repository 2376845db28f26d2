"""What the fetch unit asks for ahead, where no cache holds the code: held against a plain model that goes 64 bits by 64 bits.

Source: TIMING.md section 2, dwelch67's loops on an STM32F767 (README of his perf01), predictor and caches off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from small_timed import DTCM, between, machine_of, needs_compiler, store, wait_states

from simulator.timing import ahead

NO_BTAC = store(0xE000_E008, 0x3000)
LATE = 3  # cycles of a branch that only the decoder foresees
READ = 6  # cycles that a line of flash takes more than one in the unit, without wait states; one more for each
MEASURED = (
    4,
    6,
    5,
    5,
    5,
    17,
    16,
    16,
    16,
    16,
    15,
    15,
)  # a turn of SUBS and BNE, 4 bytes on from a line and 0 to 11 halfwords


@dataclass
class Plain:
    """The fetch unit in absolute cycles: `line` is what it holds, `free` when it takes the next request."""

    read: int
    line: int
    free: int = 0

    def ask(self, dword: int) -> int:
        """The cycle at which 64 bits come that are asked for as soon as can be."""
        came = self.free
        if dword // 4 != self.line:
            came += self.read
            self.line = dword // 4
        self.free = came + 1
        return came

    def turn(self, dword: int, late: int) -> None:
        """Turn round `late` cycles behind these 64 bits, which came last; till then ask for the four behind them."""
        last = self.free - 1 + late
        for ahead_of_it in range(dword + 1, dword + 5):
            if self.free > last:
                break
            if ahead_of_it // 4 == self.line:
                self.free += 1
            elif self.free == last:
                self.free += 2  # not begun, and yet in the way
            else:
                self.ask(ahead_of_it)
                self.free += self.free > last
        self.free = max(self.free, last + 1)


def plainly(kernel: Callable[..., int]) -> Callable[..., int]:
    """A kernel as plain Python: compiled, only kernels call it."""
    function: Callable[..., int] = getattr(kernel, "py_func", kernel)
    return function


def turn_of_the_loop(offset: int, read: int, late: int = LATE) -> int:
    """Cycles a turn of SUBS and BNE, the loop's second turn and third being like all that follow."""
    unit = Plain(read, offset // 32)
    begins = []
    for _ in range(4):
        begins.append(unit.ask(offset // 8))
        if (offset + 3) // 8 != offset // 8:
            unit.ask((offset + 3) // 8)
        unit.turn((offset + 3) // 8, late)
    assert begins[3] - begins[2] == begins[2] - begins[1]
    return begins[3] - begins[2]


def test_the_plain_model_has_the_counts_that_were_measured():
    assert tuple(turn_of_the_loop(4 + 2 * nops, READ) for nops in range(12)) == MEASURED


@pytest.mark.parametrize("late", [3, 6, 8])
@pytest.mark.parametrize("read", [0, 1, 6, 13])
def test_a_turn_is_as_late_as_in_the_plain_model(late, read):
    for dword in range(4):
        unit = Plain(read, 0, free=1)
        unit.turn(dword, late)
        asked = plainly(ahead.asked_after)(8 * dword + 8)
        assert 1 + late + plainly(ahead.turned_after)(asked, read, late) == unit.free
        assert unit.line == int(plainly(ahead.begins)(asked, late))


def causes_of(tmp_path, code: str, setup: str = "", skip: int = 0) -> dict[str, int]:
    """Cycles by cause between `begin`, so many bytes on from a line's beginning, and `end`."""
    place = " .balign 32\n" + " nop\n" * (skip // 2)
    return between(machine_of(tmp_path, f"{setup} b 7f\n .ltorg\n{place}7:\nbegin:\n{code}\nend: nop\n"))


def cycles_of(tmp_path, code: str, setup: str = "") -> int:
    return sum(causes_of(tmp_path, code, setup).values())


def a_turn(tmp_path, code: str, **others) -> int:
    """Cycles of one turn of a loop, whose counter is R7."""
    few, many = (cycles_of(tmp_path, f" movs r7, #{turns}\n{code}", **others) for turns in (40, 90))
    assert (many - few) % 50 == 0
    return (many - few) // 50


@needs_compiler
@pytest.mark.parametrize("offset", range(2, 34, 2))
def test_a_loop_takes_what_the_plain_model_says(tmp_path, offset):
    code = " mov r8, r8\n" * (offset // 2 - 1) + "1: subs r7, #1\n bne.n 1b\n"
    assert a_turn(tmp_path, code, setup=NO_BTAC) == turn_of_the_loop(offset, READ)


@needs_compiler
@pytest.mark.parametrize("offset", [6, 12, 14, 20, 28, 30])
def test_with_wait_states_too(tmp_path, offset):
    code = " mov r8, r8\n" * (offset // 2 - 1) + "1: subs r7, #1\n bne.n 1b\n"
    assert a_turn(tmp_path, code, setup=NO_BTAC + wait_states(7)) == turn_of_the_loop(offset, READ + 7)


@needs_compiler
@pytest.mark.parametrize("offset", [4, 20])
def test_a_branch_that_is_foreseen_turns_the_unit_at_once(tmp_path, offset):
    code = " mov r8, r8\n" * (offset // 2 - 1) + "1: subs r7, #1\n bne.n 1b\n"
    assert a_turn(tmp_path, code) == 1


SIXTEEN = " mov r8, r8\n1:" + "{}\n" * 16 + " subs r7, #1\n bne.n 1b\n"
IN_DTCM = f" ldr r1, ={DTCM:#x}\n"


@needs_compiler
def test_a_line_is_read_while_the_one_before_it_executes(tmp_path):
    """Measured: 26. 16 stores, 1 + 3 for the branch, 6 for the loop's first line; its second one costs nothing."""
    assert a_turn(tmp_path, SIXTEEN.format(*[" str r0, [r1]"] * 16), setup=NO_BTAC + IN_DTCM) == 26


@needs_compiler
def test_loads_in_each_cycle_keep_the_next_line_from_being_read(tmp_path):
    """Measured: 32."""
    assert a_turn(tmp_path, SIXTEEN.format(*[" ldr r0, [r1]"] * 16), setup=NO_BTAC + IN_DTCM) == 32


@needs_compiler
@pytest.mark.parametrize("dword", range(4))
def test_a_read_in_line_begins_four_double_words_ahead(tmp_path, dword):
    """MOVs that depend on each other, a cycle each, to the end of a line whose read is seen whole, and into the next."""
    movs = 4 * (4 - dword)
    causes = causes_of(tmp_path, " mov r8, r8\n" * movs, setup=wait_states(7), skip=8 * dword)
    asked = 4 - dword
    assert causes["uncached"] == (READ + 7) + (READ + 7 - (movs - asked))


@needs_compiler
@pytest.mark.parametrize("dword", range(3))
def test_a_mispredicted_branch_has_the_line_behind_it_read(tmp_path, dword):
    """BEQ forward, not foreseen, to that very line; 8 cycles behind it, since the flags are of the cycle before."""
    unit = Plain(READ + 7, 0, free=1)
    unit.turn(dword, 8)
    code = " movs r0, #0\n" + " mov r8, r8\n" * (4 * dword + 1) + " cmp r0, #0\n beq.n 1f\n .balign 32\n1: nop\n"
    causes = causes_of(tmp_path, code, setup=wait_states(7))
    assert causes["branch"] == 8
    assert causes["uncached"] == (READ + 7) + unit.free - (1 + 8)
