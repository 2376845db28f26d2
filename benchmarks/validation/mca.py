"""The part on llvm-mca: the hottest blocks of our firmware as loops, in our pipeline and in LLVM's model of the Cortex-M7.

Reference: LLVM's ARMScheduleM7.td, a compiler's model and no measurement. Caches and branch prediction are in neither.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.conformance.outcome import Difference
from benchmarks.validation.part import Answer, Scope
from simulator.decode import APSR, Instruction
from simulator.firmware import load
from simulator.machine import Machine
from simulator.timing import layout as at
from simulator.timing.automaton import Automaton

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "build" / "firmware"
ELFS = (
    "image_recognition_test-resnet8-cmsis_nn-gcc12-Os.elf",
    "image_recognition_test-resnet8-reference-gcc12-Os.elf",
)
CYCLES = 60_000_000  # of each ELF
BLOCKS = 50
TURNS = 100
UNLISTED = "not listed"
TRIPLE = ["-triple=thumbv7em-none-eabihf", "-mcpu=cortex-m7"]


@dataclass(frozen=True)
class Hot:
    """A block, its share of the run's cycles, and cycles a turn where it repeats itself: ours and LLVM's (None: it refuses)."""

    elf: str
    address: int
    symbol: str
    code: bytes
    instructions: tuple[Instruction, ...]
    share: float
    ours: float = 0.0
    theirs: float | None = None

    @property
    def agrees(self) -> bool:
        """Within a cycle a turn, or a tenth."""
        return self.theirs is not None and abs(self.ours - self.theirs) <= max(1.0, 0.1 * self.ours)


def _moves_a_base(hot: Hot) -> bool:
    return any(i.memory is not None and i.memory.writeback for i in hot.instructions)


def _predicated(hot: Hot) -> bool:
    return any(i.in_it or i.timing == "it" for i in hot.instructions)


def _multiple(hot: Hot) -> bool:
    return any(i.memory is not None and i.memory.count > 1 for i in hot.instructions)


def _calls(hot: Hot) -> bool:
    last = hot.instructions[-1].branch
    return last is not None and last.kind in ("call", "return", "indirect", "table")


def _reloads(hot: Hot) -> bool:
    stored: set[tuple[int, int]] = set()
    for i in hot.instructions:
        m = i.memory
        if m is not None and m.kind == "store":
            stored.add((m.base, m.displacement >> 2))
        elif m is not None and (m.base, m.displacement >> 2) in stored:
            return True
    return False


def _loads(hot: Hot) -> bool:
    return sum(i.memory is not None and i.memory.kind == "load" for i in hot.instructions) > 1


@dataclass(frozen=True)
class Reason:
    """Why a block may differ: the first whose condition holds is its reason."""

    name: str
    applies: Callable[[Hot], bool]


def _flags_meet_the_branch(hot: Hot) -> bool:
    last = hot.instructions[-1].branch
    setters = [any(register == APSR for register, _ in i.destinations) for i in hot.instructions[-3:-1]]
    return last is not None and last.kind == "conditional" and any(setters)


def _stores_parts_of_words(hot: Hot) -> bool:
    return any(i.timing == "store_narrow" for i in hot.instructions)


REASONS = (
    Reason("llvm-mca assumes 100 cycles for a call, a return or a jump", _calls),
    Reason("llvm-mca has no IT and refuses predicated instructions outside one", _predicated),
    Reason("LLVM gives a written-back base the latency of the load; measured: the next cycle (jnk0le)", _moves_a_base),
    Reason("LLVM has single transfers for a multiple; measured: two words a cycle, alone (jnk0le)", _multiple),
    Reason("a byte or half word holds its bank here (dwelch67); LLVM's stores never wait", _stores_parts_of_words),
    Reason("a load soon behind a store to its word waits here (TIMING.md 6); LLVM's waits from any distance", _reloads),
    Reason("LLVM has the flags a cycle before the branch; measured: SUBS and BNE issue together (dwelch67)", _flags_meet_the_branch),
    Reason("two loads of one bank wait here (jnk0le); LLVM pairs them, or none", _loads),
)  # fmt: skip


def check(scope: Scope) -> Answer:
    """Compare the hottest blocks."""
    missing = _missing()
    if missing:
        return Answer("", f"Not run: {missing}\n", {}, missing=missing)
    blocks = sorted((hot for elf in ELFS for hot in hottest(FIRMWARE / elf, scope)), key=lambda hot: -hot.share)[
        :BLOCKS
    ]
    used: dict[str, int] = {}
    rows = []
    for hot in blocks:
        reason = "" if hot.agrees else next((r.name for r in REASONS if r.applies(hot)), UNLISTED)
        if reason:
            used[reason] = used.get(reason, 0) + 1
        rows.append((hot, reason))
    agree = sum(hot.agrees for hot in blocks)
    line = f"{agree} of the {len(blocks)} hottest blocks agree with llvm-mca, {len(blocks) - agree} differ for {len(used)} reasons"
    differences = [] if len(blocks) == BLOCKS else [Difference("blocks", f"there are {len(blocks)}, not {BLOCKS}")]
    differences += [
        Difference(
            f"{hot.elf} 0x{hot.address:08x}", f"{hot.ours:.2f} cycles a turn, llvm-mca {hot.theirs}, no listed reason"
        )
        for hot, reason in rows
        if reason == UNLISTED
    ]
    return Answer(line, _markdown(line, rows), {"blocks": [_as_dict(*row) for row in rows]}, tuple(differences))


def _missing() -> str:
    for tool in ("llvm-mc-19", "llvm-mca-19"):
        if shutil.which(tool) is None:
            return f"there is no {tool}: make tools installs it"
    absent = [elf for elf in ELFS if not (FIRMWARE / elf).exists()]
    return f"there is no build/firmware/{absent[0]}: make firmware builds it" if absent else ""


def hottest(elf: Path, scope: Scope) -> Iterator[Hot]:
    """The blocks with the most cycles of a run's beginning, costed by both."""
    scope.say(f"llvm-mca: {elf.name} runs")
    machine = Machine(load(elf))
    machine.run(max_cycles=CYCLES)
    engine = machine.engine
    cycles = engine.sums.block_cycles()
    for number in np.argsort(cycles)[::-1][:BLOCKS].tolist():
        described = engine.tables.descriptions[number]
        code = machine.read(described.address, described.size)
        symbol = machine.firmware.symbols.at(described.address)
        yield Hot(
            elf.stem,
            described.address,
            symbol.text.partition("(")[0] if symbol else "",
            code,
            described.instructions,
            int(cycles[number]) / machine.cycle,
            ours(described.instructions),
            theirs(code),
        )


def ours(instructions: Sequence[Instruction]) -> float:
    """Cycles a turn of a block that is its own predecessor, by a taken branch that is foreseen."""
    automaton = Automaton()
    block = automaton.add_block(instructions)
    state, entry = 0, at.FLUSHED
    costs = []
    for _ in range(TURNS):
        row = automaton.tables.transitions[automaton.transition(state, entry, block)]
        costs.append(int(row[at.COST]))
        state, entry = int(row[at.NEXT]), at.TAKEN
    return sum(costs[TURNS // 2 :]) / (TURNS - TURNS // 2)


def theirs(code: bytes) -> float | None:
    """Cycles a turn in llvm-mca; None where it cannot read the block."""
    listed = " ".join(f"0x{byte:02x}" for byte in code)
    read = subprocess.run(["llvm-mc-19", "--disassemble", *TRIPLE], input=listed, capture_output=True, text=True)
    lines = [line for line in read.stdout.splitlines() if not line.strip().startswith(".")]
    text = "\n".join(line for line in lines if not re.match(r"\s*itt?e?t?e?\b", line))
    options = [
        f"-mtriple={TRIPLE[0].partition('=')[2]}",
        TRIPLE[1],
        f"-iterations={TURNS}",
        "-all-views=false",
        "-summary-view",
    ]
    told = subprocess.run(["llvm-mca-19", *options], input=text + "\n", capture_output=True, text=True)
    found = re.search(r"Total Cycles:\s+(\d+)", told.stdout)
    return int(found[1]) / TURNS if found else None


def _as_dict(hot: Hot, reason: str) -> dict[str, object]:
    return {
        "elf": hot.elf,
        "address": hot.address,
        "symbol": hot.symbol,
        "share": round(hot.share, 5),
        "instructions": len(hot.instructions),
        "ours": hot.ours,
        "llvm_mca": hot.theirs,
        "reason": reason,
    }


def _markdown(line: str, rows: Sequence[tuple[Hot, str]]) -> str:
    lines = [
        f"{line[0].upper()}{line[1:]}: `llvm-mca-19 -mcpu=cortex-m7`, each block repeating itself, cycles a turn, within one cycle or a tenth.",
        "",
        "| function | address | share | instructions | ours | llvm-mca | reason |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    for hot, reason in rows:
        cells = [
            f"`{hot.symbol.rpartition('::')[2] or hot.symbol}`",
            f"0x{hot.address:08x}",
            f"{100 * hot.share:.1f} %",
            str(len(hot.instructions)),
        ]
        cells += [f"{hot.ours:.2f}", "-" if hot.theirs is None else f"{hot.theirs:.2f}", reason]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
