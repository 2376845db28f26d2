"""DATA: what the STM32F746G-DISCO fits around its chip: crystals, memories and parts; and the way to build one.

Reference: UM1907 (board), RM0385 2.2 and 3.3 (memories), 39.1 and 39.2 (unique ID, flash size), DS10916 figure memory map and
tables of calibration values (VREFINT_CAL, TS_CAL1, TS_CAL2).
Not modelled: Ethernet, USB, microphones, Arduino and extension connectors.
"""

from __future__ import annotations

from peripherals.chip import Chip
from peripherals.kit.bus_master import Region
from peripherals.kit.clock import Clock
from peripherals.kit.i2c_bus import Device, Wired
from peripherals.memory_map import Memory
from peripherals.parts.buttons import Button, Led
from peripherals.parts.camera_module import CameraModule
from peripherals.parts.card_slot import CardSlot
from peripherals.parts.ft5336 import Ft5336
from peripherals.parts.n25q128a import N25q128a
from peripherals.parts.ov9655 import Ov9655
from peripherals.parts.rk043fn48h import Rk043fn48h
from peripherals.parts.s5k5cag import S5k5cag
from peripherals.parts.wm8994 import Wm8994
from peripherals.stm32f7.adc import calibration
from peripherals.stm32f7.flash import OPTION_BYTES, option_bytes
from peripherals.stm32f7.flash import Memory as FlashMemory
from peripherals.stm32f7.ltdc import Ltdc
from peripherals.stm32f7.quadspi import Quadspi
from peripherals.stm32f7.rcc import Crystals
from peripherals.stm32f7.sdmmc import Sdmmc

KB = 1024
CRYSTALS = Crystals(hse=25_000_000, lse=32_768)
CAMERA_XCLK = 24_000_000  # the oscillator X1, which feeds the camera's connector
CAMERAS = {"ov9655": Ov9655, "s5k5cag": S5k5cag}  # the modules that may be plugged into it
I2C_FUNCTION = 4  # AF4 is the I2C controllers' at all of these pins (DS10916 table 12)
BOOT_ADDRESS = 0x0020_0000  # BOOT0 is low and BOOT_ADD0 has its reset value: flash through ITCM (RM0385 2.6)
UNIQUE_ID = bytes.fromhex("3a0024000651383332373635")  # of no board in particular
BOOT_END = 0x2005_0000  # behind the last memory that a core may boot from (RM0385 3.4.1)
PARTS = ("camera", "lcd", "touch", "card", "button", "led")  # what a person, or an option, may use

MEMORIES = (
    Memory("ITCM", 0x0000_0000, 16 * KB, "ram", "tcm"),
    Memory("flash", 0x0800_0000, 1024 * KB, "flash", "flash-axi"),
    Memory("system memory", 0x1FF0_0000, 60 * KB, "rom", "flash-axi"),
    Memory("OTP", 0x1FF0_F000, 4 * KB, "rom", "flash-axi"),
    Memory("option bytes", 0x1FFF_0000, 1 * KB, "rom", "flash-axi"),
    Memory("DTCM", 0x2000_0000, 64 * KB, "ram", "tcm"),
    Memory("SRAM1", 0x2001_0000, 240 * KB, "ram", "sram"),
    Memory("SRAM2", 0x2004_C000, 16 * KB, "ram", "sram2"),
    Memory("backup SRAM", 0x4002_4000, 4 * KB, "peripheral", "device"),
    Memory("QSPI flash", 0x9000_0000, 16 * KB * KB, "rom", "qspi"),
    Memory("SDRAM", 0xC000_0000, 8 * KB * KB, "ram", "sdram"),
    Memory("system memory (ITCM)", 0x0010_0000, 60 * KB, "rom", "flash-itcm", alias="system memory"),
    Memory("flash (ITCM)", 0x0020_0000, 1024 * KB, "flash", "flash-itcm", alias="flash"),
    Memory("SDRAM (swapped)", 0x6000_0000, 8 * KB * KB, "ram", "sdram-swapped", alias="SDRAM"),
)

CONTENTS = (
    (0x1FF0_F420, UNIQUE_ID),
    (0x1FF0_F442, (1024).to_bytes(2, "little")),
    (0x1FF0_F44A, b"".join(word.to_bytes(2, "little") for word in calibration())),
    (OPTION_BYTES, option_bytes(0xC0FF_AAFD, 0x0040_0080)),
)  # what the ROMs hold from the factory; all else is erased


class Erased:
    """A flash array of its own, where nobody gives one: a test of the board needs no core."""

    def __init__(self, size: int) -> None:
        self._bytes = bytearray(b"\xff" * size)

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self._bytes[offset : offset + size])

    def write(self, offset: int, data: bytes) -> None:
        self._bytes[offset : offset + len(data)] = data


class Board(Chip):
    """The chip, its memories as data for whoever maps them, and the parts at its pins and buses."""

    memories = MEMORIES
    contents = CONTENTS

    def __init__(
        self, clock: Clock, crystals: Crystals, flash_memory: FlashMemory, *, vector_table: int, camera: str
    ) -> None:
        super().__init__(clock, crystals, flash_memory, vector_table=vector_table)
        self.button = Button(self.pin("PI11"))
        self.led = Led(self.pin("PI1"))
        self.camera: CameraModule = CAMERAS[camera](clock, self.video, CAMERA_XCLK)
        self.pin("PH13").listen(self.camera.power)
        ltdc = self.peripherals["LTDC"]
        assert isinstance(ltdc, Ltdc)
        self.lcd = Rk043fn48h(ltdc, self.pin("PI12"), self.pin("PK3"))
        quadspi = self.peripherals["QUADSPI"]
        assert isinstance(quadspi, Quadspi)
        self.qspi_flash = quadspi.flash = N25q128a(clock, Region(self.matrix, 0x9000_0000))
        sdmmc = self.peripherals["SDMMC1"]
        assert isinstance(sdmmc, Sdmmc)
        self.card = CardSlot(sdmmc.seat, self.pin("PC13"))
        self.touch = Ft5336(clock, self.pin("PI13"))
        self.codec = Wm8994()
        self._wire("I2C1", self.camera, "PB8", "PB9")
        self._wire("I2C3", self.touch, "PH7", "PH8")
        self._wire("I2C3", self.codec, "PH7", "PH8")

    @property
    def boot_address(self) -> int:
        """BOOT0 is low, so BOOT_ADD0's; where no boot memory is, the flash's, guess of RM0385 2.6's words."""
        return self.flash.boot_address if self._boots(self.flash.boot_address) else self._vector_table

    @property
    def why_boot_address(self) -> str:
        wanted = self.flash.boot_address
        if self._boots(wanted):
            return ""
        place, default = (f"0x{a >> 16:04x}_{a & 0xFFFF:04x}" for a in (wanted, self._vector_table))
        return f"BOOT_ADD0 is 0x{wanted >> 14:04x}, and no boot memory is at {place}: resets boot from {default}"

    @staticmethod
    def _boots(address: int) -> bool:
        return any(m.base <= address < m.base + m.size for m in MEMORIES if m.base < BOOT_END)

    def _wire(self, controller: str, device: Device, scl: str, sda: str) -> None:
        """A device at two pins, which the controller reaches while both are its own (UM1907 figure of each connector)."""
        pins = [(self.ports[f"GPIO{pin[1]}"], int(pin[2:])) for pin in (scl, sda)]

        def joined() -> bool:
            return all(port.alternate_function(number) == I2C_FUNCTION for port, number in pins)

        self.i2c_buses[controller].attach(Wired(device, joined))


def build(clock: Clock, flash_memory: FlashMemory | None = None, camera: str = "ov9655") -> Board:
    """A board at power-on. `flash_memory` is the array that firmware erases and programs, 1 MB from 0x0800_0000; `camera` one of CAMERAS."""
    flash = flash_memory or Erased(1024 * KB)
    return Board(clock, CRYSTALS, flash, vector_table=BOOT_ADDRESS, camera=camera)
