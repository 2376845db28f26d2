"""A host of an S5K5CAG: the writes that ST's board package makes, without the patches that it loads."""

from __future__ import annotations

from sensors import Sensor

from peripherals.parts.s5k5cag import S5k5cag

PAGE, WRITE_PAGE, WRITE_ADDRESS, READ_PAGE, READ_ADDRESS, DATA = 0xFCFC, 0x0028, 0x002A, 0x002C, 0x002E, 0x0F12
PREVIEW = (
    "WIDTH", "HEIGHT", "FORMAT", "MAX_RATE", "MIN_RATE", "CLOCKS_PER_PIXEL", "MAX_BPP", "PVI_MASK", "OIF_MASK", "JPEG_PACKET_SIZE",
    "JPEG_PACKETS", "CLOCK", "FRAME_TIME_TYPE", "QUALITY", "MAX_FRAME_TIME", "MIN_FRAME_TIME", "SMEAR", "SATURATION", "SHARPNESS",
    "COLOUR_TEMPERATURE", "GAMMA", "MIRROR", "CAPTURE_MIRROR",
)  # fmt: skip
USUAL = {
    "FORMAT": 0, "MAX_RATE": 0x1780, "MIN_RATE": 0x1760, "CLOCKS_PER_PIXEL": 0x0100, "MAX_BPP": 0x0800, "PVI_MASK": 0x005F,
    "OIF_MASK": 0x4000, "JPEG_PACKET_SIZE": 0x0400, "JPEG_PACKETS": 0x0258, "QUALITY": 2, "MAX_FRAME_TIME": 0x03E8,
    "MIN_FRAME_TIME": 0x029A,
}  # fmt: skip


def write(made: Sensor, register: int, value: int) -> None:
    made.send(register >> 8, register & 0xFF, value >> 8, value & 0xFF)


def poke(made: Sensor, address: int, *values: int) -> None:
    """Words into the sensor's memory, one behind the other."""
    write(made, WRITE_PAGE, address >> 16)
    write(made, WRITE_ADDRESS, address & 0xFFFF)
    for value in values:
        write(made, DATA, value)


def peek(made: Sensor, address: int) -> int:
    write(made, READ_PAGE, address >> 16)
    write(made, READ_ADDRESS, address & 0xFFFF)
    return made.ask(2, DATA >> 8, DATA & 0xFF)


def boot(made: Sensor) -> None:
    write(made, PAGE, 0xD000)
    write(made, 0x0010, 1)
    write(made, 0x1030, 0)
    write(made, 0x0014, 1)
    poke(made, 0x7000_01CC, 0x5DC0, 0x0000)
    poke(made, 0x7000_01EE, 3)
    poke(made, 0x7000_01F6, 0x2EE0, 0x1770, 0x1780)
    poke(made, 0x7000_0208, 1)


def preview(made: Sensor, width: int, height: int, **changed: int) -> None:
    values = USUAL | changed | {"WIDTH": width, "HEIGHT": height}
    poke(made, 0x7000_026C, *(values.get(name, 0) for name in PREVIEW))
    poke(made, 0x7000_023C, 0)
    poke(made, 0x7000_0240, 1)
    poke(made, 0x7000_0230, 1)
    poke(made, 0x7000_023E, 1)
    poke(made, 0x7000_0220, 1, 1)
    poke(made, 0xD000_1000, 1)


def configure(width: int, height: int, *, xclk: int = 24_000_000, **changed: int) -> Sensor:
    """A sensor that sends."""
    made = Sensor(S5k5cag, xclk)
    boot(made)
    preview(made, width, height, **changed)
    return made
