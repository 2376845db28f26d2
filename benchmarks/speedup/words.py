"""The sentences of the report: what the table says in one line, and what one must know to read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from benchmarks.speedup.measure import COUNTED, INVOKE, RUN
from benchmarks.speedup.published import CLOCK_HZ, GENERATION, NETWORK
from benchmarks.speedup.rows import Row

INCLUDED_IN_ENTRY = 1000  # cycles: a firmware's own figure also counts the call and two reads of the counter


def headline(rows: Sequence[Row]) -> str:
    """The speed-ups of the published network, else of whatever network has one."""
    pairs = [row for row in rows if row.speedup is not None and row.measurement.kernels != "reference"]
    compared = [row for row in pairs if row.published_speedup is not None]
    chosen = compared or [row for row in pairs if row.network == pairs[0].network]
    if not chosen:
        return "No two of these ELFs are the same network by the same compiler, so there is no speed-up."
    network = "the published network" if chosen[0].network == NETWORK else chosen[0].network
    parts = [f"{row.speedup:.2f}× as fast with {row.build}{_published_words(row)}" for row in chosen]
    return f"CMSIS-NN makes {network} {_listed(parts)}."


def _published_words(row: Row) -> str:
    """The published speed-up, with its compiler's name where ours is another one."""
    if row.published is None or row.published_speedup is None:
        return ""
    theirs = row.published.compiler.rpartition(" ")[0]
    by = "" if row.compiler.startswith(GENERATION[row.published.family]) else f", with {theirs}"
    return f" (published {row.published_speedup:g}×{by})"


def notes(rows: Sequence[Row]) -> list[str]:
    """In the order in which people need them."""
    made = [_gcc(rows), _clang(rows), _ours(rows), _convolution(rows), _weights(rows)]
    made += _counted(rows)
    made += [_disagreement(row) for row in rows]
    made += [_clock(row) for row in rows]
    made += [f"{_name(row)} printed: {' | '.join(row.measurement.lines)}." for row in rows if row.measurement.lines]
    if rows:
        made.append("All figures are a model's, not a board's: docs/accuracy.md says what they rest on.")
    return [note for note in made if note]


def _gcc(rows: Sequence[Row]) -> str:
    """Why GCC 12 differs, by this run's instruction counts where both compilers are here."""
    old = _find(rows, lambda row: row.compiler.startswith("GCC 10."))
    new = _find(rows, lambda row: row.compiler.startswith("GCC 12."))
    if not new:
        return ""
    why = (
        "GCC 12.2 at -Os leaves Offset(), which the reference convolution needs twice for each multiply-accumulate, "
        "as a call, and GCC 10.2 puts it inline"
    )
    both = [(old[network], new[network]) for network in new if network in old]
    if not both:
        stands = (
            "No ELF here is by GCC 10.2, the published compiler's generation (make toolchain-gcc10 builds it): "
            "the table stands with GCC 12.2. "
        )
        return f"{stands if not old else ''}{why}: GCC 12.2's speed-up measures that as much as it measures CMSIS-NN."
    ten, twelve = (row.measurement.instructions or 0 for row in both[0])
    return (
        f"{why}: the same source takes {twelve / 1e6:,.0f} M instructions instead of {ten / 1e6:,.0f} M "
        f"({both[0][0].network}, reference), so GCC 12.2's speed-up measures the compiler as much as CMSIS-NN."
    )


def _find(rows: Iterable[Row], is_wanted: Callable[[Row], bool]) -> dict[str, Row]:
    """Rows of reference kernels with an instruction count, by network."""
    return {
        row.network: row
        for row in rows
        if row.measurement.kernels == "reference" and row.measurement.instructions and is_wanted(row)
    }


def _clang(rows: Sequence[Row]) -> str:
    standing = {row.build for row in rows if row.published and row.published.family == "clang"}
    standing = {build for build in standing if not build.startswith(GENERATION["clang"])}
    if not standing:
        return ""
    return (
        f"{_listed(sorted(standing))} stands in for armclang 6.16 -Oz, which is proprietary; it is not that compiler."
    )


def _ours(rows: Sequence[Row]) -> str:
    if not any(row.measurement.ours for row in rows):
        return ""
    return (
        "“ours”: in CMSIS-NN builds ADD, MUL and softmax run kernels written for this project, "
        "since the packaged CMSIS-NN declares them and has no source of them."
    )


def _convolution(rows: Sequence[Row]) -> str:
    told = {row.measurement.convolution for row in rows if row.measurement.convolution}
    return f"Reference convolution: {_listed(sorted(told))}." if told else ""


def _weights(rows: Sequence[Row]) -> str:
    if not any(row.network == NETWORK for row in rows):
        return ""
    return "“published” is the graph of the published network; in our builds its weights are seeded, and it labels nothing."


def _counted(rows: Sequence[Row]) -> list[str]:
    others = [row for row in rows if row.measurement.counted != INVOKE]
    made = []
    for counted in dict.fromkeys(row.measurement.counted for row in others):
        names = [_name(row) for row in others if row.measurement.counted == counted]
        rate = ", and is no inference" if counted == RUN else ", without causes"
        made.append(f"Counted for {_listed(names)} is {COUNTED[counted]}{rate}.")
    return made


def _disagreement(row: Row) -> str:
    """Where the firmware's own counter says otherwise than the simulator."""
    m = row.measurement
    if m.counted != INVOKE or m.firmware_cycles is None or 0 <= m.firmware_cycles - m.cycles <= INCLUDED_IN_ENTRY:
        return ""
    return f"{_name(row)} prints {m.firmware_cycles:,} cycles for what was counted as {m.cycles:,}."


def _clock(row: Row) -> str:
    m = row.measurement
    if m.clock_hz == CLOCK_HZ:
        return ""
    return f"{_name(row)} ran at {m.clock_hz / 1e6:g} MHz: its wait states are not those of 216 MHz."


def _name(row: Row) -> str:
    return row.measurement.elf.rpartition("/")[2]


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
