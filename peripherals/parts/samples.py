"""A voltage over time from a file of samples, each of which holds until the next one; the last one stays.

`.csv` and `.txt` have lines of seconds and volts, or of volts alone with a rate; a line of names may come first, # begins a comment. `.npy` has an
array [n, 2] of the same two columns, or [n]. `.wav` (PCM, one channel) has its own rate; its full scale is 0 to 3.3 V, so silence is
1.65 V. Times are virtual seconds since power-on, kept to the picosecond. Not modelled: what lies between two samples.
"""

from __future__ import annotations

import re
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LEAST, MOST = -0.3, 4.0  # volts that a pin bears (DS10916 table of voltage characteristics)
WAV_MIDDLE = 1.65  # volts of silence, and of the full scale around it
_PICOSECONDS = 10**12
_LONGEST = (1 << 63) / _PICOSECONDS  # seconds
Array = NDArray[np.float64]


class SampleError(ValueError):
    """A voltage that cannot be; one sentence."""


class Samples:
    """Called with virtual seconds, it gives volts. It begins with a rate at 0, with times at the first of them, whose value it has before, too."""

    def __init__(self, volts: Array, times: NDArray[np.int64] | Fraction) -> None:
        self._volts = volts
        self._times = times  # picoseconds, or samples a second

    def __call__(self, seconds: Fraction) -> Fraction:
        if isinstance(self._times, Fraction):
            place = int(seconds * self._times)
        else:
            place = int(np.searchsorted(self._times, int(seconds * _PICOSECONDS), "right")) - 1
        return exact(float(self._volts[max(min(place, len(self._volts) - 1), 0)]))


def load(path: str | Path, rate: float | None = None) -> Samples:
    """The file's samples; rate, in samples a second, is for files that have volts alone. Raises SampleError."""
    path = Path(path)
    if rate is not None and not 0 < rate <= _PICOSECONDS:
        raise SampleError(f"{rate:g} is no rate: it is samples a second, above 0")
    readers = {".csv": _text, ".txt": _text, ".npy": _array, ".wav": _wav}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise SampleError(f"{path} is no file of samples: its name ends in {', '.join(readers)}")
    try:
        table, own_rate = reader(path)
    except OSError as error:
        raise SampleError(f"{path} cannot be read: {error.strerror or error}") from None
    if not len(table):
        raise SampleError(f"{path} has no samples")
    if not np.isfinite(table).all():
        raise SampleError(f"{path} has a sample that is no finite number")
    volts = table[:, -1]
    for volt in (volts.min(), volts.max()):
        check(float(volt), f"{path} has a sample of {volt:g} V")
    if own_rate is not None or table.shape[1] == 2:
        if rate is not None:
            raise SampleError(f"{path} has times of its own, and is given a rate")
        return Samples(volts, _picoseconds(path, table[:, 0]) if own_rate is None else own_rate)
    if rate is None:
        raise SampleError(f"{path} has volts without times, and needs their rate in samples a second")
    return Samples(volts, Fraction(rate))


def exact(volts: float) -> Fraction:
    """To the nanovolt, so that 1.65 is half of 3.3."""
    return Fraction(round(volts * 1e9), 10**9)


def check(volts: float, what: str) -> float:
    """SampleError for what no pin bears."""
    if not LEAST <= volts <= MOST:
        raise SampleError(f"{what}, and a pin bears {LEAST:g} to {MOST:g} V")
    return volts


def _picoseconds(path: Path, seconds: Array) -> NDArray[np.int64]:
    if seconds[0] < 0 or seconds[-1] >= _LONGEST or (np.diff(seconds) <= 0).any():
        raise SampleError(f"{path}: its times are seconds from 0 on, each later than the one before")
    return np.rint(seconds * _PICOSECONDS).astype(np.int64)


def _text(path: Path) -> tuple[Array, None]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise SampleError(f"{path} is no text") from None
    rows: list[list[float]] = []
    first = True
    for number, line in enumerate(lines, 1):
        words = re.split(r"\s*[,;\s]\s*", line.partition("#")[0].strip())
        if words == [""]:
            continue
        named, first = first, False
        try:
            row = [float(word) for word in words]
        except ValueError as error:
            if named:
                continue
            raise SampleError(f"{path}, line {number}: {str(error).rpartition(': ')[2]} is no number") from None
        if len(row) > 2 or (rows and len(row) != len(rows[0])):
            raise SampleError(f"{path}, line {number}: a line has seconds and volts, or all have volts alone")
        rows.append(row)
    return np.array(rows, np.float64), None


def _array(path: Path) -> tuple[Array, None]:
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError):
        raise SampleError(f"{path} is no NumPy array of numbers") from None
    if array.dtype.kind not in "iuf" or not (array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 2)):
        raise SampleError(f"{path} is an array of {array.dtype} {array.shape}, not of numbers [n] or [n, 2]")
    return array.reshape(len(array), -1 if len(array) else 1).astype(np.float64), None


def _wav(path: Path) -> tuple[Array, Fraction]:
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate, count, _, _ = file.getparams()
            data = file.readframes(count)
    except (wave.Error, EOFError) as error:
        raise SampleError(f"{path} cannot be read as PCM: {str(error) or 'it is too short'}") from None
    if channels != 1:
        raise SampleError(f"{path} has {channels} channels, and a pin has one voltage")
    if not rate:
        raise SampleError(f"{path} has no sample rate")
    octets = np.frombuffer(data, np.uint8)[: len(data) // width * width].reshape(-1, width).astype(np.int64)
    if width == 1:
        values = octets[:, 0] - 128
    else:
        values = sum(octets[:, n] << 8 * n for n in range(width)) - (octets[:, -1] >> 7 << 8 * width)
    volts = WAV_MIDDLE + WAV_MIDDLE * np.asarray(values, np.float64) / (1 << 8 * width - 1)
    return volts.reshape(-1, 1), Fraction(rate)
