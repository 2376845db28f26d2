"""What flows between the host and a running machine: serial text, semihosting's text, input, and the line of progress."""

from __future__ import annotations

import select
import sys
import threading
import time
from typing import TYPE_CHECKING

from simulator.cli.console import PERIOD, shares_a_terminal
from simulator.cli.ports import StdioPort, StreamPort
from simulator.report import duration

if TYPE_CHECKING:
    from simulator.cli.console import Voice
    from simulator.cli.ports import Port
    from simulator.cli.serial import Ports
    from simulator.driver import Driver
    from simulator.machine import Machine


class Traffic:
    """Serves the serial ports and the progress line between two pieces of the run, and only if there is something to serve."""

    def __init__(
        self, machine: Machine, driver: Driver, voice: Voice, ports: Ports, *, semihosting_to_stdout: bool
    ) -> None:
        self.machine, self.driver, self.voice = machine, driver, voice
        self._ports = [(machine.serial_lines[unit], port) for unit, port in ports.items()]
        self._last = (time.monotonic(), 0)
        self._stream = sys.stdout if semihosting_to_stdout else sys.stderr
        self._line_open = False
        if voice.shows_progress:
            for line, _ in self._ports:
                line.listeners.insert(0, lambda data: voice.clear())
        machine.on_semihosting.append(self._semihosting)
        driver.polls.append(self._look)
        driver.on_idle = self._await_input
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch_input, daemon=True)
        if any(port.may_deliver for _, port in self._ports):
            self._watcher.start()

    def end(self) -> None:
        """No progress any more, and a new line where the firmware's text stands open on the same terminal."""
        self.voice.clear()
        self._over.set()
        if self._watcher.is_alive():
            self._watcher.join()
        for _, port in self._ports:
            if isinstance(port, StdioPort):
                port.flush()
                open_line = not port.at_line_start and shares_a_terminal() and port.failure is None
                self._line_open = self._line_open or open_line
        if self._line_open:
            print(file=sys.stderr, flush=True)

    def _semihosting(self, data: bytes) -> None:
        self.voice.clear()
        self._stream.buffer.write(data)
        self._stream.buffer.flush()
        self._line_open = self._stream is sys.stderr and not data.endswith(b"\n")
        self.driver.hear(data)

    def _look(self) -> None:
        for line, port in self._ports:
            if line.listens:
                if data := port.read():
                    line.send(data)
            elif isinstance(port, StreamPort):
                port.flush()
        if any(port.failure is not None for _, port in self._ports):
            self.driver.request_stop("interrupted", "the serial port's other end failed")
        if self.voice.progress_due():
            self.voice.progress(self._progress())

    def _watch_input(self) -> None:
        """A thread: input that the firmware listens for is looked at soon, however long a slice lasts on the host."""
        while not self._over.wait(PERIOD / 4):
            if any(line.listens and _readable(port) for line, port in self._ports):
                self.driver.nudge()

    def _progress(self) -> str:
        now, instructions = time.monotonic(), self.machine.instructions
        (before, then), self._last = self._last, (now, instructions)
        rate = (instructions - then) / max(now - before, 1e-9) / 1e6
        return f"{duration(float(self.machine.clock.seconds))}, {self.machine.cycle:,} cycles, {rate:,.{1 if rate < 10 else 0}f} M instr/s"

    def _await_input(self) -> bool:
        """Where nothing but input can wake the firmware and input may still come: wait for it a little."""
        if not any(line.wakes and port.may_deliver for line, port in self._ports):
            return False
        self._look()
        time.sleep(PERIOD / 10)
        return True


def _readable(port: Port) -> bool:
    try:
        return bool(select.select(port.descriptors, [], [], 0)[0])
    except (OSError, ValueError):  # the other thread has just closed it
        return False
