"""A branch target cache of a finite size: what --set btac=N makes of taken branches."""

from __future__ import annotations

from small_timed import AXI, CACHES_ON, between, machine_of, needs_compiler

from simulator.settings import Settings

pytestmark = needs_compiler


def ring(branches: int, turns: int = 50) -> str:
    """A loop of so many jumps, each to the next, and a branch back."""
    hops = "".join(f" nop.w\n b.w {n + 10}f\n nop.w\n{n + 10}:" for n in range(branches))
    return f"{CACHES_ON} movs r7, #{turns}\nbegin:\n1:{hops} subs.w r7, r7, #1\n bne.w 1b\nend: nop\n"


def branch_cycles(tmp_path, branches: int, **settings: int) -> int:
    return between(machine_of(tmp_path, ring(branches), AXI, Settings(**settings))).get("branch", 0)


def test_as_it_is_each_branch_has_an_entry(tmp_path):
    assert branch_cycles(tmp_path, 40) <= 16


def test_branches_that_have_entries_cost_what_they_do_without_a_limit(tmp_path):
    first_time = 13 * 3
    assert branch_cycles(tmp_path, 12, btac=64) <= branch_cycles(tmp_path, 12) + first_time


def test_more_branches_than_entries_find_none(tmp_path):
    """Used in turn, the least recently used one is always the one that comes next; the decoder alone foresees them."""
    assert branch_cycles(tmp_path, 40, btac=16, btac_ways=16) >= 50 * 40 * 3


def test_a_set_of_one_entry_forgets_what_two_ways_keep(tmp_path):
    """Jumps 8 bytes on from each other with two 32-bit instructions between: 64 sets of one entry do not hold 40 of them."""
    direct, associative = (branch_cycles(tmp_path, 40, btac=64, btac_ways=ways) for ways in (1, 64))
    assert associative < direct


def test_the_instructions_are_the_same(tmp_path):
    limited, usual = (machine_of(tmp_path, ring(20), AXI, Settings(btac=n)) for n in (8, 0))
    for machine in (limited, usual):
        between(machine)
    assert limited.instructions == usual.instructions
    assert limited.cycle > usual.cycle
