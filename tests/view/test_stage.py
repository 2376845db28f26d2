"""A run on the live page without a browser: its pace, the pictures that it sends, and the files that are dropped on it."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from peripherals.parts.camera_source import scene
from simulator.driver import Driver
from simulator.firmware import load
from simulator.machine import Machine
from simulator.until import parse_until
from simulator.view.desk import AHEAD, Desk, Dropped, Scene
from simulator.view.pace import PACES, RealTime, SimulatedTime
from simulator.view.stage import Stage
from tests.timing.assembler import needs_assembler
from tests.view.echo import program


class Watched(Desk):
    """Keeps what is published, with the host's time."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[tuple[float, Scene]] = []

    def publish(self, scene: Scene) -> None:
        self.published.append((time.monotonic(), scene))
        super().publish(scene)


@contextmanager
def staged(folder: Path, pace: str) -> Iterator[tuple[Machine, Driver, Watched, Stage]]:
    path = folder / "echo.elf"
    path.write_bytes(program())
    machine = Machine(load(path))
    driver, desk = Driver(machine), Watched()
    stage = Stage(machine, driver, desk, pace=pace, camera="")
    try:
        yield machine, driver, desk, stage
    finally:
        stage.close()


class Host:
    """A clock that is advanced by sleeping."""

    def __init__(self) -> None:
        self.now, self.board = 100.0, Fraction(5)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def pace(self) -> RealTime:
        return RealTime(lambda: self.board, lambda: self.now, self.sleep)


def test_a_run_that_is_ahead_of_real_time_rests() -> None:
    host = Host()
    pace = host.pace()
    for _ in range(240):
        host.board += Fraction(1, 240)
        host.now += 0.001
        pace.wait()
    assert host.now == pytest.approx(101)


def test_what_a_slow_host_lost_is_not_made_up_for() -> None:
    host = Host()
    pace = host.pace()
    host.now += 3
    pace.wait()
    host.board += 1
    pace.wait()
    assert host.now == pytest.approx(104)


@pytest.mark.parametrize("look", [0.001, 0.004, 0.03])
def test_pictures_come_at_thirty_a_second_of_the_host_however_often_it_is_looked(look: float) -> None:
    host = Host()
    pace, sent = host.pace(), 0
    while host.now < 110:
        sent += pace.due()
        host.now += look
    assert sent == pytest.approx(300, abs=1)


def test_the_page_says_when_the_host_is_slower() -> None:
    pace = Host().pace()
    assert (pace.words(1.0), pace.words(0.5)) == ("real time", "real time; this host is slower")


def test_pictures_of_simulated_time_are_its_thirtieths() -> None:
    host = Host()
    pace, due = SimulatedTime(lambda: host.board), []
    for later in (Fraction(1, 31), Fraction(1, 30), Fraction(1, 15), Fraction(2, 3), Fraction(2, 3)):
        host.board = 5 + later
        due.append(pace.due())
    assert due == [0, 1, 1, 18, 0]


@pytest.mark.jit
@needs_assembler
def test_a_simulated_second_takes_a_second_of_the_host(tmp_path: Path) -> None:
    with staged(tmp_path, "real") as (machine, driver, desk, _):
        driver.run(parse_until("time:200ms"))  # what is compiled and described first
        desk.published.clear()
        begun, board = time.monotonic(), machine.clock.seconds
        driver.run(parse_until("time:1700ms"))
        took, simulated = time.monotonic() - begun, float(machine.clock.seconds - board)
        assert simulated == pytest.approx(1.5, abs=0.01)
        assert took > simulated - 0.11  # what pace.FORGIVEN allows
        pictures = desk.published[-1][1].picture - desk.published[0][1].picture
        assert 0 < pictures <= 30 * (desk.published[-1][0] - desk.published[0][0]) + 2  # a loaded host shows fewer


@pytest.mark.jit
@needs_assembler
def test_a_host_that_is_quick_enough_shows_thirty_pictures_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host()
    monkeypatch.setitem(PACES, "real", lambda seconds: RealTime(seconds, lambda: host.now, host.sleep))
    with staged(tmp_path, "real") as (_, driver, desk, _):
        driver.run(parse_until("time:1s"))
        begun, first = host.now, desk.published[-1][1].picture
        driver.run(parse_until("time:3s"))
        assert host.now - begun == pytest.approx(2, abs=0.01)
        assert desk.published[-1][1].picture - first == pytest.approx(60, abs=2)


@pytest.mark.jit
@needs_assembler
def test_simulated_time_sends_exactly_thirty_pictures_a_second_to_a_slow_page_too(tmp_path: Path) -> None:
    """The core's clock changes under way; the page takes 5 ms a picture."""
    with staged(tmp_path, "simulated") as (machine, driver, desk, _):
        machine.clock.after_seconds(Fraction(1, 2), lambda: machine.clock.set_frequency(48_000_001))
        feed, got, over = desk.open(lambda: None), [], threading.Event()

        def page() -> None:
            while not over.is_set() or feed.scenes:
                taken = desk.next(feed)
                if taken is not None:
                    got.append(taken)
                time.sleep(0.005)

        reader = threading.Thread(target=page)
        reader.start()
        driver.run(parse_until("time:2001ms"))
        over.set()
        reader.join()
        assert [shown.picture for shown in got] == list(range(61))
        for shown in got[1:]:
            assert shown.picture / 30 - 1e-9 <= shown.seconds < shown.picture / 30 + 0.001


def test_a_page_that_takes_nothing_holds_the_run_up_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.view.desk.PATIENCE", 0.05)
    desk = Desk()
    desk.every = True
    feed = desk.open(lambda: None)
    begun = time.monotonic()
    for number in range(1, AHEAD + 1):  # behind the one that every page begins with
        desk.publish(Scene(number=number))
    assert time.monotonic() - begun >= 0.05
    last = desk.next(feed)
    assert last is not None and last.number == AHEAD and desk.next(feed) is None


@pytest.mark.jit
@needs_assembler
def test_a_run_on_the_page_has_the_cycles_of_one_that_is_not(tmp_path: Path) -> None:
    with staged(tmp_path, "real") as (machine, driver, _, _):
        driver.run(parse_until("cycles:2000000"))
        alone = Machine(load(tmp_path / "echo.elf"))
        Driver(alone).run(parse_until("cycles:2000000"))
        assert (machine.cycle, machine.causes()) == (alone.cycle, alone.causes())


def rotated(folder: Path) -> Path:
    path = folder / "phone.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # held so that the picture's top is at the file's right
    upright = np.zeros((128, 64, 3), np.uint8)
    upright[:64] = 255
    Image.fromarray(np.rot90(upright)).save(path, exif=exif, quality=95)
    return path


def deep(folder: Path) -> Path:
    path = folder / "deep.png"
    Image.fromarray(np.full((4, 4), 0x8000, np.uint16)).save(path)
    return path


def video(folder: Path) -> Path:
    import imageio.v3 as imageio

    path = folder / "clip.mp4"
    frames = np.stack([np.full((48, 64, 3), 40 * number, np.uint8) for number in range(6)])
    imageio.imwrite(path, frames, plugin="pyav", codec="mpeg4", fps=25)
    return path


def moving(folder: Path) -> Path:
    path = folder / "moving.gif"
    first, *others = (Image.new("RGB", (8, 6), colour) for colour in ("red", "lime", "blue"))
    first.save(path, save_all=True, append_images=others, duration=40)
    return path


@pytest.mark.jit
@needs_assembler
@pytest.mark.parametrize("make", [rotated, deep, video, moving])
def test_a_dropped_file_is_what_camera_makes_of_it(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    by_option = scene(path)
    expected, rate = [by_option(number) for number in range(6)], getattr(by_option, "rate", None)
    with staged(tmp_path, "real") as (machine, _, desk, stage):
        desk.act(Dropped(path.name, path.read_bytes()))
        path.unlink()
        stage.look()
        shown = machine.soc.camera._scene
        assert all(np.array_equal(shown(number), expected[number]) for number in range(6))
        assert shown.rate == rate
        assert (desk.scene.camera, desk.scene.note) == (path.name, "")


@pytest.mark.jit
@needs_assembler
def test_files_that_show_nothing_are_told_and_change_nothing(tmp_path: Path) -> None:
    with staged(tmp_path, "real") as (machine, _, desk, stage):
        before = machine.soc.camera._scene
        for name, data in (("text.png", b"no picture"), ("clip.mp4", b"no video" * 50), ("", b""), ("a\0b/x.png", b"")):
            desk.act(Dropped(name, data))
            stage._do(desk.take()[0])
            note = stage._note
            assert note.startswith(name) and note.endswith("the camera still looks at what it did"), note
            assert "/tmp" not in note and "dropped-" not in note
        assert machine.soc.camera._scene is before


@pytest.mark.jit
@needs_assembler
def test_a_video_that_breaks_off_stays_at_its_last_picture_and_says_so(tmp_path: Path) -> None:
    pages = [Image.fromarray(np.full((32, 32), shade, np.uint8)) for shade in (10, 20, 30)]
    whole = io.BytesIO()
    pages[0].save(whole, "tiff", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    data = bytearray(whole.getvalue())
    with Image.open(io.BytesIO(data)) as image:
        image.seek(2)
        begin = image.tag_v2[273][0]  # StripOffsets
    data[begin : begin + 8] = b"\xff" * 8
    with staged(tmp_path, "real") as (machine, _, desk, stage):
        desk.act(Dropped("pages.tif", bytes(data)))
        stage._do(desk.take()[0])
        shown = machine.soc.camera._scene
        assert [int(shown(number)[0, 0, 0]) for number in range(4)] == [10, 20, 20, 20]
        assert "pages.tif is no picture that can be read" in stage._note
