"""Which hot blocks share a function: loops do, and one that is too large is parted by how often its blocks run."""

from __future__ import annotations

from simulator.compiled.places import Place
from simulator.compiled.regions import MOST_BLOCKS, components, regions
from simulator.timing.kernels.state import State


def parted(ways, lengths=None, counts=None):
    return regions(ways, lengths or dict.fromkeys(ways, 4), counts or dict.fromkeys(ways, 1.0))


def test_the_blocks_of_a_loop_are_together_and_others_alone():
    ways = {0: [1], 1: [2, 4], 2: [3], 3: [1], 4: []}
    assert parted(ways) == [[0], [1, 2, 3], [4]]


def test_loops_that_meet_are_one():
    ways = {0: [1], 1: [0, 2], 2: [1, 3], 3: [3]}
    assert parted(ways) == [[0, 1, 2], [3]]


def test_ways_out_of_the_part_that_is_looked_at_do_not_count():
    ways = {0: [1], 1: [2], 2: [0]}
    assert sorted(map(sorted, components(ways, [0, 1]))) == [[0], [1]]


def test_a_loop_that_is_too_large_keeps_its_hot_inner_loop():
    count = MOST_BLOCKS + 10
    ways = {n: [(n + 1) % count] for n in range(count)}
    ways[5] = [4, 6]
    found = parted(ways, counts={n: 1000.0 if n in (4, 5) else 1.0 for n in range(count)})
    assert [4, 5] in found
    assert sorted(n for group in found for n in group) == list(range(count))
    assert all(len(group) <= MOST_BLOCKS for group in found)


def test_a_loop_with_too_many_instructions_is_parted():
    ways = {0: [1], 1: [0]}
    assert parted(ways, lengths={0: 200, 1: 200}) == [[0], [1]]


def test_a_deep_chain_needs_no_stack():
    count = 20_000
    ways = {n: [n + 1] for n in range(count)} | {count: []}
    assert len(parted(ways)) == count + 1


def test_words_of_compiled_code_are_nobody_elses():
    assert not {int(place) for place in Place} & {int(word) for word in State}
    assert max(Place) < State.WORDS
