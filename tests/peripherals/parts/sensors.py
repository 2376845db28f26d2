"""A camera sensor on a clock, at a video port, with DCMI behind it; its registers are written as a bus would write them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from peripherals.kit.clock import Clock
from peripherals.kit.video import Burst, VideoPort
from peripherals.kit.wires import Line, Request
from peripherals.parts.camera_module import CameraModule
from peripherals.parts.ov9655 import Ov9655
from peripherals.parts.s5k5cag import S5k5cag
from peripherals.stm32f7.dcmi import Dcmi

CORE = 216_000_000
CR, RIS, IER, ICR, ESCR, ESUR = 0x00, 0x08, 0x0C, 0x14, 0x18, 0x1C
ESS = 16
FRAME, OVR, VSYNC = 1, 2, 8
ENABLE, CAPTURE, SNAPSHOT, HSPOL, VSPOL = 1 << 14, 1, 2, 64, 128
WORDS = 1 << 20  # that whoever empties the FIFO takes at once

# What ST's board package leaves in the registers that bear on picture and time.
QQVGA = {0x11: 0x01, 0x6B: 0x5A, 0x3A: 0xCC, 0x12: 0x63, 0x40: 0x10, 0x72: 0x22, 0x73: 0x02, 0x1E: 0x00}
QQVGA |= {0x03: 0x02, 0x17: 0x18, 0x18: 0x04, 0x19: 0x01, 0x1A: 0x81, 0x32: 0xA4}
QQVGA |= {0x3D: 0x99, 0x4F: 0x98, 0x50: 0x98, 0x51: 0x00, 0x52: 0x28, 0x53: 0x70, 0x54: 0x98, 0x58: 0x1A}
QVGA = QQVGA | {0x72: 0x11, 0x73: 0x01, 0x32: 0x12}
VGA = QQVGA | {0x11: 0x03, 0x72: 0x00, 0x73: 0x00, 0x1E: 0x04, 0x40: 0xD0}
VGA |= {0x03: 0x12, 0x17: 0x16, 0x18: 0x02, 0x1A: 0x3D, 0x32: 0xFF}


class Sensor:
    """Either sensor; what leaves it is kept with its times."""

    def __init__(self, kind: type[Ov9655] | type[S5k5cag], xclk: int = 24_000_000) -> None:
        self.clock = Clock(CORE)
        self.port = VideoPort()
        self.port.lines.set(True)
        self.sensor: CameraModule = kind(self.clock, self.port, xclk)
        self.bursts: list[tuple[Fraction, Burst]] = []
        self.vsyncs: list[tuple[Fraction, bool]] = []
        self.port.listen(lambda burst: self.bursts.append((self.clock.seconds + burst.delay, burst)))
        self.port.vsync.listen(lambda level: self.vsyncs.append((self.clock.seconds, level)))

    def send(self, *data: int) -> None:
        assert self.sensor.start(read=False) and all(self.sensor.write(byte) for byte in data)
        self.sensor.stop()

    def ask(self, count: int, *register: int) -> int:
        assert self.sensor.start(read=False) and all(self.sensor.write(byte) for byte in register)
        assert self.sensor.start(read=True)
        value = int.from_bytes(bytes(self.sensor.read() for _ in range(count)), "big")
        self.sensor.stop()
        return value

    def wait(self, seconds: Fraction) -> None:
        self.clock.advance(self.clock.now + int(seconds * CORE))

    def frame(self) -> np.ndarray:
        """The bytes of the next whole frame."""
        self.port.wanted.set(False)
        self.bursts.clear()
        done = self.sensor.frames
        self.port.wanted.set(True)
        while self.sensor.frames == done:
            self.clock.advance(self.clock.horizon)
        lines = self.bursts
        return np.stack([burst.data for _, burst in lines]).astype(np.uint8)


def ov9655(registers: dict[int, int], xclk: int = 24_000_000) -> Sensor:
    made = Sensor(Ov9655, xclk)
    for register, value in registers.items():
        made.send(register, value)
    return made


class Interface:
    """DCMI behind a sensor, set as its host must set it; whoever empties its FIFO keeps up, or is not there."""

    def __init__(self, made: Sensor, *, emptied: bool = True) -> None:
        self.made = made
        self.irq, request = Line(), Request("DCMI")
        self.taken = bytearray()
        self.dcmi = Dcmi("DCMI", made.clock, made.port, irq=self.irq, request=request)
        timing = made.sensor.timing
        assert timing is not None
        self.control = VSPOL * timing.vsync | HSPOL * (not timing.href)
        if emptied:
            take = request.take
            assert take is not None
            request.room = lambda period, spare: WORDS
            request.listen(lambda level: self.taken.extend(take(WORDS)) if level else None)

    def start(self, interrupts: int = 0) -> None:
        self.dcmi.write(IER, 4, interrupts)
        if self.made.sensor.timing is not None and self.made.sensor.timing.blanking:
            self.control = ESS
            self.dcmi.write(ESCR, 4, 0xFF9D_80FF)
            self.dcmi.write(ESUR, 4, 0xFFFF_FFFF)
        self.dcmi.write(CR, 4, ENABLE | self.control)
        self.dcmi.write(CR, 4, ENABLE | CAPTURE | SNAPSHOT | self.control)

    def flags(self) -> int:
        return self.dcmi.read(RIS, 4)

    def run_until(self, flags: int) -> None:
        while not self.flags() & flags:
            self.made.clock.advance(self.made.clock.horizon)


def interrupt_times(made: Sensor, source: int, count: int) -> list[Fraction]:
    """When DCMI interrupts for that flag, each time cleared a little later, as firmware would see it whose DMA keeps up."""
    times: list[Fraction] = []
    interface = Interface(made)

    def interrupted(level: bool) -> None:
        if level:
            times.append(made.clock.seconds)
            made.clock.after(12, lambda: interface.dcmi.write(ICR, 4, 0x1F))

    interface.irq.listen(interrupted)
    interface.start(source)
    interface.dcmi.write(CR, 4, ENABLE | CAPTURE | interface.control)
    while len(times) < count:
        made.clock.advance(made.clock.horizon)
    return times
