"""`validate`: what the cycles rest on, measured fact by measured fact; it needs the source tree, whose firmware it builds."""

from __future__ import annotations

import argparse

from simulator.cli.source_tree import from_source_tree
from simulator.cli.usage import Parser


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    validate = commands.add_parser(
        "validate",
        help="prove the cycles: measured facts, other models, the published table",
        description="Hold the timing model against measured facts, one microbenchmark each, and against other models.",
        epilog="exit status: 0 where every fact holds or is listed with its reason, else 1",
    )
    validate.add_argument("--json", metavar="FILE", help="write the results, row by row")
    validate.add_argument(
        "--import", dest="board", metavar="FILE", help="what a real board printed, to stand beside the model's cycles"
    )
    validate.add_argument("--only", nargs="+", metavar="PART", help="these parts alone")
    validate.add_argument("--write", action="store_true", help="write docs/accuracy.md")
    validate.set_defaults(act=act)


def act(arguments: argparse.Namespace) -> int:
    return int(from_source_tree("benchmarks.validation.command").act(arguments))
