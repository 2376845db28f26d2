"""The boards of one test, and what a failed test shows of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.board import Board

SHOWN = 4000  # characters of serial output


class Boards:
    """Makes boards and closes them; calling it is making one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[tuple[str, Board]] = []

    def __call__(
        self,
        firmware: str | Path,
        *,
        name: str = "stm32f746g-disco",
        base: int | None = None,
        card: str | Path | bytearray | None = None,
        write_card: bool = False,
        **settings: str | bool | int,
    ) -> Board:
        from simulator.board import Board

        found = self._find(Path(card)) if isinstance(card, str | Path) else card
        board = Board(name, self._find(Path(firmware)), base=base, card=found, write_card=write_card, **settings)
        self._made.append((Path(firmware).name, board))
        return board

    def __iter__(self) -> Iterator[tuple[str, Board]]:
        return iter(self._made)

    def close(self) -> None:
        for _, board in self._made:
            board.close()

    def _find(self, path: Path) -> Path:
        beside = self._folder / path
        return beside if beside.exists() else path


class Dut:
    """A board in pytest-embedded's words; timeouts are seconds of the host, or text such as "30s"."""

    def __init__(self, board: Board) -> None:
        self.board = board

    def expect(self, regex: str, timeout: str | float = 30) -> re.Match[bytes]:
        """Run until the output since the last match matches; fails the test where it does not."""
        return self.board.usart1.expect(regex, timeout=timeout)

    def expect_exact(self, text: str, timeout: str | float = 30) -> re.Match[bytes]:
        return self.board.usart1.expect_exact(text, timeout=timeout)

    def write(self, data: str | bytes) -> None:
        self.board.usart1.write(data)


def sections(boards: Boards) -> Iterator[tuple[str, str]]:
    """Title and text of what a failed test's report shows of each board."""
    for name, board in boards:
        yield f"board {name}", "\n".join(_state(board))
        for title, text in (("serial output", board.serial), ("semihosting output", board.semihosting)):
            if text:
                cut = f"... {len(text) - SHOWN:,} characters before\n" if len(text) > SHOWN else ""
                yield f"{title} of {name}", cut + text[-SHOWN:]


def _state(board: Board) -> Iterator[str]:
    from simulator import report

    stop = board.stop
    yield f"stopped ({stop.reason}): {stop.detail}" if stop else "has not run to a stop"
    yield f"pc {board.where()}, {board.cycles:,} cycles, {board.instructions:,} instructions"
    if board.fault and (stop is None or stop.reason not in ("fault", "lockup")):
        yield f"a fault was taken: {board.fault}"
    yield from report.stale_lines(board.stale)
