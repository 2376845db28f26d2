"""The speed-up table: its sums, its speed-ups, what stands beside what, and what is said of it."""

from __future__ import annotations

import dataclasses
import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from table_stubs import CLANG, GCC10, GCC12, full, made, measurement, pair

from benchmarks.speedup import charts, page, text
from benchmarks.speedup.causes import REST, grouped, shares
from benchmarks.speedup.measure import PRINT, RUN, Answer
from benchmarks.speedup.photographs import Photograph
from benchmarks.speedup.report import as_json
from benchmarks.speedup.rows import Row, rows

ROOT = Path(__file__).resolve().parents[2]


def row_of(all_rows: list[Row], network: str, kernels: str, compiler: str) -> Row:
    found = [
        r
        for r in all_rows
        if (r.network, r.measurement.kernels) == (network, kernels) and r.compiler.startswith(compiler)
    ]
    assert len(found) == 1
    return found[0]


def test_a_speedup_is_reference_over_cmsis_nn_of_the_same_network_and_compiler() -> None:
    table = rows([(m, False) for m in full()])
    assert row_of(table, "published", "cmsis_nn", "GCC 10").speedup == pytest.approx(302.4 / 96.0)
    assert row_of(table, "published", "cmsis_nn", "clang").speedup == pytest.approx(226.8 / 76.6)
    assert row_of(table, "resnet8", "cmsis_nn", "GCC 12").speedup == pytest.approx(466 / 37)
    assert row_of(table, "published", "reference", "GCC 10").speedup == 1


def test_another_level_or_two_references_make_no_speedup() -> None:
    fast = measurement("published", "cmsis_nn", CLANG, 100)
    other_level = measurement("published", "reference", CLANG, 300, flags="-O2")
    assert row_of(rows([(fast, False), (other_level, False)]), "published", "cmsis_nn", "clang").speedup is None
    twice = [measurement("published", "reference", CLANG, 300, elf=name) for name in ("a.elf", "b.elf")]
    assert all(row.speedup is None for row in rows([(m, False) for m in (*twice, fast)]))


def test_networks_and_kernels_that_are_not_known_make_no_speedup() -> None:
    unknown = [measurement(None, "reference", CLANG, 300), measurement(None, "cmsis_nn", CLANG, 100)]
    assert all(row.speedup is None for row in rows([(m, False) for m in unknown]))


def test_rates_are_at_216_mhz() -> None:
    assert rows([(measurement("n", "reference", CLANG, 108_000_000), False)])[0].inferences_per_second == 2.0


def test_only_the_published_network_has_published_figures() -> None:
    table = rows([(m, False) for m in full()])
    told = {(r.network, r.compiler[:6], r.measurement.kernels): r.published_rate for r in table if r.published_rate}
    assert told == {
        ("published", "GCC 10", "reference"): 0.72,
        ("published", "GCC 10", "cmsis_nn"): 2.26,
        ("published", "clang ", "reference"): 0.95,
        ("published", "clang ", "cmsis_nn"): 2.79,
    }
    assert row_of(table, "published", "cmsis_nn", "GCC 10").difference == pytest.approx(216 / 96 / 2.26 - 1)


def test_gcc_12_stands_beside_the_published_figures_only_where_gcc_10_is_missing() -> None:
    report = made(pair("published", GCC12, 805_000_000, 93_000_000))
    assert [row.published_rate for row in report.rows] == [0.72, 2.26]
    assert any("the table stands with GCC 12.2" in note for note in report.notes)
    assert not any("stands with GCC 12.2" in note for note in made(full()).notes)


def test_another_optimisation_level_has_no_published_figure() -> None:
    assert rows([(measurement("published", "reference", GCC10, 100, flags="-O3"), False)])[0].published is None


def test_why_gcc_12_differs_is_said_with_this_runs_instruction_counts() -> None:
    (note,) = [note for note in made(full()).notes if "Offset()" in note]
    assert "1,006 M instructions instead of 378 M" in note


def test_the_stand_in_for_armclang_is_named_and_armclang_itself_is_not() -> None:
    assert any("clang 19.1.7 -Oz stands in for armclang 6.16" in note for note in made(full()).notes)
    real = measurement("published", "reference", "Component: ARM Compiler 6.16 Tool: armclang", 100, flags="-Oz")
    report = made([real, measurement("published", "reference", CLANG, 100)])
    assert not any("stands in" in note for note in report.notes)
    assert [row.published is not None for row in report.rows if row.compiler == "armclang 6.16"] == [True]
    assert [row.published is not None for row in report.rows if row.compiler.startswith("clang")] == [False]


def test_kernels_of_ours_are_named_in_the_row_and_in_a_sentence() -> None:
    report = made(full())
    assert {row.kernels for row in report.rows} == {"reference", "CMSIS-NN + ours"}
    assert any(note.startswith("“ours”: in CMSIS-NN builds ADD, MUL and softmax") for note in report.notes)


def test_the_headline_gives_the_speedups_beside_the_published_ones() -> None:
    assert made(full()).headline == (
        "CMSIS-NN makes the published network 3.15× as fast with GCC 10.2.1 -Os (published 3.1×) "
        "and 2.96× as fast with clang 19.1.7 -Oz (published 2.9×, with armclang 6.16)."
    )
    assert "there is no speed-up" in made(full()[:1]).headline


def test_what_was_counted_is_said_where_it_is_not_invoke() -> None:
    whole = measurement("x", None, GCC12, 1_000, counted=RUN, elf="whole.elf", firmware_cycles=None)
    own = measurement("y", None, GCC12, 1_000, counted=PRINT, elf="own.elf", causes=None, instructions=None)
    report = made([whole, own])
    assert "Counted for whole.elf is the whole run" in " ".join(report.notes)
    assert "Counted for own.elf is the cycles that the firmware prints" in " ".join(report.notes)
    assert [row.inferences_per_second for row in report.rows] == [None, 216_000]


def test_a_counter_that_disagrees_and_another_clock_are_said() -> None:
    off = measurement("x", "reference", GCC12, 1_000, firmware_cycles=5_000, clock_hz=16_000_000, elf="a/off.elf")
    said = " ".join(made([off]).notes)
    assert "off.elf prints 5,000 cycles for what was counted as 1,000" in said
    assert "off.elf ran at 16 MHz" in said
    assert not any("prints" in note or "ran at" in note for note in made(full()).notes)


def test_groups_of_causes_sum_to_the_causes_and_an_unknown_cause_keeps_its_name() -> None:
    causes = {"issue_dual": 500, "issue_single": 300, "multiple": 50, "load": 100, "branch": 40, "novelty_unit": 10}
    sums = grouped(causes)
    assert sums["single issue"] == 350
    assert sums["novelty unit"] == 10
    assert sum(sums.values()) == sum(causes.values())


def test_shares_sum_to_a_hundred_and_what_nobody_notices_is_the_rest() -> None:
    groups, table = shares([{"issue_dual": 99_950, "sleep": 50}, {"issue_dual": 50_000, "branch": 50_000}])
    assert groups == ["dual issue", "branch", REST]
    assert [sum(line) for line in table] == pytest.approx([100, 100])


def test_the_json_holds_what_it_promises_and_its_causes_sum_to_its_cycles() -> None:
    held = json.loads(json.dumps(as_json(made(full()), ROOT)))
    assert held["schema_version"] == 1
    assert held["repeat"] == "python -m benchmarks.table"
    assert len(held["rows"]) == 10
    wanted = {"network", "kernels", "compiler", "flags", "elf", "sha256", "cycles", "instructions"}
    wanted |= {"inferences_per_second", "speedup", "published", "causes"}
    for row in held["rows"]:
        assert wanted <= row.keys()
        assert sum(row["causes"].values()) == row["cycles"]
        assert (row["published"] is not None) == (row["network"] == "published" and "12.2" not in row["compiler"])


def test_labels_name_the_builds_that_agree_and_those_that_do_not() -> None:
    said = (Answer(0, (127, -128), "cat"),)
    builds = [
        measurement("resnet8", "reference", GCC12, 100, answers=said, elf="a.elf"),
        measurement("resnet8", "cmsis_nn", GCC12, 50, answers=said, elf="b.elf"),
        measurement("resnet8", "cmsis_nn", CLANG, 50, answers=(Answer(0, (126, -128), "cat"),), elf="c.elf"),
        measurement("published", "cmsis_nn", CLANG, 50, answers=(Answer(0, (0, 1), "dog"),), elf="d.elf"),
    ]
    (label,) = made(builds).labels
    assert (label.label, label.probability) == ("cat", (126 + 128) / 256)
    assert {*label.agreeing, *label.differing} == {"a.elf", "b.elf", "c.elf"}
    assert text.agreement([label]) == f"Outputs differ: {', '.join(sorted(label.differing))}."


def test_the_markdown_is_a_table_of_as_many_cells_in_each_line() -> None:
    lines = text.markdown(made(full())).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("|"))
    grid = lines[first : first + 12]
    assert {line.count("|") for line in grid} == {len(text.COLUMNS) + 1}
    assert (
        "| published | GCC 10.2.1 -Os | CMSIS-NN + ours | 96,000,000 | – | 2.25 | 2.26 | −0.4 % | 3.15× | 3.1× |"
        in grid
    )
    assert "| resnet8 | GCC 12.2.1 -Os | CMSIS-NN + ours | 37,000,000 | – | 5.84 | – | – | 12.59× | – |" in grid


def test_a_bar_in_a_name_does_not_break_the_markdown() -> None:
    assert "odd\\|name" in text.markdown(made([measurement("odd|name", "reference", CLANG, 5_000)]))


def test_the_terminal_shows_table_causes_labels_and_notes() -> None:
    stream = StringIO()
    text.show(made(full()), Console(file=stream, width=140))
    shown = stream.getvalue()
    for wanted in (
        "96,000,000",
        "3.15×",
        "2.79",
        "dual",
        "image 0: labelled car (100 %)",
        "stands in for armclang 6.16",
    ):
        assert wanted in shown


def test_rows_from_an_earlier_run_are_said_to_be() -> None:
    stream = StringIO()
    report = made(full())
    text.show(report, Console(file=stream, width=140))
    assert "from the last run" not in stream.getvalue()
    remembered = dataclasses.replace(report, rows=rows([(m, i == 0) for i, m in enumerate(full())]))
    assert remembered.remembered.startswith("1 of 10 rows are from the last run")


def test_the_page_is_one_file_that_fetches_nothing_and_escapes_what_it_shows() -> None:
    picture = Photograph(0, "a <car>", "car", bytes(32 * 32 * 3), (32, 32))
    report = made(full())
    html = page.html(report, ROOT)
    assert "3.15× as fast with GCC 10.2.1\u00a0\u2011Os (published 3.1×)" in html
    with_picture = page.html(dataclasses.replace(report, photographs=[picture], errors=["x.elf is empty"]), ROOT)
    assert "No row: x.elf is empty" in with_picture
    assert 'src="data:image/png;base64,' in with_picture
    for content in (html, with_picture):
        for reference in ("http:", "https:", "//", "<script", "<link", "@import", "url("):
            assert reference not in content.replace("base64,", "").partition("data:image")[0]
        assert "<plane>" not in content
        assert content.count("<svg") == content.count("</svg>") == 4
    assert "&lt;plane&gt;" in html
    assert "96,000,000" in html


def test_bars_are_as_long_as_their_rates_and_marks_are_at_the_published_ones() -> None:
    published, resnet8 = charts.bar_charts(made(full()).rows)
    assert (published.network, published.marked, resnet8.marked) == ("published", True, False)
    bars = {(group.name, bar.kind): bar for group in published.groups for bar in group.bars}
    reference, fast = bars["GCC 10.2.1 -Os", "reference"], bars["GCC 10.2.1 -Os", "fast"]
    assert fast.length / reference.length == pytest.approx(302.4 / 96.0)
    assert fast.mark is not None and reference.mark is not None
    assert (fast.mark - charts.LEFT) / (reference.mark - charts.LEFT) == pytest.approx(2.26 / 0.72)
    assert bars["GCC 12.2.1 -Os", "fast"].mark is None
    assert all(bar.length <= charts.PLOT for bar in bars.values())


def test_the_parts_of_a_stack_fill_it_without_overlap() -> None:
    for stack in charts.stacks(made(full()).rows):
        assert sum(part.width for part in stack.parts) == pytest.approx(charts.SHARE_PLOT)
        for left, right in zip(stack.parts, stack.parts[1:], strict=False):
            assert left.x + left.width == pytest.approx(right.x)


@pytest.mark.parametrize("largest", [0.003, 0.4, 1.0, 2.79, 6.9, 80, 215_000])
def test_an_axis_has_four_to_eight_steps(largest: float) -> None:
    assert 4 <= largest / charts.tick_step(largest) <= 8
