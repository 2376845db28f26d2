"""A core that looks at memory while DMA2D works sees its lines appear; one that polls or sleeps is not disturbed, and sees them all at its end."""

from __future__ import annotations

import pytest
from small_timed import AXI, CLOCKS, SRAM1, between, machine_of, needs_compiler, or_in, store

from peripherals.stm32f7.dma2d import GRAIN
from simulator.machine import Machine

pytestmark = needs_compiler
DMA2D, RCC_AHB1ENR = 0x4002_B000, 0x4002_3830
START, TCIE = 1, 1 << 9
FILL = 3 << 16
WIDTH, LINES = 400, 100  # words of SRAM, at a word a cycle
PATTERN = 0x600D_F111


def fill(**more: int) -> str:
    """A fill, begun at `begin`."""
    registers = {0x34: 0, 0x38: PATTERN, 0x3C: SRAM1, 0x40: 0, 0x44: WIDTH << 16 | LINES}
    setup = CLOCKS + or_in(RCC_AHB1ENR, 1 << 23) + "".join(store(DMA2D + o, v) for o, v in registers.items())
    return setup + " b.w begin\nbegin:\n" + store(DMA2D, FILL | START | more.get("enable", 0))


def run(tmp_path, code: str) -> tuple[Machine, int]:
    """A machine at `end`, and the cycles since `begin`."""
    machine = machine_of(tmp_path, code, AXI)
    return machine, sum(between(machine).values())


@pytest.mark.parametrize("line", [0, 30, 99])
def test_a_loop_that_waits_for_a_line_in_memory_sees_it_when_it_is_there(tmp_path, line: int) -> None:
    address = SRAM1 + 4 * WIDTH * (line + 1) - 4
    code = f" ldr r0, ={address}\n ldr r2, ={PATTERN}\n1: ldr r1, [r0]\n cmp r1, r2\n bne 1b\nend: b end\n"
    machine, cycles = run(tmp_path, fill() + code)
    assert WIDTH * (line + 1) < cycles < WIDTH * (line + 1) + GRAIN + 300
    behind = machine.read(SRAM1 + 4 * WIDTH * min(line + 1 + GRAIN // WIDTH, LINES - 1), 4)
    assert line > LINES - GRAIN // WIDTH - 2 or behind == bytes(4)


def test_a_loop_that_polls_the_flag_is_leapt_over_and_memory_is_whole_behind_it(tmp_path) -> None:
    code = f" ldr r0, ={DMA2D}\n1: ldr r1, [r0, #4]\n tst r1, #2\n beq 1b\nend: b end\n"
    machine, cycles = run(tmp_path, fill() + code)
    assert WIDTH * LINES < cycles < WIDTH * LINES + 400
    assert machine.bus.polling is not None and machine.bus.polling.skipped > 0.8 * WIDTH * LINES / 40
    assert machine.read(SRAM1, 4 * WIDTH * LINES) == PATTERN.to_bytes(4, "little") * (WIDTH * LINES)


def test_polled_or_not_a_transfer_takes_the_same_cycles(tmp_path) -> None:
    code = f" ldr r0, ={DMA2D}\n1: ldr r1, [r0, #4]\n tst r1, #2\n beq 1b\nend: b end\n"
    polled, plain = (machine_of(tmp_path, fill() + code, AXI) for _ in range(2))
    plain.bus.polling = None
    assert between(polled) == between(plain) and polled.cycle == plain.cycle


def test_a_core_that_sleeps_is_woken_by_the_end_alone(tmp_path) -> None:
    enable = store(0xE000_E108, 1 << 90 - 64) + " cpsid i\n"
    code = " wfi\nend: b end\n"
    machine, cycles = run(tmp_path, enable + fill(enable=TCIE) + code)
    assert WIDTH * LINES < cycles < WIDTH * LINES + 400
    assert machine.read(SRAM1, 4 * WIDTH * LINES) == PATTERN.to_bytes(4, "little") * (WIDTH * LINES)
