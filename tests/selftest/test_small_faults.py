"""Faults in programs of a few instructions, each in a machine of its own: what ends a run outright, and gaps of the core."""

from __future__ import annotations

import subprocess

import pytest

from simulator.firmware import load
from simulator.machine import Machine
from simulator.until import UntilCycles

NOBODY = 0x3000_0000
BUS_FAULT, USAGE_FAULT, HARD_FAULT, MEM_MANAGE = 5, 6, 3, 4
PRECISE, UNALIGNED, INVSTATE, IACCVIOL = 0x8200, 1 << 24, 1 << 17, 1

# Every handler shows IPSR, CFSR, the stacked address and BFAR in R0, R2, R3 and R4, and stops.
START = """
.syntax unified
.cpu cortex-m7
.fpu fpv5-sp-d16
.thumb
.section .vectors, "a"
.word 0x20050000, start
.rept 9
.word fault
.endr
.word SUPERVISOR_CALL, fault, fault, fault, fault
.text
.thumb_func
fault:
 mrs r0, ipsr
 ldr r1, =0xE000ED28
 ldr r2, [r1]
 ldr r3, [sp, #24]
 ldr r4, [r1, #16]
 bkpt #1
.global start
.thumb_func
start:
 ldr r0, =0xE000ED24
 ldr r1, =0x70000
 str r1, [r0]
 dsb
 isb
"""


@pytest.fixture
def run(tmp_path):
    """run(code) assembles the code behind START's and runs it; `at` is the instruction in question."""

    def run(code, supervisor_call="fault", until=UntilCycles(1_000_000)):  # noqa: B008
        source, binary, elf = (tmp_path / f"small.{kind}" for kind in ("S", "o", "elf"))
        start = START.replace("SUPERVISOR_CALL", supervisor_call)
        source.write_text(f"{start}{code}\n bkpt #2\n .ltorg\n")
        subprocess.run(["arm-none-eabi-gcc", "-c", source, "-o", binary], check=True)
        places = ["-Ttext=0x08000200", "--section-start=.vectors=0x08000000", "-e", "start"]
        subprocess.run(["arm-none-eabi-ld", *places, binary, "-o", elf], check=True)
        machine = Machine(load(elf))
        return machine, machine.run(until=until)

    return run


def found(machine):
    """The exception and its status."""
    return machine.register("r0"), machine.register("r2")


def address_of(machine, name):
    return machine.firmware.symbols.find(name).address & ~1


def gap(reason, raises=None):
    return pytest.mark.xfail(strict=True, reason=reason, raises=raises or AssertionError)


LOADS = {
    "ldm": "ldmia r0!, {r1-r4}",
    "stm": "stmia r0!, {r1-r4}",
    "ldrd": "ldrd r1, r2, [r0, #4]",
}


@pytest.mark.parametrize("instruction", LOADS.values(), ids=LOADS)
def test_a_transfer_that_runs_off_the_end_of_memory_faults_where_it_leaves_it(run, instruction):
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


def test_a_store_to_nowhere_in_an_it_block_faults(run):
    machine, stop = run(f" ldr r0, ={NOBODY}\n cmp r0, r0\n itt eq\n streq r0, [r0]\n moveq r5, #1\n nop")
    assert stop.detail.startswith("BKPT 0x01")
    assert found(machine) == (BUS_FAULT, PRECISE)


def test_a_store_into_the_flash_is_no_error_of_the_simulator(run):
    _, stop = run(" ldr r0, =0x08010000\n str r0, [r0]")
    assert stop.reason == "breakpoint"


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


@gap("privilege is not checked")
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
