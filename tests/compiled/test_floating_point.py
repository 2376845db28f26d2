"""Floating point as code of ours: registers, flags and cumulative flags as Unicorn leaves them, bit for bit."""

from __future__ import annotations

import random
import shutil
import subprocess

import pytest

from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings
from simulator.timing.kernels.state import State
from simulator.timing.kernels.tables import Block
from simulator.until import UntilCycles

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc"),
]

OPERANDS = 120  # sets of eight singles, two words and an FPSCR; each sequence meets all of them
THREE = [
    "vadd",
    "vsub",
    "vmul",
    "vnmul",
    "vdiv",
    "vmla",
    "vmls",
    "vnmla",
    "vnmls",
    "vfma",
    "vfms",
    "vfnma",
    "vfnms",
    "vmaxnm",
    "vminnm",
    "vseleq",
    "vselge",
    "vselgt",
    "vselvs",
]
TWO = [
    "vsqrt.f32",
    "vabs.f32",
    "vneg.f32",
    "vmov.f32",
    "vcmp.f32",
    "vcmpe.f32",
    "vcvt.f32.s32",
    "vcvt.f32.u32",
    "vcvt.s32.f32",
    "vcvt.u32.f32",
    "vcvtr.s32.f32",
    "vcvta.s32.f32",
    "vcvta.u32.f32",
    "vcvtn.s32.f32",
    "vcvtp.u32.f32",
    "vcvtm.s32.f32",
    "vrintz.f32",
    "vrintr.f32",
    "vrintx.f32",
    "vrinta.f32",
    "vrintn.f32",
    "vrintp.f32",
    "vrintm.f32",
]
OTHERS = (
    "vmov.f32 s{a}, #-1.5", "vmov s{a}, r4", "vmov r4, s{a}", "vmov s2, s3, r4, r5", "vmov r4, r5, d2", "vmov d1, r5, r4",
    "vmov.32 d1[1], r4", "vcmp.f32 s{a}, #0", "vcmpe.f32 s{a}, #0", "vmrs APSR_nzcv, fpscr",
    "vldr s{a}, [r6, #4]", "vstr s{a}, [r6, #8]", "vldr d1, [r6, #12]", "vstr d2, [r6, #20]", "vldmia r6, {{s1-s4}}",
    "vstmia r6, {{s3-s7}}", "vpush {{d1-d2}}\n vpop {{d2-d3}}", "ite mi\n vaddmi.f32 s1, s2, s3\n vmulpl.f32 s{a}, s{b}, s{c}",
    "it eq\n vstreq s{a}, [r6, #4]",
)  # fmt: skip
STARTED = """
.syntax unified
.cpu cortex-m7
.fpu fpv5-d16
.thumb
.section .text
.word 0x20050000, start + 1
.balign 4
.thumb_func
.global start
start:
  ldr r0, =0xE000ED88
  mov r1, #0x00F00000
  str r1, [r0]
  dsb
  isb
again:
  ldr r8, =0x20004000
"""


def single(chance: random.Random) -> int:
    """Bits of every kind of value, most of them ordinary."""
    sign = chance.getrandbits(1) << 31
    fraction = chance.choice((0, 1, 0x7F_FFFF, 0x40_0000, chance.getrandbits(23), chance.getrandbits(8) << 15))
    kinds = (
        (12, 127 + chance.randint(-4, 32)),
        (4, chance.randint(100, 150)),
        (2, chance.randint(0, 255)),
        (1, chance.choice((0, 0, 1, 254, 255))),
        (1, 64 + chance.randint(-4, 4)),
    )
    weights, exponents = zip(*kinds, strict=True)
    exponent = chance.choices(exponents, weights)[0]
    return sign | exponent << 23 | (0 if chance.random() < 0.08 else fraction)


def fpscr(chance: random.Random) -> int:
    flags = chance.choice((0x10, 0x10, 0x18, 0x9F, 0, 0, chance.getrandbits(5)))
    modes = chance.choice((*[0] * 20, 1 << 25, 1 << 24, 1 << 22, 2 << 22, 3 << 22))
    return flags | modes | chance.getrandbits(4) << 28


def instruction(chance: random.Random) -> str:
    a, b, c = (chance.randrange(8) for _ in range(3))
    kind = chance.random()
    if kind < 0.55:
        return f"{chance.choice(THREE)}.f32 s{a}, s{b}, s{c}"
    if kind < 0.8:
        return f"{chance.choice(TWO)} s{a}, s{b}"
    return chance.choice(OTHERS).format(a=a, b=b, c=c)


def sequences(chance: random.Random) -> list[list[str]]:
    alone = [[f"{name}.f32 s1, s2, s3"] for name in THREE] + [[f"{name} s1, s2"] for name in TWO]
    alone += [[text.format(a=1, b=2, c=3)] for text in OTHERS]
    return alone + [[instruction(chance) for _ in range(chance.randint(2, 6))] for _ in range(40)]


def program(pieces: list[list[str]], chance: random.Random) -> str:
    """Each sequence is a block of its own between two that set and read FPSCR; what it leaves goes to memory."""
    lines = [STARTED]
    for k, piece in enumerate(pieces):
        lines += [
            f"  ldr r7, =operands\n  mov r9, #{OPERANDS}\nturn{k}:",
            "  vldmia r7!, {s0-s7}\n  ldmia r7!, {r3, r4, r5}\n  add r6, r8, #48",
            "  vmsr fpscr, r3\n  lsls r3, r3, #1",
            f"  b piece{k}\n  nop\npiece{k}:",
            *(f"  {text}" for text in piece),
            f"  b behind{k}\n  nop\nbehind{k}:",
            "  vmrs r3, fpscr\n  mrs r10, apsr\n  vstmia r8!, {s0-s7}\n  stmia r8!, {r3, r4, r5, r10}",
            f"  subs r9, #1\n  bne turn{k}",
        ]
    lines.append("  b again\n.ltorg\n.balign 4\noperands:")
    for _ in range(OPERANDS):
        words = [single(chance) for _ in range(8)] + [fpscr(chance), chance.getrandbits(32), single(chance)]
        lines.append("  .word " + ", ".join(f"{word:#010x}" for word in words))
    return "\n".join(lines) + "\n"


def assembled(text: str, folder):
    source, elf = folder / "program.s", folder / "program.elf"
    source.write_text(text)
    tool = "arm-none-eabi-gcc"
    options = ["-nostdlib", "-Wl,-Ttext=0x08000000", "-Wl,-e,start", "-mcpu=cortex-m7", "-mthumb"]
    subprocess.run([tool, *options, str(source), "-o", str(elf)], check=True, capture_output=True)
    return load(elf)


def left_behind(machine):
    return {
        "memory": machine.read(0x2000_0000, 0x5_0000),
        "cycle": machine.cycle,
        "causes": machine.causes(),
        "singles": [machine.core.get(f"s{n}") for n in range(32)],
        "fpscr": machine.core.get("fpscr"),
        "control": machine.core.get("control"),
    }


def compiled_anew(machine):
    """However often a block has been left: every operand is to meet compiled code."""
    machine.engine.tables.blocks[:, Block.LEFT] = 0
    machine.core.hot._publish()


@pytest.mark.parametrize("timing", ["cycles", "functional"])
@pytest.mark.parametrize("part", range(5))
def test_every_form_leaves_what_unicorn_leaves(tmp_path, part, timing):
    chance = random.Random(part)
    pieces = sequences(chance)[part::5]
    firmware = assembled(program(pieces, chance), tmp_path)
    ends = range(20_000, 2_000_000, 20_000)
    machines = [Machine(firmware, settings=Settings(timing=timing, compiled=compiled)) for compiled in (True, False)]
    hot = machines[0].core.hot
    hot.often, hot.worth, hot.period = 20, 20, 0
    for end in ends:
        compiled_anew(machines[0])
        for machine in machines:
            machine.run(UntilCycles(end))
    compiled, plain = (left_behind(machine) for machine in machines)
    assert compiled == plain
    translated = sum(hot.library.made != hot.library.stub)
    assert translated >= len(pieces)
    assert machines[0].engine.state[State.SWITCHES] < machines[0].engine.state[State.BLOCKS]
