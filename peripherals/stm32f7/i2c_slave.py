"""The slave in an I2C interface: its addresses, and a clock that it holds until software has answered.

Reference: RM0385 30.4.7, 30.4.13 (SMBus slave). Not modelled: that a byte is held before its acknowledge, not behind it; SMBus alert.
"""

from __future__ import annotations

from peripherals.kit.i2c_bus import TEN_BITS
from peripherals.stm32f7.i2c_master import Master
from peripherals.stm32f7.i2c_registers import ADDR, NACKF, OVR, PECERR, RXNE, STOPF, TCR, TXE, TXIS, I2cRegisters

_GENERAL_CALL, _HOST, _DEFAULT = 0x00, 0x08, 0x61  # the second and third are SMBus's
_RESERVED = (0x00, 0x78)  # OA2 with all its bits masked leaves out 0000xxx and 1111xxx
_TEN_BIT_CODE = 0x78  # 11110xx


class Slave:
    """A target on the bus. `sends` while the master that addressed it reads."""

    def __init__(self, unit: I2cRegisters, master: Master) -> None:
        self._unit = unit
        self._bus = unit.bus
        self._master = master
        self.addressed = False
        self.sends = False
        self._shift: int | None = None  # the byte that goes out next
        self._held: int | None = None  # a byte that came while RXDR was full
        self._left = 0  # bytes of NBYTES, with SBC
        self.holding = False
        unit.bus.targets.append(self)

    # What software writes

    def cleared(self) -> None:
        """ADDRCF."""
        self._left = self._unit["CR2.NBYTES"]
        if self.sends:
            self._prepare()
        else:
            self._hold(False)

    def controlled(self) -> None:
        """CR2 is written: with SBC it says how many bytes more, and NACK refuses the one that is held."""
        unit = self._unit
        if self.addressed and unit["ISR"] & TCR and unit["CR2.NBYTES"]:
            unit["ISR"] &= ~TCR
            self._left = unit["CR2.NBYTES"]
            if unit["CR2.NACK"]:
                unit["CR2.NACK"] = 0
                self._bus.refuse()
            self._hold(self._held is not None)

    def supplied(self) -> None:
        """TXDR is written."""
        unit = self._unit
        unit["ISR"] &= ~(TXIS | TXE)
        if self._shift is None and not unit["ISR"] & (ADDR | NACKF):
            self._prepare()

    def taken(self) -> None:
        """RXDR is read."""
        if self._held is not None:
            held, self._held = self._held, None
            self._receive(held)

    # A target's part

    def start(self, address: int, *, read: bool) -> bool:
        unit = self._unit
        self.addressed = bool(unit["CR1.PE"]) and not self._master.active and self._matches(address, read=read)
        if not self.addressed:
            self._hold(False)
            return False
        self.sends = read
        self._shift = self._held = None
        unit["CR2.NACK"] = 0
        if not address & TEN_BITS:
            unit.begin_code()
            unit.count_in(address << 1 | read)
        code = _TEN_BIT_CODE | address >> 8 & 3 if address & TEN_BITS else address
        unit["ISR.ADDCODE"], unit["ISR.DIR"] = code, read
        unit["ISR"] |= ADDR
        if not unit["CR1.NOSTRETCH"]:
            self._hold(True)
        elif read:
            self._prepare()
        unit.update()
        return True

    def _matches(self, address: int, *, read: bool) -> bool:
        unit = self._unit
        if unit["OAR1.OA1EN"]:
            ten = unit["OAR1.OA1MODE"]
            if address == (TEN_BITS | unit["OAR1.OA1"] if ten else unit["OAR1.OA1"] >> 1 & 0x7F):
                return True
        if address & TEN_BITS:
            return False
        if unit["OAR2.OA2EN"] and self._matches_second(address):
            return True
        return bool(
            (unit["CR1.GCEN"] and address == _GENERAL_CALL and not read)
            or (unit["CR1.SMBHEN"] and address == _HOST)
            or (unit["CR1.SMBDEN"] and address == _DEFAULT)
        )

    def _matches_second(self, address: int) -> bool:
        """OA2MSK leaves so many of the lower bits out."""
        masked = self._unit["OAR2.OA2MSK"]
        if masked == 7:
            return address & 0x78 not in _RESERVED
        return address >> masked == self._unit["OAR2.OA2"] >> masked

    def write(self, byte: int) -> bool:
        unit = self._unit
        if unit["CR2.NACK"]:
            unit["CR2.NACK"] = 0
            return False
        wrong = self._is_code and byte != unit["PECR"]
        unit.count_in(byte)
        if unit["ISR"] & RXNE:
            if unit["CR1.NOSTRETCH"]:
                unit["ISR"] |= OVR
                unit.update()
                return False
            self._held = byte
            self._hold(True)
        else:
            self._receive(byte)
        if wrong:
            unit["ISR"] |= PECERR
        unit.update()
        return not wrong

    def _receive(self, byte: int) -> None:
        unit = self._unit
        unit["RXDR"] = byte
        unit["ISR"] |= RXNE
        self._hold(self._counted())
        unit.update()

    @property
    def _is_code(self) -> bool:
        return bool(self._unit["CR1.SBC"]) and self._left == 1 and self._unit.checks

    def _counted(self) -> bool:
        """With SBC a byte of NBYTES; whether the clock is held for more."""
        unit = self._unit
        if not unit["CR1.SBC"]:
            return False
        self._left = max(0, self._left - 1)
        ended = not self._left and bool(unit["CR2.RELOAD"])
        if ended:
            unit["ISR"] |= TCR
        return ended

    def read(self) -> int:
        """Without a byte, which only NOSTRETCH allows, it is an underrun of ones."""
        unit = self._unit
        byte, self._shift = self._shift, None
        if byte is None:
            byte = 0xFF
            unit["ISR"] |= OVR
        unit.count_in(byte)
        return byte

    def answer(self, acknowledged: bool) -> None:
        unit = self._unit
        if acknowledged:
            if not self._counted():
                self._prepare()
            else:
                self._hold(True)
        else:
            unit["ISR"] |= NACKF
            self._hold(False)
        unit.update()

    def _prepare(self) -> None:
        """The next byte comes from TXDR, or is the packet error code; without one the clock is held until software writes it."""
        unit = self._unit
        if self._is_code:
            self._shift = unit["PECR"]
            unit["CR2.PECBYTE"] = 0
        elif unit["ISR"] & TXE:
            unit["ISR"] |= TXIS
        else:
            self._shift = unit["TXDR"]
            unit["ISR"] |= TXE | TXIS
        self._hold(self._shift is None and not unit["CR1.NOSTRETCH"])

    def stop(self) -> None:
        unit = self._unit
        self.addressed = False
        self._shift = None
        self._hold(False)
        unit["CR2.NACK"] = unit["CR2.PECBYTE"] = 0
        unit["ISR"] = unit["ISR"] & ~(TXIS | TCR) | STOPF
        unit.update()

    def abandon(self) -> None:
        self.addressed = False
        self._shift = self._held = None
        self._hold(False)

    def _hold(self, hold: bool) -> None:
        self.holding = hold
        self._bus.hold(self, hold=hold)
