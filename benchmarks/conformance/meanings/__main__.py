"""Some forms alone: `python -m benchmarks.conformance.meanings VFMA_T1 "ADD_imm_T3 of SP" --cases 400000 --seed 3`.

Exit status 0 where nothing differs, explained or not, 1 where something does, 64 where there is no such form, 69 without
what it takes.
"""

from __future__ import annotations

import argparse
import difflib
import sys

from benchmarks.conformance.meanings import CASES, WORDS, witnesses
from benchmarks.conformance.meanings.checking import CORE, QEMU, Task, run
from benchmarks.conformance.meanings.forms import forms
from firmware.conformance import meanings as runner
from firmware.ninja import BuildError
from simulator import exit_codes

UNAVAILABLE = 69


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.conformance.meanings", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "forms", nargs="+", metavar="FORM", help="an encoding of simulator/encodings*.py, such as VFMA_T1"
    )
    parser.add_argument("--cases", type=int, default=CASES, help=f"records of each form (default: {CASES:,})")
    parser.add_argument("--words", type=int, default=WORDS, help=f"instruction words of each form (default: {WORDS:,})")
    parser.add_argument("--seed", type=int, default=1, help="of everything random (default: 1)")
    arguments = parser.parse_args()
    if min(arguments.cases, arguments.words, arguments.seed + 1) < 1:
        parser.error("cases and words are at least 1, seed at least 0")
    numbers = {form.name: number for number, form in enumerate(forms())}
    unknown = [name for name in arguments.forms if name not in numbers]
    if unknown:
        near = difflib.get_close_matches(unknown[0], numbers)
        print(f"there is no form {unknown[0]!r}" + (f"; there is {', '.join(near)}" if near else ""), file=sys.stderr)
        return exit_codes.USAGE
    names = (CORE,) if witnesses.version() is None else (CORE, QEMU)
    worst = 0
    for name in arguments.forms:
        task = Task((numbers[name],), arguments.cases, min(arguments.words, arguments.cases), arguments.seed, names)
        try:
            (found,) = run(runner.build(), task)
        except (BuildError, witnesses.WitnessError, ValueError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            return UNAVAILABLE
        print(f"{name}: {found.cases:,} cases on {' and '.join(names)}, {found.differing:,} differ")
        for difference in found.differences:
            print(f"    {difference.case}: {difference.detail}")
        worst |= bool(found.differences)
    return worst


if __name__ == "__main__":
    sys.exit(main())
