"""With exact_interrupts an exception is taken before the instruction that its cycle falls on; by default at its block's end."""

from __future__ import annotations

import pytest

from simulator.board import Board
from simulator.firmware import load
from simulator.machine import Machine
from simulator.timing.memories import EXCEPTION_ENTRY
from tests.simulator.programs import leave, program
from tests.timing.assembler import assemble, needs_assembler

pytestmark = needs_assembler

TURNS = 60
# SysTick every 331 cycles, and a loop whose block is sixty additions long, each needing the one before.
TEXT = f"""
    movw r1, #0xE010; movt r1, #0xE000; movw r0, #330; str r0, [r1, #4]; movs r0, #0; str r0, [r1, #8]
    movs r0, #7; str r0, [r1]; movs r4, #{TURNS}; movs r2, #0
turn: {"adds r2, r2, #1;" * 60} subs r4, r4, #1; bne turn
    movs r0, #0; str r0, [r1]
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    file = tmp_path_factory.mktemp("exact") / "ticks.elf"
    file.write_bytes(program(assemble(TEXT) + leave(0), handler=assemble("bx lr")))
    return file


def lateness(path, *, exact, timing="cycles"):
    """Cycles from each tick to the instruction before which it was taken."""
    with Board("stm32f746g-disco", path, exact_interrupts=exact, timing=timing, icache="on") as board:
        ticks, late = [], []
        board.machine.soc.nvic.on_pended = lambda number: ticks.append(board.machine.clock.now)
        board.on.exec(
            "fault_handler", lambda access: late.append(board.cycles - EXCEPTION_ENTRY.cycles - ticks[len(late)])
        )
        assert board.run().exit_code == 0
        assert board.cpu.r2 == 60 * TURNS
        assert sum(board.machine.causes().values()) == board.cycles
        return late


@pytest.mark.parametrize("timing", ["cycles", "functional"])
def test_a_tick_among_additions_is_taken_in_its_cycle(path, timing):
    late = lateness(path, exact=True, timing=timing)
    assert len(late) > 8
    assert set(late[1:-1]) == {0}


def test_by_default_it_waits_for_the_end_of_the_block(path):
    late = lateness(path, exact=False)
    assert 20 < max(late) <= 62
    assert min(late) >= 0


def test_what_a_store_pends_is_taken_before_the_next_instruction(tmp_path):
    """PendSV by ICSR in the midst of a block."""
    text = "movw r1, #0xED04; movt r1, #0xE000; mov r0, #0x10000000; movs r2, #5; str r0, [r1]; adds r2, #1; adds r2, #1; isb"
    path = tmp_path / "pend.elf"
    path.write_bytes(program(assemble(text) + leave(0), handler=assemble("mov r7, r2; bx lr")))
    seen = []
    for exact in (False, True):
        with Board("stm32f746g-disco", path, exact_interrupts=exact) as board:
            assert board.run().exit_code == 0
            assert board.cpu.r2 == 7
            seen.append(board.cpu.r7)
    assert seen == [7, 5]


def test_what_a_fault_cuts_off_is_on_no_account(tmp_path):
    """A bus fault in the midst of a block: the instructions behind it have not executed, and no cause is less than nothing."""
    text = (
        "mov r1, #0x70000000; movs r2, #1; muls r2, r2; ldr r0, [r1]; adds r2, #1; udiv r2, r2, r2; ldr r3, [sp, #-4]"
    )
    path = tmp_path / "fault.elf"
    path.write_bytes(program(assemble(text), handler=assemble("adds r2, #10") + leave(0)))
    machine = Machine(load(path))
    assert machine.run().exit_code == 0
    assert machine.register("r2") == 11
    causes = machine.causes()
    assert min(causes.values()) >= 0
    assert sum(causes.values()) == machine.cycle
    stepped = Machine(load(path))
    steps = 0
    while stepped.debugger.step().reason == "step":
        steps += 1
    assert machine.instructions == stepped.instructions
    assert (machine.cycle, causes) == (stepped.cycle, stepped.causes())


def test_code_that_is_patched_while_the_core_stands_in_its_block_executes_patched(path):
    machine = Machine(load(path))
    place = machine.debugger.address("main") + 40 & ~1
    point = machine.debugger.breakpoint(place)
    assert machine.run().pc == place
    point.remove()
    machine.write(place, b"\xff\xe7")  # b .+2, a step that does nothing
    assert machine.run().exit_code == 0
    assert machine.register("r2") == 59 * TURNS
    assert sum(machine.causes().values()) == machine.cycle
