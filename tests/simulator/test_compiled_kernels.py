import ast
from pathlib import Path

import simulator

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
    assert users <= set(simulator.KERNELS)


def test_what_the_kernels_import_is_in_the_cache_key() -> None:
    for name in simulator.KERNELS:
        if name != "decode.py":
            assert imported(HERE / name) <= set(simulator.KERNELS), name
