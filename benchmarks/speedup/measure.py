"""One ELF on the simulator: cycles of its first inference, where they went, and what the firmware printed.

Measured from the entry to the return of TFLM's MicroInterpreter::Invoke(). An ELF without that symbol is measured by its
own print of cycles, and one without such a print from reset to its end. `Measurement.counted` says which.
"""

from __future__ import annotations

import dataclasses
import re
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speedup.subject import invoke, subject
from simulator.firmware import Firmware, load
from simulator.machine import Machine, Stop
from simulator.timing.interval import interval, snapshot
from simulator.until import UntilAny, UntilExit, UntilSymbol, UntilText

LIMIT = 3_000_000_000  # cycles
AFTERWARDS = 50_000_000  # cycles in which a firmware that is not ours may print its result
INVOKE, PRINT, RUN = "invoke", "print", "run"
COUNTED = {
    INVOKE: "the first Invoke(), from its entry to its return",
    PRINT: "the cycles that the firmware prints of its first inference",
    RUN: "the whole run, from reset to the firmware's end",
}
OUR_INVOKE = r"^invoke 0 (\d+) cycles\s"
ANY_PRINT = r"(?i)^[^\n]*?\b(?:invoke|inference|total)\b[^\n]*?\b(\d{3,}) (?:cpu |clock )?(?:cycles|ticks)\b"
OUTPUTS = re.compile(r"^image (\d+) outputs((?: -?\d+)+) label (\S+)$", re.MULTILINE)
TELLING = re.compile(r"(?i)label|class|predict|cycle|tick|inference|invoke|result")
MOST_LINES = 4
CYCLES_LINE = r"(?:cycles|ticks)[^\n]*\n"


class MeasureError(Exception):
    """Why an ELF has no figure, in one sentence."""


class NoFigure(Exception):
    """What an ELF failed to do, and the stop that shows it."""

    def __init__(self, what: str, stop: Stop) -> None:
        super().__init__(what)
        self.what, self.stop = what, stop


@dataclass(frozen=True)
class Answer:
    """What the firmware printed of one image: its output tensor and its label."""

    image: int
    outputs: tuple[int, ...]
    label: str


@dataclass(frozen=True)
class Measurement:
    """cycles and instructions are of what `counted` names; causes sum to cycles, and are None where only a print is known.

    firmware_cycles is the firmware's own figure of its first inference (DWT CYCCNT); seconds are the host's.
    """

    elf: str
    sha256: str
    network: str | None
    kernels: str | None
    ours: tuple[str, ...]
    compiler: str | None
    flags: str | None
    convolution: str | None
    counted: str
    cycles: int
    instructions: int | None
    causes: dict[str, int] | None
    clock_hz: int
    firmware_cycles: int | None
    answers: tuple[Answer, ...]
    lines: tuple[str, ...]
    seconds: float
    interval: tuple[int, int] | None = None  # least and most cycles by the timing's open facts


@dataclass(frozen=True)
class Count:
    counted: str
    cycles: int
    instructions: int | None
    causes: dict[str, int] | None
    clock_hz: int
    interval: tuple[int, int] | None = None


def measure(elf: Path, images: int = 1, limit: int = LIMIT) -> Measurement:
    """Its figures, and its answers to so many images where it is one of our builds.

    limit: cycles until Invoke() is called, and again until it returns. Raises FirmwareError for a file that cannot run and
    MeasureError for a run without a figure.
    """
    started = time.perf_counter()
    firmware = load(elf)
    about = subject(firmware)
    ours = "network" in firmware.build
    machine = Machine(dataclasses.replace(firmware, elf=None))  # a stop's source line would cost seconds of DWARF
    function = invoke(firmware)
    try:
        if function is not None:
            count = _invoke(machine, function.address, limit)
            _listen(machine, function.address, images, ours=ours)
        else:
            count = _without_symbol(machine, limit)
    except NoFigure as error:
        raise MeasureError(f"{elf.name} {error.what}: {_why(machine, error.stop, firmware)}") from None
    text = _text(machine)
    answers = parse_answers(text)
    return Measurement(
        str(elf), firmware.sha256, about.network, about.kernels, about.ours, about.compiler, about.flags,
        about.convolution, count.counted, count.cycles, count.instructions, count.causes, count.clock_hz,
        printed_cycles(text), answers, () if ours else telling_lines(text),
        time.perf_counter() - started, count.interval,
    )  # fmt: skip


def parse_answers(text: str) -> tuple[Answer, ...]:
    return tuple(Answer(int(match[1]), tuple(map(int, match[2].split())), match[3]) for match in OUTPUTS.finditer(text))


def printed_cycles(text: str) -> int | None:
    """The firmware's own figure of its first inference."""
    match = re.search(OUR_INVOKE, text, re.MULTILINE) or re.search(ANY_PRINT, text, re.MULTILINE)
    return int(match[1]) if match else None


def telling_lines(text: str) -> tuple[str, ...]:
    """The first lines that name a label, a class or cycles, for firmware whose prints we do not know."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if TELLING.search(line) and not line.startswith("layer "))[:MOST_LINES]


def _invoke(machine: Machine, address: int, limit: int) -> Count:
    _reach(machine, address, limit, "call Invoke()")
    cycles, instructions, causes = machine.cycle, machine.instructions, machine.causes()
    since = snapshot(machine.engine)
    _reach(machine, machine.register("lr") & ~1, machine.cycle + limit, "return from Invoke()")
    spent = {cause: total - causes.get(cause, 0) for cause, total in machine.causes().items()}
    return Count(
        INVOKE, machine.cycle - cycles, machine.instructions - instructions,
        {cause: total for cause, total in spent.items() if total}, machine.clock.frequency,
        interval(machine.engine, since).around(machine.cycle - cycles),
    )  # fmt: skip


def _reach(machine: Machine, address: int, limit: int, what: str) -> None:
    stop = machine.run(UntilSymbol(address), max_cycles=limit)
    if stop.reason != "symbol":
        raise NoFigure(f"did not {what}", stop)


def _listen(machine: Machine, address: int, images: int, *, ours: bool) -> None:
    """Run on until the firmware has said what it made of the images; of others' until the next inference at most."""
    if ours:
        last = rf"^image {images - 1} outputs .*\n" if images else OUR_INVOKE
        machine.run(UntilAny((UntilText(last), UntilExit())), max_cycles=machine.cycle + max(images, 1) * LIMIT)
    else:
        machine.run(UntilAny((UntilSymbol(address), UntilExit())), max_cycles=machine.cycle + AFTERWARDS)


def _without_symbol(machine: Machine, limit: int) -> Count:
    while True:
        stop = machine.run(UntilAny((UntilText(CYCLES_LINE), UntilExit())), max_cycles=limit)
        printed = printed_cycles(_text(machine))
        if stop.reason == "text" and printed is not None:
            return Count(PRINT, printed, None, None, machine.clock.frequency)
        if stop.reason != "text":
            break
    if stop.reason != "exit" or stop.exit_code:
        raise NoFigure("has no Invoke() and printed no cycles of one", stop)
    causes = {cause: cycles for cause, cycles in machine.causes().items() if cycles}
    return Count(RUN, machine.cycle, machine.instructions, causes, machine.clock.frequency)


def _why(machine: Machine, stop: Stop, firmware: Firmware) -> str:
    """The stop in words, where it was, and the last thing that the firmware said."""
    symbol = firmware.symbols.at(stop.pc)
    place = f" in {symbol.text}" if symbol else ""
    lines = [line for line in _text(machine).splitlines() if line.strip()]
    said = f"its last line was: {lines[-1].strip()[:120]}" if lines else "it printed nothing"
    return f"{stop.detail}{place}; {said}"


def _text(machine: Machine) -> str:
    raw = bytes(machine.serial_output) + bytes(machine.semihosting_output)
    return raw.decode(errors="replace").replace("\r", "")
