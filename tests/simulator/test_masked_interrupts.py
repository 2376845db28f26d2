"""A pending interrupt that a mask holds back costs no slices, and is taken where the mask goes."""

from __future__ import annotations

import pytest

from simulator.firmware import load
from simulator.machine import Machine
from tests.simulator.programs import leave, program
from tests.timing.assembler import assemble, needs_assembler

pytestmark = needs_assembler

SYSTICK = """
    movw r1, #0xE010; movt r1, #0xE000; movs r0, #100; str r0, [r1, #4]; movs r0, #0; str r0, [r1, #8]
    movs r0, #7; str r0, [r1]
"""
LOOP = "movw r4, #2000; turn: subs r4, #1; beq out; b turn; out:"
HANDLER = "movs r0, #0; str r0, [r1]; mov r7, r4; bx lr"
MASKS = {
    "PRIMASK": ("cpsid i;", "cpsie i;"),
    "FAULTMASK": ("cpsid f;", "cpsie f;"),
    "BASEPRI": (
        "movw r2, #0xED20; movt r2, #0xE000; mov r3, #0x80000000; str r3, [r2]; movs r3, #0x40; msr basepri, r3;",
        "movs r3, #0; msr basepri, r3;",
    ),
}


@pytest.mark.parametrize("mask", MASKS)
def test_the_interrupt_comes_behind_the_instruction_that_unmasks(mask, tmp_path):
    close, open_ = MASKS[mask]
    path = tmp_path / "masked.elf"
    path.write_bytes(program(assemble(close + SYSTICK + LOOP + open_ + "nop;") + leave(0), handler=assemble(HANDLER)))
    outcomes = []
    for blocks in (1 << 62, 1):
        machine = Machine(load(path))
        machine.slice_blocks = blocks
        slices = []
        run = machine.core.run
        machine.core.run = lambda *a, run=run, slices=slices, **k: slices.append(0) or run(*a, **k)
        assert machine.run().exit_code == 0
        assert machine.exceptions.taken == 1
        assert machine.register("r7") == 0
        outcomes.append((machine.cycle, machine.causes()))
        if blocks > 1:
            assert len(slices) < 100
    assert outcomes[0] == outcomes[1]
