"""`doctor`: whether this machine has what the simulator needs, a line each."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from simulator.cli.usage import Parser

COMPILERS = ("arm-none-eabi-gcc", "clang-19", "ld.lld-19", "ninja", "cargo")
OLDEST = (3, 11)


class Ailment(Exception):
    """What is wrong, and what helps; one sentence."""


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="check this machine's set-up",
        description="Check what the simulator needs. Compilers are needed to build firmware only.",
        epilog="exit status: 0 where everything needed is there, else 1",
    )
    doctor.set_defaults(act=act)


def act(arguments: argparse.Namespace) -> int:
    needed: tuple[tuple[str, Callable[[], str]], ...] = (
        ("python", _python),
        ("unicorn", _unicorn),
        ("register file", _register_file),
        ("numba", _numba),
        ("cache", _cache),
    )
    healthy = True
    for name, check in needed:
        try:
            print(f"ok       {name}: {check()}", flush=True)
        except Exception as error:  # whatever a broken installation raises is what the doctor is there to tell
            healthy = False
            print(f"BROKEN   {name}: {str(error) or type(error).__name__}", flush=True)
    for name in COMPILERS:
        print(_compiler(name), flush=True)
    print("everything needed is there" if healthy else "something needed is broken: see the lines marked BROKEN")
    return 0 if healthy else 1


def _python() -> str:
    if sys.version_info < OLDEST:
        raise Ailment(f"{sys.version.split()[0]} is too old: 3.11 or later is needed")
    return f"{sys.version.split()[0]} in {sys.prefix}"


def _unicorn() -> str:
    import unicorn

    from simulator.native import SUPPORTED

    if unicorn.__version__ != SUPPORTED:
        raise Ailment(
            f"{unicorn.__version__} is installed, and {SUPPORTED} is needed: pip install unicorn=={SUPPORTED}"
        )
    return str(unicorn.__version__)


def _register_file() -> str:
    from simulator import cpu_state, native

    engine = native.open_engine()  # named: what is found in it goes with it
    cpu_state.poke_fpu(cpu_state.find_cpu_state(engine))
    return "found in Unicorn's memory and follows its registers; single-precision FPU set"


def _numba() -> str:
    import llvmlite
    import numba

    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        raise Ailment("NUMBA_DISABLE_JIT=1 is set: kernels would run as plain Python, hundreds of times slower")
    return f"{numba.__version__}, llvmlite {llvmlite.__version__}"


def _cache() -> str:
    from simulator.timing import kernel_objects

    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            filled = kernel_objects.are_kept()
    except OSError as error:
        raise Ailment(f"{folder} is not writable ({error.strerror}): kernels compile anew at every start") from error
    return f"{folder} is writable, {'kernels are compiled' if filled else 'kernels compile at the first run'}"


def _compiler(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        return f"missing  {name}: only needed to build firmware (make tools installs it)"
    try:
        run = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return f"missing  {name}: {path} does not run ({error})"
    return f"ok       {name}: {(run.stdout or run.stderr).splitlines()[0].strip()}"
