"""External memories cost what the FMC's and QUADSPI's registers say, and what was measured of them on this board."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from small_timed import (
    AXI,
    CACHED,
    CACHES_ON,
    MPU_ON,
    SDRAM,
    TTUZZ,
    between,
    machine_of,
    needs_compiler,
    region,
    sdram,
    store,
    wait_states,
)

from simulator.settings import Settings

pytestmark = needs_compiler
CACHED_SDRAM = CACHES_ON + region(0, SDRAM, 23, CACHED) + MPU_ON
UNCACHED_SDRAM = region(0, SDRAM, 23, 0x0308_0000) + MPU_ON
ACCESSES = 2048


@dataclass(frozen=True)
class Measured:
    """A loop of ttuzz/STM32F746G-DISCO_DTS as GCC -O0 makes it, at 200 MHz: cycles an access, from 6 MB in so many milliseconds."""

    name: str
    size: int
    body: str
    milliseconds: int

    @property
    def cycles(self) -> float:
        return self.milliseconds * 1e-3 * 200e6 / (6 * 1024 * 1024 / self.size)


READ = "ldr r3, [r7, #4]\n add r3, r3, #0xc0000000\n"
LOOPS = (
    Measured("write u8", 1, f"{READ} movs r2, #0\n strb r2, [r3]\n", 314),
    Measured("write u16", 2, f"{READ} movs r2, #0\n strh r2, [r3]\n", 158),
    Measured("write u32", 4, f"{READ} mov r2, r3\n movs r3, #0\n str r3, [r2]\n", 86),
    Measured("write u64", 8, f"{READ} mov r1, r3\n adr r3, data\n ldrd r2, r3, [r3]\n strd r2, r3, [r1]\n", 52),
    Measured("read u8", 1, f"{READ} ldrb r3, [r3]\n uxtb r2, r3\n ldr r3, data+8\n strb r2, [r3]\n", 460),
    Measured("read u16", 2, f"{READ} ldrh r3, [r3]\n uxth r2, r3\n ldr r3, data+8\n strh r2, [r3]\n", 240),
    Measured("read u32", 4, f"{READ} ldr r3, [r3]\n ldr r2, data+8\n str r3, [r2]\n", 117),
    Measured("read u64", 8, f"{READ} ldrd r2, r3, [r3]\n ldr r1, data+8\n strd r2, r3, [r1]\n", 74),
)


def program(loop: Measured) -> str:
    turn = f"1: {loop.body} ldr r3, [r7, #4]\n adds r3, #{loop.size}\n str r3, [r7, #4]\n"
    limit = f"2: ldr r3, [r7, #4]\n cmp.w r3, #{ACCESSES * loop.size}\n bcc 1b\n"
    data = "end: nop\n b .\n .balign 8\ndata: .word 0x05060708, 0x01020304, 0x2004C100\n"
    start = " ldr r7, =0x2004C000\n movs r3, #0\n str r3, [r7, #4]\n b.w begin\n"
    return f"{wait_states(6)}{TTUZZ}{CACHED_SDRAM}{start}begin: b 2f\n{turn}{limit}{data}"


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.name)
def test_the_loops_measured_on_this_board_take_what_they_took(tmp_path, loop):
    """Within 2 %: the pipeline's part of it is in the same cycles."""
    cycles = sum(between(machine_of(tmp_path, program(loop))).values()) / ACCESSES
    assert cycles == pytest.approx(loop.cycles, rel=0.02)


def one_read(tmp_path, setup: str, address: int = SDRAM) -> dict[str, int]:
    code = f"{setup} ldr r3, ={address}\n b.w begin\nbegin: ldr r2, [r3]\n b.w end\nend: nop\n"
    return between(machine_of(tmp_path, code, AXI))


@pytest.mark.parametrize(("period", "cas", "pipe"), [(2, 2, 0), (2, 3, 0), (3, 3, 0), (2, 3, 1)])
def test_a_word_that_no_cache_holds_takes_a_row_a_command_and_its_latency(tmp_path, period, cas, pipe):
    control = pipe << 13 | 1 << 12 | period << 10 | cas << 7 | 1 << 6 | 1 << 4 | 1 << 2
    read = one_read(tmp_path, sdram(control, 0x0111_5351, 0, cas) + UNCACHED_SDRAM)
    activate, command, second_half = 2, 1, 1  # SDCLKs
    assert read["uncached"] == 6 + pipe + period * (activate + command + cas + second_half)


def test_an_open_row_saves_the_activation_and_another_row_costs_the_precharge_too(tmp_path):
    setup = sdram(1 << 12 | 2 << 10 | 2 << 7 | 1 << 6 | 1 << 4 | 1 << 2, 0x0111_5351, 0, 2) + UNCACHED_SDRAM
    first = f" ldr r3, ={SDRAM}\n ldr r2, [r3]\n"
    nothing_open = one_read(tmp_path, setup)["uncached"]
    assert one_read(tmp_path, setup + first, SDRAM + 64)["uncached"] == nothing_open - 4
    assert one_read(tmp_path, setup + first, SDRAM + 512)["uncached"] == nothing_open + 4
    assert one_read(tmp_path, setup + first, SDRAM + 0x20_0000)["uncached"] == nothing_open


def test_a_line_comes_with_the_word_asked_for_first_and_the_rest_streams(tmp_path):
    """A load of the last word waits for 18 cycles and a row's activation; the word before it comes last, three pairs later."""
    setup = f"{TTUZZ.replace(store(0xA0000154, 1292 << 1), '')}{CACHED_SDRAM} ldr r3, ={SDRAM}\n b.w begin\nbegin:"
    one = between(machine_of(tmp_path, f"{setup} ldr r2, [r3, #28]\n b.w end\nend: nop\n", AXI))
    assert one["d_miss_ram"] == 18 + 4
    two = between(
        machine_of(tmp_path, f"{setup} ldr r2, [r3, #28]\n b.w 2f\n2: ldr r2, [r3, #20]\n b.w end\nend: nop\n", AXI)
    )
    assert 18 + 4 + 3 * 8 - 12 <= two["d_miss_ram"] <= 18 + 4 + 3 * 8


def test_without_read_bursts_every_word_has_a_command_of_its_own(tmp_path):
    control = 2 << 10 | 2 << 7 | 1 << 6 | 1 << 4 | 1 << 2
    burst, single = (
        one_read(tmp_path, sdram(control | bit, 0x0111_5351, 0, 2) + CACHED_SDRAM)["d_miss_ram"] for bit in (1 << 12, 0)
    )
    assert single > burst


def test_a_dirty_line_of_the_sdram_is_written_back_before_the_next_is_read(tmp_path):
    """Five lines of one set, of which the cache holds four: the victim's 16 half-words delay what comes soon behind."""
    dirty = " str r2, [r3]\n add r3, #1024\n" * 4 + " nop\n" * 500
    clean = dirty.replace("str r2", "ldr r2")
    reads = " b.w begin\nbegin:" + " ldr r2, [r3]\n add r3, #1024\n" * 4 + " b.w end\nend: nop\n"
    start = f"{TTUZZ}{CACHED_SDRAM} ldr r3, ={SDRAM}\n"
    cycles = [between(machine_of(tmp_path, start + before + reads, AXI))["d_miss_ram"] for before in (clean, dirty)]
    assert cycles[1] >= cycles[0] + 2 * 34


def test_stores_of_whole_lines_fill_none_from_the_fourth_on(tmp_path):
    """TRM 5.9.1; with ACTLR.DISRAMODE set each store that misses takes a line away from others."""
    loop = " ldr r3, =0x20020000\n mov r4, r3\n add r4, #2048\n b.w begin\nbegin:\n"
    loop += "1: strd r0, r1, [r3], #8\n strd r0, r1, [r3], #8\n strd r0, r1, [r3], #8\n strd r0, r1, [r3], #8\n cmp r3, r4\n bne 1b\nend: nop\n"
    held = []
    for disabled in (0, 1 << 11):
        machine = machine_of(tmp_path, CACHES_ON + store(0xE000_E008, disabled) + loop, AXI)
        between(machine)
        tags = machine.engine.dcache.tags[:128]
        held.append(int(((tags >= 0x2002_0000 >> 5) & (tags < 0x2002_0800 >> 5)).sum()))
    assert held[0] <= 4 and held[1] == 64


QSPI_ON = store(0x4002_3838, 2)


def mapped(prescaler: int, ccr: int) -> str:
    return QSPI_ON + store(0xA000_1000, prescaler << 24 | 1) + store(0xA000_1004, 23 << 16) + store(0xA000_1014, ccr)


FAST_READ_QUAD_IO = 3 << 26 | 3 << 24 | 10 << 18 | 2 << 12 | 3 << 10 | 1 << 8 | 0xEB


@pytest.mark.parametrize("prescaler", [1, 3])
def test_a_read_of_qspi_takes_its_command_and_two_clocks_a_byte(tmp_path, prescaler):
    """8 clocks of instruction, 6 of address, 10 dummies, 1 deselected; a load of a line waits for its first 8 bytes."""
    setup = mapped(prescaler, FAST_READ_QUAD_IO) + CACHES_ON
    read = one_read(tmp_path, setup, 0x9000_0000)
    assert read["d_miss_flash"] == 6 + (prescaler + 1) * (8 + 6 + 10 + 1 + 2 * 8)


def test_what_follows_in_qspi_comes_without_a_command(tmp_path):
    reads = " ldr r3, =0x90000000\n b.w begin\nbegin: ldr r2, [r3]\n ldr r2, [r3, #32]\n b.w end\nend: nop\n"
    apart = reads.replace("#32", "#64")
    setup = mapped(1, FAST_READ_QUAD_IO) + CACHES_ON
    sequential, other = (between(machine_of(tmp_path, setup + code, AXI))["d_miss_flash"] for code in (reads, apart))
    assert sequential <= other - 2 * 25


def test_the_caches_of_sram_cost_what_they_did(tmp_path):
    code = f"{CACHES_ON} ldr r3, =0x20020000\n b.w begin\nbegin: ldr r2, [r3]\n ldr r2, [r3, #32]\n b.w end\nend: nop\n"
    assert between(machine_of(tmp_path, code, AXI))["d_miss_ram"] == 16


def test_an_eviction_to_sram_costs_what_it_is_set_to(tmp_path):
    dirty = " str r2, [r3]\n add r3, #1024\n" * 4 + " nop\n" * 100
    reads = " b.w begin\nbegin:" + " ldr r2, [r3]\n add r3, #1024\n" * 4 + " b.w end\nend: nop\n"
    code = f"{CACHES_ON} ldr r3, =0x20020000\n{dirty}{reads}"
    free, dear = (between(machine_of(tmp_path, code, AXI, Settings(eviction=n)))["d_miss_ram"] for n in (-1, 20))
    assert free == 32 and dear > free
