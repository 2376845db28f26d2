"""What flash costs by both of its ports: wait states, rows of 256 bits, the prefetch and the accelerator of the ITCM's."""

from __future__ import annotations

import pytest
from small_timed import (
    ACR,
    ARTEN,
    ARTRST,
    AXI,
    CACHES_ON,
    ITCM,
    PRFTEN,
    between,
    machine_of,
    needs_compiler,
    store,
    wait_states,
)

from simulator.settings import Settings

pytestmark = needs_compiler
ROW = 32


def rows(count: int, instruction: str = "nop.w") -> str:
    """Straight code that fills so many rows."""
    return f" {instruction}\n" * (8 * count)


def straight(count: int, instruction: str = "nop.w") -> str:
    """As many, of which the last instruction is a branch: a block ends there, and so does what is counted."""
    last = f" {instruction}\n" * 7
    return f" b.w begin\n .balign 32\nbegin:{rows(count - 1, instruction)}{last} b.w end\n .balign 32\nend: nop\n"


def looped(times: int, body: str) -> str:
    return f" .balign 32\n movs r7, #{times}\n nop\n nop.w\n nop.w\n nop.w\n nop.w\n nop.w\n nop.w\n nop.w\n1:{body} subs r7, #1\n bne.w 1b\n"


def test_a_line_over_axi_costs_its_wait_states_and_six_cycles(tmp_path):
    for count in (0, 3, 7):
        code = CACHES_ON + wait_states(count) + straight(4)
        assert between(machine_of(tmp_path, code, AXI))["i_miss_flash"] == 4 * (6 + count)


@pytest.mark.parametrize("count", [0, 3, 7])
def test_a_row_by_itcm_that_nothing_holds_costs_the_wait_states(tmp_path, count):
    """A branch leads past the row behind, so that no fetch ahead hides it."""
    code = (
        wait_states(count) + " b.w begin\n .balign 32\n" + rows(1) + "begin: b.w 2f\n" + rows(3) + "2: nop\nend: nop\n"
    )
    assert between(machine_of(tmp_path, code, ITCM)).get("i_miss_flash", 0) == 2 * count


def test_the_accelerator_gives_what_it_holds_without_delay(tmp_path):
    body = looped(20, rows(30))
    without = between(machine_of(tmp_path, wait_states(7) + "begin:" + body + "end: nop\n", ITCM))
    held = between(machine_of(tmp_path, wait_states(7, ARTEN) + "begin:" + body + "end: nop\n", ITCM))
    assert 0 < held["i_miss_flash"] <= 35 * 7 < without["i_miss_flash"] // 10


def test_of_a_loop_of_more_rows_than_the_accelerator_has_the_least_recently_used_is_always_gone(tmp_path):
    fits, does_not = (
        between(machine_of(tmp_path, wait_states(7, ARTEN) + "begin:" + looped(20, rows(n)) + "end: nop\n", ITCM))
        for n in (61, 70)
    )
    assert fits["i_miss_flash"] <= 66 * 7
    assert does_not["i_miss_flash"] > 20 * 70 * 3


def test_a_prefetch_hides_the_wait_states_of_slow_straight_code(tmp_path):
    """A row of dependent moves takes 16 cycles, a read 8."""
    code = straight(20, "mov r8, r8\n mov r8, r8")
    ahead = between(machine_of(tmp_path, wait_states(7, PRFTEN) + code, ITCM))
    assert ahead.get("i_miss_flash", 0) <= 2 * 7


def test_a_prefetch_keeps_up_with_half_of_quick_straight_code(tmp_path):
    """Eight instructions of 32 bits issue in 4 cycles, and a row is read in 8."""
    code = straight(31)
    ahead = between(machine_of(tmp_path, wait_states(7, PRFTEN) + code, ITCM))
    assert 29 * 4 <= ahead["i_miss_flash"] <= 7 + 31 * 4


def test_a_row_whose_prefetch_came_too_late_is_held_from_then_on(tmp_path):
    body = "begin:" + looped(20, rows(20)) + "end: nop\n"
    both, alone = (
        between(machine_of(tmp_path, wait_states(7, ARTEN, prefetch) + body, ITCM)) for prefetch in (PRFTEN, 0)
    )
    assert both["i_miss_flash"] <= 22 * 4 + 14 < alone["i_miss_flash"]


def test_the_accelerators_reset_empties_it(tmp_path):
    """The routine's rows are held, and after the reset they are not."""
    routine = " .balign 32\n7:" + rows(6) + " bx lr\n"
    again = " bl 7f\n bl 7f\n"
    reset = store(ACR, 7 | ARTRST) + wait_states(7, ARTEN)
    held, emptied = (
        between(
            machine_of(tmp_path, wait_states(7, ARTEN) + again + change + "begin: bl 7f\nend: nop\n" + routine, ITCM)
        )
        for change in ("", reset)
    )
    assert emptied["i_miss_flash"] >= held.get("i_miss_flash", 0) + 7 * 4


def test_a_literal_by_itcm_waits_where_the_accelerator_does_not_hold_its_row(tmp_path):
    code = " b.w begin\nbegin: ldr r2, 3f\n b.w end\nend: b .\n .balign 32\n" + rows(2) + "3: .word 1\n .balign 32\n"
    off, on = (between(machine_of(tmp_path, wait_states(7) + code, ITCM, Settings(art=art))) for art in ("off", "on"))
    assert off["uncached"] == on["uncached"] == 1 + 7
    assert between(machine_of(tmp_path, wait_states(0) + code, ITCM))["uncached"] == 1


def test_the_settings_stand_for_the_registers(tmp_path):
    code = wait_states(7) + "begin:" + looped(20, rows(30)) + "end: nop\n"
    programmed = between(machine_of(tmp_path, code.replace(wait_states(7), wait_states(7, ARTEN)), ITCM))
    forced = between(machine_of(tmp_path, code, ITCM, Settings(art="on")))
    assert abs(forced["i_miss_flash"] - programmed["i_miss_flash"]) <= 7  # the row that sets ACR is held already
    assert between(machine_of(tmp_path, code, ITCM, Settings(art="off")))["i_miss_flash"] > 10 * forced["i_miss_flash"]
    assert "i_miss_flash" not in between(machine_of(tmp_path, code, ITCM, Settings(ideal_memory=True)))
