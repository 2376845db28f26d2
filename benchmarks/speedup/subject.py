"""Which network, kernels and compiler an ELF holds: our builds say so themselves, of others we look at what they are made of.

Reference: the TensorFlow Lite schema (file identifier TFL3); DWARF 4, DW_AT_producer.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulator.firmware import Firmware
from simulator.symbols import Symbol

# The published network's 71 operators by builtin code: TIMING.md of the project's notes, section 5.
CONV_2D, ADD, MUL, PAD, STRIDED_SLICE, AVERAGE_POOL_2D, RESHAPE = 3, 0, 18, 34, 45, 1, 22
PUBLISHED_OPERATORS = Counter(
    {CONV_2D: 20, ADD: 18, MUL: 10, PAD: 10, STRIDED_SLICE: 9, AVERAGE_POOL_2D: 3, RESHAPE: 1}
)
OURS = ("ADD", "MUL", "SOFTMAX")
MOST_OPERATORS, MOST_TENSORS = 10_000, 100_000


@dataclass(frozen=True)
class Subject:
    """None where the ELF does not tell. ours names the operators whose kernels are neither TFLM's nor CMSIS-NN's."""

    network: str | None
    kernels: str | None
    ours: tuple[str, ...]
    compiler: str | None
    flags: str | None
    convolution: str | None


def subject(firmware: Firmware) -> Subject:
    facts = firmware.build
    if "network" in facts:
        kernels = facts.get("kernels")
        return Subject(
            facts["network"],
            kernels,
            OURS if kernels == "cmsis_nn" else (),
            firmware.compiler,
            facts.get("flags"),
            facts.get("convolution"),
        )
    compiler, flags = _compiler(firmware)
    return Subject(_network(firmware), _kernels(firmware), (), compiler, flags, None)


def invoke(firmware: Firmware) -> Symbol | None:
    """TFLM's MicroInterpreter::Invoke(), in whatever namespace."""
    return next((s for s in firmware.symbols if s.kind == "function" and "16MicroInterpreter6InvokeEv" in s.name), None)


def compiler_name(compiler: str | None) -> str:
    """`GCC 10.2.1`, `clang 19.1.7`, `armclang 6.16`: the short name in what a compiler says of itself."""
    text = re.sub(r"\([^)]*\)", "", compiler or "")
    for name, pattern in (
        ("armclang", r"(?i)(?:arm compiler|armclang)\D*(\d+\.\d+)"),
        ("clang", r"clang version (\d+\.\d+(?:\.\d+)?)"),
        ("GCC", r"(?i)(?:gcc|gnu)\D*?(?:c\+\+\d+ |c\d+ )?(\d+\.\d+(?:\.\d+)?)"),
    ):
        if versions := list(dict.fromkeys(re.findall(pattern, text))):
            return f"{name} {' and '.join(versions)}"
    return text.strip() or "unknown compiler"


def level(flags: str | None) -> str | None:
    """The optimisation level that counts: the last one."""
    levels = re.findall(r"(?:^|\s)(-O\w*)", flags or "")
    return levels[-1] if levels else None


def _compiler(firmware: Firmware) -> tuple[str | None, str | None]:
    """Of the unit that holds Invoke, since libraries bring other compilers' names; else of the whole ELF."""
    producer = _producer(firmware)
    if producer is None:
        return firmware.compiler, None
    return producer, " ".join(re.findall(r"(?<!\S)-[mfO]\S*", producer)) or None


def _producer(firmware: Firmware) -> str | None:
    function = invoke(firmware)
    if function is None or firmware.elf is None or not firmware.elf.has_dwarf_info():
        return None
    try:
        for unit in firmware.elf.get_dwarf_info().iter_CUs():
            top = unit.get_top_DIE()
            if _holds(unit, top, function.address):
                named = top.attributes.get("DW_AT_producer")
                return bytes(named.value).decode(errors="replace") if named else None
    except Exception as error:  # pyelftools meets damage with whatever its parser tripped over
        firmware.notes.append(f"debug information of {firmware.path} is damaged: {error or type(error).__name__}")
    return None


def _holds(unit: Any, top: Any, address: int) -> bool:
    """Whether a subprogram of the unit starts at the address."""
    if "DW_AT_low_pc" in top.attributes and top.attributes["DW_AT_low_pc"].value == address:
        return True
    name = top.attributes.get("DW_AT_name")
    if name is None or b"micro_interpreter" not in bytes(name.value):
        return False
    return any(
        die.tag == "DW_TAG_subprogram"
        and "DW_AT_low_pc" in die.attributes
        and die.attributes["DW_AT_low_pc"].value & ~1 == address
        for die in unit.iter_DIEs()
    )


def _kernels(firmware: Firmware) -> str | None:
    names = [symbol.name for symbol in firmware.symbols if symbol.kind == "function"]
    if any(name.startswith(("arm_convolve", "arm_nn_", "arm_depthwise", "arm_fully_connected")) for name in names):
        return "cmsis_nn"
    return "reference" if any("6tflite" in name for name in names) else None


def _network(firmware: Firmware) -> str | None:
    for model in _models(firmware):
        operators, shapes = _graph(model)
        if not operators:
            continue
        if Counter(operators) == PUBLISHED_OPERATORS:
            return "published"
        mark = hashlib.sha256(repr((operators, shapes)).encode()).hexdigest()[:4]
        return f"{len(operators)} operators ({mark})"
    return None


def _models(firmware: Firmware) -> Iterator[bytes]:
    for segment in firmware.segments:
        for match in re.finditer(b"TFL3", segment.data):
            if match.start() >= 4:
                yield segment.data[match.start() - 4 :]


def _graph(model: bytes) -> tuple[list[int], list[tuple[int, ...]]]:
    """Builtin codes in order, and all tensors' shapes; nothing where the bytes are no model after all."""
    try:
        from tflite import Model
    except ImportError:
        return [], []
    try:
        root = Model.GetRootAs(model, 0)
        graph = root.Subgraphs(0)
        if not (0 < graph.OperatorsLength() <= MOST_OPERATORS and graph.TensorsLength() <= MOST_TENSORS):
            return [], []
        codes = [root.OperatorCodes(i) for i in range(root.OperatorCodesLength())]
        builtin = [max(code.DeprecatedBuiltinCode(), code.BuiltinCode()) for code in codes]
        operators = [builtin[graph.Operators(i).OpcodeIndex()] for i in range(graph.OperatorsLength())]
        tensors = [graph.Tensors(i) for i in range(graph.TensorsLength())]
        return operators, [tuple(int(t.Shape(k)) for k in range(t.ShapeLength())) for t in tensors]
    except (struct.error, IndexError, ValueError, TypeError, AttributeError):
        return [], []
