"""Builds TFLM's own unit tests for the discovery board: `python -m firmware.tflm_tests`, or those that are named.

An ELF is FILE-KERNELS, such as conv_test-cmsis_nn, in build/firmware/tflm_tests; those at another level than -Os, or for
another board, in a folder of that name there. TFLM, CMSIS-NN and our kernels are the objects of the firmware itself, GCC
12.2; the test files are compiled at -O0, since they keep pointers into initializer lists that have gone.
"""

import argparse
import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from firmware import sources
from firmware.compilers import compilers
from firmware.edges import Build
from firmware.fetch import ROOT, fetch
from firmware.ninja import Graph, relative
from firmware.pip import FetchError
from firmware.sources import FIRMWARE, LITE, TFLM, Source
from firmware.targets import OUTPUT, BuildError

KERNELS = ("reference", "cmsis_nn")
COMPILER, LEVEL, PLATFORM = "gcc12", "Os", sources.PLATFORMS[0]
FOLDER = OUTPUT / "tflm_tests"
# A test's own status of -9 does not fit into one unsigned byte, which is what the ABI makes of TfLiteStatus: this test and
# all of TFLM that it links, with the one kernel, are compiled with enums of four bytes.
WIDE_ENUMS = {"circular_buffer_test": "circular_buffer.cc"}
HELPERS = (FIRMWARE / "tflm_tests" / "test_utils.cc", LITE / "micro" / "micro_optional_debug_tools.cc")


def files() -> dict[str, Path]:
    """The crate's test files by name, but those of another vendor's kernels."""
    listed = [path for path in sorted((LITE / "micro").rglob("*_test.cc")) if path.parent.name != "arc_mli"]
    return {path.stem: path for path in listed}


def elf(name: str, kernels: str, level: str = LEVEL, platform: str = PLATFORM) -> Path:
    special = [part for part, usual in ((platform, PLATFORM), (level, LEVEL)) if part != usual]
    return FOLDER.joinpath(*special) / f"{name}-{kernels}.elf"


def build(names: Iterable[str] = (), levels: Iterable[str] = (LEVEL,), platform: str = PLATFORM) -> list[Path]:
    """The ELFs of the tests that are named, or of all, built where something changed. FetchError, BuildError."""
    fetch()
    known = files()
    wanted = [name.removesuffix(".elf").rpartition("-")[::2] for name in names]
    for name, kernels in wanted:
        if name not in known or kernels not in KERNELS:
            raise BuildError(f"{name}-{kernels} is not FILE-KERNELS with kernels of {', '.join(KERNELS)}")
    graph = Graph()
    elfs = [
        _edges(Build(graph, compilers()[COMPILER], level), known[name], kernels, platform)
        for level in levels
        for name, kernels in wanted or [(name, kernels) for name in known for kernels in KERNELS]
    ]
    _ninja(graph, elfs)
    return elfs


def _edges(steps: Build, file: Path, kernels: str, platform: str) -> Path:
    folder, flags = steps.folder / "tflm_tests", f"{sources.program_flags()} -w"
    wide = WIDE_ENUMS.get(file.stem)
    if wide is None:
        helpers, chosen = [Source(path, flags) for path in HELPERS], [steps.kernels(kernels)]
    else:
        flags += " -fno-short-enums"
        helpers, chosen = [Source(path, flags) for path in (*HELPERS, *_runtime(wide))], []
        folder /= "wide_enums"
    objects = [steps.object(source, folder / source.path.parent.name) for source in helpers]
    library = steps.graph.edge("archive", folder / "libhelpers.a", objects)
    test = steps.object(Source(file, f"{flags} -O0"), folder)
    output = elf(file.stem, kernels, steps.level, platform)
    return steps.elf(output, [test, library, *chosen], platform)


def _runtime(kernel: str) -> list[Path]:
    """TFLM with one kernel, and where its messages go."""
    kernels = LITE / "micro" / "kernels"
    runtime = [source.path for source in sources.tflm() if source.path.parent != kernels or source.path.name == kernel]
    return [*runtime, TFLM / "debug_log.cc"]


def _ninja(graph: Graph, elfs: list[Path]) -> None:
    if shutil.which("ninja") is None:
        raise BuildError("ninja is not installed")
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = OUTPUT / "tflm_tests.ninja"
    with (OUTPUT / ".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        file.write_text(graph.text())
        if subprocess.run(["ninja", "--quiet", "-f", file, *map(relative, elfs)], cwd=ROOT).returncode:
            raise BuildError("the build failed: the compiler's words are above")


def main() -> int:
    parser = argparse.ArgumentParser(prog="firmware.tflm_tests", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="FILE-KERNELS")
    try:
        elfs = build(parser.parse_args().names)
    except (BuildError, FetchError) as error:
        print(f"firmware: {error}", file=sys.stderr)
        return 1
    print(f"{len(elfs)} ELFs in {relative(FOLDER)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
