"""Measured rows that no simulator was needed for."""

from __future__ import annotations

from typing import Any

from benchmarks.speedup.measure import INVOKE, Answer, Measurement
from benchmarks.speedup.report import Report, report
from benchmarks.speedup.rows import rows

GCC10 = "xgcc (GCC) 10.2.1 20210110"
GCC12 = "arm-none-eabi-gcc (15:12.2.rel1-1) 12.2.1 20221205"
CLANG = "Debian clang version 19.1.7 (3~deb12u1)"
LEVELS = {GCC10: "-Os", GCC12: "-Os", CLANG: "-Oz"}


def measurement(network: str | None, kernels: str | None, compiler: str, cycles: int, **changes: Any) -> Measurement:
    causes = {"issue_dual": cycles // 2, "issue_single": cycles - cycles // 2 - 300, "branch": 200, "novelty_unit": 100}
    facts: dict[str, Any] = {
        "elf": f"{network}-{kernels}-{compiler[:6].strip()}-{compiler[-8:]}.elf",
        "sha256": "0" * 64,
        "network": network,
        "kernels": kernels,
        "ours": ("ADD", "MUL", "SOFTMAX") if kernels == "cmsis_nn" else (),
        "compiler": compiler,
        "flags": f"-mthumb {LEVELS.get(compiler, '-O2')} -g",
        "convolution": None,
        "counted": INVOKE,
        "cycles": cycles,
        "instructions": cycles * 5 // 4,
        "causes": causes,
        "clock_hz": 216_000_000,
        "firmware_cycles": cycles + 41,
        "answers": (),
        "lines": (),
        "seconds": 1.5,
    }
    return Measurement(**(facts | changes))


def pair(network: str, compiler: str, reference: int, fast: int, **changes: Any) -> list[Measurement]:
    return [
        measurement(network, "reference", compiler, reference, **changes),
        measurement(network, "cmsis_nn", compiler, fast, **changes),
    ]


def full() -> list[Measurement]:
    """All twelve builds."""
    scores = (-128, 127, -128)
    seen = {"answers": (Answer(0, scores, "car"), Answer(1, (90, -100, -128), "<plane>"))}
    return [
        *pair("resnet8", GCC12, 466_000_000, 37_000_000),
        *pair("published", GCC12, 805_000_000, 93_000_000),
        *pair("published", GCC10, 302_400_000, 96_000_000),
        *pair("published", CLANG, 226_800_000, 76_600_000),
        *pair("resnet8", CLANG, 104_000_000, 31_000_000, **seen),
    ]


def made(measurements: list[Measurement], **changes: Any) -> Report:
    facts: dict[str, Any] = {"errors": (), "complete": True, "repeat": "python -m benchmarks.table", "simulator": "ab"}
    return report(rows([(m, False) for m in measurements]), [], **(facts | changes))
