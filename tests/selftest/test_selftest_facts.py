"""What self-test programs measure, against the run's own accounts."""

from __future__ import annotations

from itertools import pairwise, takewhile

import pytest

pytestmark = pytest.mark.jit

READS = 5
CYCCNT = 0xE000_1004
CVR = 0xE000_E018
TIM5_CNT = 0x4000_0C24


def _reads(machine, until, timing="cycles"):
    """The run's cycle before and after the block that holds each read of CYCCNT, what the clock said at the access, the
    counts printed, and the cycle at which CYCCNT was 0."""
    board = machine("systick", timing)
    seen = []
    read = board.core.read_bus

    def noted(address, size):
        value = read(address, size)
        if address == CYCCNT:
            seen.append((board.clock.now, value))
        return value

    board.core.read_bus = noted
    spans = []
    for _ in range(READS):
        before = until(board, "systick_read").cycles
        del seen[:]
        after = until(board, "systick_was_read").cycles
        ((at, value),) = seen
        spans.append((before, at, after, value))
    zero = board.cycle - board.soc.dwt.read(4, 4)
    board.core.read_bus = read
    board.run()
    printed = [int(line.split()[1]) for line in bytes(board.serial_output).splitlines() if line.startswith(b"cyccnt")]
    return spans, printed, zero


def test_cyccnt_is_the_runs_own_cycle_at_the_instruction(machine, until):
    spans, printed, zero = _reads(machine, until)
    assert [value for *_, value in spans] == printed
    for before, at, after, value in spans:
        assert before <= at < after
        assert value + zero == at


def test_once_warm_the_cycles_between_reads_are_the_runs_own(machine, until):
    spans, _, _ = _reads(machine, until)
    warm = spans[2:]
    for (_, _, earlier, first), (_, _, later, second) in pairwise(warm):
        assert second - first == later - earlier


def test_without_counting_cycles_cyccnt_counts_instructions(machine, until):
    spans, printed, zero = _reads(machine, until, "functional")
    assert [value + zero for value in printed] == [before for before, *_ in spans]


def _every_read(board, *registers):
    """(cycle, value) of each read of each of these registers, and of CYCCNT, over a whole run."""
    seen = {register: [] for register in (CYCCNT, *registers)}
    read = board.core.read_bus

    def noted(address, size):
        value = read(address, size)
        if address in seen:
            seen[address].append((board.clock.now, value))
        return value

    board.core.read_bus = noted
    board.run()
    return seen


def test_every_count_of_cyccnt_and_every_count_of_systick_is_of_one_clock(machine):
    seen = _every_read(machine("systick"), CVR)
    (start,) = {now - value for now, value in seen[CYCCNT]}
    assert start > 0
    assert len(seen[CYCCNT]) > 20
    free = [
        (now, value) for now, value in seen[CVR] if value > 0x1_0000
    ]  # those of the run with the longest reload value
    assert len(free) >= 2
    assert {now + value for now, value in free} == {free[0][0] + free[0][1]}


def test_a_timer_at_half_the_cores_clock_counts_every_other_cycle(machine):
    reads = _every_read(machine("timer"), TIM5_CNT)[TIM5_CNT]
    free = list(takewhile(lambda read: read[1] >= 0xFFFF_FF00, reads))  # not divided, up to where it wraps
    assert len(free) > 20
    (at, first), *_ = free
    assert all(abs(2 * (value - first) - (now - at)) < 2 for now, value in free)


def test_ticks_are_as_long_as_their_reload_value_says(outcome):
    first, *warm = outcome("systick").numbers("period")
    assert len(warm) == 6
    assert abs(first - 5000) < 64
    assert abs(sum(warm) - 6 * 5000) <= 4


def test_sixteen_bytes_at_115200_baud_take_160_bit_times(outcome):
    line = next(line for line in outcome("uart_irq").text.splitlines() if line.startswith("bytes"))
    bit = 938 * 2  # BRR at 108 MHz, in core cycles
    assert 0 <= int(line.split()[3]) - 160 * bit < 2 * bit


def test_the_handler_echoes_what_it_receives(outcome):
    assert outcome("uart_irq").text.startswith("0123456789abcdef" + "ABCDEFGHIJKLMNOP\n")


def test_sleep_is_among_the_causes(outcome):
    run = outcome("wfi_sleep")
    slept = run.numbers("slept")[0]
    assert abs(slept - 10 * 21600) < 100
    causes = run.causes
    assert causes["sleep"] > 0.9 * slept
    assert causes["exception"] > 0


def test_code_in_the_itcm_is_no_slower_than_cached_flash(outcome):
    cycles = dict(line.split()[1:] for line in outcome("itcm_code").text.splitlines() if line.startswith("cycles"))
    assert int(cycles["itcm-dtcm"]) <= int(cycles["flash-dtcm"])
    assert int(cycles["itcm-dtcm"]) <= int(cycles["itcm-sram"])


def test_a_second_run_is_the_first_byte_for_byte(outcome, machine):
    first = outcome("svc_pendsv")
    again = machine("svc_pendsv")
    stop = again.run()
    assert again.serial_output.decode("latin-1").replace("\r", "") == first.text
    assert (stop.cycles, stop.instructions) == (first.stop.cycles, first.stop.instructions)
    assert again.causes() == first.causes


def test_timers_keep_their_periods_to_a_few_cycles(outcome):
    lines = [
        line.split() for line in outcome("timer").text.splitlines() if " four periods " in line and "wanted" in line
    ]
    assert len(lines) == 4
    for *_, measured, _, wanted in lines:
        assert abs(int(measured) - int(wanted)) <= 8
