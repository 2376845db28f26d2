"""The speed-up table: `python -m benchmarks.table` runs each build once and sets it beside the published figures.

Writes build/reports/speedup.json, speedup.md and speedup.html. Exit status 0; 65 for a file that is no firmware, 1 for one
that gave no figure, 130 after Ctrl-C (the rows so far are written).
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if not __package__:
    sys.path[0] = str(ROOT)  # run as a file

from rich.console import Console  # noqa: E402

from benchmarks.speedup import page, store, text  # noqa: E402
from benchmarks.speedup.measure import LIMIT  # noqa: E402
from benchmarks.speedup.photographs import SHOWN, photographs  # noqa: E402
from benchmarks.speedup.report import Report, as_json, report  # noqa: E402
from benchmarks.speedup.rows import rows  # noqa: E402
from benchmarks.speedup.run import Job, Outcome, run  # noqa: E402
from simulator import exit_codes  # noqa: E402
from simulator.cli.usage import Parser, value  # noqa: E402

FIRMWARE = ROOT / "build" / "firmware"
REPORTS = ROOT / "build" / "reports"
CANNOT_WRITE = 1  # exit status
# The slowest first, so that two processes end together.
BUILDS = [
    f"image_recognition_test-{network}-{kernels}-{compiler}"
    for kernels in ("reference", "cmsis_nn")
    for network in ("published", "resnet8")
    for compiler in ("gcc12-Os", "gcc10-Os", "clang19-Oz")
]


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="benchmarks.table", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--elf",
        nargs="+",
        action="extend",
        type=Path,
        metavar="ELF",
        help="these ELFs instead of the builds of the table",
    )
    parser.add_argument("--fresh", action="store_true", help="measure again what an earlier run has measured")
    parser.add_argument(
        "--reports", type=Path, default=REPORTS, metavar="FOLDER", help="where the reports go (build/reports)"
    )
    parser.add_argument(
        "--limit",
        type=value(_cycles),
        default=LIMIT,
        metavar="CYCLES",
        help=f"give up an ELF after so many cycles without a figure ({LIMIT:,})",
    )
    return parser.parse_args(words)


def _cycles(text: str) -> int:
    digits = text.replace("_", "").replace(",", "")
    if not digits.isdecimal() or int(digits) == 0:
        raise ValueError(f"{text!r} is no whole number of cycles above 0")
    return int(digits)


def jobs(elfs: Sequence[Path] | None, limit: int) -> list[Job]:
    """What is measured. CMSIS-NN builds of the trained network label all photographs, its other builds one."""
    if elfs is None:
        elfs = [path for name in BUILDS if (path := FIRMWARE / f"{name}.elf").exists()]
    return [Job(elf, _images(elf.name), limit) for elf in dict.fromkeys(elfs)]


def _images(name: str) -> int:
    if "-published-" in name:
        return 0
    return 1 if "-reference-" in name else SHOWN


def tell(outcome: Outcome, done: int, total: int) -> None:
    """One line as an ELF ends."""
    where = f"[{done}/{total}] {outcome.job.elf.stem.removeprefix('image_recognition_test-')}"
    if outcome.measurement is None:
        print(f"{where}: {outcome.error}", file=sys.stderr, flush=True)
        return
    m = outcome.measurement
    how = "from the last run" if outcome.remembered else f"{m.seconds:.1f} s"
    print(f"{where}: {m.cycles:,} cycles ({how})", file=sys.stderr, flush=True)


def write(made: Report, folder: Path) -> list[Path]:
    contents = {
        "speedup.json": json.dumps(as_json(made, ROOT), indent=1, ensure_ascii=False) + "\n",
        "speedup.md": text.markdown(made),
        "speedup.html": page.html(made, ROOT),
    }
    for name, content in contents.items():
        store.write(folder / name, content)
    return [folder / name for name in contents]


def main(words: Sequence[str] | None = None) -> int:
    options = arguments(words)
    try:
        options.reports.mkdir(parents=True, exist_ok=True)
        return table(options, sys.argv[1:] if words is None else words)
    except OSError as error:
        print(f"table: the report cannot be written to {options.reports}: {error.strerror}", file=sys.stderr)
        return CANNOT_WRITE
    except KeyboardInterrupt:
        print("table: interrupted", file=sys.stderr)
        return exit_codes.INTERRUPTED


def table(options: argparse.Namespace, words: Sequence[str]) -> int:
    wanted = jobs(options.elf, options.limit)
    if not wanted:
        print("table: there is no firmware in build/firmware; `make firmware` builds it", file=sys.stderr)
        return exit_codes.BAD_FIRMWARE
    heard: list[Outcome] = []

    def hear(outcome: Outcome) -> None:
        heard.append(outcome)
        tell(outcome, len(heard), len(wanted))

    outcomes, complete = run(wanted, fresh=options.fresh, folder=options.reports / "cache", tell=hear)
    made = report(
        rows([(o.measurement, o.remembered) for o in outcomes if o.measurement is not None]),
        photographs(),
        errors=[outcome.error for outcome in outcomes if outcome.error],
        complete=complete,
        repeat=" ".join(["python -m benchmarks.table", *map(shlex.quote, words)]),
        simulator=store.simulator_hash(),
    )
    return finish(made, outcomes, len(wanted), options.reports)


def finish(made: Report, outcomes: Sequence[Outcome], total: int, folder: Path) -> int:
    if made.rows:
        console = Console()
        text.show(made, console if console.is_terminal else Console(width=132))
        paths = write(made, folder)
        print(f"written: {', '.join(str(path) for path in paths)}", file=sys.stderr)
    if not made.complete:
        print(f"table: interrupted after {len(outcomes)} of {total} ELFs", file=sys.stderr)
        return exit_codes.INTERRUPTED
    return max((outcome.status for outcome in outcomes), default=exit_codes.OK)


if __name__ == "__main__":
    sys.exit(main())
