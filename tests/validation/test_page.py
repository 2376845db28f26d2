"""docs/accuracy.md keeps what other commands have written, and the sections of parts that did not run."""

from __future__ import annotations

from benchmarks.validation.page import page, sections
from benchmarks.validation.part import Answer

BEFORE = "# Old\n\n## One\n\nold one\n\n## Lateness\n\nmeasured by hand\n\n## Two\n\nold two\n"


def test_a_part_that_ran_is_new_and_everything_else_stays():
    found = sections(page([("One", Answer("", "new one\n", {}))], BEFORE, ["One", "Two"]))
    assert {title: text.strip() for title, text in found.items()} == {
        "One": "new one",
        "Two": "old two",
        "Lateness": "measured by hand",
    }
    assert list(found) == ["One", "Two", "Lateness"]


def test_a_part_that_could_not_run_says_why():
    found = sections(page([("One", Answer("", "", {}, missing="there is no board"))], "", ["One"]))
    assert found["One"].strip() == "there is no board"
