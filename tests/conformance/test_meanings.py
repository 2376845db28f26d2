"""Single instructions: our core, QEMU and the meanings written from the manual make the same of the same operands."""

from __future__ import annotations

import random
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numba import config

from benchmarks.conformance.meanings import checking, image, kernels
from benchmarks.conformance.meanings.checking import CORE, QEMU, Task, run
from benchmarks.conformance.meanings.explained import EXPLAINED
from benchmarks.conformance.meanings.forms import FAMILIES, Form, forms
from benchmarks.conformance.meanings.operands import records
from benchmarks.conformance.outcome import sort_out
from firmware.conformance import meanings as runner
from simulator.decode import ROWS

CASES, WORDS, SEED = 300, 12, 2026
needs_gcc = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="there is no arm-none-eabi-gcc")
HAS_QEMU = shutil.which("qemu-system-arm") is not None
FORMS = {form.name: form for form in forms()}


@cache
def elf() -> Path:
    return runner.build()


def differences_of(witnesses: tuple[str, ...], cases: int, words: int) -> list[str]:
    """The differences of all forms that no row explains."""
    found = [f for task in checking.tasks(cases, words, SEED) for f in run(elf(), with_witnesses(task, witnesses))]
    assert sum(f.cases for f in found) >= cases * len(FORMS)
    unexplained, _ = sort_out([d for f in found for d in f.differences], EXPLAINED, whole=False)
    return [f"{d.case}: {d.detail}" for d in unexplained]


def with_witnesses(task: Task, witnesses: tuple[str, ...]) -> Task:
    return Task(task.numbers, task.cases, task.words, task.seed, witnesses)


@needs_gcc
@pytest.mark.jit
@pytest.mark.skipif(config.DISABLE_JIT, reason="the core's kernels as plain Python take minutes")
def test_our_core_and_qemu_compute_what_the_manual_says() -> None:
    assert differences_of((CORE, QEMU) if HAS_QEMU else (CORE,), CASES, WORDS) == []


@needs_gcc
@pytest.mark.skipif(not HAS_QEMU, reason="there is no qemu-system-arm")
@pytest.mark.skipif(not config.DISABLE_JIT, reason="of the meanings as plain Python")
def test_the_meanings_as_plain_python_are_what_qemu_computes() -> None:
    assert differences_of((QEMU,), 8, 4) == []


def test_every_encoding_of_the_families_has_a_form() -> None:
    rows = {row.name for row in ROWS if row.timing in FAMILIES and row.timing != "system"}
    assert rows == {form.row.name for form in forms() if form.row.timing != "system"}


@pytest.mark.parametrize("name", ["ADD_reg_T3", "TEQ_reg_T1", "MVN_reg_T2", "SBC_reg_T2"])
def test_a_shifted_register_is_tried_with_every_shift_and_amount(name: str) -> None:
    decoded = [word.decode(image.BASE) for word in FORMS[name].words(random.Random(SEED), 4096)]
    tried = {(i.fields["shift_type"], i.fields["shift_amount"]) for i in decoded}
    left, right, turned = (
        {(kind, n) for n in range(low, high)} for kind, low, high in ((0, 0, 32), (1, 1, 33), (3, 1, 32))
    )
    assert tried == left | right | {(2, n) for _, n in right} | turned | {(4, 1)}


@pytest.mark.parametrize("name", ["BIC_imm_T1", "CMN_imm_T1"])
def test_a_modified_immediate_is_tried_with_every_rotation_and_pattern(name: str) -> None:
    words = FORMS[name].words(random.Random(SEED), 4096)
    assert {(w.code >> 26 & 1) << 4 | (w.code >> 12 & 7) << 1 | w.code >> 7 & 1 for w in words} == set(range(32))


@pytest.mark.parametrize("form", forms(), ids=lambda form: form.name)
def test_the_words_of_a_form_are_decoded_as_it(form: Form) -> None:
    for word in form.words(random.Random(SEED), 8):
        instruction = word.decode(image.BASE)
        assert instruction.name == form.row.name
        assert instruction.in_it == bool(word.it)


def test_one_wrong_bit_of_a_witness_is_seen() -> None:
    form = FORMS["EOR_reg_T2"]
    word = form.words(random.Random(SEED), 1)[0]
    table = records(form.loop, 40, np.random.default_rng(SEED))
    job = image.Job(form, word, table)
    right = checking.meaning(job, image.BASE)
    assert checking.compare(job, image.BASE, right[np.newaxis], [CORE]) == (0, [])
    wrong = right.copy()
    wrong[17, -1] ^= 1 << 29
    count, found = checking.compare(job, image.BASE, np.stack([right, wrong]), [CORE, QEMU])
    assert count == 1
    assert [d.case for d in found] == [f"qemu:EOR_reg_T2:APSR 20000000:{word.text}"]
    assert f"of {table[17, 0]:08x}" in found[0].detail


def test_every_explained_row_names_a_form() -> None:
    for row in EXPLAINED:
        witness, form, _ = row.case.split(":", 2)
        assert witness in (CORE, QEMU)
        assert form in FORMS


def test_the_compiled_meanings_are_kept_by_the_content_of_all_that_they_call() -> None:
    named = {module.__name__ for module in kernels.MODULES}
    called = {f.__module__ for m in kernels.MODULES for f in vars(m).values() if callable(f) and hasattr(f, "py_func")}
    frozen = {v.__module__ for m in kernels.MODULES for v in vars(m).values() if isinstance(v, type)}
    ours = {name for name in called | frozen if name.startswith(("benchmarks.", "simulator."))}
    assert ours <= named
    assert config.DISABLE_JIT or len(called) >= 6
