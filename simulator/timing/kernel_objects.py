"""The kernels' object code: from disk, or made by processes of their own, several modules at a time, and kept.

Reference: simulator/timing/kernel_compiler.py. Nothing here needs numba, which takes half a second to import.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from simulator.kernel_sources import kernel_sources
from simulator.object_code import Loader, cache_folder, host, keep

COMPILES = "CORTEX_M7_SIMULATOR_COMPILES"  # set to 1 in the processes that compile
GROUPS = (
    ("simulator.timing.kernels.pipeline_hooks",),
    ("simulator.timing.kernels.hooks", "simulator.timing.kernels.page_hooks"),
)  # about as long to compile, each in a process
COMMAND = "import sys; sys.path[:] = {places!r}; from simulator.timing.kernel_compiler import main; sys.exit(main(sys.argv[1:]))"
PACKAGE = Path(__file__).parents[1]


class KernelError(RuntimeError):
    """A module of kernels does not compile."""


def are_kept() -> bool:
    """Whether the simulator's own kernels need not be compiled."""
    return all(_path(group).exists() for group in GROUPS)


def address(module: str, name: str) -> int:
    """Where a c_function's code is; its module is compiled with the others of its group where need be. Raises KernelError."""
    group = next((g for g in GROUPS if module in g), (module,))
    _load(GROUPS if group in GROUPS else (group,))
    found = _loader().address(f"{module}.{name}")
    if not found:
        raise KernelError(f"{module} has no kernel {name}")
    return found


@cache
def _loader() -> Loader:
    return Loader()


@cache
def _load(groups: tuple[tuple[str, ...], ...]) -> None:
    kept = {group: _kept(group) for group in groups}
    missing = [group for group, data in kept.items() if data is None]
    made = dict(zip(missing, _compile(missing), strict=True))
    for group, data in kept.items():
        _loader().load(made[group] if data is None else data)


def _kept(group: tuple[str, ...]) -> bytes | None:
    try:
        return _path(group).read_bytes()
    except OSError:
        return None


def _compile(groups: list[tuple[str, ...]]) -> list[bytes]:
    """Objects of groups of modules, at the same time, and kept."""
    with _processes(groups) as processes:
        made = []
        for group, process in zip(groups, processes, strict=True):
            data, complaint = process.communicate()
            if process.returncode:
                said = complaint.decode(errors="replace").strip()
                raise KernelError(f"the kernels of {', '.join(group)} do not compile: {said or process.returncode}")
            keep(_path(group), data)
            made.append(data)
        return made


@contextmanager
def _processes(groups: Iterable[tuple[str, ...]]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Compilers at work, which end where this process wants no more of them."""
    environment = {**os.environ, COMPILES: "1"}
    started: list[subprocess.Popen[bytes]] = []
    try:
        for group in groups:
            started.append(_start([sys.executable, "-c", COMMAND.format(places=sys.path), *group], environment))
        yield started
    finally:
        for process in started:
            if process.poll() is None:
                process.kill()
                process.communicate()


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise KernelError(f"the compiler of the kernels does not start: {error}") from error


def _path(group: tuple[str, ...]) -> Path:
    return cache_folder("kernels") / f"{_key(group)}.o"


@cache
def _key(group: tuple[str, ...]) -> str:
    """Of the modules, of all that the simulator's kernels are made of, of the compiler and the host."""
    digest = hashlib.sha256(repr((group, kernel_sources(), host(), _versions())).encode())
    for name in group:
        digest.update(_source(name).read_bytes())
    return digest.hexdigest()[:32]


def _source(module: str) -> Path:
    loaded = sys.modules.get(module)
    if loaded is None and (main := sys.modules.get("__main__")) is not None:
        loaded = main if getattr(main.__spec__, "name", "") == module else None
    if loaded is not None and loaded.__file__ is not None:
        return Path(loaded.__file__)
    return PACKAGE.parent / (module.replace(".", "/") + ".py")


def _versions() -> tuple[str, ...]:
    from importlib.metadata import version

    return version("numba"), version("llvmlite"), sys.version
