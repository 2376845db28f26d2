"""Faults in programs of a few instructions, each in a machine of its own: what ends a run outright, and gaps of the core."""

from __future__ import annotations

import pytest
from small_programs import (
    BUS_FAULT,
    HARD_FAULT,
    IACCVIOL,
    IMPRECISE,
    INVSTATE,
    MEM_MANAGE,
    NOBODY,
    PRECISE,
    UNALIGNED,
    USAGE_FAULT,
    address_of,
    found,
    it_state,
)

LOADS = {
    "ldm": "ldmia r0!, {r1-r4}",
    "ldrd": "ldrd r1, r2, [r0, #4]",
}


@pytest.mark.parametrize("instruction", LOADS.values(), ids=LOADS)
def test_a_load_that_runs_off_the_end_of_memory_faults_where_it_leaves_it(run, instruction):
    machine, stop = run(f" ldr r0, =0x2004fff8\n .global at\n .thumb_func\nat: {instruction}")
    assert stop.detail.startswith("BKPT 0x01")
    assert found(machine) == (BUS_FAULT, PRECISE)
    assert machine.register("r3") == address_of(machine, "at")
    assert machine.register("r4") == 0x2005_0000


def test_a_fault_with_no_stack_to_go_to_locks_up(run):
    _, stop = run(f" ldr r0, ={NOBODY}\n mov sp, r0\n push {{r0}}")
    assert stop.reason == "lockup"


def test_wfi_that_nothing_can_end_ends_the_run(run):
    _, stop = run(" cpsid i\n wfi\n b .", until=None)
    assert stop.reason == "exit"
    assert "sleeps for ever" in stop.detail


@pytest.mark.parametrize(
    "instruction", ["str r0, [r0]", "stmia r0!, {r1-r4}", "strb r0, [r0, #1]", "str r1, [r0, #-8]!"]
)
def test_a_store_to_nowhere_is_an_asynchronous_bus_fault(run, instruction):
    """PM0253 2.5.3: stores are asynchronous, and their address is not told."""
    machine, stop = run(f" ldr r0, ={NOBODY}\n .global at\n .thumb_func\nat: {instruction}")
    assert stop.detail.startswith("BKPT 0x01")
    assert found(machine) == (BUS_FAULT, IMPRECISE)
    assert machine.register("r3") > address_of(machine, "at")


def test_a_store_to_nowhere_without_a_bus_fault_handler_is_a_hard_fault(run):
    machine, stop = run(f" ldr r0, =0xE000ED24\n movs r1, #0\n str r1, [r0]\n dsb\n ldr r0, ={NOBODY}\n str r0, [r0]")
    assert stop.detail.startswith("BKPT 0x01")
    assert found(machine) == (HARD_FAULT, IMPRECISE)


def test_a_load_from_nowhere_in_an_it_block_faults_there(run):
    code = f" ldr r0, ={NOBODY}\n movs r5, #0\n cmp r0, r0\n itt eq\n .global at\n .thumb_func\nat: ldreq r1, [r0]\n moveq r5, #1"
    machine, stop = run(code)
    assert stop.detail.startswith("BKPT 0x01")
    assert found(machine) == (BUS_FAULT, PRECISE)
    assert machine.register("r3") == address_of(machine, "at")
    assert machine.register("r5") == 0
    assert it_state(machine) == 0x04


def test_a_vector_table_that_is_not_there_locks_up(run):
    _, stop = run(f" ldr r0, =0xE000ED08\n ldr r1, ={NOBODY}\n str r1, [r0]\n dsb\n isb\n svc #1")
    assert stop.reason == "lockup"


def test_a_vector_without_its_thumb_bit_is_an_invalid_state(run):
    table = (
        " .balign 512\ntable: .rept 11\n .word fault\n .endr\n .word even\n .rept 4\n .word fault\n .endr\neven: nop"
    )
    machine, stop = run(f" ldr r0, =0xE000ED08\n ldr r1, =table\n str r1, [r0]\n dsb\n isb\n svc #1\n bkpt #3\n{table}")
    assert stop.detail.startswith("BKPT 0x01")
    assert found(machine) == (HARD_FAULT, INVSTATE)


def test_an_unprivileged_thread_cannot_reach_the_system_control_space(run):
    machine, stop = run(" movs r0, #1\n msr control, r0\n isb\n ldr r0, =0xE000E100\n ldr r1, [r0]")
    assert stop.detail.startswith("BKPT 0x01")
    assert found(machine) == (BUS_FAULT, PRECISE)


def test_an_unaligned_access_to_a_peripheral_faults(run):
    machine, stop = run(" ldr r0, =0x40023801\n ldr r1, [r0]")
    assert stop.detail.startswith("BKPT 0x01")
    assert found(machine) == (USAGE_FAULT, UNALIGNED)


def test_returning_to_an_exc_return_is_a_fetch_from_where_nothing_executes(run):
    handler = " .thumb_func\nreturns: mvn r0, #6\n str r0, [sp, #24]\n bx lr"
    machine, stop = run(f" svc #1\n bkpt #3\n{handler}", supervisor_call="returns")
    assert stop.detail.startswith("BKPT 0x01")
    assert found(machine) == (MEM_MANAGE, IACCVIOL)
