"""The parts around the chip, at their pins and buses."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from peripherals.kit.clock import Clock
from peripherals.kit.video import Burst, VideoPort
from peripherals.kit.wires import Pin
from peripherals.parts import ov9655, picture
from peripherals.parts.buttons import Button, Led
from peripherals.parts.ft5336 import Ft5336
from peripherals.parts.ov9655 import Ov9655
from peripherals.parts.wm8994 import Wm8994

QQVGA = {0x11: 0x01, 0x6B: 0x5A, 0x3A: 0xCC, 0x12: 0x63, 0x40: 0x10, 0x72: 0x22, 0x73: 0x02, 0x1E: 0x00}
QVGA = QQVGA | {0x72: 0x11, 0x73: 0x01}
VGA = QQVGA | {0x11: 0x03, 0x72: 0x00, 0x73: 0x00, 0x1E: 0x04, 0x40: 0xD0}
SCENE = np.random.default_rng(3).integers(0, 256, (300, 500, 3), dtype=np.uint8)


def test_a_button_is_high_while_it_is_pressed() -> None:
    pin = Pin("PI11")
    button = Button(pin)
    assert not pin.level
    button.press()
    assert pin.level and button.pressed
    button.release()
    assert not pin.level


def test_a_led_is_on_while_its_pin_is_high() -> None:
    pin = Pin("PI1")
    led = Led(pin)
    pin.output(True)
    assert led.on


class Camera:
    def __init__(self, registers: dict[int, int]) -> None:
        self.clock = Clock(216_000_000)
        self.port = VideoPort()
        self.port.lines.set(True)
        self.sensor = Ov9655(self.clock, self.port, 24_000_000)
        self.bursts: list[tuple[Fraction, Burst]] = []
        self.frames: list[Fraction] = []
        self.port.listen(lambda burst: self.bursts.append((self.clock.seconds + burst.delay, burst)))
        self.port.vsync.listen(lambda level: self.frames.append(self.clock.seconds) if level else None)
        for register, value in registers.items():
            self.write(register, value)

    def write(self, register: int, value: int) -> None:
        assert self.sensor.start(read=False) and self.sensor.write(register) and self.sensor.write(value)
        self.sensor.stop()

    def read(self, register: int) -> int:
        assert self.sensor.start(read=False) and self.sensor.write(register)
        assert self.sensor.start(read=True)
        return self.sensor.read()

    def wait(self, seconds: Fraction) -> None:
        self.clock.advance(self.clock.now + int(seconds * 216_000_000))


def test_the_sensor_names_itself() -> None:
    assert Camera({}).read(0x0A) == 0x96


def test_com7_resets_the_sensors_registers() -> None:
    camera = Camera(QQVGA)
    camera.write(0x12, 0x80)
    assert camera.read(0x72) == 0 and camera.read(0x12) == 0 and camera.read(0x0A) == 0x96


@pytest.mark.parametrize(
    ("registers", "size"), [(QQVGA, (160, 120)), (QVGA, (320, 240)), (VGA, (640, 480)), ({}, (1280, 1024))]
)
def test_the_boards_drivers_registers_set_the_size(registers: dict[int, int], size: tuple[int, int]) -> None:
    assert Camera(registers).sensor.size == size


@pytest.mark.parametrize(("registers", "rate"), [(QQVGA, 30), (QVGA, 30), (VGA, 15)])
def test_frames_come_at_the_rate_that_the_registers_say(registers: dict[int, int], rate: int) -> None:
    camera = Camera(registers)
    camera.port.wanted.set(True)
    camera.wait(Fraction(1, 2))
    times = camera.frames
    assert (times[-1] - times[0]) / (len(times) - 1) == pytest.approx(Fraction(1, rate), rel=1e-6)


def test_a_line_has_the_pictures_pixels_low_byte_first() -> None:
    camera = Camera(QQVGA)
    camera.sensor.feed(SCENE)
    camera.port.wanted.set(True)
    camera.wait(Fraction(1, 20))
    seen = picture.rgb565(picture.fitted(SCENE, 160, 120))
    sent = np.stack([burst.data for _, burst in camera.bursts[:120]]).astype(np.uint8).view("<u2")
    assert np.array_equal(sent, seen)


def test_mirror_and_flip_are_the_sensors() -> None:
    camera = Camera(QQVGA | {0x1E: 0x30})
    seen = picture.rgb565(picture.fitted(SCENE, 160, 120, mirror=True, flip=True))
    assert np.array_equal(camera.sensor.bytes_of(SCENE).view("<u2"), seen)


def test_the_line_and_byte_times_are_those_of_the_clock() -> None:
    camera = Camera(QQVGA)
    camera.port.wanted.set(True)
    camera.wait(Fraction(1, 20))
    (first, burst), (second, _) = camera.bursts[:2]
    assert burst.period == Fraction(4, 24_000_000)
    assert second - first == pytest.approx(4 * Fraction(1600, 24_000_000), rel=1e-5)


def test_yuv_is_sent_in_the_order_of_tslb() -> None:
    camera = Camera(QQVGA | {0x12: 0x62, 0x3A: 0x00})
    luma, blueness, redness = picture.yuv422(picture.fitted(SCENE, 160, 120))
    sent = camera.sensor.bytes_of(SCENE)
    assert np.array_equal(sent[:, 0::2], luma)
    assert np.array_equal(sent[:, 1::4], blueness) and np.array_equal(sent[:, 3::4], redness)
    camera.write(0x3A, 0x0C)
    sent = camera.sensor.bytes_of(SCENE)
    assert np.array_equal(sent[:, 1::2], luma) and np.array_equal(sent[:, 0::4], blueness)


def test_a_sensor_without_power_answers_nothing_and_sends_nothing() -> None:
    camera = Camera(QQVGA)
    camera.sensor.power(True)
    camera.port.wanted.set(True)
    camera.wait(Fraction(1, 10))
    assert not camera.sensor.start(read=True) and not camera.frames
    camera.sensor.power(False)
    assert camera.sensor.start(read=True) and camera.read(0x72) == 0


def test_frames_that_nobody_wants_cost_no_events() -> None:
    assert Camera(QQVGA).clock.horizon == 1 << 62


class Touch:
    def __init__(self) -> None:
        self.clock = Clock(1_000_000)
        self.pin = Pin("PI13")
        self.panel = Ft5336(self.clock, self.pin)

    def read(self, register: int, count: int = 1) -> list[int]:
        assert self.panel.start(read=False) and self.panel.write(register) and self.panel.start(read=True)
        return [self.panel.read() for _ in range(count)]


def test_the_touch_controller_names_itself() -> None:
    assert Touch().read(0xA8) == [0x51]


def test_a_finger_is_a_point_with_rows_as_x_and_columns_as_y() -> None:
    touch = Touch()
    assert touch.read(2) == [0]
    touch.panel.press((300, 40))
    assert touch.read(2) == [1]
    assert touch.read(3, 4) == [0, 40, 300 >> 8, 300 & 0xFF]
    touch.panel.release()
    assert touch.read(2) == [0]


def test_in_trigger_mode_each_report_is_a_pulse() -> None:
    touch = Touch()
    edges: list[tuple[int, bool]] = []
    touch.pin.listen(lambda level: edges.append((touch.clock.now, level)))
    touch.panel.tap(1, 2, Fraction(15, 1000))
    touch.clock.advance(100_000)
    assert edges == [(0, False), (1000, True), (10_000, False), (11_000, True), (15_000, False), (16_000, True)]


def test_in_polling_mode_the_line_is_low_while_a_finger_is_there() -> None:
    touch = Touch()
    touch.panel.write_register(0xA4, 0)
    touch.panel.press((1, 2), (3, 4))
    assert not touch.pin.level and touch.read(2) == [2]
    touch.panel.release()
    assert touch.pin.level


@pytest.mark.parametrize("finger", [(480, 0), (0, 272), (-1, 0)])
def test_a_finger_beside_the_panel_is_refused(finger: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="not on the panel"):
        Touch().panel.press(finger)


def test_the_codec_names_itself_and_keeps_its_registers() -> None:
    codec = Wm8994()
    assert codec.start(read=False) and codec.write(0) and codec.write(0) and codec.start(read=True)
    assert [codec.read(), codec.read()] == [0x89, 0x94]
    codec.start(read=False)
    for byte in (0x00, 0x39, 0x00, 0x6C):
        assert codec.write(byte)
    assert codec.read_register(0x39) == 0x6C
    codec.write_register(0, 0)
    assert codec.read_register(0x39) == 0


def test_the_sensors_address_is_the_boards() -> None:
    assert ov9655.ADDRESS << 1 == 0x60
