"""Voltages from files: which sample holds when, and what is no file of samples."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from peripherals.parts.samples import SampleError, load


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def recorded(path: Path, data: bytes, *, width: int = 2, channels: int = 1, rate: int = 1000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", "not compressed"))
        file.writeframes(data)
    return path


def at(samples, *milliseconds: str) -> list[float]:
    return [float(samples(Fraction(ms) / 1000)) for ms in milliseconds]


def test_a_sample_holds_until_the_next_one_and_the_last_one_stays(tmp_path):
    samples = load(written(tmp_path / "a.csv", "seconds,volts\n0.001,1.5\n0.002,0.25 # low\n\n0.004,3.3\n"))
    assert at(samples, "0", "1", "1.999999", "2", "3.9", "4", "9000") == [1.5, 1.5, 1.5, 0.25, 0.25, 3.3, 3.3]


@pytest.mark.parametrize(
    "text", ["0 1\n1e-3 2\n", "0;1\r\n0.001;2\r\n", "\ufeff0,\t1\n0.001 , 2", "# V\ns V\n0 1\n.001 2"]
)
def test_columns_may_be_set_off_in_any_usual_way(tmp_path, text):
    assert at(load(written(tmp_path / "a.txt", text)), "0.9", "1") == [1, 2]


def test_volts_alone_have_the_rate_that_is_given(tmp_path):
    samples = load(written(tmp_path / "a.csv", "volts\n1\n2\n3\n"), rate=1000)
    assert at(samples, "0", "0.999", "1", "2", "5") == [1, 1, 2, 3, 3]


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int16])
def test_a_numpy_array_has_times_and_volts_or_volts(tmp_path, kind):
    np.save(tmp_path / "two.npy", np.array([[0, 1], [2, 3]], kind))
    assert at(load(tmp_path / "two.npy"), "0", "1999", "2000") == [1, 1, 3]
    np.save(tmp_path / "one.npy", np.array([1, 2], kind))
    assert at(load(tmp_path / "one.npy", rate=10), "99", "100") == [1, 2]


@pytest.mark.parametrize(
    ("width", "data"),
    [
        (1, bytes((128, 0, 192))),
        (2, np.array([0, -(1 << 15), 1 << 14], "<i2").tobytes()),
        (3, b"\0\0\0\0\0\x80\0\0\x40"),
        (4, np.array([0, -(1 << 31), 1 << 30], "<i4").tobytes()),
    ],
)
def test_a_recordings_full_scale_is_that_of_the_supply(tmp_path, width, data):
    samples = load(recorded(tmp_path / "a.wav", data, width=width))
    assert at(samples, "0", "1", "2") == pytest.approx([1.65, 0, 2.475])


@pytest.mark.parametrize(
    ("name", "content", "rate", "complaint"),
    [
        ("a.csv", "", None, "has no samples"),
        ("a.csv", "seconds,volts\n", None, "has no samples"),
        ("a.csv", "0,1\n1,high\n", None, "line 2: 'high' is no number"),
        ("a.csv", "0,1,2\n", None, "line 1: a line has seconds and volts, or all have volts alone"),
        ("a.csv", "0,1\n2\n", None, "line 2: a line has seconds and volts, or all have volts alone"),
        ("a.csv", "0,1\n0,2\n", None, "its times are seconds from 0 on, each later than the one before"),
        ("a.csv", "-1,1\n0,2\n", None, "its times are seconds from 0 on"),
        ("a.csv", "0,1650\n", None, "has a sample of 1650 V, and a pin bears -0.3 to 4 V"),
        ("a.csv", "0,nan\n", None, "has a sample that is no finite number"),
        ("a.csv", b"\xff\xfe", None, "is no text"),
        ("a.csv", "1\n2\n", None, "has volts without times, and needs their rate in samples a second"),
        ("a.csv", "0,1\n", 10.0, "has times of its own, and is given a rate"),
        ("a.csv", "1\n", 0.0, "0 is no rate: it is samples a second, above 0"),
        ("a.npy", b"", None, "is no NumPy array of numbers"),
        ("a.npy", b"junk", None, "is no NumPy array of numbers"),
        ("a.wav", b"", None, "cannot be read as PCM: it is too short"),
        ("a.wav", b"RIFFjunkJUNK", None, "cannot be read as PCM"),
        ("a.mp3", b"", None, "is no file of samples: its name ends in .csv, .txt, .npy, .wav"),
    ],
)
def test_what_has_no_samples_is_told_in_a_sentence(tmp_path, name, content, rate, complaint):
    with pytest.raises(SampleError) as told:
        load(written(tmp_path / name, content), rate)
    assert complaint in str(told.value)
    assert "\n" not in str(told.value)


def test_arrays_and_recordings_of_other_shapes_are_told(tmp_path):
    np.save(tmp_path / "c.npy", np.zeros(3, complex))
    np.save(tmp_path / "d.npy", np.zeros((3, 3)))
    for name in ("c.npy", "d.npy"):
        with pytest.raises(SampleError, match=r"not of numbers \[n\] or \[n, 2\]"):
            load(tmp_path / name)
    with pytest.raises(SampleError, match="has 2 channels, and a pin has one voltage"):
        load(recorded(tmp_path / "s.wav", bytes(8), channels=2))
    with pytest.raises(SampleError, match="cannot be read: No such file or directory"):
        load(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SampleError, match="cannot be read: Is a directory"):
        load(tmp_path / "folder.csv")
