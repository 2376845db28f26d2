"""What Unicorn leaves out of the core, in programs of a few instructions: masks, the stack pointer, Q, lockup, returns."""

from __future__ import annotations

import pytest
from small_programs import HARD_FAULT, UNALIGNED, USAGE_FAULT, address_of, found, it_state

from peripherals.cortex_m7.nvic import NMI

pytestmark = pytest.mark.jit
INVPC = 1 << 18
TRAP_UNALIGNED = " ldr r0, =0xE000ED14\n ldr r1, [r0]\n orr r1, #8\n str r1, [r0]\n dsb\n isb\n"
FAULTMASKS = {
    "CPS": "cpsid f\n mrs r6, faultmask",
    "MSR": "movs r0, #1\n msr faultmask, r0\n mrs r6, faultmask",
    "MSR in an IT block": "movs r0, #1\n cmp r0, r0\n it eq\n msreq faultmask, r0\n mrs r6, faultmask",
    "the next block": "cpsid if\n b 1f\n1: mrs r6, faultmask\n cpsie i",
}


@pytest.fixture(params=["cycles", "functional"])
def timing(request):
    return request.param


@pytest.mark.parametrize("code", FAULTMASKS.values(), ids=FAULTMASKS)
@pytest.mark.parametrize("stepped", [False, True])
def test_faultmask_cannot_be_set_in_hard_fault_and_reads_so_at_once(run, timing, code, stepped):
    handler = f" .thumb_func\nhandler: movs r6, #5\n {code}\n bkpt #1"
    hard = " ldr r1, =0xE000ED08\n ldr r0, =table\n str r0, [r1]\n dsb\n isb\n movs r0, #0\n str r0, [r1, #28]\n dsb\n"
    table = " .balign 512\ntable: .rept 16\n .word handler\n .endr"
    machine, stop = run(f"{hard} bkpt #7\n udf #1\n bkpt #3\n{handler}\n{table}", timing=timing)
    machine.set_register("pc", machine.pc + 2)
    while stepped and machine.register("ipsr") == 0:
        machine.step()
    while stepped and machine.read(machine.pc, 1) != b"\x01":
        machine.step()
    stop = machine.run()
    assert stop.detail.startswith("BKPT 0x01")
    assert (machine.register("ipsr"), machine.register("r6")) == (HARD_FAULT, 0)


def test_an_unaligned_literal_load_in_an_it_block_faults_where_that_is_trapped(run, timing):
    code = f"{TRAP_UNALIGNED} movs r5, #0\n cmp r0, r0\n itt eq\n moveq r5, #1\n .global at\n .thumb_func\nat: ldreq.w r6, [pc, #1]\n nop\n nop"
    machine, stop = run(code, timing=timing)
    assert stop.detail.startswith("BKPT 0x01")
    assert found(machine) == (USAGE_FAULT, UNALIGNED)
    assert machine.register("r3") == address_of(machine, "at")
    assert (machine.register("r5"), it_state(machine)) == (1, 0x08)


def test_an_unaligned_literal_load_that_is_skipped_does_not(run, timing):
    code = f"{TRAP_UNALIGNED} movs r5, #0\n cmp r0, r0\n ite ne\n ldrne.w r5, [pc, #1]\n moveq r5, #1\n nop"
    machine, stop = run(code, timing=timing)
    assert stop.detail.startswith("BKPT 0x02")
    assert machine.register("r5") == 1


@pytest.mark.parametrize("way", ["bx r0", "push {r0}\n pop {pc}", "push {r0}\n ldr pc, [sp], #4"])
@pytest.mark.parametrize("bits", [0x0, 0x8, 0xC])
def test_an_exc_return_with_bit_0_clear_is_invalid(run, timing, bits, way):
    handler = f" .thumb_func\nreturns: mvn r0, #{0xF ^ bits}\n {way}"
    machine, stop = run(f" svc #1\n bkpt #3\n{handler}", supervisor_call="returns", timing=timing)
    assert stop.detail.startswith("BKPT 0x01")
    assert found(machine) == (USAGE_FAULT, INVPC)
    assert machine.register("lr") == 0xFFFF_FFF0 | bits


def locked_up(run, timing, rest=""):
    """A machine that locked up in HardFault; NMI's handler notes what it was entered with in R5 and R6."""
    table = " .balign 512\ntable: .word 0, 0, nmi, hard, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0"
    handlers = (
        " .thumb_func\nhard: udf #2\n .thumb_func\nnmi: ldr r5, [sp, #24]\n ldr r6, [sp, #28]\n cmp r4, #0\n it ne\n"
        f" strne r4, [sp, #24]\n {rest}\n bx lr\n .thumb_func\nback: bkpt #2"
    )
    code = f" movs r4, #0\n ldr r1, =0xE000ED08\n ldr r0, =table\n str r0, [r1]\n movs r0, #0\n str r0, [r1, #28]\n dsb\n isb\n udf #1\n{handlers}\n{table}"
    machine, stop = run(code, timing=timing)
    assert stop.reason == "lockup"
    assert machine.run().reason == "lockup"
    return machine


def test_an_nmi_frees_a_locked_up_core_which_its_return_locks_up_again(run, timing):
    machine = locked_up(run, timing)
    machine.soc.nvic.set_pending(NMI)
    assert machine.run().reason == "lockup"
    assert (machine.register("r5"), machine.register("r6") & 0x1FF) == (0xFFFF_FFFE, HARD_FAULT)
    assert (machine.register("ipsr"), machine.soc.nvic.active[NMI]) == (HARD_FAULT, False)


def test_an_nmi_that_sets_the_stacked_address_ends_lockup(run, timing):
    machine = locked_up(run, timing)
    machine.set_register("r4", address_of(machine, "back"))
    machine.soc.nvic.set_pending(NMI)
    assert machine.run().detail.startswith("BKPT 0x02")
    assert machine.register("ipsr") == HARD_FAULT


def test_an_nmi_does_not_free_a_core_that_locked_up_in_nmi(run, timing):
    machine = locked_up(run, timing, rest="udf #3")
    for _ in range(2):
        machine.soc.nvic.set_pending(NMI)
        assert machine.run().reason == "lockup"
    assert machine.register("ipsr") == NMI


def test_a_debugger_that_sets_the_pc_ends_lockup(run, timing):
    machine = locked_up(run, timing)
    machine.set_register("pc", address_of(machine, "back"))
    assert machine.run().detail.startswith("BKPT 0x02")
