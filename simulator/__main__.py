"""The command line: `python -m simulator run FIRMWARE`. stdout carries the firmware's output only; ours goes to stderr."""

from __future__ import annotations

import argparse
import json
import sys
import time

from simulator.firmware import FirmwareError, load
from simulator.machine import Machine, Stop
from simulator.settings import SettingError, Settings, with_setting
from simulator.until import UntilError, parse_duration, parse_until

USAGE_ERROR, BAD_FIRMWARE, CANNOT_WRITE, GUEST_FAULT, UNMODELLED, TIMED_OUT, INTERRUPTED = 64, 65, 74, 101, 103, 124, 130
SCHEMA_VERSION = 1
EXITS = {"lockup": GUEST_FAULT, "unmodelled": UNMODELLED, "timeout": TIMED_OUT, "interrupted": INTERRUPTED}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(USAGE_ERROR)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m simulator", description="A cycle-counting STM32F746G-DISCO simulator.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    run = commands.add_parser("run", help="run a firmware file")
    run.add_argument("firmware")
    run.add_argument("--base", type=lambda text: int(text, 0), help="address of a raw image")
    run.add_argument("--until", help="exit, text:REGEX, cycles:N, time:2s or symbol:NAME")
    run.add_argument("--timeout", help="of the host's time, such as 30s")
    run.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting, such as dcache=off")
    run.add_argument("--strict", action="store_true", help="stop at the first use of what is not modelled")
    run.add_argument("--json", metavar="FILE", help="write the run's report there")
    run.add_argument("-q", "--quiet", action="store_true", help="only the last line on stderr")
    return parser


def _report(machine: Machine, stop: Stop) -> dict[str, object]:
    firmware = machine.firmware
    return {
        "schema_version": SCHEMA_VERSION,
        "firmware": {"path": str(firmware.path), "sha256": firmware.sha256, "compiler": firmware.compiler},
        "stop": {"reason": stop.reason, "detail": stop.detail, "pc": stop.pc, "symbol": stop.symbol},
        "exit_code": stop.exit_code,
        "cycles": stop.cycles,
        "instructions": stop.instructions,
        "causes": machine.causes(),
        "clock_hz": machine.clock.frequency,
        "unmodelled": [
            {"name": what.name, "register": what.register, "kind": what.kind, "pc": what.pc, "count": count}
            for what, count in machine.unmodelled()
        ],
    }


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _run(arguments: argparse.Namespace) -> int:
    settings = Settings(strict=arguments.strict)
    for text in arguments.set:
        settings = with_setting(settings, text)
    until = parse_until(arguments.until) if arguments.until else None
    deadline = time.monotonic() + float(parse_duration(arguments.timeout)) if arguments.timeout else None
    machine = Machine(load(arguments.firmware, base=arguments.base), settings=settings, serial=_write)
    machine.on_semihosting.append(_write)
    started = time.perf_counter()
    with machine.interruptible():
        stop = machine.run(until, deadline=deadline)
    seconds = time.perf_counter() - started
    if arguments.json:
        try:
            with open(arguments.json, "w", encoding="utf-8") as file:  # noqa: PTH123
                json.dump(_report(machine, stop), file, indent=2)
        except OSError as error:
            print(f"cannot write {arguments.json}: {error.strerror}", file=sys.stderr)
            return CANNOT_WRITE
    if not arguments.quiet:
        for what, count in machine.unmodelled():
            print(f"not modelled: {what.kind} of {what.name} {what.register}, {count} times", file=sys.stderr)
    speed = stop.instructions / max(seconds, 1e-9) / 1e6
    print(
        f"{stop.reason}: {stop.detail}; {stop.cycles:,} cycles, {stop.instructions:,} instructions, {speed:.0f} M instructions/s",
        file=sys.stderr,
    )
    return EXITS.get(stop.reason, (stop.exit_code or 0) & 0x3F)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        return _run(parsed)
    except FirmwareError as error:
        print(error, file=sys.stderr)
        return BAD_FIRMWARE
    except (SettingError, UntilError) as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
