"""The memory protection unit: eight regions behind one window and its aliases, and what they refuse.

Reference: Armv7-M ARM B3.5. Not modelled: an enabled MPU without any region or background, which locks up on hardware as here.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.cortex_m7.mpu_regions import EVERYTHING, EXECUTE, PRIVATE, SYSTEM, Region, default_refusal
from peripherals.kit.registers import Peripheral, reg

REGIONS = 8
ENABLE, HFNMIENA, PRIVDEFENA = 1, 2, 4
_RBAR = "ADDR[31:5] VALID[4] REGION[3:0]"
_RASR = "XN[28] AP[26:24] TEX[21:19] S[18] C[17] B[16] SRD[15:8] SIZE[5:1] ENABLE[0]"
_RASR_BITS = 0x173F_FF3F


class Mpu(Peripheral):
    registers = (
        reg(0xD90, "TYPE", reset=REGIONS << 8, r="IREGION[23:16] DREGION[15:8] SEPARATE[0]"),
        reg(0xD94, "CTRL", rw="PRIVDEFENA[2] HFNMIENA[1] ENABLE[0]"),
        reg(0xD98, "RNR", rw="REGION[7:0]"),
        reg(0xD9C, "RBAR", rw=_RBAR),
        reg(0xDA0, "RASR", rw=_RASR),
        reg(0xDA4, "RBAR_A", count=3, stride=8, first=1, rw=_RBAR),
        reg(0xDA8, "RASR_A", count=3, stride=8, first=1, rw=_RASR),
    )
    lanes = True

    def __init__(self) -> None:
        super().__init__("MPU")
        self.on_setting: Callable[[], None] = lambda: None
        self.regions = [(0, 0)] * REGIONS

    @property
    def control(self) -> int:
        return self["CTRL"]

    def enabled(self) -> list[Region]:
        """The regions that are enabled, the one that counts most last."""
        return [Region(n, base, attributes) for n, (base, attributes) in enumerate(self.regions) if attributes & 1]

    def applies(self, *, negative: bool) -> bool:
        """Whether accesses are checked; negative: at an execution priority below 0."""
        return bool(self.control & ENABLE and (self.control & HFNMIENA or not negative))

    def refused(self, address: int, *, privileged: bool, negative: bool) -> int:
        """What ValidateAddress() refuses at an address, as a bit list of READ, WRITE and EXECUTE."""
        refused = default_refusal(address)
        if address in PRIVATE or not self.applies(negative=negative):
            return refused
        if not (privileged and self.control & PRIVDEFENA):
            refused = EVERYTHING
        for region in self.enabled():
            if any(low <= address < high for low, high in region.stretches()):
                refused = region.refused(privileged=privileged)
        return refused | (EXECUTE if address >= SYSTEM else 0)

    def reset(self) -> None:
        super().reset()
        self.regions = [(0, 0)] * REGIONS

    def write_CTRL(self, value: int) -> None:
        if self.store("CTRL", value) != self["CTRL"]:
            self.on_setting()

    def write_RNR(self, value: int) -> None:
        self["RNR"] = value & (REGIONS - 1)

    def read_RBAR(self) -> int:
        number = self["RNR"]
        return self.regions[number][0] | number

    def write_RBAR(self, value: int) -> None:
        if value >> 4 & 1:
            self["RNR"] = value & (REGIONS - 1)
        self._set(value & ~0x1F, self.regions[self["RNR"]][1])

    def read_RASR(self) -> int:
        return self.regions[self["RNR"]][1]

    def write_RASR(self, value: int) -> None:
        self._set(self.regions[self["RNR"]][0], value & _RASR_BITS)

    def read_RBAR_A(self, index: int) -> int:
        return self.read_RBAR()

    def write_RBAR_A(self, index: int, value: int) -> None:
        self.write_RBAR(value)

    def read_RASR_A(self, index: int) -> int:
        return self.read_RASR()

    def write_RASR_A(self, index: int, value: int) -> None:
        self.write_RASR(value)

    def _set(self, base: int, attributes: int) -> None:
        number = self["RNR"]
        if self.regions[number] != (base, attributes):
            self.regions[number] = (base, attributes)
            self.on_setting()
