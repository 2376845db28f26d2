"""What once went wrong, or easily does, in a few instructions each: code across kilobytes, code that moves and changes, VTOR.

ITSTATE after a load in an IT block, self-modifying code and code in the ITCM have firmware of their own: tests/selftest.
"""

from __future__ import annotations

import shutil
import subprocess

import pytest

from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings
from simulator.until import UntilCycles

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc"),
]

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
.word first_handler
.rept 4
.word fault
.endr
.text
.thumb_func
fault:
 bkpt #1
.thumb_func
first_handler:
 add r6, #1
 bx lr
.thumb_func
second_handler:
 add r6, #16
 bx lr
.global start
.thumb_func
start:
 movs r0, #0
 movs r6, #0
"""


@pytest.fixture(params=["cycles", "functional"])
def run(tmp_path, request):
    """run(code) assembles the code behind START's and runs it to its end."""

    def run(code):
        source, binary, elf = (tmp_path / f"small.{kind}" for kind in ("S", "o", "elf"))
        source.write_text(f"{START}{code}\n bkpt #2\n .ltorg\n")
        subprocess.run(["arm-none-eabi-gcc", "-c", source, "-o", binary], check=True)
        places = ["-Ttext=0x08000200", "--section-start=.vectors=0x08000000", "-e", "start"]
        subprocess.run(["arm-none-eabi-ld", *places, binary, "-o", elf], check=True)
        machine = Machine(load(elf), settings=Settings(timing=request.param))
        stop = machine.run(until=UntilCycles(1_000_000))
        assert stop.detail.startswith("BKPT 0x02"), stop.detail
        return machine

    return run


# Each leaves R0 = 3 when it has run three times.
ACROSS = {
    "data processing": "add.w r0, r0, #1",
    "load": "ldr.w r1, [r4, r0, lsl #2]\n mov r0, r1",
    "store": "str.w r0, [r4, #16]\n adds r0, #1",
    "call": "bl add_one",
    "floating point": "vadd.f32 s0, s0, s1\n vcvt.u32.f32 s2, s0\n vmov r0, s2",
    "conditional branch": "bne.w 3f\n adds r0, #8\n3: adds r0, #1",
}


@pytest.mark.parametrize("instruction", ACROSS.values(), ids=ACROSS)
def test_a_32_bit_instruction_across_two_kilobytes_is_one_instruction(run, instruction):
    machine = run(
        " ldr r1, =0xE000ED88\n mov r2, #0xF00000\n str r2, [r1]\n dsb\n isb\n vmov.f32 s1, #1.0\n vsub.f32 s0, s1, s1\n"
        " ldr r4, =words\n ldr r1, [r4]\n ldr r4, =0x20001000\n movs r1, #1\n str r1, [r4]\n movs r1, #2\n str r1, [r4, #4]\n"
        " movs r1, #3\n str r1, [r4, #8]\n movs r5, #3\n b.w 1f\n words: .word 0\n .thumb_func\nadd_one: adds r0, #1\n bx lr\n"
        f" .ltorg\n .balign 1024\n .space 1018\n1: cmp r5, #0\n nop\n{instruction}\n subs r5, #1\n bne.w 1b\n"
    )
    assert machine.register("r0") == 3


def test_the_instruction_in_question_is_at_a_kilobyte_s_end(run):
    machine = run(
        " b.w 2f\n .balign 1024\n .space 1018\n1: cmp r5, #0\n nop\n3: nop\n .balign 4\n2: ldr r0, =3b\n b.w 4f\n .ltorg\n4:"
    )
    assert machine.register("r0") & 0x3FF == 0x3FE


@pytest.mark.parametrize(("flags", "result"), [(0, 2), (1, 3)])
def test_an_it_block_across_two_kilobytes_keeps_its_conditions(run, flags, result):
    machine = run(
        f" movs r5, #{flags}\n b.w 1f\n .balign 1024\n .space 1018\n1: cmp r5, #0\n"
        " itte eq\n addeq.w r0, r0, #1\n addeq r0, #1\n addne.w r0, r0, #3\n"
    )
    assert machine.register("r0") == result


@pytest.mark.parametrize("place", [0x0000_0100, 0x2000_1000, 0x2001_0000], ids=["ITCM", "DTCM", "SRAM1"])
def test_code_that_is_copied_runs_and_runs_anew_when_it_is_copied_over(run, place):
    copy = " ldrd r1, r2, [r4]\n strd r1, r2, [r3]\n dsb\n isb\n"
    call = f" ldr r7, ={place + 1:#x}\n blx r7\n blx r7\n"
    machine = run(
        f" ldr r3, ={place:#x}\n ldr r4, =one\n{copy}{call} ldr r4, =ten\n{copy}{call} b.w 9f\n"
        " .balign 4\none: add.w r0, r0, #1\n bx lr\n nop\n .balign 4\nten: add.w r0, r0, #10\n bx lr\n nop\n .ltorg\n9:"
    )
    assert machine.register("r0") == 22


def test_code_that_changes_itself_between_two_runs_of_a_loop_is_read_anew(run):
    machine = run(
        " ldr r3, =0x20001000\n ldr r4, =loop\n ldmia r4!, {r1, r2}\n stmia r3!, {r1, r2}\n ldmia r4!, {r1, r2}\n"
        " stmia r3!, {r1, r2}\n ldmia r4!, {r1, r2}\n stmia r3!, {r1, r2}\n ldr r3, =0x20001000\n movw r1, #0x3007\n movs r5, #3\n dsb\n isb\n adds r7, r3, #1\n blx r7\n"
        " b.w 9f\n .balign 4\nloop: adds r0, #1\n strh r1, [r3]\n dsb\n isb\n subs r5, #1\n bgt loop\n bx lr\n .ltorg\n9:"
    )
    assert machine.register("r0") == 15


def test_a_vector_table_that_moves_at_run_time_is_followed_at_once(run):
    machine = run(
        " ldr r1, =0x08000000\n ldr r2, =0x20001000\n movs r3, #16\n1: ldr r4, [r1], #4\n str r4, [r2], #4\n subs r3, #1\n"
        " bne 1b\n ldr r1, =second_handler\n orr r1, #1\n ldr r2, =0x20001000\n str r1, [r2, #44]\n ldr r3, =0xE000ED08\n"
        " svc #0\n str r2, [r3]\n dsb\n svc #0\n ldr r1, =first_handler\n orr r1, #1\n str r1, [r2, #44]\n dsb\n svc #0\n"
    )
    assert machine.register("r6") == 1 + 16 + 1


FPU_ON = " ldr r1, =0xE000ED88\n mov r2, #0xF00000\n str r2, [r1]\n dsb\n isb\n"
FZ = " ldr r1, =0xE000EF3C\n mov r2, #0x1000000\n str r2, [r1]\n dsb\n isb\n"  # in FPDSCR
SKIPPED = {
    "one": " it eq\n vmoveq.f32 s8, s23\n",
    "two, then other code": " ittt eq\n vmoveq.f32 s8, s23\n addeq r6, #1\n vmoveq.f32 s8, s24\n adds r7, #0\n",
    "some of a block": " itete eq\n addeq r6, #1\n movne r7, #0\n vmoveq.f32 s8, s23\n movne r7, #0\n",
}


@pytest.mark.parametrize("skipped", SKIPPED.values(), ids=SKIPPED)
def test_an_fp_instruction_behind_one_that_it_skips_begins_a_context(run, skipped):
    """QEMU 7.2 begins none: it looks at the first FP instruction of what it translates."""
    machine = run(f"{FPU_ON}{FZ} cmp r0, #1\n{skipped} vmov.f32 s9, s23\n mrs r0, control\n vmrs r5, fpscr\n")
    assert machine.register("r0") & 4
    assert machine.register("r5") & 1 << 24
    assert machine.register("r6") == 0


def test_fp_instructions_that_are_all_skipped_begin_no_context(run):
    machine = run(f"{FPU_ON} cmp r0, #1\n itt eq\n vmoveq.f32 s8, s23\n vmoveq.f32 s8, s23\n mrs r0, control\n")
    assert machine.register("r0") & 4 == 0


def test_an_fp_instruction_that_its_it_block_lets_through_begins_a_context(run):
    machine = run(
        f"{FPU_ON} cmp r0, #1\n itete ne\n movne r6, #2\n vmoveq.f32 s8, s23\n vmovne.f32 s8, s23\n moveq r6, #3\n mrs r0, control\n"
    )
    assert machine.register("r0") & 4
    assert machine.register("r6") == 2
