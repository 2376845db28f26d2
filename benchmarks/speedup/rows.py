"""The table's rows out of measurements: inferences a second, speed-ups, and the published figure where there is one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speedup.measure import INVOKE, Measurement
from benchmarks.speedup.published import CLOCK_HZ, GENERATION, NETWORK, PUBLISHED, Published
from benchmarks.speedup.subject import compiler_name, level

KERNELS = {"reference": "reference", "cmsis_nn": "CMSIS-NN", "cmsis_nn_noours": "CMSIS-NN"}
NETWORKS = (NETWORK, "resnet8")


@dataclass(frozen=True)
class Row:
    """speedup: cycles of the reference kernels over this row's, same network, compiler and flags; None without that row."""

    measurement: Measurement
    speedup: float | None
    published: Published | None
    remembered: bool = False

    @property
    def network(self) -> str:
        return self.measurement.network or "unknown"

    @property
    def compiler(self) -> str:
        return compiler_name(self.measurement.compiler)

    @property
    def level(self) -> str | None:
        return level(self.measurement.flags)

    @property
    def build(self) -> str:
        """`GCC 10.2.1 -Os`."""
        return f"{self.compiler} {self.level}" if self.level else self.compiler

    @property
    def kernels(self) -> str:
        """For people; kernels of ours are named."""
        name = KERNELS.get(self.measurement.kernels or "", self.measurement.kernels or "unknown")
        return f"{name} + ours" if self.measurement.ours else name

    @property
    def inferences_per_second(self) -> float | None:
        """At 216 MHz; None where what was counted is no inference."""
        return None if self.measurement.counted == "run" else CLOCK_HZ / self.measurement.cycles

    @property
    def published_rate(self) -> float | None:
        return self.published.inferences_per_second.get(self.measurement.kernels or "") if self.published else None

    @property
    def published_speedup(self) -> float | None:
        return self.published.speedup if self.published and self.measurement.kernels != "reference" else None

    @property
    def difference(self) -> float | None:
        """Of our inferences a second to the published ones, as a fraction."""
        if self.published_rate is None or self.inferences_per_second is None:
            return None
        return self.inferences_per_second / self.published_rate - 1


def rows(measured: Iterable[tuple[Measurement, bool]]) -> list[Row]:
    """In the table's order, out of measurements and whether each is from an earlier run."""
    pairs = list(measured)
    measurements = [measurement for measurement, _ in pairs]
    beside = published_beside(measurements)
    made = [
        Row(measurement, speedup(measurement, measurements), beside.get(measurement.elf), remembered)
        for measurement, remembered in pairs
    ]
    return sorted(made, key=_order)


def speedup(measurement: Measurement, among: Sequence[Measurement]) -> float | None:
    if measurement.network is None or measurement.kernels is None:
        return None
    references = [
        other.cycles for other in among if other.kernels == "reference" and _pair(other) == _pair(measurement)
    ]
    return references[0] / measurement.cycles if len(references) == 1 else None


def published_beside(measurements: Sequence[Measurement]) -> dict[str, Published]:
    """By ELF: builds of the published network by the published compiler, or by those that stand in where it is absent."""
    beside = {}
    for published in PUBLISHED:
        rivals = [m for m in measurements if m.network == NETWORK and _comparable(m, published)]
        exact = [m for m in rivals if compiler_name(m.compiler).startswith(GENERATION[published.family])]
        for measurement in exact or rivals:
            beside[measurement.elf] = published
    return beside


def _comparable(measurement: Measurement, published: Published) -> bool:
    family = compiler_name(measurement.compiler).partition(" ")[0].removeprefix("arm")
    same_level = level(measurement.flags) in (published.level, None)
    return (
        family == published.family
        and same_level
        and measurement.counted == INVOKE
        and measurement.kernels in published.inferences_per_second
    )


def _pair(measurement: Measurement) -> tuple[object, ...]:
    """What two rows of a speed-up have in common."""
    compiler, flags = compiler_name(measurement.compiler), level(measurement.flags)
    return measurement.network, compiler, flags, measurement.counted


def _order(row: Row) -> tuple[object, ...]:
    m = row.measurement
    network = NETWORKS.index(m.network) if m.network in NETWORKS else len(NETWORKS)
    families = ["GCC 10", "clang", "armclang", "GCC"]
    family = next((i for i, family in enumerate(families) if row.compiler.startswith(family)), len(families))
    return network, row.network, family, row.build, m.kernels != "reference", m.elf


def as_dict(row: Row, root: Path) -> dict[str, object]:
    """A row of speedup.json. Cycles are core cycles, causes sum to them."""
    m = row.measurement
    return {
        "network": m.network,
        "kernels": m.kernels,
        "ours": list(m.ours),
        "compiler": m.compiler,
        "compiler_name": row.compiler,
        "flags": m.flags,
        "elf": shown_path(m.elf, root),
        "sha256": m.sha256,
        "counted": m.counted,
        "cycles": m.cycles,
        "interval": list(m.interval) if m.interval else None,
        "instructions": m.instructions,
        "inferences_per_second": row.inferences_per_second,
        "speedup": row.speedup,
        "published": _published(row),
        "causes": m.causes,
        "clock_hz": m.clock_hz,
        "firmware_cycles": m.firmware_cycles,
        "convolution": m.convolution,
        "lines": list(m.lines),
        "remembered": row.remembered,
        "host_seconds": round(m.seconds, 3),
        "answers": [dataclasses.asdict(answer) for answer in m.answers],
    }


def _published(row: Row) -> dict[str, object] | None:
    if row.published is None or row.published_rate is None:
        return None
    return {
        "compiler": row.published.compiler,
        "inferences_per_second": row.published_rate,
        "speedup": row.published_speedup,
        "difference": row.difference,
    }


def shown_path(elf: str, root: Path) -> str:
    """Relative to the project where it lies in it."""
    path = Path(elf).resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else elf
