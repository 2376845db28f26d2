"""Each form on random and edge operands: our core and QEMU execute it, our meanings say what should have come out.

Reference: see the meanings. Not here: which differences are known (explained.py).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.conformance.meanings.forms import Form, forms
from benchmarks.conformance.meanings.image import SIZE, Image, Job, loops
from benchmarks.conformance.meanings.kernels import compiled
from benchmarks.conformance.meanings.operands import COLUMNS, Words, records
from benchmarks.conformance.meanings.plans import plan_of
from benchmarks.conformance.meanings.witnesses import Memory, Qemu, on_core
from benchmarks.conformance.meanings.words import APSR, FPSCR, S0
from benchmarks.conformance.outcome import Difference
from simulator.firmware import load

CORE, QEMU = "core", "qemu"


@dataclass(frozen=True)
class Task:
    """Some of the forms, by number, to be run in one image: `cases` records of each, on `words` instruction words at most."""

    numbers: tuple[int, ...]
    cases: int
    words: int
    seed: int
    witnesses: tuple[str, ...] = (CORE, QEMU)


@dataclass(frozen=True)
class Found:
    """What came of a form: its differences are one a word, and `differing` counts records."""

    number: int
    cases: int
    differing: int
    differences: tuple[Difference, ...]


def tasks(cases: int, words: int, seed: int, bytes_of_one: int = SIZE) -> list[Task]:
    """All forms, as many to a task as its share of bytes holds, at least one."""
    room = min(bytes_of_one, SIZE)
    each = max(1, room // (cases * 32 + words * 64))
    numbers = range(len(forms()))
    return [Task(tuple(numbers[i : i + each]), cases, words, seed) for i in range(0, len(numbers), each)]


def run(elf: Path, task: Task) -> list[Found]:
    """Run a task's forms on the core and on QEMU, and compare. Raises WitnessError."""
    firmware, known = load(elf), forms()
    jobs = [job for number in task.numbers for job in _jobs(known[number], task)]
    image = Image(jobs, loops(firmware))
    qemu = Qemu(elf, image) if QEMU in task.witnesses else None
    memories = {CORE: on_core(firmware, image)} if CORE in task.witnesses else {}
    if qemu is not None:
        memories[QEMU] = qemu.memory()
    return [_found(number, known[number], image, memories) for number in task.numbers]


def _jobs(form: Form, task: Task) -> Iterator[Job]:
    words = form.words(random.Random(f"{task.seed} {form.name}"), task.words)
    each = -(-task.cases // len(words))
    generator = np.random.default_rng([task.seed, *form.name.encode()])
    table = records(form.loop, each * len(words), generator)
    for i, word in enumerate(words):
        yield Job(form, word, table[i * each : (i + 1) * each])


def _found(number: int, form: Form, image: Image, memories: dict[str, Memory]) -> Found:
    cases, differing, differences = 0, 0, []
    for place, job in enumerate(image.jobs):
        if job.form is form:
            cases += len(job.records)
            results = np.stack([image.results(memory, place) for memory in memories.values()])
            count, found = compare(job, image.addresses[place], results, list(memories))
            differing += count
            differences += found
    return Found(number, cases, differing, tuple(differences))


def compare(job: Job, address: int, results: Words, names: Sequence[str]) -> tuple[int, list[Difference]]:
    """How many records differ, and one difference a witness; results: uint32[len(names), N, K]."""
    expected, counts, bits = _expected(job, address, results)
    columns = COLUMNS[job.form.loop]
    found = []
    for w, name in enumerate(names):
        count, first = counts[w].tolist()
        if count:
            case = f"{name}:{job.form.name}:{_bits(columns, bits[w].tolist())}:{job.word.text}"
            of, comes, instead_of = (_hex(table[first]) for table in (job.records, results[w], expected))
            detail = f"{count:,} of {len(job.records):,} cases; of {of} comes {comes}, not {instead_of}"
            found.append(Difference(case, detail))
    return int(counts[:, 0].sum()), found


def meaning(job: Job, address: int) -> Words:
    """What the job's instruction makes of its records by the meanings alone."""
    return _expected(job, address, np.empty((0, *job.records.shape), np.uint32))[0]


def _expected(job: Job, address: int, results: Words) -> tuple[Words, NDArray[np.int64], NDArray[np.int64]]:
    plan = plan_of(job.form.row, job.word.decode(address))
    columns = np.array(COLUMNS[job.form.loop], np.int64)
    expected = np.empty_like(job.records)
    counts = np.zeros((len(results), 2), np.int64)
    bits = np.zeros((len(results), len(columns)), np.int64)
    compiled()(plan, address + 4, columns, job.records, results, expected, counts, bits)
    return expected, counts, bits


def _bits(columns: Sequence[int], bits: Sequence[int]) -> str:
    """The registers that differ, and of APSR and FPSCR the bits."""
    parts = []
    for place, differing in zip(columns, bits, strict=True):
        if differing and place in (APSR, FPSCR):
            parts.append(f"{'APSR' if place == APSR else 'FPSCR'} {differing:08x}")
        elif differing:
            parts.append(f"S{place - S0}" if place >= S0 else f"R{place}")
    return " ".join(parts)


def _hex(record: Words) -> str:
    return " ".join(f"{word:08x}" for word in record.tolist())
