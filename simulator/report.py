"""A run's report: one plain dict for --json and for pandas, and the few lines that people read.

Not here: profiles by function, by line and by layer.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from simulator.firmware import Firmware

SCHEMA_VERSION = 1
SERIAL_TAIL = 4096  # bytes
Report = dict[str, Any]


class ReportError(Exception):
    """Why a report could not be written, in one sentence."""


class Time(Protocol):
    @property
    def frequency(self) -> int: ...
    @property
    def seconds(self) -> Fraction: ...


class Unmodelled(Protocol):
    """An access that nothing answers for: kind is "read" or "write", pc the first place."""

    @property
    def name(self) -> str: ...
    @property
    def register(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def pc(self) -> int: ...
    @property
    def symbol(self) -> str | None: ...
    @property
    def count(self) -> int: ...


class Stop(Protocol):
    @property
    def reason(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def pc(self) -> int: ...
    @property
    def symbol(self) -> str | None: ...
    @property
    def exit_code(self) -> int | None: ...


class Machine(Protocol):
    """What a report reads of a machine."""

    @property
    def firmware(self) -> Firmware: ...
    @property
    def board(self) -> str: ...
    @property
    def settings(self) -> Any: ...
    @property
    def clock(self) -> Time: ...
    @property
    def cycle(self) -> int: ...
    @property
    def instructions(self) -> int: ...
    @property
    def serial_output(self) -> bytes: ...
    def causes(self) -> Mapping[str, int]: ...
    def unmodelled(self) -> Sequence[Unmodelled]: ...


def version() -> str:
    """This simulator's version."""
    try:
        return metadata.version("cortex-m7-simulator")
    except metadata.PackageNotFoundError:
        return "unknown (not installed)"


def describe(
    machine: Machine,
    stop: Stop,
    *,
    exit_code: int,
    host_seconds: float,
    repeat: str,
    verify: Mapping[str, object] | None = None,
    notes: Iterable[str] = (),
) -> Report:
    """All that is known of a run. Cycles are core cycles since reset, seconds virtual; causes sum to cycles."""
    firmware = machine.firmware
    cycles, instructions = machine.cycle, machine.instructions
    line = firmware.line(stop.pc)
    return {
        "schema_version": SCHEMA_VERSION,
        "simulator": {"version": version()},
        "firmware": {
            "path": str(firmware.path),
            "sha256": firmware.sha256,
            "kind": firmware.kind,
            "compiler": firmware.compiler,
            "build": firmware.build,
        },
        "board": machine.board,
        "settings": dataclasses.asdict(machine.settings),
        "stop": {
            "reason": stop.reason,
            "detail": stop.detail,
            "pc": stop.pc,
            "symbol": stop.symbol,
            "line": f"{line[0]}:{line[1]}" if line else None,
            "firmware_exit_code": stop.exit_code,
        },
        "exit_code": exit_code,
        "cycles": cycles,
        "instructions": instructions,
        "cpi": cycles / instructions if instructions else None,
        "clock_hz": machine.clock.frequency,
        "seconds": float(machine.clock.seconds),
        "causes": dict(machine.causes()),
        "timing": _timing(machine.settings),
        "unmodelled": [
            {
                "name": entry.name,
                "register": entry.register,
                "kind": entry.kind,
                "pc": entry.pc,
                "symbol": entry.symbol,
                "count": entry.count,
            }
            for entry in machine.unmodelled()
        ],
        "serial": machine.serial_output[-SERIAL_TAIL:].decode(errors="replace"),
        "verify": dict(verify) if verify is not None else None,
        "notes": [*firmware.notes, *notes],
        "host": {
            "seconds": round(host_seconds, 6),
            "instructions_per_second": round(instructions / host_seconds) if host_seconds > 0 else None,
        },
        "repeat": repeat,
    }


def write_json(path: Path, report: Report) -> None:
    """Whole or not at all: written beside the target and renamed; ReportError where that is impossible."""
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    try:
        if _is_special(path):
            path.write_text(text)
            return
        part = _part(path)
        try:
            part.write_text(text)
            part.replace(path.resolve())
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error


def check_writable(path: Path) -> None:
    """Before a long run: that write_json will be able to. ReportError where not."""
    if path.is_dir():
        raise ReportError(f"the report cannot be written to {path}: it is a directory")
    if _is_special(path):
        return
    try:
        _part(path).touch(exist_ok=False)
        _part(path).unlink()
    except OSError as error:
        raise _unwritable(path, error) from error


def _is_special(path: Path) -> bool:
    """A device or a pipe, such as /dev/stderr: nothing may be renamed over it."""
    return path.exists() and not path.is_file()


def _part(path: Path) -> Path:
    whole = path.resolve()
    return whole.with_name(f".{whole.name}.{os.getpid()}.part")


def _unwritable(path: Path, error: OSError) -> ReportError:
    return ReportError(f"the report cannot be written to {path}: {error.strerror or error}")


def summary(report: Report, *, verbose: bool = False) -> list[str]:
    """What people read after a run; the last line says why it stopped."""
    lines = []
    if report["causes"]:
        lines.append(f"cycles by cause: {shares(report['causes'])}")
    if verbose:
        firmware = report["firmware"]
        lines.append(
            f"firmware: {firmware['path']}, {firmware['compiler'] or 'compiler unknown'}, {firmware['sha256']}"
        )
        settings = ", ".join(f"{name}={value}" for name, value in report["settings"].items())
        lines.append(f"machine: {report['board']}, simulator {report['simulator']['version']}, {settings}")
        lines += [f"cycles: {count:>15,} {cause}" for cause, count in ranked(report["causes"])]
        lines.append(f"timing: {report['timing']['error_band']}; guesses: {len(report['timing']['guesses'])}")
        lines.append(f"again: {report['repeat']}")
    lines += [f"note: {note}" for note in report["notes"]]
    lines += [_unmodelled_line(entry) for entry in report["unmodelled"]]
    if report["verify"]:
        lines.append(_verify_line(report["verify"]))
    return [*lines, last_line(report)]


def last_line(report: Report) -> str:
    """Why the run stopped, and what it took."""
    rate = report["host"]["instructions_per_second"]
    cpi = f", CPI {report['cpi']:.3f}" if report["cpi"] is not None else ""
    return (
        f"stopped ({report['stop']['reason']}): {report['stop']['detail'].rstrip('.')}; "
        f"{report['cycles']:,} cycles, {duration(report['seconds'])} at {report['clock_hz'] / 1e6:g} MHz, "
        f"{report['instructions']:,} instructions{cpi}; "
        f"host {duration(report['host']['seconds'])}, {(rate or 0) / 1e6:,.1f} M instr/s"
    )


def shares(causes: Mapping[str, int]) -> str:
    """`issue 70.3 %, operand 12.1 %, ...`, largest first, down to a tenth of a percent."""
    total = sum(causes.values())
    parts = [f"{name} {100 * count / total:.1f} %" for name, count in ranked(causes) if count * 1000 >= total > 0]
    return ", ".join(parts) or "none"


def ranked(causes: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(causes.items(), key=lambda item: (-item[1], item[0]))


def duration(seconds: float) -> str:
    """Four digits and the unit that suits them."""
    scale, unit = next(((1e3**n, unit) for n, unit in enumerate(("s", "ms")) if seconds * 1e3**n >= 1), (1e6, "us"))
    amount = seconds * scale
    return f"{amount:.4g} {unit}" if amount < 1000 else f"{amount:,.0f} {unit}"


def _unmodelled_line(entry: Mapping[str, Any]) -> str:
    done = {"read": "read", "write": "written"}.get(entry["kind"], entry["kind"])
    times = "once" if entry["count"] == 1 else f"{entry['count']:,} times, first"
    place = f" in {entry['symbol']}" if entry["symbol"] else ""
    return f"not modelled: {entry['name']} {entry['register']} was {done} {times} at 0x{entry['pc']:09_X}{place}"


def _verify_line(verify: Mapping[str, Any]) -> str:
    return (
        f"verify dsp: {verify.get('checked', 0):,} instructions checked, {verify.get('differences', 0):,} differences"
    )


def _timing(settings: Any) -> dict[str, object]:
    from simulator.timing import cortex_m7

    mode = str(getattr(settings, "timing", "cycles"))
    if mode != "cycles":
        return {"mode": mode, "guesses": [], "error_band": "none: cycles are not counted in this mode"}
    return {
        "mode": mode,
        "guesses": cortex_m7.guesses(),
        "error_band": "docs/accuracy.md says how far to trust a total",
    }
