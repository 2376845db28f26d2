"""Random instruction streams for the pipeline: every timing class, few registers, so that everything depends on everything."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from simulator.decode import APSR, GE, S0, Branch, Instruction, Memory

TAKEN, FLUSHED = 1, 2
LATE = ("alu", "addsub", "shift", "movw", "dsp", "extend", "div", "system")
EARLY = ("shifted", "bitfield", "extend_add", "reverse", "pack")
PLAIN = ("nop", "it", "barrier", "preload")
FP_TWO = ("fp_add", "fp_mul", "fp_div", "fp_sqrt", "fp_compare", "fp_convert", "fp_move")


def core(random: Random) -> int:
    return random.choice((0, 1, 2, 2, 7, 7, 13) if random.random() < 0.6 else (4, 5, 6, 7))


def single(random: Random) -> int:
    return S0 + random.randrange(6)


def memory_of(random: Random, kind: str, size: int, count: int = 1) -> Memory:
    base = random.choice((-1, 0, 13, 13, 13, 13)) if kind != "store" else random.choice((0, 13, 13, 13))
    index = random.choice((-1, -1, 2)) if count == 1 and base >= 0 else -1
    displacement = 0 if index >= 0 else random.choice((0, 0, 4, 4, 8, -4, 1, 2, 6))
    writeback = random.choice((0, 0, 0, 0, 4, -4, 3)) if base >= 0 and index < 0 else 0
    shift = random.randrange(2) if index >= 0 else 0
    exclusive = random.random() < 0.05
    return Memory(kind, size, count, base, index, shift, displacement, writeback, False, exclusive)


def address_sources(memory: Memory) -> list[tuple[int, str]]:
    return [(register, "address") for register in (memory.base, memory.index) if register >= 0]


def operands_of(random: Random, timing: str) -> tuple[list[tuple[int, str]], list[tuple[int, str]], Memory | None]:
    """Sources, destinations and memory operand for a class."""
    if timing in PLAIN[:3]:
        return [], [], None
    if timing.startswith("fp_") and not timing.startswith(("fp_load", "fp_store")):
        return fp_operands(random, timing)
    if timing.startswith(("load", "store", "fp_load", "fp_store", "preload")):
        return memory_operands(random, timing)
    if timing.startswith("mul"):
        sources = [(core(random), "multiplicand"), (core(random), "multiplicand")]
        if random.random() < 0.5:
            sources.append((core(random), "accumulator"))
        return sources, [(core(random), "result") for _ in range(1 + (timing == "mul_long"))], None
    if timing in ("movw", "movt"):
        register = random.choice((0, 1))
        if timing == "movw":
            return [], [(register, "result")], None
        return [(register, "late")], [(register, "result")], None
    early = timing in EARLY
    sources = [
        (core(random), "early" if early and random.random() < 0.6 else "late") for _ in range(random.randrange(3))
    ]
    results = [(core(random), "result")]
    if random.random() < 0.4:
        results.append((APSR, "flags"))
    if timing == "dsp" and random.random() < 0.3:
        results, sources = [(GE, "result")], [*sources, (GE, "late")]
    return sources, results, None


def fp_operands(random: Random, timing: str) -> tuple[list[tuple[int, str]], list[tuple[int, str]], Memory | None]:
    if timing in ("fp_mac", "fp_fma"):
        target = single(random)
        sources = [(single(random), "fp"), (single(random), "fp"), (target, "fp_accumulator")]
        return sources, [(target, "result")], None
    if timing == "fp_to_core":
        count = random.choice((1, 1, 2))
        return [(single(random), "fp")] * count, [(core(random), "result") for _ in range(count)], None
    if timing == "fp_from_core":
        count = random.choice((1, 1, 2))
        return [(core(random), "late") for _ in range(count)], [(single(random), "result")], None
    if timing == "fp_system":
        return [], [(APSR, "flags")], None
    count = random.choice((0, 1)) if timing == "fp_move" else random.choice((1, 2))
    return [(single(random), "fp") for _ in range(count)], [(single(random), "result")], None


def memory_operands(random: Random, timing: str) -> tuple[list[tuple[int, str]], list[tuple[int, str]], Memory | None]:
    kind = "store" if "store" in timing else "preload" if timing == "preload" else "load"
    fp = timing.startswith("fp_")
    count = random.choice((1, 2)) if fp else 1
    if timing.endswith("_multiple"):
        count = random.randrange(1, 7)
    memory = memory_of(random, kind, random.choice((1, 2)) if timing.endswith("narrow") else 4, count)
    first = random.randrange(3)
    registers = [S0 + first + k for k in range(count)] if fp else sorted(random.sample(range(8), count))
    if timing == "load_multiple" and random.random() < 0.1:
        registers[-1] = 15
    sources = address_sources(memory)
    results: list[tuple[int, str]] = []
    if kind == "store":
        sources += [(register, "data") for register in registers]
    elif kind == "load":
        results += [(register, "load") for register in registers if register != memory.base or not memory.writeback]
    if memory.writeback:
        results.append((memory.base, "base"))
    return sources, results, memory


CLASSES = (*LATE, *EARLY, *PLAIN, *FP_TWO, "movt", "mul", "mul_long", "fp_mac", "fp_fma", "fp_to_core", "fp_from_core",
           "fp_system", "load", "load", "load_narrow", "store", "store", "store_narrow", "load_multiple", "store_multiple",
           "fp_load", "fp_store", "fp_load_multiple", "fp_store_multiple", "branch", "branch", "branch_table")  # fmt: skip


def instruction_at(random: Random, address: int, timing: str) -> Instruction:
    branch = None
    in_it = timing not in ("it", "nop") and random.random() < 0.1
    condition = 1 if in_it else 14
    mnemonic = timing.upper()
    if timing == "branch_table":
        sources, results, memory = [], [], Memory("load", 1, 1, 1, 2, 0, 0, 0, False, False)
        branch, sources = Branch("table", None), address_sources(memory)
    elif timing == "branch":
        kind = random.choice(("jump", "conditional", "conditional", "indirect", "call"))
        mnemonic = random.choice(("B", "CBZ")) if kind == "conditional" else "B"
        branch, sources, results, memory = Branch(kind, None), [(core(random), "late")], [], None
        if kind == "call":
            results = [(14, "result")]
    else:
        sources, results, memory = operands_of(random, timing)
        if any(register == 15 for register, _ in results):
            branch = Branch("return", None)
        if timing == "shift" and random.random() < 0.2:
            mnemonic = "RRX"
        if timing == "load_multiple" and memory is not None and memory.count == 2 and random.random() < 0.5:
            mnemonic = "LDRD"
    if in_it and memory is None:
        sources = [*sources, (APSR, "flags"), *((register, "late") for register, kind in results if kind == "result")]
    size = random.choice((2, 4))
    return Instruction(address, size, 0, timing, mnemonic, timing, condition, in_it, tuple(sources), tuple(results), memory,
                       branch, {})  # fmt: skip


def random_classes(random: Random) -> tuple[str, ...]:
    """Some streams use few classes, to dwell on one rule."""
    focus = (
        tuple(random.sample(CLASSES, 4)),
        ("addsub", "load", "store", "branch"),
        ("load", "load", "store", "store_narrow", "alu"),
        ("shift", "shift", "shifted", "bitfield"),
        ("movw", "movt", "movt", "shift"),
        tuple(name for name in CLASSES if name.startswith("fp_")),
        ("fp_add", "fp_mul", "fp_store_multiple", "fp_load_multiple"),
    )
    return random.choice((CLASSES, CLASSES, CLASSES, *focus))


def random_stream(random: Random, length: int) -> list[tuple[Instruction, int]]:
    """(instruction, how it was reached); the first is FLUSHED."""
    if random.random() < 0.15:
        return short_loops(random, length)
    classes = random_classes(random)
    stream: list[tuple[Instruction, int]] = []
    address, reached = random.randrange(0, 64, 2), FLUSHED
    for _ in range(length):
        instruction = instruction_at(random, address, random.choice(classes))
        stream.append((instruction, reached))
        address, reached = address + instruction.size, 0
        if instruction.branch is not None:
            reached = random.choice((0, TAKEN, TAKEN, FLUSHED))
        elif random.random() < 0.02:
            reached = FLUSHED
        if reached:
            address = random.randrange(0, 64, 2)
    return stream


def short_loops(random: Random, length: int) -> list[tuple[Instruction, int]]:
    """A long stall, then two instructions over the end of a fetch chunk again and again: the fetch queue fills and empties."""
    stream: list[tuple[Instruction, int]] = []
    reached = FLUSHED
    while len(stream) < length:
        timing = "div" if random.random() < 0.1 else "nop"
        size = random.choice((2, 4))
        stream.append((replace(instruction_at(random, 6, timing), size=size, branch=None), reached))
        branch = Branch("jump", None)
        stream.append((replace(instruction_at(random, 6 + size, "branch"), size=2, branch=branch), 0))
        reached = TAKEN
    return stream
