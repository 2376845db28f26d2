"""Measures ELFs two at a time, each in a new process, and remembers what it measured."""

from __future__ import annotations

import dataclasses
import hashlib
import multiprocessing
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from benchmarks.speedup import store
from benchmarks.speedup.measure import MeasureError, Measurement, measure
from simulator import exit_codes
from simulator.firmware import FirmwareError

PROCESSES = 2
NO_FIGURE = 1  # exit status


@dataclass(frozen=True)
class Job:
    """images: how many of one of our builds' images are classified; limit in cycles."""

    elf: Path
    images: int
    limit: int


@dataclass(frozen=True)
class Outcome:
    """remembered: from an earlier run of the same ELF on the same simulator. status: the exit status that an error asks for."""

    job: Job
    measurement: Measurement | None
    remembered: bool = False
    error: str | None = None
    status: int = exit_codes.OK


Told = Callable[[Outcome], None]


def run(
    jobs: Sequence[Job], *, fresh: bool = False, folder: Path = store.FOLDER, tell: Told = lambda outcome: None
) -> tuple[list[Outcome], bool]:
    """An outcome a job that ended, and whether all did: False after Ctrl-C. `tell` hears of each as it ends."""
    outcomes: list[Outcome] = []

    def end(outcome: Outcome) -> None:
        outcomes.append(outcome)
        tell(outcome)

    waiting = []
    for job in jobs:
        known = None if fresh else _remembered(job, folder)
        if known is None:
            waiting.append(job)
        else:
            end(Outcome(job, known, remembered=True))
    try:
        if waiting:
            _measure_all(waiting, folder, end)
    except KeyboardInterrupt:
        return outcomes, False
    return outcomes, True


def _remembered(job: Job, folder: Path) -> Measurement | None:
    try:
        sha256 = hashlib.sha256(job.elf.read_bytes()).hexdigest()
    except OSError:
        return None
    known = store.recall(store.key(sha256, job.images, job.limit), folder)
    return dataclasses.replace(known, elf=str(job.elf)) if known is not None else None


def _measure_all(jobs: Sequence[Job], folder: Path, end: Told) -> None:
    """A crash costs one ELF its row, and an exception here leaves no process behind."""
    context = multiprocessing.get_context("spawn")
    waiting = list(jobs)
    running: dict[Connection, tuple[SpawnProcess, Job]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < PROCESSES:
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_child, args=(theirs, waiting[0], folder), daemon=True)
                process.start()
                theirs.close()
                running[ours] = process, waiting.pop(0)
            for ready in [connection for connection in wait(list(running)) if isinstance(connection, Connection)]:
                outcome = _heard(ready, *running[ready])
                del running[ready]
                end(outcome)
    finally:
        for process, _ in running.values():
            process.terminate()
            process.join()


def _heard(connection: Connection, process: SpawnProcess, job: Job) -> Outcome:
    try:
        outcome: Outcome = connection.recv()
    except EOFError:
        process.join()
        why = f"the process that ran it died ({process.exitcode})"
        return Outcome(job, None, error=f"{job.elf.name}: {why}", status=exit_codes.OUR_BUG)
    finally:
        connection.close()
    process.join()
    return outcome


def _child(connection: Connection, job: Job, folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and ends us
    connection.send(_outcome(job, folder))
    connection.close()


def _outcome(job: Job, folder: Path) -> Outcome:
    store.simulator_hash()  # before the run: of the sources that this process has just loaded
    try:
        measurement = measure(job.elf, job.images, job.limit)
        store.keep(store.key(measurement.sha256, job.images, job.limit), measurement, folder)
        return Outcome(job, measurement)
    except FirmwareError as error:
        return Outcome(job, None, error=str(error), status=exit_codes.BAD_FIRMWARE)
    except MeasureError as error:
        return Outcome(job, None, error=str(error), status=NO_FIGURE)
    except Exception as error:  # what the simulator itself failed on is named, and the other rows stand
        what = f"{type(error).__name__}: {error}"
        return Outcome(job, None, error=f"{job.elf.name} met a bug of the simulator: {what}", status=exit_codes.OUR_BUG)
