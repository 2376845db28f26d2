"""TFLM's unit tests on the board with QEMU's memories: judged by their own words and by QEMU's output."""

from __future__ import annotations

import pytest

from benchmarks.conformance import ends, tflm
from benchmarks.conformance.outcome import Scope
from firmware.fetch import fetch
from firmware.pip import FetchError
from firmware.tflm_tests import __main__ as tests

GOOD = "3/3 tests passed\r\n~~~ALL TESTS PASSED~~~\r\n"


@pytest.mark.jit
def test_a_few_files_pass_and_print_what_they_print_under_qemu() -> None:
    if ends.version() is None:
        pytest.skip("there is no qemu-system-arm (make tools-qemu)")
    found = tflm.check(Scope(quick=True, workers=2))
    assert found.missing == ""
    assert [f"{d.case}: {d.detail}" for d in found.differences] == []
    assert found.cases == 2 * sum(tflm.tests_in(tests.files()[name]) for name in tflm.QUICK)


def test_every_file_has_as_many_tests_as_it_says() -> None:
    try:
        fetch()
    except FetchError as error:
        pytest.skip(str(error))
    counts = {name: tflm.tests_in(path) for name, path in tests.files().items()}
    assert len(counts) == 48
    assert sum(counts.values()) == 400  # ../shared/FIRMWARE.md: 48 of 48 files, 400 of 400 tests


@pytest.mark.parametrize(
    ("text", "count", "wrong"),
    [
        (GOOD, 3, ""),
        (GOOD, 4, "it says [('3', '3')] where its source has 4 tests"),
        (GOOD.replace("3/3", "2/3"), 3, "it says [('2', '3')] where its source has 3 tests"),
        ("3/3 tests passed\r\n~~~SOME TESTS FAILED~~~\r\n", 3, f"it does not say {tflm.PASSED}"),
        (f"{tflm.PASSED}\r\n", 0, ""),
    ],
)
def test_a_file_is_judged_by_its_words_and_its_number_of_tests(text: str, count: int, wrong: str) -> None:
    assert tflm.judged(text, count) == wrong
