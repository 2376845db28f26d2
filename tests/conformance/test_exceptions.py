"""Firmware about exceptions: its words are the manual's on the discovery board, QEMU's are ours or listed; what the class makes of logs."""

from __future__ import annotations

import shutil
from functools import cache

import pytest

from benchmarks.conformance.exceptions import DISCOVERY, OURS, QEMU, Log, Run, differences, execute, words_in
from benchmarks.conformance.exceptions_explained import EXPLAINED
from benchmarks.conformance.outcome import sort_out
from firmware import programs

PROGRAMS = [name for name in programs.programs() if name.startswith("exceptions-")]
needs_gcc = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc")
needs_qemu = pytest.mark.skipif(shutil.which("qemu-system-arm") is None, reason="there is no qemu-system-arm")


@cache
def log_of(program: str, where: str) -> Log:
    programs.build([f"{program}-gcc12-O2"])
    return execute(Run(program, "gcc12", "O2", where))


def unexplained(*logs: Log) -> list[str]:
    return [f"{d.case}: {d.detail}" for d in sort_out(differences(list(logs)), EXPLAINED, whole=False)[0]]


@needs_gcc
@pytest.mark.jit
@pytest.mark.parametrize("program", PROGRAMS)
def test_every_word_is_the_manuals(program):
    log = log_of(program, DISCOVERY)
    assert log.words
    assert unexplained(log) == []


@needs_gcc
@needs_qemu
@pytest.mark.parametrize("program", PROGRAMS)
def test_qemus_words_are_the_manuals_or_listed(program):
    assert unexplained(log_of(program, QEMU)) == []


def log(where: str, end: str = "", **words: str) -> Log:
    return Log(Run("exceptions-small", "gcc12", "O2", where), words, end)


def test_a_word_that_is_not_the_manuals_is_a_difference():
    found = list(
        differences([log(OURS, first="", second="0x00000001, not 0x00000002"), log(QEMU, first="", second="")])
    )
    assert [d.case for d in found] == ["ours: exceptions-small: second"]


def test_a_word_that_one_log_has_not_is_a_difference():
    found = list(differences([log(OURS, first=""), log(QEMU, first="", second="")]))
    assert [d.case for d in found] == ["ours: exceptions-small: its claims"]


def test_a_run_that_ends_badly_is_a_difference_however_many_words_it_has():
    found = list(differences([log(OURS, "locked up", first=""), log(QEMU, first="")]))
    assert [d.case for d in found] == ["ours: exceptions-small: its end"]


def test_a_claim_that_fails_without_words_is_no_pass():
    assert words_in("PASS one\r\nFAIL two\nFAIL three: 0x00000001, not 0x00000002\n") == [
        ("PASS", "one", ""),
        ("FAIL", "two", ": does not hold"),
        ("FAIL", "three", ": 0x00000001, not 0x00000002"),
    ]


def test_every_explained_word_is_a_program_s():
    known = set(programs.programs())
    assert {row.case.split(": ")[1] for row in EXPLAINED} <= known
