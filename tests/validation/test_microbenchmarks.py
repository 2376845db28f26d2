"""The microbenchmarks hold their facts, and a board's text is read or refused in one sentence."""

from __future__ import annotations

import shutil
from fractions import Fraction

import pytest

from benchmarks.conformance.outcome import Explained
from benchmarks.validation import microbench
from benchmarks.validation.microbench import Table, TextError, compare, outcome, parse
from firmware.microbench.rows import rows

needs_compiler = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc")
TEXT = (
    "boot\r\nmicrobench 1 cpuid 0x411fc271 hz 216000000 iterations 120\r\nmul_never_with_mul 360\r\nx 180\r\nend 2\r\n"
)


@pytest.fixture(scope="module")
def model() -> Table:
    return microbench.run()


def test_there_are_at_least_150_and_each_has_a_source_and_cycles():
    listed = rows()
    assert len(listed) >= 150
    assert all(row.source and row.cycles > 0 and row.section in ("1", "2", "3", "4", "6") for row in listed)


def test_the_loop_that_tells_the_store_to_load_rules_apart_is_among_them():
    (row,) = [row for row in rows() if row.name == "counter_in_memory_tells_the_rules_apart"]
    assert [part.split()[0] for part in f"{row.code}; {row.end}".split("; ")] == [
        "ldr.w",
        "adds.w",
        "str.w",
        "subs.w",
        "bne.w",
    ]


@needs_compiler
@pytest.mark.jit
def test_every_fact_holds_or_is_listed_with_its_reason(model):
    differences, explained = outcome(compare(model))
    assert differences == ()
    assert sum(explained.values()) < len(rows()) / 10


@needs_compiler
@pytest.mark.jit
def test_a_listed_reason_that_is_not_needed_fails(model, monkeypatch):
    monkeypatch.setattr(microbench, "EXPLAINED", (*microbench.EXPLAINED, Explained("mul_never_with_mul", "none")))
    differences, _ = outcome(compare(model))
    assert [d.case for d in differences] == ["mul_never_with_mul"]


def test_a_wrong_cycle_is_a_difference():
    right = {row.name: row.cycles for row in rows()}
    name = "mul_never_with_mul"
    differences, _ = outcome(compare(Table(0, {**right, name: Fraction(2)})))
    assert name in [d.case for d in differences]


def test_a_boards_text_is_cycles_per_iteration_whatever_stands_around_it():
    table = parse(TEXT)
    assert table.cpuid == 0x411F_C271
    assert table.cycles == {"mul_never_with_mul": 3, "x": Fraction(3, 2)}
    (compared,) = [c for c in compare(table, table) if c.row.name == "mul_never_with_mul"]
    assert compared.holds
    assert compared.board == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no line"),
        ("hello", "no line"),
        (TEXT.replace("end 2", ""), "not done"),
        (TEXT.replace("x 180\r\n", ""), "1 rows and says that there are 2"),
        (TEXT.replace("iterations 120", "iterations 0"), "0 iterations"),
    ],
)
def test_a_text_that_is_no_table_is_refused(text, why):
    with pytest.raises(TextError, match=why):
        parse(text)
