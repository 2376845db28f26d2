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


MAXIMA = {
    "only low bits set do nothing": (0x40, 0x0F, 0x40),
    "nor with BASEPRI clear": (0x00, 0x0F, 0x00),
    "low bits that BASEPRI lacks are not compared": (0x0F, 0x50, 0x50),
    "a higher priority": (0x50, 0x3F, 0x30),
    "a lower one": (0x40, 0x4F, 0x40),
    "bits of the register beyond the field": (0x40, 0x1_0030, 0x30),
}


@pytest.mark.parametrize(("before", "value", "after"), MAXIMA.values(), ids=MAXIMA)
def test_msr_basepri_max_goes_by_the_four_bits_that_exist(run, timing, before, value, after):
    code = f" movs r0, #{before}\n msr basepri, r0\n ldr r0, ={value}\n msr basepri_max, r0\n mrs r5, basepri\n mov r6, r0\n"
    machine, _ = run(code, timing=timing)
    assert (machine.register("r5"), machine.register("r6")) == (after, value)


# Each with SP 16 below the stack's end at first; what SP is behind it, and R6 where the instruction has another result.
STACK_WRITES = {
    "MOV": ("ldr r0, =0x20010003\n mov sp, r0", 0x2001_0000),
    "MOV.W": ("ldr r0, =0x20010003\n mov.w sp, r0", 0x2001_0000),
    "ADD SP, #5": ("add.w sp, sp, #5", 0x2004_FFF4),
    "SUBW SP, #5": ("subw sp, sp, #5", 0x2004_FFE8),
    "ADD SP, Rm": ("movs r0, #7\n add sp, r0", 0x2004_FFF4),
    "SUB SP, Rm, LSL": ("movs r0, #3\n sub.w sp, sp, r0, lsl #1", 0x2004_FFE8),
    "LDR SP": ("ldr r0, =word\n ldr sp, [r0]", 0x2001_0004),
    "LDR SP in an IT block": ("ldr r0, =word\n cmp r0, r0\n it eq\n ldreq sp, [r0]", 0x2001_0004),
    "writeback of a byte's load": ("ldrb r6, [sp], #3", 0x2004_FFF0),
    "writeback of a byte's store": ("strb r6, [sp, #-1]!", 0x2004_FFEC),
}


@pytest.mark.parametrize(("code", "stack"), STACK_WRITES.values(), ids=STACK_WRITES)
@pytest.mark.parametrize(
    "after", ["mov r5, sp\n push {r0}\n mov r7, sp", "b 1f\n nop\n1: mov r5, sp\n push {r0}\n mov r7, sp"]
)
def test_whatever_is_written_to_sp_its_two_low_bits_are_zero(run, timing, code, after, stack):
    words = " .balign 4\nword: .word 0x20010007\n .ltorg\n"
    machine, stop = run(f" sub sp, #16\n {code}\n {after}\n bkpt #2\n{words}", timing=timing)
    assert stop.detail.startswith("BKPT 0x02")
    assert (machine.register("r5"), machine.register("r7")) == (stack, stack - 4)


def test_the_flags_of_a_sum_in_sp_are_those_of_all_its_bits(run, timing):
    code = " ldr r0, =0x2004fff3\n negs r0, r0\n sub sp, #16\n adds.w sp, sp, r0\n mrs r5, apsr\n mov r6, sp"
    machine, _ = run(code, timing=timing)
    assert machine.register("r5") >> 28 == 0b1000
    assert machine.register("r6") == 0xFFFF_FFFC


def test_sp_is_aligned_where_a_kilobyte_ends_behind_its_write(run, timing):
    """The next block's accesses are looked at when it begins."""
    code = " b.w 1f\n .balign 1024\n .space 1018\n1: movs r0, #3\n nop\n add sp, r0\n push {r0}\n mov r5, sp"
    machine, stop = run(f" sub sp, #16\n{code}", timing=timing)
    assert stop.detail.startswith("BKPT 0x02")
    assert machine.register("r5") == 0x2004_FFEC


def test_sp_is_aligned_for_a_debugger_that_steps_or_writes_it(run, timing):
    machine, _ = run(" sub sp, #16\n bkpt #7\n add.w sp, sp, #5\n push {r0}", timing=timing)
    machine.set_register("pc", machine.pc + 2)
    machine.step()
    assert machine.register("sp") == 0x2004_FFF4
    machine.step()
    assert machine.register("sp") == 0x2004_FFF0
    for place, setter in enumerate((machine, machine.debugger)):
        setter.set_register("sp", 0x2001_0003 + 16 * place)
        assert machine.register("sp") == 0x2001_0000 + 16 * place


@pytest.mark.parametrize("instruction", ["smlad", "smladx"])
@pytest.mark.parametrize("step", [False, True])
@pytest.mark.parametrize(("accumulator", "q"), [(0xFFFF_FFFF, 0), (0x8000_0000, 0), (0, 1), (0x7FFF_FFFF, 1)])
def test_smlad_sets_q_by_the_sum_of_all_three(run, timing, instruction, accumulator, q, step):
    """DDI 0403E A7.7, SMLAD: Q is by the whole sum. Each product is 2**30."""
    code = f" movs r0, #0\n msr apsr_nzcvq, r0\n ldr r0, =0x80008000\n ldr r1, ={accumulator}\n bkpt #7\n {instruction} r1, r0, r0, r1\n mrs r7, apsr\n mov r5, r1"
    machine, _ = run(code, timing=timing)
    machine.set_register("pc", machine.pc + 2)
    if step:
        machine.step()
    machine.run()
    assert (machine.register("r5"), machine.register("r7") >> 27) == (accumulator ^ 0x8000_0000, q)


def test_verify_dsp_sees_smlad_with_that_q(run, timing):
    code = (
        " ldr r0, =0x80008000\n mov r1, #-1\n"
        + 2 * " smlad r2, r0, r0, r1\n"
        + " smlad r2, r0, r0, r0\n b 1f\n nop\n1: mrs r7, apsr"
    )
    machine, _ = run(code, timing=timing, verify=("dsp",))
    assert machine.register("r7") >> 27 & 1 == 0
    assert machine.verifier.counts == {"SMLAD": 3}
    assert machine.verifier.difference_count == 0


def test_a_q_that_is_set_stays_set_behind_smlad(run, timing):
    code = " ldr r0, =0x80008000\n mov r1, #-1\n mov r2, #0x08000000\n msr apsr_nzcvq, r2\n smlad r1, r0, r0, r1\n mrs r7, apsr"
    machine, _ = run(code, timing=timing)
    assert machine.register("r7") >> 27 == 1


def test_smlad_is_looked_after_where_the_firmware_can_see_q(run, timing):
    """Two hooks each, so only there; an MRS that is made while it runs counts from its first block on."""
    multiply = " ldr r0, =0x80008000\n mov r1, #-1\n smlad r1, r0, r0, r1\n b 1f\n1:"
    machine, _ = run(multiply, timing=timing)
    assert not machine.engine.watches_q
    show = " movw r1, #0xF3EF\n movw r2, #0x8700\n movw r3, #0x4770\n ldr r4, =0x20001000\n strh r1, [r4]\n strh r2, [r4, #2]\n strh r3, [r4, #4]\n"
    clear = " movs r1, #0\n msr apsr_nzcvq, r1\n"
    call = " dsb\n isb\n adds r5, r4, #1\n blx r5\n"
    loop = f" movs r6, #2\n3: {clear} ldr r0, =0x80008000\n mov r1, #-1\n smlad r1, r0, r0, r1\n{call} subs r6, #1\n bne 3b\n"
    machine, stop = run(f"{show}{loop}", timing=timing)
    assert stop.detail.startswith("BKPT 0x02")
    assert machine.engine.watches_q
    assert machine.register("r7") >> 27 & 1 == 0
