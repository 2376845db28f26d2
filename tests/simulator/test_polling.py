"""Turns of a polling loop that are skipped count as if they had run."""

from __future__ import annotations

import struct

import pytest

from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings
from tests.simulator.small_firmware import elf, vectors

pytestmark = pytest.mark.jit

RCC_APB2ENR, USART1 = 0x4002_3844, 0x4001_1000
CR1, BRR, ISR, TDR = 0x00, 0x0C, 0x1C, 0x28


def _send_polling() -> bytes:
    """Enable USART1 (at 16 MHz, about 9,600 baud), then send "hi": wait for TXE by polling, and for TC at the end."""
    code = struct.pack(
        "<20H",
        0x480B, 0x2110, 0x6001,  # ldr r0, =APB2ENR; movs r1, #16; str r1, [r0]
        0x480B, 0x490B, 0x60C1,  # ldr r0, =USART1; ldr r1, =1666; str r1, [r0, #BRR]
        0x2109, 0x6001,          # movs r1, #9 (UE, TE); str r1, [r0]
        0x2268, 0xF000, 0xF804,  # movs r2, #'h'; bl send
        0x2269, 0xF000, 0xF801,  # movs r2, #'i'; bl send
        0xE004,                  # b wait
        0x69C1, 0x0609, 0xD5FC, 0x6282, 0x4770,  # send: ldr r1, [r0, #ISR]; lsls r1, #24; bpl send; str r2, [r0, #TDR]; bx lr
    )  # fmt: skip
    code += struct.pack("<4H", 0x69C1, 0x0649, 0xD5FC, 0xE7FE)  # wait: ldr r1, [r0, #ISR]; lsls r1, #25; bpl wait; b .
    return code + struct.pack("<3I", RCC_APB2ENR, USART1, 1666)


@pytest.fixture
def firmware(tmp_path):
    path = tmp_path / "polling.elf"
    data = vectors(_send_polling())
    path.write_bytes(elf([(0x0800_0000, 0x0800_0000, data, len(data))]))
    return load(path)


def _outcome(
    firmware, timing: str, *, polling: bool, blocks: int | None = None, cycles: int = 200_000, masked: bool = False
):
    machine = Machine(firmware, settings=Settings(timing=timing))
    if masked:
        machine.set_register("primask", 1)
        machine.soc.nvic.set_pending(15)
    if not polling:
        machine.bus.polling = None
    if blocks is not None:
        machine.slice_blocks = blocks
    stop = machine.run(max_cycles=cycles)
    skipped = machine.bus.polling.skipped if machine.bus.polling else 0
    facts = (
        stop, machine.causes(), bytes(machine.serial_output), machine.engine.sums.block_cycles().tolist(),
        [machine.register(f"r{n}") for n in range(13)], machine.clock.now,
    )  # fmt: skip
    return facts, skipped


@pytest.mark.parametrize("timing", ["cycles", "functional"])
def test_skipped_turns_count_as_if_they_had_run(firmware, timing):
    quick, skipped = _outcome(firmware, timing, polling=True)
    slow, _ = _outcome(firmware, timing, polling=False)
    assert quick == slow
    assert quick[2] == b"hi"
    assert skipped > 1000


def test_an_interrupt_that_is_masked_does_not_keep_turns_from_being_skipped(firmware):
    quick, skipped = _outcome(firmware, "cycles", polling=True, masked=True)
    slow, _ = _outcome(firmware, "cycles", polling=False, masked=True)
    assert quick == slow
    assert quick[2] == b"hi"
    assert skipped > 1000


def test_a_loop_that_reads_twice_a_turn_waits_for_systick_as_if_it_had_run(tmp_path):
    code = struct.pack(
        "<14H",
        0x4806, 0x4907, 0x6041, 0x6081,  # ldr r0, =CSR; ldr r1, =0xffff; str r1, [r0, #RVR]; str r1, [r0, #CVR]
        0x2105, 0x6001,                  # movs r1, #5 (CLKSOURCE, ENABLE); str r1, [r0]
        0x6801, 0x03C9, 0xD402,          # wait: ldr r1, [r0]; lsls r1, #15 (COUNTFLAG); bmi done
        0x6801, 0x03C9, 0xD5F9,          # ldr r1, [r0]; lsls r1, #15; bpl wait
        0xE7FE, 0xBF00,                  # done: b .
    )  # fmt: skip
    path = tmp_path / "systick.elf"
    data = vectors(code + struct.pack("<2I", 0xE000_E010, 0xFFFF))
    path.write_bytes(elf([(0x0800_0000, 0x0800_0000, data, len(data))]))
    quick, skipped = _outcome(load(path), "cycles", polling=True, cycles=70_000)
    slow, _ = _outcome(load(path), "cycles", polling=False, cycles=70_000)
    assert quick == slow
    assert skipped > 1000
    assert _outcome(load(path), "cycles", polling=True, cycles=65_000)[0][0].pc < quick[0].pc  # done is behind the loop


def test_slices_of_a_few_blocks_change_nothing(firmware):
    whole, _ = _outcome(firmware, "cycles", polling=True, cycles=40_000)
    cut, _ = _outcome(firmware, "cycles", polling=True, blocks=97, cycles=40_000)
    assert cut == whole


def test_a_loop_that_stores_is_run_turn_by_turn(firmware, tmp_path):
    code = struct.pack("<8H", 0x4803, 0x4904, 0x2200, 0x6803, 0x600A, 0xE7FC, 0, 0)  # ldr r3, [r0]; str r2, [r1]; b
    code += struct.pack("<2I", RCC_APB2ENR - 0x44, 0x2000_0000)
    data = vectors(code)
    path = tmp_path / "storing.elf"
    path.write_bytes(elf([(0x0800_0000, 0x0800_0000, data, len(data))]))
    machine = Machine(load(path))
    machine.run(max_cycles=5_000)
    assert machine.bus.polling is not None
    assert machine.bus.polling.skipped == 0
