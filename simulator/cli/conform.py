"""`conform`: the proof that the core is right, class by class; it needs the source tree, whose firmware it builds."""

from __future__ import annotations

import argparse

from simulator.cli.source_tree import from_source_tree
from simulator.cli.usage import Parser


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    conform = commands.add_parser(
        "conform",
        help="prove the core: instructions, exceptions, faults, whole programs",
        description="Hold the core against QEMU, capstone, objdump, and models written from the manual.",
        epilog="exit status: 0 where nothing differs and nothing is missing, else 1",
    )
    conform.add_argument("--quick", action="store_true", help="a sample of each class: minutes instead of hours")
    conform.add_argument("--only", nargs="+", metavar="CLASS", help="these classes alone")
    conform.add_argument("--seed", type=int, default=1, help="of everything random (default: 1)")
    conform.add_argument("--workers", type=int, default=0, metavar="N", help="processes (default: one a processor)")
    conform.add_argument("--json", metavar="FILE", help="write the results, with every difference")
    conform.add_argument(
        "--from",
        nargs="+",
        dest="earlier",
        metavar="FILE",
        help="for --write: --json of earlier runs, for other classes",
    )
    conform.add_argument("--write", action="store_true", help="write docs/conformance.md")
    conform.set_defaults(act=act)


def act(arguments: argparse.Namespace) -> int:
    return int(from_source_tree("benchmarks.conformance.command").act(arguments))
