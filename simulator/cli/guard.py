"""What ends a command early: each kind of complaint has its status and one sentence, and a bug of ours leaves a file."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

from simulator import exit_codes

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def guarded(act: Callable[[], int], *, verbose: bool = False) -> int:
    """act()'s status, or that of what it raised."""
    try:
        status = act()
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        complain("interrupted; there is nothing to report")
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        _silence_stdout()
        return exit_codes.NOBODY_READS
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM and error.filename is None:
            _silence_stdout()
            complain(f"error: stdout cannot be written: {error.strerror}")
            return exit_codes.CANNOT_WRITE
        known = _expected(error)
        if known is not None:
            complain(f"error: {error}")
            return known
        return _bug(error, verbose=verbose)


def complain(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _expected(error: Exception) -> int | None:
    """The status of a complaint that is not our fault. The modules of those complaints are loaded by now, or not needed."""
    from simulator.cli.usage import UsageError
    from simulator.firmware import FirmwareError
    from simulator.report import ReportError
    from simulator.settings import SettingError
    from simulator.until import UntilError

    kinds: tuple[tuple[type[Exception] | tuple[type[Exception], ...], int], ...] = (
        ((UsageError, SettingError, UntilError), exit_codes.USAGE),
        (FirmwareError, exit_codes.BAD_FIRMWARE),
        (ReportError, exit_codes.CANNOT_WRITE),
    )
    return next((status for kind, status in kinds if isinstance(error, kind)), None)


def _bug(error: Exception, *, verbose: bool) -> int:
    text = traceback.format_exc()
    if verbose:
        complain(text.rstrip())
        place = "above"
    else:
        place = _kept(text) or f"lost: {traceback.format_exception_only(error)[-1].strip()}"
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    complain(f"error: a bug in the simulator, not in your firmware: {reason}; the traceback is {place}")
    return exit_codes.OUR_BUG


def _kept(text: str) -> str | None:
    """Where the traceback was written, if it could be."""
    try:
        descriptor, name = tempfile.mkstemp(prefix="m7sim-traceback-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(" ".join(sys.orig_argv) + "\n" + text)
    except OSError:
        return None
    return f"in {Path(name)}"


def _silence_stdout() -> None:
    """What is still in the buffer of a stdout that nobody reads must not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
