"""Blocks that an earlier run of a firmware has described: taken from disk where nothing has changed, and then equal to the bit."""

import os

import numpy as np
import pytest
from small_timed import AXI, CACHES_ON, SRAM1, machine_of, needs_compiler, store

from simulator.firmware import load
from simulator.machine import Machine
from simulator.settings import Settings
from simulator.timing import known_blocks
from simulator.timing.kernels.tables import Block

pytestmark = needs_compiler
# blocks with operands known at entry, at exit and where they run, chained loads, literals, IT blocks, floating point and MSR
BODIES = (
    " ldr r0, ={ram}\n str r0, [r0, #4 * {n}]\n ldr r1, [r0, #128 + 4 * {n}]\n ldr r2, [r1, #8]\n",
    " ldr r0, ={ram}\n add r3, r0, #{n}\n strb r2, [r3], #1\n mul r4, r3, r3\n strb r4, [r3, #1]\n",
    " cmp r2, #{n}\n ittt eq\n ldreq r5, [r0]\n addeq r5, #1\n streq r5, [r0]\n eor r6, r5, r2\n and r6, #0xFC\n ldrb r7, [r0, r6]\n",
    " vmov s{n}, r2\n vadd.f32 s{n}, s{n}, s{n}\n push {{r0-r4}}\n pop {{r0-r4}}\n",
    " mrs r5, psp\n msr psp, r0\n mrs r6, apsr\n smlad r6, r5, r6, r6\n",
)
CODE = (
    " .fpu fpv5-sp-d16\n"
    + CACHES_ON
    + store(0xE000_ED88, 0xF << 20)
    + " dsb\n isb\n mov r9, #20\nagain:\n"
    + "".join(body.format(ram=SRAM1, n=n) + f" b next{n}_{k}\nnext{n}_{k}:\n" for n in range(4) for k, body in enumerate(BODIES))
    + " subs r9, #1\n bne again\n"
)  # fmt: skip


@pytest.fixture
def elf(tmp_path, monkeypatch):
    monkeypatch.setattr(known_blocks, "cache_folder", lambda name: tmp_path / name)
    machine_of(tmp_path, CODE)
    return tmp_path / "small.elf"


def run(elf, **settings):
    machine = Machine(load(elf), settings=Settings(**settings))
    assert machine.run(max_cycles=1_000_000).reason == "breakpoint"
    return machine


def described(machine):
    """All that describing blocks has filled, and what the run came to."""
    tables, pipeline = machine.engine.tables, machine.engine.automaton.tables
    count = len(tables.descriptions)
    return {
        "blocks": tables.blocks[:count].tolist(),
        "operands": tables.operands[: tables.operand_count].tolist(),
        "hooked": tables.hooked[: tables.hooked_count].tolist(),
        "dense": np.flatnonzero(tables.dense).tolist(),
        "hooked at": np.flatnonzero(tables.hooked_dense).tolist(),
        "pipeline": pipeline.rows.tolist(),
        "instructions": [d.instructions for d in tables.descriptions],
        "accesses": [d.accesses for d in tables.descriptions],
        "special": sorted(machine.core._special),
        "causes": machine.causes(),
        "cycle": machine.cycle,
    }


@pytest.mark.parametrize("timing", ["cycles", "functional"])
def test_a_second_run_describes_nothing_and_is_equal_to_the_bit(elf, timing):
    first, second, alone = run(elf, timing=timing), run(elf, timing=timing), run(elf, timing=timing, compiled=False)
    count = len(first.engine.tables.descriptions)
    assert [m.engine.known.found for m in (first, second, alone)] == [0, count, 0]
    assert described(second) == described(first) == described(alone)
    tables = first.engine.tables
    rows = tables.blocks[:count]
    kinds = (rows[:, Block.VALUES] >= 0).any(), rows[:, Block.EXIT_COUNT].any(), tables.hooked_count > 0
    assert kinds == (timing == "cycles",) * 3
    assert first.core._special


def test_a_block_whose_bytes_or_whose_constants_differ_is_described_anew(elf):
    first = run(elf)
    same = run(elf)
    words = next(d.words for d in same.engine.tables.descriptions if d.words)
    literal = next(address for address, word in words.items() if word is not None)
    machine = Machine(load(elf))
    machine.write(literal, (words[literal] + 4).to_bytes(4, "little"))
    users = [d for d in same.engine.tables.descriptions if literal in d.words]
    machine.run(max_cycles=1_000_000)
    assert machine.engine.known.found == len(first.engine.tables.descriptions) - len(users)
    machine = Machine(load(elf))
    machine.write(AXI + 0x400, b"\x00\xbf")  # in place of the first instruction: its block's bytes are others
    machine.run(max_cycles=1_000_000)
    assert machine.engine.known.found < len(machine.engine.tables.descriptions)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:100], lambda data: data[:50] + b"x" + data[51:], lambda data: b""]
)
def test_a_damaged_file_is_as_none(elf, tmp_path, damage):
    first = run(elf)
    (file,) = (tmp_path / "described").iterdir()
    file.write_bytes(damage(file.read_bytes()))
    second = run(elf)
    assert second.engine.known.found == 0
    assert described(second) == described(first)


def test_where_nothing_can_be_written_runs_are_as_ever(elf, tmp_path):
    (tmp_path / "described").write_text("a file")
    assert described(run(elf)) == described(run(elf))


def test_what_the_data_cache_s_contents_change_is_kept_apart(elf):
    run(elf)
    with_data = run(elf, dcache_data=True)
    assert with_data.engine.known.found == 0
    assert described(run(elf, dcache_data=True)) == described(with_data)


def test_few_new_blocks_are_not_worth_a_file_and_old_files_go(elf, tmp_path, monkeypatch):
    machine = Machine(load(elf))
    for _ in range(5):
        machine.step()
    machine.engine.known.keep()
    assert not (tmp_path / "described").exists()
    monkeypatch.setattr(known_blocks, "FILES", 2)
    others = [tmp_path / f"{k}.elf" for k in range(3)]
    for k, other in enumerate(others):
        other.write_bytes(elf.read_bytes() + bytes(k))

    def age(seconds):
        for path in (tmp_path / "described").iterdir():
            os.utime(path, (path.stat().st_mtime - seconds, path.stat().st_mtime - seconds))

    for other in (others[0], others[1], others[0], others[2]):
        run(other)
        age(100)
    assert len(list((tmp_path / "described").iterdir())) == 2
    assert [run(other).engine.known.found > 0 for other in (others[0], others[2], others[1])] == [True, True, False]
