"""What ST's HAL and board package do at start, access by access in their order: each poll ends in the time that hardware takes.

The order is that of STM32CubeF7's functions named in the tests; the bits polled are those of the project's notes (BOARD.md). How long each
takes is in `Times`, the shortest and the longest, from DS10916 and RM0385; HAL's own time-outs are far longer.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from peripherals.kit.bus_master import BusError
from peripherals.kit.clock import Clock
from peripherals.parts import picture
from peripherals.stm32f746g_disco import Board, build
from simulator.firmware import load
from simulator.machine import Machine
from tests.simulator.small_firmware import elf

RCC, PWR, FLASH = 0x4002_3800, 0x4000_7000, 0x4002_3C00
RCC_PLLCFGR, RCC_CFGR, RCC_AHB1ENR, RCC_AHB2ENR, RCC_AHB3ENR = (
    RCC + 0x04,
    RCC + 0x08,
    RCC + 0x30,
    RCC + 0x34,
    RCC + 0x38,
)
RCC_APB1ENR, RCC_APB2ENR, RCC_BDCR, RCC_CSR = RCC + 0x40, RCC + 0x44, RCC + 0x70, RCC + 0x74
RCC_PLLSAICFGR, RCC_DCKCFGR1, RCC_DCKCFGR2 = RCC + 0x88, RCC + 0x8C, RCC + 0x90
FMC_SDCR1, FMC_SDTR1, FMC_SDCMR, FMC_SDRTR, FMC_SDSR = (
    0xA000_0000 + offset for offset in (0x140, 0x148, 0x150, 0x154, 0x158)
)
I2C1, I2C3 = 0x4000_5400, 0x4000_5C00
DCMI, DMA2_S1, DMA2_LISR, DMA2_LIFCR = 0x5005_0000, 0x4002_6428, 0x4002_6400, 0x4002_6408
LTDC, DMA2D, TIM5, LPTIM1 = 0x4001_6800, 0x4002_B000, 0x4000_0C00, 0x4000_2400
GPIOA, GPIOB, GPIOH, GPIOI, GPIOK = 0x4002_0000, 0x4002_0400, 0x4002_1C00, 0x4002_2000, 0x4002_2800
I2C_PINS = {I2C1: ((GPIOB, 8, 4), (GPIOB, 9, 4)), I2C3: ((GPIOH, 7, 4), (GPIOH, 8, 4))}  # UM1907: SCL and SDA
SDRAM = 0xC000_0000
US, MS = Fraction(1, 10**6), Fraction(1, 1000)
QQVGA = (  # the registers of the board package's table for 160 x 120 that bear on the picture, in its order
    (0x11, 0x01), (0x12, 0x62), (0x1E, 0x00), (0x3A, 0xCC), (0x40, 0xC0), (0x6B, 0x5A), (0x72, 0x22), (0x73, 0x02), (0xC7, 0x82),
    (0x12, 0x63), (0x40, 0x10),
)  # fmt: skip
S5K5CAG_QQVGA = (  # the same of its table for the other module
    (0x7000, 0x01CC, 0x5DC0, 0), (0x7000, 0x01EE, 3), (0x7000, 0x01F6, 0x2EE0, 0x1770, 0x1780), (0x7000, 0x0208, 1),
    (0x7000, 0x026C, 160, 120, 0, 0x1780, 0x1760, 0x0100, 0x0800, 0x005F, 0x4000, 0x0400, 0x0258, 0, 0, 2, 0x03E8, 0x029A, *[0] * 8),
    (0x7000, 0x023C, 0), (0x7000, 0x0240, 1), (0x7000, 0x0230, 1), (0x7000, 0x023E, 1), (0x7000, 0x0220, 1, 1),
    (0xD000, 0x1000, 1),
)  # fmt: skip


Band = tuple[Fraction, Fraction]  # seconds: the shortest and the longest


def typical(seconds: Fraction) -> Band:
    """Where the data sheet has a typical time alone: a quarter more or less."""
    return seconds * 3 / 4, seconds * 5 / 4


def frames(least: Fraction | int, most: Fraction | int) -> Band:
    """Of the camera, of which ST's tables make 15 a second of either module."""
    return Fraction(least) / 15, Fraction(most) / 15


class Times:
    """What a poll waits for, and how long."""

    AT_ONCE = Fraction(0), US  # some periods of the buses' clocks
    HSE = typical(2 * MS)  # DS10916 table HSE 4-26 MHz oscillator characteristics, tSU
    LSE = typical(Fraction(2))  # DS10916 table LSE oscillator characteristics, tSU
    PLL = 100 * US, 300 * US  # DS10916 table main PLL characteristics, tLOCK at a VCO of 432 MHz
    PLLSAI = (
        75 * US,
        300 * US,
    )  # DS10916 table PLLISAI characteristics, tLOCK at 100 MHz, the shortest, and at 432 MHz, the longest
    OVER_DRIVE = (
        40 * US,
        100 * US,
    )  # DS10916 table over-drive switching characteristics, Tod_swen, of whatever clock; each of two steps
    LPTIM_WRITE = Fraction(1, 32_768), Fraction(4, 32_768)  # RM0385 25.4.11: it crosses to the kernel clock, here LSE
    # RM0385 9.4: a word a transfer, which is two SDCLKs (9.26 ns) on a bus of 16 bits; LTDC, refreshes and rows take less than half as much
    FILL = Fraction(2 * 480 * 272 // 2, 108_000_000), Fraction(3 * 480 * 272 // 2, 108_000_000)

    @staticmethod
    def sdclks(count: int) -> Band:
        """RM0385 13.7.5, SDTR: so many, and what the controller and a look at BUSY take."""
        return Fraction(count, 108_000_000), Fraction(count + 16, 108_000_000)

    @staticmethod
    def i2c(bits: int) -> Band:
        """RM0385 30.4.9: with TIMINGR 0x4091_2732 a bit is (40 + 51) x 5 periods of 54 MHz, and two synchronisations of up to 0.26 us (the
        analogue filter) and four periods each; a start and a stop are three bits at the most."""
        bit = Fraction(91 * 5, 54_000_000)
        return bits * bit, (bits + 3) * (bit + 2 * (Fraction(26, 100) * US + Fraction(4, 54_000_000)))

    @staticmethod
    def usart(least: int, most: int) -> Band:
        """RM0385 31.5.4: frames of ten bits of 938 periods of 108 MHz."""
        return tuple(Fraction(n * 10 * 938, 108_000_000) for n in (least, most))  # type: ignore[return-value]


class Hal:
    """Accesses the bus as the core does, a few cycles each."""

    def __init__(self, camera: str = "ov9655", machine: Machine | None = None) -> None:
        self.clock = machine.clock if machine else Clock()
        self.board: Board = machine.soc if machine else build(self.clock, camera=camera)
        self._late = Fraction(0)  # seconds by which the last poll may have seen its end late

    def read(self, address: int, size: int = 4) -> int:
        self.wait(8)
        found = self.board.find(address)
        if found is None:
            return int.from_bytes(self.board.matrix.contents.read(address, size), "little")
        return found[0].read(found[1], size)

    def write(self, address: int, value: int, size: int = 4) -> None:
        self.wait(8)
        found = self.board.find(address)
        assert found is not None, hex(address)
        found[0].write(found[1], size, value)

    def set(self, address: int, mask: int) -> None:
        self.write(address, self.read(address) | mask)

    def modify(self, address: int, clear: int, mask: int) -> None:
        self.write(address, self.read(address) & ~clear | mask)

    def wait(self, cycles: int) -> None:
        self.clock.advance(self.clock.now + cycles)

    def delay(self, seconds: Fraction) -> None:
        self.wait(int(seconds * self.clock.hz))

    def poll(self, done: Callable[[], bool], times: Band) -> Fraction:
        """Seconds until it is done; fails where that is sooner or later than it takes."""
        least, most = times
        begun = self.clock.seconds
        step = int(most * self.clock.hz / 100)
        while not done():
            assert self.clock.seconds - begun < most, f"{float(most)} s are over"
            self.wait(step)
        took, late = self.clock.seconds - begun, self._late
        self._late = Fraction(step + 8) / self.clock.hz
        assert took + late >= least, f"over in {float(took)} s, not {float(least)}"
        return took

    def until_set(self, address: int, mask: int, times: Band) -> Fraction:
        return self.poll(lambda: self.read(address) & mask == mask, times)

    def until_clear(self, address: int, mask: int, times: Band) -> Fraction:
        return self.poll(lambda: not self.read(address) & mask, times)

    # SystemClock_Config: HAL_RCC_OscConfig, HAL_PWREx_EnableOverDrive, HAL_RCC_ClockConfig

    def system_clock(self) -> None:
        self.set(RCC_APB1ENR, 1 << 28)
        self.modify(PWR, 3 << 14, 3 << 14)
        self.set(RCC, 1 << 16)
        self.until_set(RCC, 1 << 17, Times.HSE)
        self.until_clear(RCC, 1 << 25, Times.AT_ONCE)
        self.write(RCC_PLLCFGR, 0x2940_6C19)
        self.set(RCC, 1 << 24)
        self.until_set(RCC, 1 << 25, Times.PLL)
        self.set(PWR, 1 << 16)
        self.until_set(PWR + 4, 1 << 16, Times.OVER_DRIVE)
        self.set(PWR, 1 << 17)
        self.until_set(PWR + 4, 1 << 17, Times.OVER_DRIVE)
        self.modify(FLASH, 0xF, 7)
        assert self.read(FLASH) & 0xF == 7
        self.modify(RCC_CFGR, 0x1C00, 5 << 10)
        self.modify(RCC_CFGR, 0xE000, 4 << 13)
        self.modify(RCC_CFGR, 3, 2)
        self.poll(lambda: self.read(RCC_CFGR) >> 2 & 3 == 2, Times.AT_ONCE)

    # BSP_SDRAM_Init and BSP_SDRAM_Initialization_sequence

    def sdram(self) -> None:
        self.set(RCC_AHB3ENR, 1)
        self.write(FMC_SDCR1, 2 << 10 | 1 << 12 | 2 << 7 | 1 << 6 | 1 << 4 | 1 << 2)
        self.write(FMC_SDTR1, 1 << 24 | 1 << 20 | 1 << 16 | 5 << 12 | 3 << 8 | 5 << 4 | 1)
        # clock; all banks closed, TRP; eight refreshes, TRC each; mode register, TMRD
        for command, sdclks in ((1, 0), (2, 2), (3 | 7 << 5, 8 * 6), (4 | 0x220 << 9, 2)):
            self.write(FMC_SDCMR, command | 1 << 4)
            self.until_clear(FMC_SDSR, 1 << 5, Times.sdclks(sdclks))
            if command == 1:
                self.delay(MS)
        self.modify(FMC_SDRTR, 0x3FFE, 0x603 << 1)

    def alternate_pin(self, port: int, pin: int, function: int) -> None:
        """HAL_GPIO_Init of an open drain with pull-up."""
        self.set(RCC_AHB1ENR, 1 << (port - GPIOA) // 0x400)
        self.modify(port + 0x20 + 4 * (pin // 8), 0xF << 4 * (pin % 8), function << 4 * (pin % 8))
        self.modify(port, 3 << 2 * pin, 2 << 2 * pin)
        self.set(port + 0x04, 1 << pin)
        self.modify(port + 0x0C, 3 << 2 * pin, 1 << 2 * pin)

    # HAL_I2C_Mem_Write and HAL_I2C_Mem_Read, as CAMERA_IO_Write and CAMERA_IO_Read use them

    def i2c_init(self, unit: int, enable: int) -> None:
        for pin in I2C_PINS[unit]:
            self.alternate_pin(*pin)
        self.set(RCC_APB1ENR, enable)
        self.write(unit, 0)
        self.write(unit + 0x10, 0x4091_2732)
        self.write(unit + 0x04, 1 << 25 | 1 << 15)
        self.write(unit, 1)

    def mem_write(self, unit: int, device: int, register: int, value: int) -> None:
        self.until_clear(unit + 0x18, 1 << 15, Times.AT_ONCE)
        self.write(unit + 0x04, device | 1 << 16 | 1 << 24 | 1 << 13)
        self.until_set(unit + 0x18, 1 << 1, Times.i2c(9))
        self.write(unit + 0x28, register)
        self.until_set(unit + 0x18, 1 << 7, Times.i2c(9))
        self.write(unit + 0x04, device | 1 << 16 | 1 << 25)
        self.until_set(unit + 0x18, 1 << 1, Times.AT_ONCE)
        self.write(unit + 0x28, value)
        self.until_set(unit + 0x18, 1 << 5, Times.i2c(9))
        self.write(unit + 0x1C, 1 << 5)

    def long_mem_write(self, unit: int, device: int, register: int, value: int) -> None:
        """The same with I2C_MEMADD_SIZE_16BIT and two bytes of data."""
        self.until_clear(unit + 0x18, 1 << 15, Times.AT_ONCE)
        self.write(unit + 0x04, device | 2 << 16 | 1 << 24 | 1 << 13)
        for byte in register.to_bytes(2, "big"):
            self.until_set(unit + 0x18, 1 << 1, Times.i2c(9))
            self.write(unit + 0x28, byte)
        self.until_set(unit + 0x18, 1 << 7, Times.i2c(9))
        self.write(unit + 0x04, device | 2 << 16 | 1 << 25)
        for byte, times in zip(value.to_bytes(2, "big"), (Times.AT_ONCE, Times.i2c(9)), strict=True):
            self.until_set(unit + 0x18, 1 << 1, times)
            self.write(unit + 0x28, byte)
        self.until_set(unit + 0x18, 1 << 5, Times.i2c(9))
        self.write(unit + 0x1C, 1 << 5)

    def long_mem_read(self, unit: int, device: int, register: int) -> int:
        self.until_clear(unit + 0x18, 1 << 15, Times.AT_ONCE)
        self.write(unit + 0x04, device | 2 << 16 | 1 << 13)
        for byte in register.to_bytes(2, "big"):
            self.until_set(unit + 0x18, 1 << 1, Times.i2c(9))
            self.write(unit + 0x28, byte)
        self.until_set(unit + 0x18, 1 << 6, Times.i2c(9))
        self.write(unit + 0x04, device | 2 << 16 | 1 << 25 | 1 << 10 | 1 << 13)
        value = 0
        for bits in (18, 9):
            self.until_set(unit + 0x18, 1 << 2, Times.i2c(bits))
            value = value << 8 | self.read(unit + 0x24)
        self.until_set(unit + 0x18, 1 << 5, Times.i2c(0))
        self.write(unit + 0x1C, 1 << 5)
        return value

    def mem_read(self, unit: int, device: int, register: int) -> int:
        self.until_clear(unit + 0x18, 1 << 15, Times.AT_ONCE)
        self.write(unit + 0x04, device | 1 << 16 | 1 << 13)
        self.until_set(unit + 0x18, 1 << 1, Times.i2c(9))
        self.write(unit + 0x28, register)
        self.until_set(unit + 0x18, 1 << 6, Times.i2c(9))
        self.write(unit + 0x04, device | 1 << 16 | 1 << 25 | 1 << 10 | 1 << 13)
        self.until_set(unit + 0x18, 1 << 2, Times.i2c(18))
        value = self.read(unit + 0x24)
        self.until_set(unit + 0x18, 1 << 5, Times.i2c(0))
        self.write(unit + 0x1C, 1 << 5)
        return value


@pytest.fixture
def hal() -> Hal:
    hal = Hal()
    hal.system_clock()
    return hal


def test_the_clock_configuration_ends_at_216_mhz(hal: Hal) -> None:
    assert hal.clock.hz == 216_000_000
    assert (hal.board.rcc.pclk1, hal.board.rcc.pclk2) == (54_000_000, 108_000_000)


def test_the_sdram_refuses_before_and_answers_after_its_sequence(hal: Hal) -> None:
    port = hal.board.matrix.port("DMA2")
    port.write(SDRAM, 4, 1)
    assert port.read(SDRAM, 4) == 0, "without the FMC's clock"
    hal.set(RCC_AHB3ENR, 1)
    with pytest.raises(BusError):
        port.write(SDRAM, 4, 1)
    hal.sdram()
    port.write(SDRAM, 4, 0x1234)
    assert port.read(SDRAM, 4) == 0x1234


def ltdc_init(hal: Hal) -> None:
    """BSP_LCD_Init: BSP_LCD_ClockConfig, HAL_LTDC_Init, BSP_LCD_LayerDefaultInit; pins and backlight."""
    hal.set(RCC, 0)
    hal.until_clear(RCC, 1 << 29, Times.AT_ONCE)
    hal.write(RCC_PLLSAICFGR, 192 << 6 | 2 << 24 | 5 << 28)
    hal.modify(RCC_DCKCFGR1, 3 << 16, 1 << 16)
    hal.set(RCC, 1 << 28)
    hal.until_set(RCC, 1 << 29, Times.PLLSAI)
    hal.set(RCC_APB2ENR, 1 << 26)
    hal.set(RCC_AHB1ENR, 1 << 8 | 1 << 10 | 1 << 23)
    hal.write(LTDC + 0x08, 40 << 16 | 9)
    hal.write(LTDC + 0x0C, 53 << 16 | 11)
    hal.write(LTDC + 0x10, 533 << 16 | 283)
    hal.write(LTDC + 0x14, 565 << 16 | 285)
    hal.set(LTDC + 0x34, 1 << 2 | 1 << 1)
    hal.set(LTDC + 0x18, 1)
    for offset, value in ((0x88, 533 << 16 | 54), (0x8C, 283 << 16 | 12), (0x94, 2), (0x98, 255), (0xA0, 0x405)):
        hal.write(LTDC + offset, value)
    for offset, value in ((0xAC, SDRAM), (0xB0, 960 << 16 | 963), (0xB4, 272), (0x84, 1)):
        hal.write(LTDC + offset, value)
    hal.write(LTDC + 0x24, 1)
    hal.modify(GPIOI, 3 << 24, 1 << 24)
    hal.modify(GPIOK, 3 << 6, 1 << 6)
    hal.write(GPIOI + 0x18, 1 << 12)
    hal.write(GPIOK + 0x18, 1 << 3)


def test_the_lcd_shows_what_dma2d_filled(tmp_path: Path) -> None:
    """BSP_LCD_Clear: LL_FillBuffer with HAL_DMA2D_Start and HAL_DMA2D_PollForTransfer. A machine's memories take their time."""
    (tmp_path / "any.elf").write_bytes(elf())
    hal = Hal(machine=Machine(load(tmp_path / "any.elf")))
    hal.system_clock()
    hal.sdram()
    ltdc_init(hal)
    hal.write(DMA2D, 3 << 16)
    hal.write(DMA2D + 0x34, 2)
    hal.write(DMA2D + 0x40, 0)
    hal.write(DMA2D + 0x44, 480 << 16 | 272)
    hal.write(DMA2D + 0x3C, SDRAM)
    hal.write(DMA2D + 0x38, 0x07E0)
    hal.set(DMA2D, 1)
    hal.until_set(DMA2D + 0x04, 1 << 1, Times.FILL)
    hal.write(DMA2D + 0x08, 1 << 1)
    assert not hal.read(DMA2D) & 1
    assert (hal.board.lcd.pixels == [0, 255, 0]).all()


def test_frames_come_at_the_rate_of_pllsai(hal: Hal) -> None:
    hal.sdram()
    ltdc_init(hal)
    begun, frames = hal.clock.seconds, hal.board.lcd.frames
    hal.delay(Fraction(1, 2))
    rate = (hal.board.lcd.frames - frames) / (hal.clock.seconds - begun)
    assert float(rate) == pytest.approx(9_600_000 / (566 * 286), abs=2)


def camera_init(hal: Hal) -> None:
    """BSP_CAMERA_Init: power up, reset, read the identity, the table with 2 ms behind each register, DCMI and DMA2 stream 1."""
    hal.set(RCC_AHB1ENR, 1 << 7 | 1 << 22)
    hal.modify(GPIOH, 3 << 26, 1 << 26)
    hal.write(GPIOH + 0x18, 1 << 29)
    hal.delay(3 * MS)
    hal.i2c_init(I2C1, 1 << 21)
    assert hal.mem_read(I2C1, 0x60, 0x0A) == 0x96
    hal.mem_write(I2C1, 0x60, 0x12, 0x80)
    hal.delay(200 * MS)
    for register, value in QQVGA:
        hal.mem_write(I2C1, 0x60, register, value)
        hal.delay(2 * MS)
    hal.set(RCC_AHB2ENR, 1)
    hal.write(DCMI, 1 << 5 | 1 << 7)


def other_camera_init(hal: Hal) -> None:
    """s5k5cag_ReadID and s5k5cag_Init at 160 x 120, without the patches for the sensor's processor; a write is a page, an address, words."""
    hal.set(RCC_AHB1ENR, 1 << 7 | 1 << 22)
    hal.modify(GPIOH, 3 << 26, 1 << 26)
    hal.write(GPIOH + 0x18, 1 << 29)
    hal.delay(3 * MS)
    hal.i2c_init(I2C1, 1 << 21)
    hal.long_mem_write(I2C1, 0x5A, 0xFCFC, 0x0000)
    assert hal.long_mem_read(I2C1, 0x5A, 0x0040) == 0x05CA
    for register, value in ((0xFCFC, 0xD000), (0x0010, 1), (0x1030, 0), (0x0014, 1)):
        hal.long_mem_write(I2C1, 0x5A, register, value)
        hal.delay(MS)
    hal.delay(100 * MS)
    for page, address, *words in S5K5CAG_QQVGA:
        hal.long_mem_write(I2C1, 0x5A, 0x0028, page)
        hal.long_mem_write(I2C1, 0x5A, 0x002A, address)
        for word in words:
            hal.long_mem_write(I2C1, 0x5A, 0x0F12, word)
            hal.delay(MS)
    hal.set(RCC_AHB2ENR, 1)
    hal.write(DCMI, 1 << 5 | 1 << 6 | 1 << 7)


@pytest.mark.parametrize(("sensor", "init"), [("ov9655", camera_init), ("s5k5cag", other_camera_init)])
def test_a_snapshot_arrives_through_dma2_stream_1(sensor: str, init: Callable[[Hal], None]) -> None:
    """BSP_CAMERA_SnapshotStart: HAL_DCMI_Start_DMA with HAL_DMA_Start_IT; the frame's end is polled here."""
    hal = Hal(sensor)
    hal.system_clock()
    scene = np.random.default_rng(1).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    hal.board.camera.feed(scene)
    init(hal)
    hal.set(DCMI, 1 << 14)
    hal.modify(DCMI, 2, 2)
    hal.write(DMA2_S1, 0x0202_5516 & ~(1 << 8))
    hal.write(DMA2_S1 + 0x04, 9600)
    hal.write(DMA2_S1 + 0x08, DCMI + 0x28)
    hal.write(DMA2_S1 + 0x0C, 0x2001_0000)
    hal.write(DMA2_S1 + 0x14, 0x21)
    hal.set(DMA2_S1, 1)
    hal.set(DCMI, 1)
    hal.until_set(DCMI + 0x08, 1, frames(Fraction(1, 2), 2))  # the rest of the frame under way, and a whole one
    hal.until_set(DMA2_LISR, 1 << 11, Times.AT_ONCE)
    assert hal.read(DMA2_S1 + 0x04) == 0 and not hal.read(DCMI) & 1 and not hal.read(DCMI + 0x08) & 2
    stored = np.frombuffer(hal.board.matrix.contents.read(0x2001_0000, 38400), "<u2").reshape(120, 160)
    assert np.array_equal(stored, picture.rgb565(picture.fitted(scene, 160, 120)))


def test_stopping_a_capture_ends_both_polls(hal: Hal) -> None:
    """HAL_DCMI_Stop polls CAPTURE, HAL_DMA_Abort polls EN, while a continuous capture is under way."""
    camera_init(hal)
    hal.set(DCMI, 1 << 14)
    hal.write(DMA2_S1 + 0x04, 9600)
    hal.write(DMA2_S1 + 0x08, DCMI + 0x28)
    hal.write(DMA2_S1 + 0x0C, 0x2001_0000)
    hal.write(DMA2_S1, 0x0202_5517)
    hal.set(DCMI, 1)
    hal.delay(70 * MS)
    hal.modify(DCMI, 1, 0)
    hal.write(DCMI + 0x14, 1)
    hal.until_clear(DCMI, 1, frames(0, 1))  # the frame goes on to its end
    assert hal.read(DCMI + 0x08) & 1
    hal.modify(DMA2_S1, 1, 0)
    hal.until_clear(DMA2_S1, 1, Times.AT_ONCE)
    hal.modify(DCMI, 1 << 14, 0)
    assert not hal.read(DCMI) & 1 << 14


def test_the_touch_controller_and_the_codec_name_themselves(hal: Hal) -> None:
    hal.i2c_init(I2C3, 1 << 23)
    assert hal.mem_read(I2C3, 0x70, 0xA8) == 0x51
    hal.board.touch.press((100, 50))
    assert hal.mem_read(I2C3, 0x70, 0x02) == 1
    assert [hal.mem_read(I2C3, 0x70, register) for register in (0x03, 0x04, 0x05, 0x06)] == [0, 50, 0, 100]


def test_mbeds_microsecond_ticker_counts_microseconds(hal: Hal) -> None:
    """us_ticker_init on TIM5: PSC 0x6B at 108 MHz, UG, CEN."""
    hal.set(RCC_APB1ENR, 1 << 3)
    hal.write(TIM5 + 0x2C, 0xFFFF_FFFF)
    hal.write(TIM5 + 0x28, 0x6B)
    hal.write(TIM5 + 0x14, 1)
    hal.set(TIM5, 1)
    before = hal.read(TIM5 + 0x24)
    hal.delay(1000 * US)
    assert hal.read(TIM5 + 0x24) - before in (1000, 1001)


def test_mbeds_tick_from_lptim1_on_lse(hal: Hal) -> None:
    """HAL_RCC_OscConfig for LSE, then LPTIM1: CMPOK is polled, CNT read twice until equal, and CMPM raises interrupt 93."""
    hal.set(PWR, 1 << 8)
    hal.set(RCC_BDCR, 1)
    hal.until_set(RCC_BDCR, 2, Times.LSE)
    hal.set(RCC_DCKCFGR2, 3 << 24)
    hal.set(RCC_APB1ENR, 1 << 9)
    hal.write(LPTIM1 + 0x08, 1)
    hal.write(LPTIM1 + 0x10, 1)
    hal.write(LPTIM1 + 0x18, 0xFFFF)
    hal.until_set(LPTIM1, 1 << 4, Times.LPTIM_WRITE)
    hal.write(LPTIM1 + 0x10, 5)
    hal.write(LPTIM1 + 0x14, 328)
    hal.until_set(LPTIM1, 1 << 3, Times.LPTIM_WRITE)
    hal.poll(lambda: hal.read(LPTIM1 + 0x1C) == hal.read(LPTIM1 + 0x1C), Times.AT_ONCE)
    hal.write(0xE000_E100 + 8, 1 << 93 - 64)
    assert hal.board.nvic.best_pending() is None
    hal.delay(11 * MS)
    assert hal.board.nvic.best_pending() == (16 + 93, 0)


def test_the_user_button_interrupts_through_syscfg_and_exti(hal: Hal) -> None:
    """BSP_PB_Init in interrupt mode: HAL_GPIO_Init writes EXTICR, IMR and RTSR; PI11 is on EXTI15_10, interrupt 40."""
    hal.set(RCC_AHB1ENR, 1 << 8)
    hal.set(RCC_APB2ENR, 1 << 14)
    hal.modify(0x4001_3810, 0xF000, 8 << 12)
    hal.set(0x4001_3C00, 1 << 11)
    hal.set(0x4001_3C08, 1 << 11)
    hal.write(0xE000_E104, 1 << 40 - 32)
    hal.board.button.press()
    assert hal.board.nvic.best_pending() == (16 + 40, 0)
    hal.write(0x4001_3C14, 1 << 11)
    assert hal.read(GPIOI + 0x10) & 1 << 11


def test_usart1_sends_by_dma2_stream_7(hal: Hal) -> None:
    """HAL_UART_Transmit_DMA: NDTR, PAR, M0AR, EN, then TC cleared and DMAT set."""
    sent: list[int] = []
    hal.board.usart1.transmitted.append(sent.append)
    hal.set(RCC_AHB1ENR, 1 << 22)
    hal.set(RCC_APB2ENR, 1 << 4)
    hal.write(0x4001_100C, 938)
    hal.write(0x4001_1000, 0xD)
    hal.board.matrix.contents.write(0x2001_0000, b"hello")
    stream = 0x4002_6410 + 0x18 * 7
    hal.write(stream + 4, 5)
    hal.write(stream + 8, 0x4001_1028)
    hal.write(stream + 12, 0x2001_0000)
    hal.write(stream, 4 << 25 | 1 << 10 | 1 << 6 | 1 << 4 | 1)
    hal.write(0x4001_1020, 1 << 6)
    hal.set(0x4001_1008, 1 << 7)
    hal.until_set(0x4002_6404, 1 << 27, Times.usart(3, 5))  # the last byte is in TDR; TE began with an idle frame
    hal.until_set(0x4001_101C, 1 << 6, Times.usart(1, 2))
    assert bytes(sent) == b"hello"


def test_a_device_answers_only_while_both_its_pins_are_the_controllers(hal: Hal) -> None:
    hal.i2c_init(I2C1, 1 << 21)
    assert hal.board.i2c_buses["I2C1"].start(0x30, read=False)
    hal.alternate_pin(GPIOB, 9, 0)
    assert not hal.board.i2c_buses["I2C1"].start(0x30, read=False)
