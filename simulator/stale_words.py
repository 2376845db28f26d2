"""What goes wrong between a D-cache and other masters, in words: what happens on the board, and what cures it.

Reference: Armv7-M ARM B2.2; AN4838 (MPU attributes), AN4839 (the caches of STM32F7); CMSIS core_cm7.h for the functions' names.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """name is that of the report and of `explain`; key counts it in JSON. board says what hardware does, core what a run with
    `--set dcache-data=on` has done."""

    name: str
    key: str
    meaning: str
    board: str
    core: str
    cure: str

    @property
    def title(self) -> str:
        """As people read it."""
        return self.name.replace("-", " ")


STALE_READ = Kind(
    "stale-read",
    "stale_reads",
    "the core reads from the D-cache what another master has written in memory since the line was filled",
    "on the board it reads the old bytes",
    "it read the old bytes",
    "SCB_InvalidateDCache_by_Addr({buffer}, size) when the transfer is over, before the first read",
)
STALE_MASTER_READ = Kind(
    "stale-master-read",
    "stale_master_reads",
    "another master reads memory while what the core has stored there is still in a dirty line of the D-cache",
    "on the board it reads the old bytes",
    "it read the old bytes",
    "SCB_CleanDCache_by_Addr({buffer}, size) behind the last store, before {master} reads",
)
LOST_WRITE = Kind(
    "lost-write",
    "lost_writes",
    "a dirty line is written back over what another master has written in memory since it was filled",
    "on the board these bytes are lost",
    "these bytes are lost",
    "SCB_CleanInvalidateDCache_by_Addr({buffer}, size) before {master} starts, and no store to its lines until it is done",
)
LOST_STORE = Kind(
    "lost-store",
    "lost_stores",
    "a dirty line is invalidated without being cleaned, and what the core had stored in it is gone",
    "on the board these stores are lost",
    "these stores are lost",
    "SCB_CleanInvalidateDCache_by_Addr instead, before the transfer starts, and lines of 32 bytes that hold nothing but the buffer",
)
STALE_FETCH = Kind(
    "stale-fetch",
    "stale_fetches",
    "the core fetches instructions that are newer in the D-cache or in memory than what the I-cache takes or holds",
    "on the board the old instructions are executed",
    "the new instructions were executed all the same: instructions are not kept twice here",
    "SCB_CleanDCache_by_Addr on the code, then SCB_InvalidateICache, before the jump",
)
KINDS = (STALE_READ, STALE_MASTER_READ, LOST_WRITE, LOST_STORE, STALE_FETCH)
NOT_CACHED = "an MPU region that is not cacheable"
DTCM = "DTCM, which is never cached"


def cure(kind: Kind, buffer: str, master: str) -> str:
    """What to do about it; buffer is a name that the firmware's source has, or ""."""
    buffer = buffer or "the buffer"
    cures = [kind.cure.format(buffer=buffer, master=master or "the transfer")]
    if kind is not STALE_FETCH:
        cures.append(f"put {buffer} into {NOT_CACHED}" + (f", or into {DTCM}" if reaches_dtcm(master) else ""))
    return "; or ".join(cures)


def reaches_dtcm(master: str) -> bool:
    """RM0385 2.1: the general-purpose DMA controllers come to DTCM through the core's AHBS port."""
    return master.split(" ", 1)[0] in ("DMA1", "DMA2")


def explain(what: str) -> list[str] | None:
    """Lines for people about a kind by its name, with or without hyphens, or about all of them, "stale"; None where it is none."""
    wanted = what.strip().lower().replace(" ", "-").replace("_", "-")
    lines = []
    for kind in KINDS:
        if wanted in (kind.name, "stale"):
            where = cure(kind, "buffer", "" if kind is STALE_FETCH else "DMA2 stream 0")
            lines += [f"{kind.title}: {kind.meaning}", f"  {kind.board}", f"  cure: {where}"]
    return lines or None
