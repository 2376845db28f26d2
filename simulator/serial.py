"""A serial unit as a script holds it: what it sends is waited for, what is written arrives at the firmware.

Not here: pins; a unit's bytes are heard whatever pins it is set to, as the run's report says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from simulator.until import TextWatch, Until, UntilAny, UntilTime, parse_duration

if TYPE_CHECKING:
    from simulator.board import Board
    from simulator.machine import Stop
    from simulator.serial_lines import SerialLine


class ExpectationError(AssertionError):
    """The text that was waited for did not come; the message has what came instead."""


class Serial:
    """One of a board's serial units; what an expectation has matched is not looked at again."""

    def __init__(self, board: Board, unit: str) -> None:
        self._board = board
        self._unit = unit
        self._position = 0

    @property
    def _line(self) -> SerialLine:
        line = self._board.machine.serial_lines[self._unit]
        line.leads_to = line.leads_to or "Python"
        return line

    @property
    def data(self) -> bytes:
        """All bytes that the unit has sent."""
        return bytes(self._line.output)

    @property
    def text(self) -> str:
        """All that the unit has sent, as UTF-8."""
        return self.data.decode(errors="replace")

    def write(self, data: str | bytes) -> None:
        """Bytes that arrive at the firmware at its baud rate, from now on."""
        self._line.send(data.encode() if isinstance(data, str) else data)

    def expect(self, regex: str, *, within: str | None = None, timeout: str | float | None = None) -> re.Match[bytes]:
        """Run until the regex matches what has been sent since the last match.

        within is virtual time, timeout the host's. Raises ExpectationError where the run ends without it.
        """
        found = self._search(regex)
        if found is None:
            stop = self._run_until(TextWatch(regex, bytearray(self._unread)), within, timeout)
            found = self._search(regex)
            if found is None:
                raise ExpectationError(self._complaint(regex, stop))
        self._position += found.end()
        return found

    def expect_exact(
        self, text: str, *, within: str | None = None, timeout: str | float | None = None
    ) -> re.Match[bytes]:
        """As expect, for a text as it is."""
        return self.expect(re.escape(text), within=within, timeout=timeout)

    def _run_until(self, watch: TextWatch, within: str | None, timeout: str | float | None) -> Stop:
        def hear(data: bytes) -> None:
            if watch.feed(data):
                self._board.driver.request_stop("text", f"the output matched {watch.regex!r}")

        listeners = self._line.listeners
        listeners.append(hear)
        try:
            return self._board.run(self._end(within), timeout=timeout)
        finally:
            listeners.remove(hear)

    @property
    def _unread(self) -> bytes:
        return bytes(self._line.output[self._position :])

    def _search(self, regex: str) -> re.Match[bytes] | None:
        return re.search(regex.encode(), self._unread, re.MULTILINE)

    def _end(self, within: str | None) -> Until | None:
        if within is None:
            return None
        return UntilAny((UntilTime(self._board.seconds + parse_duration(within)),))

    def _complaint(self, regex: str, stop: Stop) -> str:
        unread = self._unread.decode(errors="replace")
        return f"{regex!r} did not come: {stop.reason}, {stop.detail}; since the last match came {unread[-500:]!r}"
