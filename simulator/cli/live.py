"""`run --view`: the live page around a run."""

from __future__ import annotations

import argparse
import time
from types import TracebackType
from typing import TYPE_CHECKING

from simulator.cli.usage import UsageError

if TYPE_CHECKING:
    from simulator.driver import Driver
    from simulator.machine import Machine, Stop

LAST_LOOK = 0.3  # seconds that pages have to fetch the end


class Live:
    """Serves the page while it is open; UsageError where the board or the port does not allow it."""

    def __init__(self, machine: Machine, driver: Driver, arguments: argparse.Namespace) -> None:
        from simulator.view.desk import Desk
        from simulator.view.server import Server
        from simulator.view.stage import Stage

        desk = Desk()
        try:
            self._stage = Stage(machine, driver, desk, pace=arguments.view, camera=arguments.camera or "")
            self._server = Server(desk, arguments.view_port)
        except (ValueError, OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise UsageError(f"--view: {reason}") from None
        self.url = self._server.url

    def end(self, stop: Stop) -> None:
        self._stage.end(stop)
        time.sleep(LAST_LOOK)

    def __enter__(self) -> Live:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self._stage.close()
