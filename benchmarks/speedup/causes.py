"""Cycles by cause for people: the simulator's causes in nine groups, whatever the groups do not name under its own name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

GROUPS = {
    "dual issue": ("issue_dual",),
    "single issue": ("issue_single", "multiple"),
    "operand wait": ("operand", "load", "multiply", "fp", "divide", "store"),
    "bank, unaligned": ("bank", "unaligned"),
    "branch": ("branch", "fetch"),
    "flash, code": ("i_miss_flash",),
    "flash, data": ("d_miss_flash",),
    "SRAM, bus": ("i_miss_ram", "d_miss_ram", "uncached", "bus", "contention"),
    "interrupt": ("exception", "sleep"),
}
REST = "rest"
_GROUP_OF = {cause: group for group, causes in GROUPS.items() for cause in causes}


def grouped(causes: Mapping[str, int]) -> dict[str, int]:
    """Sums to what causes sum to; groups without cycles are left out, unknown causes keep their names."""
    sums = dict.fromkeys(GROUPS, 0)
    for cause, cycles in causes.items():
        group = _GROUP_OF.get(cause, cause.replace("_", " "))
        sums[group] = sums.get(group, 0) + cycles
    return {group: cycles for group, cycles in sums.items() if cycles}


def used(all_causes: Iterable[Mapping[str, int]]) -> list[str]:
    """The groups that any of these has, in the groups' order."""
    found = dict.fromkeys(GROUPS)
    present: set[str] = set()
    for causes in all_causes:
        sums = grouped(causes)
        present |= sums.keys()
        found |= dict.fromkeys(sums)
    return [group for group in found if group in present]


def shares(all_causes: Sequence[Mapping[str, int]]) -> tuple[list[str], list[list[float]]]:
    """Groups and each one's percentages; groups that have a thousandth of no one's cycles are put together as the rest."""
    sums = [grouped(causes) for causes in all_causes]
    totals = [sum(causes.values()) for causes in all_causes]
    groups = used(all_causes)
    told = [g for g in groups if any(1000 * s.get(g, 0) >= t for s, t in zip(sums, totals, strict=True))]
    table = [[100 * s.get(g, 0) / t for g in told] for s, t in zip(sums, totals, strict=True)]
    if len(told) == len(groups):
        return told, table
    return [*told, REST], [[*row, max(0.0, 100 - sum(row))] for row in table]
