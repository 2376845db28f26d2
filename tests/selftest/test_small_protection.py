"""What protects memory, in programs of a few instructions, with and without cycles: the MPU, alignment, flash, and what is not there."""

from __future__ import annotations

import pytest
from small_programs import (
    BUS_FAULT,
    DACCVIOL,
    DIVBYZERO,
    HARD_FAULT,
    IACCVIOL,
    MEM_MANAGE,
    PRECISE,
    UNALIGNED,
    UNDEFINSTR,
    USAGE_FAULT,
    address_of,
    found,
    it_state,
)

from simulator.timing.memories import SRAM_LINE

pytestmark = pytest.mark.parametrize("timing", ["cycles", "functional"])

FULL, PRIVILEGED, READ_ONLY = 3 << 24, 1 << 24, 6 << 24
XN = 1 << 28
BACK, THROUGH, UNCACHED, DEVICE = 0xB << 16, 2 << 16, 8 << 16, 1 << 16  # TEX C B
AREA = 0x2003_0000
AT = " .global at\n .thumb_func\nat: "


def region(number, base, log2, attributes):
    return (
        f" ldr r0, =0xE000ED98\n movs r1, #{number}\n str r1, [r0]\n ldr r1, ={base}\n str r1, [r0, #4]\n"
        f" ldr r1, ={attributes | (log2 - 1) << 1 | 1}\n str r1, [r0, #8]\n"
    )


def enabled(control=5):
    """MPU_CTRL: with PRIVDEFENA where nothing else is said."""
    return f" ldr r0, =0xE000ED94\n movs r1, #{control}\n str r1, [r0]\n dsb\n isb\n"


UNPRIVILEGED = " movs r0, #1\n msr control, r0\n isb\n"


def test_regions_of_32_bytes_part_a_page(run, timing):
    code = region(0, AREA + 32, 5, READ_ONLY | BACK) + enabled()
    code += f" ldr r7, ={AREA}\n str r7, [r7, #28]\n str r7, [r7, #64]\n ldr r5, [r7, #32]\n{AT}str r7, [r7, #60]"
    machine, stop = run(code, timing=timing)
    assert stop.detail.startswith("BKPT 0x01")
    assert found(machine) == (MEM_MANAGE, DACCVIOL)
    assert machine.register("r3") == address_of(machine, "at")
    assert machine.register("r6") == AREA + 60
    assert machine.read(AREA + 28, 4) == machine.read(AREA + 64, 4) == AREA.to_bytes(4, "little")
    assert machine.read(AREA + 60, 4) == bytes(4)


def test_a_store_is_refused_after_a_load_of_the_same_line_was_let_pass(run, timing):
    """The second time the line is in the cache, and Unicorn knows the page."""
    loop = f" ldr r7, ={AREA}\n movs r5, #3\n1: ldr r6, [r7, #8]\n subs r5, #1\n bne 1b\n{AT}str r5, [r7, #8]"
    machine, _ = run(region(0, AREA, 10, READ_ONLY | BACK) + enabled() + loop, timing=timing)
    assert found(machine) == (MEM_MANAGE, DACCVIOL)
    assert machine.register("r6") == AREA + 8


def test_a_store_refused_in_an_it_block_keeps_the_rest_from_running(run, timing):
    code = region(0, AREA, 5, READ_ONLY | BACK) + enabled()
    code += f" ldr r7, ={AREA}\n movs r5, #0\n cmp r0, r0\n ittt eq\n moveq r5, #1\n{AT}streq r5, [r7]\n moveq r5, #2"
    machine, _ = run(code, timing=timing)
    assert found(machine) == (MEM_MANAGE, DACCVIOL)
    assert machine.register("r3") == address_of(machine, "at")
    assert machine.register("r5") == 1
    assert it_state(machine) == 0x04


def test_code_beside_a_never_executed_region_runs_up_to_it(run, timing):
    code = region(0, AREA + 0x20, 5, FULL | BACK | XN) + enabled()
    code += f" ldr r7, ={AREA + 0x1C}\n ldr r1, =0x1C6D1C6D\n str r1, [r7]\n str r1, [r7, #4]\n movs r5, #0\n dsb\n isb\n orr r7, #1\n bx r7"
    machine, _ = run(code, timing=timing)
    assert found(machine) == (MEM_MANAGE, IACCVIOL)
    assert machine.register("r3") == AREA + 0x20
    assert machine.register("r5") == 2


def test_unprivileged_code_is_refused_what_privileged_code_is_not(run, timing):
    code = region(0, 0x0800_0000, 20, FULL | THROUGH) + region(1, AREA, 12, PRIVILEGED | BACK)
    code += region(2, 0x2004_0000, 16, FULL | BACK) + enabled()
    code += f" ldr r7, ={AREA}\n str r7, [r7]\n{UNPRIVILEGED}{AT}ldr r5, [r7]"
    machine, _ = run(code, timing=timing)
    assert found(machine) == (MEM_MANAGE, DACCVIOL)
    assert machine.register("r3") == address_of(machine, "at")


@pytest.mark.parametrize("instruction", ["ldrt r5, [r7]", "strt r7, [r7]", "ldrbt r5, [r7]"])
def test_unprivileged_loads_and_stores_are_checked_as_such(run, timing, instruction):
    code = region(0, AREA, 12, PRIVILEGED | BACK) + enabled() + f" ldr r7, ={AREA}\n str r7, [r7]\n{AT}{instruction}"
    machine, _ = run(code, timing=timing)
    assert found(machine) == (MEM_MANAGE, DACCVIOL)
    assert machine.register("r3") == address_of(machine, "at")


@pytest.mark.parametrize(("allowed", "status"), [(0, (BUS_FAULT, 0x400)), (2, None)])
def test_unprivileged_code_pends_by_stir_where_usersetmpend_lets_it(run, timing, allowed, status):
    code = f" ldr r0, =0xE000ED14\n ldr r1, [r0]\n orr r1, #{allowed}\n str r1, [r0]\n{UNPRIVILEGED}"
    code += " ldr r0, =0xE000EF00\n movs r1, #7\n str r1, [r0]\n nop\n nop"
    machine, stop = run(code, timing=timing)
    assert machine.soc.nvic.pending[16 + 7] == (status is None)
    assert stop.detail.startswith("BKPT 0x02" if status is None else "BKPT 0x01")
    assert status is None or found(machine) == status


def test_device_memory_may_not_be_unaligned(run, timing):
    """Without timing no hook knows attributes: docs/not-modelled.md."""
    machine, stop = run(
        region(0, AREA, 12, FULL | DEVICE) + enabled() + f" ldr r7, ={AREA + 2}\n ldr r5, [r7]", timing=timing
    )
    if timing == "cycles":
        assert found(machine) == (USAGE_FAULT, UNALIGNED)
    else:
        assert stop.detail.startswith("BKPT 0x02")


@pytest.mark.parametrize("instruction", ["ldrd r1, r2, [r7]", "ldmia r7, {r1, r2}", "vldr s0, [r7]", "ldrex r1, [r7]"])
def test_what_must_be_aligned_faults_where_it_is_not(run, timing, instruction):
    code = " ldr r0, =0xE000ED88\n ldr r1, =0xF00000\n str r1, [r0]\n dsb\n isb\n"
    machine, _ = run(f"{code} ldr r7, ={AREA + 2}\n{AT}{instruction}", timing=timing)
    assert found(machine) == (USAGE_FAULT, UNALIGNED)
    assert machine.register("r3") == address_of(machine, "at")


@pytest.mark.parametrize(
    "instruction", ["stmia r7!, {r1, r2}", "stmia r7, {r1, r2, r3, r4}", "strd r1, r2, [r7]", "vstmia r7, {s0, s1}"]
)
@pytest.mark.parametrize("loaded", [False, True])
def test_a_word_boundary_is_aligned_enough_for_pairs(run, timing, instruction, loaded):
    """An address that comes from memory is looked at where its instruction runs."""
    code = f" ldr r0, =0xE000ED88\n ldr r1, =0xF00000\n str r1, [r0]\n dsb\n isb\n ldr r7, ={AREA + 4}\n"
    code += f" ldr r6, ={AREA}\n str r7, [r6]\n ldr r7, [r6]\n" if loaded else ""
    _, stop = run(f"{code} {instruction}", timing=timing)
    assert stop.detail.startswith("BKPT 0x02")


@pytest.mark.parametrize("instruction", ["ldr r1, [r7]", "strh r1, [r7, #1]", "ldr r1, [r7], #4"])
def test_under_unalign_trp_every_unaligned_access_faults(run, timing, instruction):
    address = AREA + 2 if "strh" not in instruction else AREA
    code = " ldr r0, =0xE000ED14\n ldr r1, [r0]\n orr r1, #8\n str r1, [r0]\n dsb\n isb\n"
    machine, _ = run(f"{code} ldr r7, ={address}\n{AT}{instruction}", timing=timing)
    assert found(machine) == (USAGE_FAULT, UNALIGNED)
    assert machine.register("r3") == address_of(machine, "at")


@pytest.mark.parametrize(("condition", "faults"), [("ne", False), ("eq", True)])
def test_a_division_by_zero_that_is_not_executed_does_not_fault(run, timing, condition, faults):
    code = " ldr r0, =0xE000ED14\n ldr r1, [r0]\n orr r1, #16\n str r1, [r0]\n dsb\n isb\n movs r2, #0\n cmp r0, r0\n"
    machine, stop = run(f"{code} it {condition}\n{AT}sdiv{condition} r5, r1, r2", timing=timing)
    assert stop.detail.startswith("BKPT 0x01" if faults else "BKPT 0x02")
    assert not faults or found(machine) == (USAGE_FAULT, DIVBYZERO)


FLASH = " ldr r0, =0x40023C00\n"
UNLOCKED = " ldr r1, =0x45670123\n str r1, [r0, #4]\n ldr r1, =0xCDEF89AB\n str r1, [r0, #4]\n"
READY = "1: ldr r1, [r0, #12]\n lsls r1, #15\n bmi 1b\n"


def test_a_store_to_flash_without_pg_is_a_sequence_error_and_no_fault(run, timing):
    machine, stop = run(f"{FLASH} ldr r7, =0x08040000\n str r7, [r7]\n ldr r5, [r0, #12]", timing=timing)
    assert stop.detail.startswith("BKPT 0x02")
    assert machine.register("r5") == 1 << 7
    assert machine.read(0x0804_0000, 4) == b"\xff" * 4


@pytest.mark.parametrize("runs_at", [0x0804_0000, 0x0024_0000])
def test_a_store_under_pg_programs_flash_and_its_code_is_seen(run, timing, runs_at):
    """First movs r5, #7 and bx lr; then, clearing a bit, movs r5, #3."""
    code = f"{FLASH}{UNLOCKED} ldr r1, =0x201\n str r1, [r0, #16]\n ldr r7, =0x08040000\n ldr r6, ={runs_at + 1}\n"
    code += f" ldr r1, =0x47702507\n str r1, [r7]\n{READY} blx r6\n mov r8, r5\n"
    code += f" ldr r1, =0x47702503\n str r1, [r7]\n{READY.replace('1', '2', 1).replace('1b', '2b')} blx r6"
    machine, stop = run(code, timing=timing)
    assert stop.detail.startswith("BKPT 0x02")
    assert (machine.register("r8"), machine.register("r5")) == (7, 3)


def test_a_new_floating_point_context_begins_with_fpdscr(run, timing):
    code = " ldr r0, =0xE000ED88\n ldr r1, =0xF00000\n str r1, [r0]\n ldr r0, =0xE000EF3C\n ldr r1, =0x02C00000\n str r1, [r0]\n dsb\n isb\n"
    machine, _ = run(f"{code} vmov s0, r0\n vmrs r5, fpscr\n mrs r7, control", timing=timing)
    assert machine.register("r5") == 0x02C0_0000
    assert machine.register("r7") == 4


@pytest.mark.parametrize("mode", range(4))
def test_conversion_from_fixed_point_rounds_to_nearest_whatever_rmode_says(run, timing, mode):
    """0x0100_0003 / 2 lies between 0x4B00_0001 and 0x4B00_0002, and 0x0100_0001 / 2 between ...00 and ...01: ties go to even."""
    code = " ldr r0, =0xE000ED88\n ldr r1, =0xF00000\n str r1, [r0]\n dsb\n isb\n"
    code += f" ldr r1, ={mode << 22}\n vmsr fpscr, r1\n ldr r1, =0x01000003\n vmov s0, r1\n vcvt.f32.s32 s0, s0, #1\n vmov r5, s0\n"
    machine, _ = run(
        code + " ldr r1, =0x01000001\n vmov s0, r1\n vcvt.f32.s32 s0, s0, #1\n vmov r7, s0\n vmrs r8, fpscr",
        timing=timing,
    )
    assert (machine.register("r5"), machine.register("r7")) == (0x4B00_0002, 0x4B00_0000)
    assert machine.register("r8") >> 22 & 3 == mode


@pytest.mark.parametrize("instruction", [".inst.w 0xE8D7127F", ".inst.w 0xEEF01A10"], ids=["ldrexd", "vmrs fpsid"])
def test_what_an_m_profile_core_has_not_is_undefined(run, timing, instruction):
    code = f" ldr r0, =0xE000ED88\n ldr r1, =0xF00000\n str r1, [r0]\n dsb\n isb\n ldr r7, ={AREA}\n{AT}{instruction}"
    machine, _ = run(code, timing=timing)
    assert found(machine) == (USAGE_FAULT, UNDEFINSTR)
    assert machine.register("r3") == address_of(machine, "at")


def test_stack_pointers_have_no_two_low_bits(run, timing):
    machine, _ = run(
        f" ldr r7, ={AREA + 3}\n mov r4, sp\n mov sp, r7\n mov r5, sp\n mov sp, r4\n msr psp, r7\n mrs r8, psp",
        timing=timing,
    )
    assert (machine.register("r5"), machine.register("r8"), machine.register("r7")) == (AREA, AREA, AREA + 3)


def test_an_event_ends_waiting_for_one_at_once(run, timing):
    machine, stop = run(" sev\n wfe\n movs r5, #1", timing=timing)
    assert stop.detail.startswith("BKPT 0x02")
    assert machine.register("r5") == 1


def test_nothing_of_the_system_control_space_is_unprivileged_codes(run, timing):
    machine, _ = run(f"{UNPRIVILEGED} ldr r0, =0xE000ED00\n{AT}ldr r1, [r0]", timing=timing)
    assert found(machine) == (BUS_FAULT, PRECISE)
    assert machine.register("r4") == 0xE000_ED00


def test_an_mpu_that_allows_nothing_leads_to_lockup_or_a_hard_fault(run, timing):
    """HardFault is taken without the MPU where HFNMIENA is clear, and its handler runs on the default map."""
    machine, stop = run(enabled(control=1), timing=timing)
    assert stop.detail.startswith("BKPT 0x01")
    assert machine.register("r0") == HARD_FAULT


@pytest.mark.parametrize(("attributes", "misses"), [(BACK, 2), (UNCACHED, 0)])
def test_a_regions_attributes_say_what_the_data_cache_holds(run, timing, attributes, misses):
    if timing == "functional":
        pytest.skip("nothing is cached without cycles")
    code = region(0, AREA, 12, FULL | attributes) + enabled()
    code += " ldr r0, =0xE000ED14\n ldr r1, [r0]\n orr r1, #0x10000\n str r1, [r0]\n dsb\n isb\n"
    machine, stop = run(f"{code} ldr r7, ={AREA}\n ldr r5, [r7]\n ldr r5, [r7, #4]\n ldr r5, [r7, #64]", timing=timing)
    assert stop.detail.startswith("BKPT 0x02")
    assert machine.causes()["d_miss_ram"] == misses * SRAM_LINE.cycles
