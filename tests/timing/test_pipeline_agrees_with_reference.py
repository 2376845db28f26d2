"""The automaton's blocks, however a stream is cut into them, add up to what the plain pipeline counts."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from random_code import random_stream

from simulator.decode import Instruction
from simulator.timing import layout as at
from simulator.timing.automaton import Automaton, issue_cycles
from simulator.timing.cortex_m7 import CAUSES, Parameters
from simulator.timing.reference import Timeline, simulate

Stream = list[tuple[Instruction, int]]


def cut(random: Random, stream: Stream, chance: float) -> list[Stream]:
    """Blocks: a new one wherever the stream jumps, and by chance anywhere else."""
    blocks: list[Stream] = []
    for instruction, reached in stream:
        if not blocks or reached or random.random() < chance:
            blocks.append([])
        blocks[-1].append((instruction, reached))
    return blocks


def run(automaton: Automaton, blocks: list[Stream]) -> Timeline:
    timeline = Timeline()
    state = 0
    for block in blocks:
        number = automaton.add_block([instruction for instruction, _ in block])
        entry = block[0][1]
        transition = automaton.transition(state, entry, number)
        row = automaton.tables.transitions[transition]
        for name, cycles in zip(CAUSES, automaton.tables.causes[transition], strict=True):
            timeline.causes[name] += int(cycles)
        timeline.issue += [timeline.cycles + int(cycle) for cycle in issue_cycles(automaton, state, entry, number)]
        timeline.penalties.append(int(row[at.PENALTY]))
        pairs = automaton.tables.pairs[row[at.PAIR_FIRST] : row[at.PAIR_FIRST] + row[at.PAIR_COUNT]]
        memories = [k for k, (instruction, _) in enumerate(block) if instruction.memory is not None]
        start = len(timeline.issue) - len(block)
        for one, other in pairs.tolist():
            younger, wait = other & (1 << at.WAIT_SHIFT) - 1, other >> at.WAIT_SHIFT
            numbers = start + memories[one], start + memories[younger]
            if wait:
                timeline.stored_words.append((*numbers, wait))
            else:
                timeline.load_pairs.append(numbers)
        timeline.cycles += int(row[at.COST])
        state = int(row[at.NEXT])
    return timeline


SETTINGS = [
    Parameters(),
    Parameters(dual_issue=0),
    Parameters(early_alu=0, cross_branch=0, store_to_load_narrow=4),
    Parameters(fetch=0, store_to_load_window=4, store_buffer=2, drain_word=2),
    Parameters(fetch_queue=2, cross_branch_narrow=0, multiple_in_wide_code=2, store_to_load_window=0, operand_waits=0),
    Parameters(fetch_queue=8, store_buffer=8, drain_narrow=5, mispredict_distance=5, divide=3, fp_divide=5),
]


@pytest.mark.parametrize("settings", range(len(SETTINGS)))
@pytest.mark.parametrize("chance", [0.0, 0.2, 1.0])
def test_blocks_add_up_to_the_plain_pipeline(settings: int, chance: float) -> None:
    automaton = Automaton(SETTINGS[settings], transitions=64, blocks=16)
    for seed in range(100):
        random = Random(1000 * settings + seed)
        stream = random_stream(random, 80)
        plain = simulate(stream, SETTINGS[settings])
        blocks = cut(random, stream, chance)
        fast = run(automaton, blocks)
        assert fast.issue == plain.issue, f"seed {seed}"
        assert fast.cycles == plain.cycles
        assert fast.causes == plain.causes
        ends = np.cumsum([len(block) for block in blocks]) - 1
        assert fast.penalties == [plain.penalties[end] for end in ends]
        within = [(one, other) for one, other in plain.load_pairs if other not in set(ends + 1)]
        assert fast.load_pairs == within
        block_of = np.searchsorted(ends, np.arange(len(plain.issue)))
        assert fast.stored_words == [w for w in plain.stored_words if block_of[w[0]] == block_of[w[1]]]


def test_causes_sum_to_the_cycles_of_a_stream() -> None:
    for seed in range(50):
        plain = simulate(random_stream(Random(seed), 60))
        assert sum(plain.causes.values()) == plain.cycles


def test_tables_grow_without_changing_a_transition() -> None:
    random = Random(5)
    stream = random_stream(random, 400)
    blocks = cut(random, stream, 0.3)
    small, large = Automaton(transitions=1, blocks=1), Automaton(transitions=1 << 12)
    assert run(small, blocks).issue == run(large, blocks).issue
    assert small.generation > 0
    assert large.tables.counts[at.TRANSITIONS] == small.tables.counts[at.TRANSITIONS]


CHANGES = [
    {"dual_issue": 0},
    {"operand_waits": 0},
    {"predicated": 0},
    {"early_alu": 0},
    {"fetch": 0},
    {"fetch_queue": 2},
    {"cross_branch": 0},
    {"cross_branch_narrow": 0},
    {"store_buffer": 1},
    {"drain_word": 2},
    {"drain_narrow": 1},
    {"store_to_load": 5},
    {"store_to_load_narrow": 4},
    {"store_to_load_window": 1},
    {"divide": 8},
    {"multiple_in_wide_code": 0},
    {"table_branch": 3},
    {"fp_divide": 17},
    {"fp_square_root": 15},
    {"barrier": 2},
    {"system": 2},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_every_setting_tells_in_the_random_streams(change: dict[str, int]) -> None:
    """What the comparison rests on: a wrong setting in one of the two would be seen."""
    streams = [random_stream(Random(seed), 80) for seed in range(60)]
    other = replace(Parameters(), **change)
    assert any(simulate(stream).cycles != simulate(stream, other).cycles for stream in streams)
