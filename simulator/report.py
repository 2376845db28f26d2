"""A run's report: one plain dict for --json and for pandas, and the few lines that people read.

Not here: profiles by function, by line and by layer.
"""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator import machine_facts
from simulator.address_text import address_text

if TYPE_CHECKING:
    from simulator.machine import Machine, Stop

SCHEMA_VERSION = 1
SERIAL_TAIL = 4096  # bytes
SHOWN = 8  # lines of what is not modelled
Report = dict[str, Any]


class ReportError(Exception):
    """Why a report could not be written, in one sentence."""


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
    fault: str | None = None,
    expectations: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> Report:
    """All that is known of a run. Cycles are core cycles since reset, seconds virtual; causes sum to cycles.

    fault is the last one that the firmware took, expectations are those that failed.
    """
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
        "machine": machine_facts.programmed(machine),
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
        "timing": _timing(machine),
        "unmodelled": [_unmodelled(machine, what, count) for what, count in machine.unmodelled()],
        "not_modelled": machine_facts.not_modelled(machine),
        "coherency": _coherency(machine),
        "limits": machine.limits.describe(),
        "low_power": _low_power(machine),
        "fault": fault,
        "expectations_failed": list(expectations),
        "serial": machine.serial_output[-SERIAL_TAIL:].decode(errors="replace"),
        "serial_units": _serial_units(machine),
        "semihosting": machine.semihosting_output[-SERIAL_TAIL:].decode(errors="replace"),
        "verify": dict(verify) if verify is not None else None,
        "notes": [*firmware.notes, *notes],
        "host": {
            "seconds": round(host_seconds, 6),
            "instructions_per_second": round(instructions / host_seconds) if host_seconds > 0 else None,
        },
        "repeat": repeat,
    }


def _unmodelled(machine: Machine, what: Any, count: int) -> dict[str, object]:
    symbol = machine.firmware.symbols.at(what.pc)
    return {
        "name": what.name,
        "register": what.register,
        "kind": what.kind,
        "pc": what.pc,
        "symbol": symbol.name if symbol else None,
        "count": count,
    }


def _serial_units(machine: Machine) -> list[dict[str, object]]:
    """The serial units that have sent something: how many bytes, where they lead, whether a wire or a watcher follows their pin."""
    return [
        {
            "unit": line.name,
            "bytes": len(line.output),
            "leads_to": line.leads_to,
            "wired": line.wired,
            "unheard": line.unheard,
            "text": line.output[-SERIAL_TAIL:].decode(errors="replace"),
        }
        for line in machine.serial_lines.values()
        if line.output
    ]


def _low_power(machine: Machine) -> dict[str, dict[str, object]]:
    """Stop and Standby: entries, refusals, virtual seconds, and what woke from them how often."""
    low_power = machine.soc.low_power
    return {
        mode: {
            "entries": spent.entries,
            "refused": spent.refused,
            "seconds": float(low_power.seconds(mode)),
            "woken_by": dict(spent.woken_by),
        }
        for mode, spent in low_power.spent.items()
    }


def _coherency(machine: Machine) -> dict[str, object]:
    """Stale accesses between the D-cache and other masters: lines by kind, and each cause."""
    coherency = getattr(machine, "coherency", None)
    if coherency is None or machine.settings.timing != "cycles":
        return {"checked": False, "places": []}
    places = machine.stale_accesses()
    return {"checked": True, "data": machine.settings.dcache_data, **coherency.counts(), "places": places}


def write_json(path: Path, report: Report) -> None:
    """Whole or not at all: written beside the target and renamed; ReportError where that is impossible."""
    text = _text(report)
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


def keep_elsewhere(report: Report) -> str:
    """A report that its own place does not take goes to the host's temporary folder; says where it is now."""
    try:
        with tempfile.NamedTemporaryFile("w", prefix="m7sim-report-", suffix=".json", delete=False) as file:
            file.write(_text(report))
    except OSError as error:
        return f"nor could it be kept in {tempfile.gettempdir()}: {error.strerror or error}"
    return f"it is kept in {file.name}"


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


def _text(report: Report) -> str:
    return json.dumps(report, indent=2) + "\n"


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
    if report["timing"]["interval"]:
        spread = report["timing"]["interval"]
        lines.append(f"cycles by the facts that are open: {spread['low']:,} to {spread['high']:,}")
    if verbose:
        firmware = report["firmware"]
        lines.append(
            f"firmware: {firmware['path']}, {firmware['compiler'] or 'compiler unknown'}, {firmware['sha256']}"
        )
        settings = ", ".join(f"{name}={value}" for name, value in report["settings"].items())
        lines.append(f"machine: {report['board']}, simulator {report['simulator']['version']}, {settings}")
        lines += _cause_lines(report["causes"])
        lines.append(f"timing: {report['timing']['error_band']}; guesses: {len(report['timing']['guesses'])}")
        lines.append(f"again: {report['repeat']}")
    lines += [f"note: {note}" for note in report["notes"]]
    lines += [f"not modelled: {sentence}" for sentence in report["not_modelled"] if verbose]
    lines += _unmodelled_lines(report["unmodelled"], verbose=verbose)
    lines += [
        f"{unit['unit']} sent {_bytes(unit['unheard'])} that lead nowhere (--serial {unit['unit'].lower()}:PORT)"
        for unit in report["serial_units"]
        if unit["unheard"]
    ]
    lines += stale_lines(report["coherency"]["places"], verbose=verbose)
    lines += [
        f"beyond the data sheet: {e['sentence']}; first at {e['where']}, {duration(e['seconds'])}; cure: {e['cure']}"
        for e in report["limits"]
    ]
    lines += _low_power_lines(report["low_power"])
    if report["fault"] and report["stop"]["reason"] not in ("fault", "lockup"):
        lines.append(f"a fault was taken: {report['fault']}")
    if report["verify"]:
        lines.append(_verify_line(report["verify"]))
    return [*lines, last_line(report)]


def last_line(report: Report) -> str:
    """Why the run stopped, where, and what it took."""
    stop = report["stop"]
    rate = report["host"]["instructions_per_second"]
    cpi = f", CPI {report['cpi']:.3f}" if report["cpi"] is not None else ""
    place = address_text(stop["pc"])
    where = "" if place in stop["detail"] else f" at {place}{' ' + stop['symbol'] if stop['symbol'] else ''}"
    return (
        f"stopped ({stop['reason']}): {stop['detail'].rstrip('.')}{where}; "
        f"{report['cycles']:,} cycles, {duration(report['seconds'])} at {report['clock_hz'] / 1e6:g} MHz, "
        f"{report['instructions']:,} instructions{cpi}; "
        f"host {duration(report['host']['seconds'])}, {(rate or 0) / 1e6:,.1f} M instr/s"
    )


def _cause_lines(causes: Mapping[str, int]) -> list[str]:
    total = sum(causes.values())
    return [f"{count:>16,} {100 * count / total:5.1f} %  {cause}" for cause, count in ranked(causes) if count]


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


def _unmodelled_lines(entries: Sequence[Mapping[str, Any]], *, verbose: bool) -> list[str]:
    """One line a register and kind of access, the most used first; without verbose no more than SHOWN of them."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for entry in entries:
        groups.setdefault((entry["name"], entry["register"], entry["kind"]), []).append(entry)
    ordered = sorted(groups.values(), key=lambda group: -sum(entry["count"] for entry in group))
    shown = ordered if verbose else ordered[:SHOWN]
    lines = [_unmodelled_line(group) for group in shown]
    if len(shown) < len(ordered):
        lines.append(f"not modelled: {len(ordered) - len(shown)} more registers (-v shows them)")
    return lines


def _unmodelled_line(group: Sequence[Mapping[str, Any]]) -> str:
    first, count = group[0], sum(entry["count"] for entry in group)
    done = {"read": "read", "write": "written"}.get(first["kind"], first["kind"])
    times = "once" if count == 1 else f"{count:,} times, such as"
    place = f" in {first['symbol']}" if first["symbol"] else ""
    pc = address_text(first["pc"])
    return f"not modelled: {first['name']} {first['register']} was {done} {times} at {pc}{place}"


def _low_power_lines(modes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines = []
    for mode, spent in modes.items():
        if spent["entries"]:
            woken = ", ".join(f"{source} {count}" for source, count in spent["woken_by"].items())
            by = f", woken by {woken}" if woken else ", not woken"
            lines.append(f"{mode.capitalize()}: entered {_times(spent['entries'])}, {duration(spent['seconds'])}{by}")
        if spent["refused"]:
            lines.append(
                f"{mode.capitalize()} was refused {_times(spent['refused'])}: "
                "a line of EXTI or a flag of the RTC was pending, and the core went on (RM0385 4.3.4)"
            )
    return lines


def _bytes(count: int) -> str:
    return "1 byte" if count == 1 else f"{count:,} bytes"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def stale_lines(places: Sequence[Mapping[str, Any]], *, verbose: bool = False) -> list[str]:
    """What was stale and what cures it, in two lines a cause; without verbose no more than SHOWN causes."""
    shown = places if verbose else places[:SHOWN]
    lines = []
    for place in shown:
        lines += [f"{place['kind'].replace('-', ' ')}: {place['sentence']}", f"  cure: {place['cure']}"]
    if len(shown) < len(places):
        lines.append(f"stale accesses: {len(places) - len(shown)} more causes (-v shows them)")
    return lines


def _verify_line(verify: Mapping[str, Any]) -> str:
    return f"verify dsp: {verify['compared']:,} instructions checked, {verify['differences']:,} differences"


def _timing(machine: Machine) -> dict[str, object]:
    from simulator.timing import cortex_m7, memories

    mode = str(getattr(machine.settings, "timing", "cycles"))
    if mode != "cycles":
        band = "none: cycles are not counted in this mode"
        return {"mode": mode, "guesses": [], "error_band": band, "interval": None}
    return {
        "mode": mode,
        "guesses": [*cortex_m7.guesses(), *memories.guesses()],
        "error_band": "docs/accuracy.md says how far to trust a total",
        "interval": _interval(machine),
    }


def _interval(machine: Machine) -> dict[str, object] | None:
    """What the facts that are open leave of the total: least and most cycles, and each fact's part."""
    engine = getattr(machine, "engine", None)
    if engine is None:
        return None
    from simulator.timing.interval import interval

    spread = interval(engine)
    low, high = spread.around(machine.cycle)
    return {"low": low, "high": high, "by": {name: list(change) for name, change in spread.by.items()}}
