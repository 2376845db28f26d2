"""A crystal that fails and comes back."""

from __future__ import annotations

from fractions import Fraction

import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Frequency
from peripherals.parts.crystal import Crystal

MS = Fraction(1, 1000)


class Bench:
    def __init__(self, hz: int = 25_000_000) -> None:
        self.clock = Clock()
        self.output = Frequency("HSE crystal", hz)
        self.crystal = Crystal(self.clock, self.output)

    def to(self, seconds: Fraction) -> None:
        self.clock.advance(int(seconds * self.clock.hz))


def test_it_stops_and_oscillates_again_at_once() -> None:
    bench = Bench()
    bench.to(MS)
    bench.crystal.fail()
    assert (bench.output.hz, bench.crystal.failed_at) == (0, MS)
    bench.crystal.recover()
    assert (bench.output.hz, bench.crystal.failed_at) == (25_000_000, None)


def test_it_changes_at_instants_of_virtual_time() -> None:
    bench = Bench()
    bench.crystal.fail(5 * MS)
    bench.crystal.recover(8 * MS)
    assert bench.crystal.oscillates and bench.crystal.comes_back
    bench.to(5 * MS)
    assert not bench.crystal.oscillates and bench.crystal.comes_back
    bench.to(8 * MS)
    assert bench.crystal.oscillates and not bench.crystal.comes_back


def test_the_instant_of_a_failure_is_the_one_that_was_asked_for_though_it_lies_between_two_cycles() -> None:
    bench = Bench()
    bench.crystal.fail(5 * MS + Fraction(1, 10**9))
    bench.to(6 * MS)
    assert bench.crystal.failed_at == 5 * MS + Fraction(1, 10**9)


def test_an_instant_that_has_passed_is_refused() -> None:
    bench = Bench()
    bench.to(2 * MS)
    with pytest.raises(ValueError, match=r"0\.002 s have passed: the HSE crystal cannot change at 0\.001 s"):
        bench.crystal.fail(MS)


def test_failing_twice_is_failing_once() -> None:
    bench = Bench()
    heard: list[Fraction] = []
    bench.output.listen(lambda: heard.append(bench.output.hz))
    bench.crystal.fail()
    bench.to(MS)
    bench.crystal.fail()
    assert heard == [0]
    assert bench.crystal.failed_at == 0


def test_one_that_is_not_fitted_never_oscillates() -> None:
    bench = Bench(0)
    bench.crystal.recover()
    assert not bench.crystal.oscillates
