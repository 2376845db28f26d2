"""`run`: a firmware on the board until something ends it; the firmware's text on stdout, ours on stderr."""

from __future__ import annotations

import argparse
import re
import shlex
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator import exit_codes
from simulator.cli import analog, card, pictures, serial
from simulator.cli.usage import Parser, address
from simulator.cli.usage import value as typed
from simulator.crystals import SYNTAX, parse_failure
from simulator.settings import Settings, with_setting
from simulator.until import CHOICES as UNTIL_CHOICES
from simulator.until import TextWatch, Until, parse_duration, parse_until

if TYPE_CHECKING:
    from simulator.cli.console import Voice
    from simulator.cli.itm import ItmWriter
    from simulator.cli.serial import Ports
    from simulator.driver import Driver
    from simulator.machine import Machine, Stop

EPILOG = """exit status:
  0 fine; 1-63 the firmware's own, by semihosting; 64 usage; 65 bad firmware; 70 a bug of ours; 74 a file cannot be written;
  101 fault, lockup, a core without a clock or reset vector; 102 instruction not implemented; 103 something unmodelled under --strict; 104 an expectation failed;
  124 time out; 130 Ctrl-C; 141 nobody reads our output

examples:
  python -m simulator run fw.elf
  python -m simulator run fw.elf --expect-text PASS --fail-text FAIL --timeout 30s --json run.json
  python -m simulator run fw.elf --until symbol:main --set dcache=off
  python -m simulator run fw.elf --serial usart6:tcp:5000 --serial uart7:file:out.bin
  python -m simulator run fw.elf --analog PA0=1.65 --analog PF10=samples.csv
  python -m simulator run fw.elf --fail-clock hse:5ms..20ms
  truncate -s 64M card.img; mkfs.fat card.img; python -m simulator run fw.elf --card card.img --write-card"""


def add_to(commands: argparse._SubParsersAction[Parser]) -> None:
    run = commands.add_parser(
        "run", help="run a firmware file", description="Run a firmware file (ELF, Intel HEX, raw).", epilog=EPILOG
    )
    run.set_defaults(act=act)
    run.add_argument("firmware", metavar="FIRMWARE", help="an ELF, an Intel HEX file, or a raw image with --base")
    run.add_argument("--board", default="stm32f746g-disco", metavar="NAME", help="which board (see: boards)")
    run.add_argument(
        "--base", type=typed(address), metavar="ADDRESS", help="where a raw image goes, such as 0x08000000"
    )
    run.add_argument("--until", type=typed(parse_until), metavar="END", help=f"when to stop: {UNTIL_CHOICES}")
    run.add_argument("--timeout", type=typed(parse_duration), metavar="TIME", help="of the host's clock, such as 30s")
    run.add_argument(
        "--expect-text",
        action="append",
        default=[],
        metavar="TEXT",
        help="must be printed, else status 104; ends the run where no --until does",
    )
    run.add_argument(
        "--fail-text",
        action="append",
        default=[],
        metavar="TEXT",
        help="must not be printed: ends the run at once with status 104",
    )
    serial.add_to(run)
    run.add_argument(
        "--itm", default="none", metavar="PORT", help="where the ITM's stimulus ports lead: none, stderr, or a file"
    )
    pictures.add_to(run)
    card.add_to(run)
    analog.add_to(run)
    run.add_argument(
        "--fail-clock",
        action="append",
        default=[],
        type=typed(parse_failure),
        metavar="CRYSTAL:FROM[..TO]",
        help=f"{SYNTAX} (virtual time); may be given again",
    )
    run.add_argument("--semihosting", action="store_true", help="semihosting's text goes to stdout, not to stderr")
    run.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="settings",
        help="a setting, such as dcache=off",
    )
    run.add_argument("--strict", action="store_true", help="stop at the first use of what is not modelled")
    run.add_argument(
        "--exact-interrupts",
        action="store_true",
        help="take interrupts at the instruction that their cycle falls on, not at the end of its basic block",
    )
    run.add_argument("--verify", choices=("dsp",), help="compute every DSP instruction a second time and compare")
    run.add_argument("--json", type=Path, metavar="FILE", help="write the run's report there")
    run.add_argument(
        "--view",
        nargs="?",
        const="real",
        choices=("real", "simulated"),
        help="show the board as a live page, at no more than real time with 30 pictures a second of it; or as fast as it can, with 30 of each "
        "simulated second",
    )
    run.add_argument("--view-port", type=int, default=0, metavar="PORT", help="of the live page (default: a free one)")
    volume = run.add_mutually_exclusive_group()
    volume.add_argument("-q", "--quiet", action="store_true", help="only the last line and errors")
    volume.add_argument("-v", "--verbose", action="store_true", help="all numbers; tracebacks of our bugs")


def act(arguments: argparse.Namespace) -> int:
    from simulator.cli import boards
    from simulator.cli.console import Voice
    from simulator.cli.itm import open_itm
    from simulator.report import check_writable

    boards.check(arguments.board)
    boards.check_options(arguments)
    settings = _settings(arguments)
    if arguments.json is not None:
        check_writable(arguments.json)
    pictures.check(arguments.screenshot)
    arguments.scene = pictures.scene(arguments)
    arguments.image = card.image(arguments)
    arguments.fed = analog.sources(arguments.analog)
    voice = Voice(quiet=arguments.quiet, verbose=arguments.verbose)
    itm = open_itm(arguments.itm)
    ports = serial.open_ports(arguments.serial)
    try:
        status = _run(arguments, settings, voice, ports, itm)
    finally:
        voice.clear()
        if itm is not None:
            itm.close()
        ports.close()
    if itm is not None and itm.failure is not None:
        voice.error(f"--itm {arguments.itm}: {itm.failure.strerror or itm.failure}")
        return status or exit_codes.CANNOT_WRITE
    return status


def _settings(arguments: argparse.Namespace) -> Settings:
    settings = Settings(strict=arguments.strict, exact_interrupts=arguments.exact_interrupts)
    for text in arguments.settings:
        settings = with_setting(settings, text)
    return replace(settings, verify=(arguments.verify,)) if arguments.verify else settings


def _run(arguments: argparse.Namespace, settings: Settings, voice: Voice, ports: Ports, itm: ItmWriter | None) -> int:
    from peripherals.boards import BOARDS
    from simulator import firmware
    from simulator.goals import Goal

    loaded = firmware.load(arguments.firmware, base=arguments.base)
    firmware.check(loaded, BOARDS[arguments.board].memories)
    Goal(arguments.until, loaded.symbols)
    if not voice.quiet and _compiles():
        voice.say("first run of this version: its kernels are compiled once, which takes some ten seconds", style="dim")
    from simulator.driver import Driver
    from simulator.machine import Machine

    machine = Machine(loaded, board=arguments.board, settings=settings)
    serial.connect(machine, ports)
    if itm is not None:
        machine.on_itm.append(itm)
    pictures.connect(machine, arguments.scene)
    card.insert(machine, arguments.image)
    analog.connect(machine, arguments.fed)
    for failure in arguments.fail_clock:
        failure.arrange(machine.soc)
    if arguments.screenshot is not None:
        pictures.part(machine, "lcd", "--screenshot")
    session = Session(machine, Driver(machine), voice, ports, arguments)
    for greeting in ports.greetings if not voice.quiet else ():
        voice.say(greeting)
    stop = session.run(arguments.until)
    status, complaints = session.judge(stop)
    return session.tell(stop, status, complaints)


class Session:
    """One run, as a person at a terminal has it."""

    def __init__(
        self, machine: Machine, driver: Driver, voice: Voice, ports: Ports, arguments: argparse.Namespace
    ) -> None:
        from simulator.cli.traffic import Traffic

        self.machine, self.driver, self.voice, self.ports, self.arguments = machine, driver, voice, ports, arguments
        self.traffic = Traffic(machine, driver, voice, ports, semihosting_to_stdout=arguments.semihosting)
        self.expected = {text: TextWatch(re.escape(text)) for text in arguments.expect_text}
        self.forbidden = {text: TextWatch(re.escape(text)) for text in arguments.fail_text}
        self.seen: set[str] = set()
        self.host_seconds = 0.0
        machine.on_serial.append(self._hear)
        if ports.console != serial.FIRST:
            machine.serial_lines[ports.console].listeners += [driver.hear, self._hear]
        machine.on_semihosting.append(self._hear)

    def run(self, until: Until | None) -> Stop:
        if self.arguments.view is None:
            return self._run(until)
        from simulator.cli.live import Live

        with Live(self.machine, self.driver, self.arguments) as live:
            self.voice.say(f"live page: {live.url}")
            stop = self._run(until)
            live.end(stop)
        return stop

    def _run(self, until: Until | None) -> Stop:
        timeout = self.arguments.timeout
        started = time.monotonic()
        try:
            with self._interruptible():
                return self.driver.run(until, deadline=started + float(timeout) if timeout else None)
        finally:
            self.host_seconds = time.monotonic() - started
            self.traffic.end()

    def _hear(self, data: bytes) -> None:
        for text, watch in self.forbidden.items():
            if watch.feed(data):
                self.seen.add(text)
                self.driver.request_stop("text", f"the output had the forbidden text {text!r}")
        for text, watch in self.expected.items():
            if text not in self.seen and watch.feed(data):
                self.seen.add(text)
                if self.arguments.until is None and self.seen.issuperset(self.expected):
                    self.driver.request_stop("text", f"the output had the expected text {text!r}")

    @property
    def verification(self) -> dict[str, Any] | None:
        verifier = self.machine.verifier
        return None if verifier is None else verifier.report()

    def judge(self, stop: Stop) -> tuple[int, list[str]]:
        """The status, and a sentence for each expectation that failed."""
        complaints = [f"expectation failed: the output has {text!r}" for text in self.forbidden if text in self.seen]
        complaints += [
            f"expectation failed: the output lacks {text!r}" for text in self.expected if text not in self.seen
        ]
        status = exit_codes.of_stop(stop.reason, stop.exit_code)
        failures = self.ports.failures
        if failures:
            complaints += [f"--serial {asked}: {failure.strerror or failure}" for asked, failure in failures]
            broken = any(isinstance(failure, BrokenPipeError) for _, failure in failures)
            return (exit_codes.NOBODY_READS if broken else exit_codes.CANNOT_WRITE), complaints
        verified = self.verification
        if verified is not None and verified["differences"]:
            complaints.append(
                f"--verify: {verified['differences']:,} results differ, such as {verified['first_differences'][0]}"
            )
            return exit_codes.OUR_BUG, complaints
        failed = any(text in self.seen for text in self.forbidden) or not self.seen.issuperset(self.expected)
        return exit_codes.of_expectation(status, failed=failed), complaints

    def tell(self, stop: Stop, status: int, complaints: list[str]) -> int:
        from simulator import report

        told = report.describe(
            self.machine,
            stop,
            exit_code=status,
            host_seconds=self.host_seconds,
            repeat=shlex.join(["python", "-m", "simulator", *self.arguments.words]),
            verify=self.verification,
            fault=str(self.driver.trouble) if self.driver.trouble else None,
            expectations=complaints,
        )
        trouble: report.ReportError | None = None
        if self.arguments.json is not None:
            try:
                report.write_json(self.arguments.json, told)
            except report.ReportError as error:
                trouble, kept = error, report.keep_elsewhere(told)
                self.voice.error(f"{trouble}; {kept}")
                status = status or exit_codes.CANNOT_WRITE
        try:
            pictures.save(self.machine, self.arguments.screenshot)
        except report.ReportError as error:
            self.voice.error(str(error))
            status = status or exit_codes.CANNOT_WRITE
        spoilt = card.complaint(self.arguments.image)
        if spoilt is not None:
            self.voice.error(spoilt)
            status = status or exit_codes.CANNOT_WRITE
        lines = report.summary(told, verbose=self.voice.verbose)
        if not self.voice.quiet:
            for line in lines[:-1]:
                self.voice.say(line, style="dim")
        for complaint in complaints:
            self.voice.say(complaint, style="bold red")
        self.voice.say(lines[-1], style="red" if status else "green")
        return status

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """The first Ctrl-C ends the run with its report; a second one ends the program."""

        def interrupt(number: int, frame: object) -> None:
            signal.signal(signal.SIGINT, before)
            self.driver.request_stop("interrupted", "Ctrl-C")

        before = signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def _compiles() -> bool:
    """Whether the kernels are not on disk yet."""
    from simulator.timing import kernel_objects, words

    return not words.PLAIN and not kernel_objects.are_kept()
