"""Which benchmarks are built: CoreMark at the levels, and by the compilers, whose figures on silicon are public; Dhrystone."""

from __future__ import annotations

from firmware.independent.build import FLASH, TCM, Benchmark
from firmware.independent.packages import COREMARK, DHRYSTONE

# Rowley CrossWorks' projects, whose figures these are held against, omit the frame pointer, which matters at -O0 alone.
AS_ROWLEY = "-fomit-frame-pointer"
LEVELS = ("O0", "Og", "O1", "Os", "O2", "O3")
COMPILERS = ("gcc12", "gcc10")
UNROLLED = Benchmark(COREMARK, TCM, "gcc10", "O2", "-funroll-all-loops")


def coremark(compiler: str, level: str, place: str = TCM) -> Benchmark:
    """CoreMark as Rowley's projects build it."""
    return Benchmark(COREMARK, place, compiler, level, AS_ROWLEY)


def dhrystone(level: str) -> Benchmark:
    """Dhrystone by its ground rules: two files, nothing inlined."""
    return Benchmark(DHRYSTONE, TCM, "gcc12", level, "-fno-inline")


BENCHMARKS: tuple[Benchmark, ...] = (
    *(coremark(compiler, level) for compiler in COMPILERS for level in LEVELS),
    coremark("gcc12", "O3", FLASH),
    UNROLLED,
    *(dhrystone(level) for level in ("O2", "O3")),
)
