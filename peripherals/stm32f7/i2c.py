"""The I2C interface: a master and a slave behind one set of registers.

Reference: RM0385 30. Not modelled: what the modules of its parts say.
"""

from __future__ import annotations

from peripherals.kit.clock import Clock
from peripherals.kit.i2c_bus import I2cBus
from peripherals.kit.wires import Frequency
from peripherals.stm32f7.i2c_master import Master
from peripherals.stm32f7.i2c_registers import ADDR, BUSY, RXNE, TXE, TXIS, I2cRegisters, Wires
from peripherals.stm32f7.i2c_slave import Slave

_ACTS = 0x400_E000  # PECBYTE, NACK, STOP and START of CR2, which are gone while PE is 0


class I2c(I2cRegisters):
    def __init__(self, name: str, clock: Clock, frequency: Frequency, bus: I2cBus, wires: Wires) -> None:
        super().__init__(name, clock, frequency, bus, wires)
        self.master = Master(self)
        self.slave = Slave(self, self.master)
        bus.busy.listen(self._busy)

    def reset(self) -> None:
        super().reset()
        self._abandon()
        self.update()

    @property
    def stretching(self) -> bool:
        return self.master.stretching or self.slave.holding

    def _busy(self, busy: bool) -> None:
        """Of whichever master."""
        if self["CR1.PE"]:
            self["ISR"] = self["ISR"] & ~BUSY | BUSY * busy
        self.update()

    def _abandon(self) -> None:
        self.master.abandon()
        self.slave.abandon()
        self["ISR"] = TXE
        self["CR2"] &= ~_ACTS

    def write_CR1(self, value: int) -> None:
        before = self.store("CR1", value)
        if not self["CR1.PECEN"]:
            self["PECR"] = 0
        if self.pick("CR1.PE", before) and not self["CR1.PE"]:
            self._abandon()
        elif self["CR1.PE"] and not self.pick("CR1.PE", before):
            self._busy(self.bus.busy.level)
        self.update()

    def write_CR2(self, value: int) -> None:
        self.store("CR2", value)
        if not self["CR1.PE"]:
            self["CR2"] &= ~_ACTS
            return
        self.slave.controlled()
        self.master.controlled()
        self.update()

    def write_ISR(self, value: int) -> None:
        """Software may empty TXDR, or ask for TXIS (RM0385 30.7.7); nothing else can be written."""
        if value & TXE:
            self["ISR"] |= TXE
        if value & TXIS and self["CR1.NOSTRETCH"]:
            self["ISR"] |= TXIS
        self.update()

    def write_ICR(self, value: int) -> None:
        cleared = self["ISR"] & value & 0x3F38
        self["ISR"] &= ~cleared
        if cleared & ADDR and self.slave.addressed:
            self.slave.cleared()
        self.update()

    def write_TXDR(self, value: int) -> None:
        self.store("TXDR", value)
        if self.slave.addressed and self.slave.sends:
            self.slave.supplied()
        elif self["ISR"] & TXIS:
            self.master.supplied()
        else:
            self["ISR"] &= ~TXE
        self.update()

    def read_RXDR(self) -> int:
        data = self["RXDR"]
        self["ISR"] &= ~RXNE
        self.master.taken()
        self.slave.taken()
        self.update()
        return data
