import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import simulator
from simulator.kernel_sources import KERNELS
from simulator.timing import kernel_objects
from simulator.timing.known_blocks import MEANING

HERE = Path(simulator.__file__).parent


def imported(source: Path) -> set[str]:
    """The simulator's own modules that a source imports, as paths."""
    names = [
        f"{node.module}.{alias.name}"
        if (HERE.parent / f"{node.module}.{alias.name}".replace(".", "/")).with_suffix(".py").exists()
        else str(node.module)
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    return {
        name.removeprefix("simulator.").replace(".", "/") + ".py" for name in names if name.startswith("simulator.")
    }


def test_every_source_that_imports_numba_is_in_the_cache_key() -> None:
    users = {
        str(source.relative_to(HERE))
        for source in HERE.rglob("*.py")
        if any(line.startswith(("import numba", "from numba")) for line in source.read_text().splitlines())
    }
    assert users <= set(KERNELS)


def test_what_the_kernels_import_is_in_the_cache_key() -> None:
    for name in KERNELS:
        if name != "decode.py":
            assert imported(HERE / name) <= set(KERNELS), name


def test_what_decides_how_a_block_is_described_is_in_its_file_s_name() -> None:
    seen, ahead = set(), {"timing/known_blocks.py"}
    while ahead:
        seen |= ahead
        without_meaning = {
            "kernel_sources.py",
            "object_code.py",
            "timing/words.py",
        }  # how code is made and kept, whatever it says
        ahead = {name for source in ahead for name in imported(HERE / source)} - seen - without_meaning
    assert seen == set(MEANING)


BROKEN = """
from simulator.timing.words import c_function

@c_function("int64(int64)")
def broken(state):
    return state + "one"
"""
RAISES = """
from simulator.timing.words import c_function, get

@c_function("int64(int64)")
def raises(state):
    if get(state, 0) == 0:
        raise ValueError("nothing there")
    return get(state, 0)
"""
FINE = """
from simulator.timing.words import c_function, get, njit, put

@njit
def quotient(state):
    return get(state, 0) // get(state, 1)

@c_function("int64(int64)")
def divide(state):
    put(state, 2, quotient(state) + state * 0)
    return get(state, 2)
"""


def calls(
    module: str, function: str, *, words: tuple[int, ...], folder: Path, cache: Path
) -> subprocess.CompletedProcess[str]:
    """What a process that calls a kernel on an array of words prints, with a cache of its own."""
    program = (
        f"import sys, numpy as np; from {module} import {function}; words = np.array({words}); "
        f"print({function}.ctypes(words.ctypes.data), words.tolist(), 'numba' in sys.modules)"
    )
    environment = {n: v for n, v in os.environ.items() if n not in ("NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT")}
    environment |= {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": f"{folder}{os.pathsep}{HERE.parent}"}
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.jit
def test_a_module_is_compiled_once_and_called_without_numba(tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text(FINE)
    for _ in range(2):
        done = calls("fine", "divide", words=(-7, 2, 0), folder=tmp_path, cache=tmp_path / "cache")
        assert (done.stdout, done.stderr) == ("-4 [-7, 2, -4] False\n", "")
    (kept,) = (tmp_path / "cache").rglob("*.o")
    made = kept.stat().st_mtime_ns
    calls("fine", "divide", words=(-7, 2, 0), folder=tmp_path, cache=tmp_path / "cache")
    assert kept.stat().st_mtime_ns == made
    (tmp_path / "fine.py").write_text(FINE.replace("+ state * 0", "+ 1"))
    done = calls("fine", "divide", words=(-7, 2, 0), folder=tmp_path, cache=tmp_path / "cache")
    assert done.stdout == "-3 [-7, 2, -3] False\n"


@pytest.mark.jit
def test_a_cache_that_cannot_be_written_keeps_nothing_and_the_kernel_runs(tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text(FINE)
    (tmp_path / "cache").write_text("a file")
    done = calls("fine", "divide", words=(9, 2, 0), folder=tmp_path, cache=tmp_path / "cache")
    assert (done.stdout, done.stderr) == ("4 [9, 2, 4] False\n", "")


@pytest.mark.jit
@pytest.mark.parametrize(
    ("name", "source", "why"),
    [("broken", BROKEN, 'return state + "one"'), ("raises", RAISES, "which is numba's: something of them may raise")],
)
def test_a_module_that_does_not_compile_is_named_and_not_kept(name: str, source: str, why: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.py").write_text(source)
    done = calls(name, name, words=(1,), folder=tmp_path, cache=tmp_path / "cache")
    assert f"KernelError: the kernels of {name} do not compile: " in done.stderr
    assert why in done.stderr
    assert not list((tmp_path / "cache").rglob("*.o"))


def test_a_compiler_that_does_not_start_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(kernel_objects.KernelError, match=r"the compiler of the kernels does not start: .*No such file"):
        kernel_objects._compile([("simulator.timing.kernels.page_hooks",)])


def test_a_machine_needs_no_numba() -> None:
    program = "import sys, simulator.machine, simulator.driver, simulator.report; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
