"""Peripherals that answer without a model: known by their register maps only, without a clock, or held in reset.

Reference: RM0385 2.2.2 (memory map), 5.3.10 (a peripheral whose clock is off gives no valid values). Not modelled: what their registers do; each
access is counted.
"""

from __future__ import annotations

from typing import ClassVar

from peripherals.kit.registers import Peripheral, reg
from peripherals.stm32f7.maps.audio import CEC, SAI, SPDIFRX
from peripherals.stm32f7.maps.crypto import CRYP, HASH
from peripherals.stm32f7.maps.debug import ETM, ROM_TABLE, TPIU
from peripherals.stm32f7.maps.ethernet import ETH
from peripherals.stm32f7.maps.usb import OTG_FS, OTG_HS

_UNWRITTEN = ("rs", "w")  # bits that hardware takes back, and those that are not read


class Known(Peripheral):
    """A map without behaviour: registers give what they have at reset, keep what may be written, and count both.

    What firmware sets and hardware clears when it is done (`rs`) reads as done at once, and is what is cleared by writing or reading.
    """

    lanes = True

    def __init__(self, name: str, size: int) -> None:
        super().__init__(name)
        self.size = size

    def is_stored(self, offset: int) -> bool:
        return False  # each read is counted

    def read(self, offset: int, size: int) -> int:
        self.count_unmodelled(self._named(offset), "read")
        row = self._rows.get(offset & ~3)
        if row is None:
            return 0
        word = self._words[row.offset] & ~row.register.mask(*_UNWRITTEN)
        return word >> 8 * (offset & 3) & ((1 << 8 * size) - 1)

    def write(self, offset: int, size: int, value: int) -> None:
        self.count_unmodelled(self._named(offset), "write")
        row = self._rows.get(offset & ~3)
        if row is not None:
            word = self._widen(offset, size, value) if size != 4 else value
            self._words[row.offset] = self._words[row.offset] & ~row.rw | word & row.rw

    def _named(self, offset: int) -> str:
        row = self._rows.get(offset & ~3)
        return f"+0x{offset & ~3:03x}" if row is None else row.name


class Absent(Known):
    """What another part of the family has there: reads 0, ignores writes, counts both by its names."""

    def read(self, offset: int, size: int) -> int:
        super().read(offset, size)
        return 0

    def write(self, offset: int, size: int, value: int) -> None:
        self.count_unmodelled(self._named(offset), "write")


class Cec(Known):
    registers = CEC


class Cryp(Absent):
    registers = CRYP


class Ethernet(Known):
    registers = ETH


class Etm(Known):
    registers = ETM


class Hash(Absent):
    registers = HASH


class OtgFs(Known):
    registers = OTG_FS


class OtgHs(Known):
    registers = OTG_HS


class Sai(Known):
    registers = SAI


class Spdifrx(Known):
    registers = SPDIFRX


class Tpiu(Known):
    registers = TPIU


KNOWN: dict[str, type[Known]] = {
    "CEC": Cec,
    "CRYP": Cryp,
    "ETH": Ethernet,
    "ETM": Etm,
    "HASH": Hash,
    "OTG_FS": OtgFs,
    "OTG_HS": OtgHs,
    "SAI1": Sai,
    "SAI2": Sai,
    "SPDIFRX": Spdifrx,
    "TPIU": Tpiu,
}


class Unclocked(Peripheral):
    """What answers in a peripheral's place while its clock is off."""

    why: ClassVar[str] = "without its clock"

    def __init__(self, peripheral: Peripheral) -> None:
        super().__init__(peripheral.name)
        self.size = peripheral.size
        self._names = {offset: name for register in peripheral.registers for name, offset, _ in register.places()}

    def read(self, offset: int, size: int) -> int:
        self.count_unmodelled(self._named(offset), "read")
        return 0

    def write(self, offset: int, size: int, value: int) -> None:
        self.count_unmodelled(self._named(offset), "write")

    def _named(self, offset: int) -> str:
        return self._names.get(offset & ~3, f"+0x{offset & ~3:03x}") + f" {self.why}"


class InReset(Unclocked):
    """What answers while RCC holds a peripheral in reset: its registers are as at reset, and stay so."""

    why: ClassVar[str] = "in reset"

    def __init__(self, peripheral: Peripheral) -> None:
        super().__init__(peripheral)
        self._peripheral = peripheral

    def read(self, offset: int, size: int) -> int:
        return self._peripheral.read(offset, size)


class RomTable(Peripheral):
    """What a debugger finds the processor's components by."""

    registers = ROM_TABLE
    size = 0x3000


_APB1_FREEZE = (
    "DBG_CAN2_STOP[26] DBG_CAN1_STOP[25] DBG_I2C4_SMBUS_TIMEOUT[24] DBG_I2C3_SMBUS_TIMEOUT[23]"
    " DBG_I2C2_SMBUS_TIMEOUT[22] DBG_I2C1_SMBUS_TIMEOUT[21] DBG_IWDG_STOP[12] DBG_WWDG_STOP[11] DBG_RTC_STOP[10]"
    " DBG_LPTIM1_STOP[9] DBG_TIM14_STOP[8] DBG_TIM13_STOP[7] DBG_TIM12_STOP[6] DBG_TIM7_STOP[5] DBG_TIM6_STOP[4]"
    " DBG_TIM5_STOP[3] DBG_TIM4_STOP[2] DBG_TIM3_STOP[1] DBG_TIM2_STOP[0]"
)
_APB2_FREEZE = "DBG_TIM11_STOP[18] DBG_TIM10_STOP[17] DBG_TIM9_STOP[16] DBG_TIM8_STOP[1] DBG_TIM1_STOP[0]"


class Dbgmcu(Peripheral):
    """The chip's identity; the freeze bits only work with a debugger."""

    registers = (
        reg(0x00, "IDCODE", reset=0x1001_6449, r="REV_ID[31:16] DEV_ID[11:0]"),  # read from a board, revision Z
        reg(
            0x04,
            "CR",
            rw="TRACE_MODE[7:6] TRACE_IOEN[5] DBG_STANDBY[2] DBG_STOP[1] DBG_SLEEP[0]",
            unmodelled="*",
        ),
        reg(0x08, "APB1_FZ", rw=_APB1_FREEZE, unmodelled="*"),
        reg(0x0C, "APB2_FZ", rw=_APB2_FREEZE, unmodelled="*"),
    )
    lanes = True
