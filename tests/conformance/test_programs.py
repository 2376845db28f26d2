"""Random sequences on QEMU and here: 200 of them, and each that once showed a bug."""

from __future__ import annotations

import shutil

import pytest

from benchmarks.conformance import programs
from benchmarks.conformance.outcome import sort_out
from benchmarks.conformance.programs.generator import program
from benchmarks.conformance.programs.items import Call, Code, Jump, Loop, assembled, constant, halves

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(shutil.which(programs.QEMU) is None, reason="there is no qemu-system-arm"),
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc"),
]
SEEDS = (900_000, 900_200)  # none that the command runs by default


def test_two_hundred_sequences_end_as_on_qemu():
    unexplained, _ = sort_out(programs.differences(SEEDS), programs.EXPLAINED, whole=False)
    assert unexplained == ()


def test_sequences_that_once_showed_a_bug_end_as_on_qemu_but_where_it_is_wrong():
    unexplained, explained = sort_out(programs.kept_differences(), programs.EXPLAINED, whole=True)
    assert unexplained == ()
    assert len(explained) == len(programs.EXPLAINED)


def test_a_seed_is_one_sequence():
    assert program(5).sequence() == program(5).sequence()
    assert program(5).sequence() != program(6).sequence()


def test_a_jump_over_what_is_no_longer_there_goes_to_the_end():
    nop = Code(halves(0xBF00))
    assert assembled([Jump("b.n", (3,)), nop]) == halves(0xE000, 0xBF00)  # B over one halfword
    assert assembled([Jump("b.w", (1,)), nop]) == halves(0xF000, 0xB801, 0xBF00)


def test_a_loop_and_a_call_are_the_manual_s_encodings():
    nop = Code(halves(0xBF00))
    loop = assembled([Loop(3, (nop,))])
    assert loop == constant(11, 3) + halves(
        0xBF00, 0xF1BB, 0x0B01, 0xF47F, 0xAFFB
    )  # SUBS R11, R11, #1; BNE.W to the NOP
    call = assembled([Call((nop,), "bl", "bx", 0)])
    assert call == halves(0xF000, 0xF802, 0xF000, 0xB802, 0xBF00, 0x4770)  # BL over B.W over the NOP and BX LR
