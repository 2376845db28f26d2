"""Guesses are counted, and their number only falls."""

from __future__ import annotations

from benchmarks.validation.guesses import MOST, named


def test_there_are_exactly_as_many_guesses_as_are_committed():
    """Fewer: lower the number, in the same commit. More: find a source."""
    assert len(named()) == MOST


def test_no_guess_is_named_twice():
    assert len(set(named())) == len(named())


def test_the_committed_number_has_never_been_above_that_of_the_first_count():
    assert MOST <= 42
