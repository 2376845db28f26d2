"""DATA: figures of others on silicon, and the build of ours that each is held against.

A figure is held (`exact`) where compiler release, level, memories and sources are the same; else it stands beside ours for
what it is worth, and `differs` says what it differs in.
"""

from __future__ import annotations

from dataclasses import dataclass

from firmware.independent.build import FLASH, Benchmark
from firmware.independent.packages import DHRYSTONE
from firmware.independent.rows import LEVELS, UNROLLED, coremark, dhrystone

VAX = 1757  # Dhrystones a second of the machine whose speed is one DMIPS


@dataclass(frozen=True)
class Figure:
    """per_mhz: CoreMarks or DMIPS a second and MHz, on `part`, as `source` has it."""

    benchmark: Benchmark
    per_mhz: float
    part: str
    compiler: str
    source: str
    differs: str = ""

    @property
    def exact(self) -> bool:
        return not self.differs

    @property
    def cycles(self) -> float:
        """A run of the benchmark's loop, in core cycles."""
        runs = self.per_mhz * (VAX if self.benchmark.program == DHRYSTONE else 1)
        return 1e6 / runs


KLEIN = "github.com/Masmiseim36/Coremark_iMXRT, readme"
# CoreMarks a second of an i.MX RT1060 at 600 MHz, code and data in its TCMs, at each of LEVELS.
RT1060_MHZ = 600
RT1060 = {
    "gcc12": ("GCC 12.2", "", (438.78, 1355.38, 1823.95, 2268.39, 2423.06, 2440.92)),
    "gcc10": ("GCC 10.3", "the compiler's release: 10.2.1 here", (438.78, 1369.22, 1759.32, 1736.29, 2410.91, 2393.83)),
}

FIGURES: tuple[Figure, ...] = (
    *(
        Figure(
            coremark(name, level),
            rate / RT1060_MHZ,
            "i.MX RT1060, 600 MHz, TCM",
            f"{compiler} -{level}",
            KLEIN,
            differs,
        )
        for name, (compiler, differs, rates) in RT1060.items()
        for level, rate in zip(LEVELS, rates, strict=True)
    ),
    Figure(
        UNROLLED,
        2542.75 / 600,
        "i.MX RT1062 (Teensy 4), 600 MHz, TCM",
        "GCC 10.3.1 -O2 -funroll-all-loops",
        "github.com/PaulStoffregen/CoreMark, issue 14",
        differs="10.2.1 here; a port for Arduino; of its flags only these are told",
    ),
    Figure(
        coremark("gcc12", "O3", FLASH),
        1082.4 / 216,
        "STM32F746, 216 MHz",
        "IAR",
        "ST's datasheet; EEMBC, benchmark 2533",
        differs="another compiler, and where its code lay is not told",
    ),
    *(
        Figure(
            dhrystone(level),
            462 / 216,
            "STM32F746, 216 MHz",
            "Arm's",
            "ST's datasheet; Arm has 2.14 for the core",
            differs="another compiler and C library",
        )
        for level in ("O2", "O3")
    ),
)
