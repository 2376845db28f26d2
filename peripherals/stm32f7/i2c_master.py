"""The master in an I2C interface: bytes take the time that TIMINGR gives them, and whoever is on the bus acknowledges or does not.

Reference: RM0385 30.4.8, 30.4.13 (SMBus). Not modelled: arbitration with other masters, bus errors.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.i2c_bus import TEN_BITS
from peripherals.kit.timebase import Alarm
from peripherals.stm32f7.i2c_registers import NACKF, PECERR, RXNE, STOPF, TC, TCR, TXE, TXIS, I2cRegisters

_BYTE = 9  # bits, the acknowledge included
_CONDITION = 1  # bits that a start or a stop takes; guess: RM0385 gives SCLH and the set-up time


class Master:
    """`owner` while its start has been acknowledged or refused, and its stop has not come."""

    def __init__(self, unit: I2cRegisters) -> None:
        self._unit = unit
        self._bus = unit.bus
        self._alarm: Alarm | None = None
        self._parked: Callable[[], None] | None = None  # what comes when a target lets go of the clock
        self._left = 0  # bytes of NBYTES still to transfer
        self._held: int | None = None  # a byte that is in while RXDR is full: SCL is stretched
        self.owner = False
        unit.bus.held.listen(self._freed)
        unit.bus.busy.listen(self._bus_freed)

    @property
    def active(self) -> bool:
        return self.owner or self._alarm is not None

    @property
    def stretching(self) -> bool:
        """Between bytes it waits for software."""
        return self.owner and self._alarm is None and self._parked is None

    def _after(self, bits: int, action: Callable[[], None]) -> None:
        def due() -> None:
            self._alarm = None
            action()
            self._unit.update()

        periods = self._unit.periods
        self._alarm = periods.at(periods.upcoming + bits * self._unit.bit, due)

    def _when_free(self, action: Callable[[], None]) -> None:
        if self._bus.held.level:
            self._parked = action
        else:
            action()

    def _freed(self, held: bool) -> None:
        if not held and self._parked is not None:
            action, self._parked = self._parked, None
            action()
            self._unit.update()

    def _bus_freed(self, busy: bool) -> None:
        """A start waits while another master has the bus."""
        unit = self._unit
        if not busy and unit["CR1.PE"] and unit["CR2.START"] and not self.active:
            self._start()

    # What software writes

    def controlled(self) -> None:
        """CR2 is written."""
        unit = self._unit
        if unit["CR2.START"] and self._alarm is None and self._held is None and self._parked is None:
            if self.owner or not self._bus.busy.level:
                self._start()
        elif self.owner and unit["ISR"] & TCR and unit["CR2.NBYTES"]:
            unit["ISR"] &= ~TCR
            self._left = unit["CR2.NBYTES"]
            self._go_on()
        if unit["CR2.STOP"] and self.owner and self._alarm is None and self._parked is None:
            self._stop()

    def supplied(self) -> None:
        """TXDR is written, which TXIS asked for."""
        self._unit["ISR"] &= ~TXIS
        self._send()

    def taken(self) -> None:
        """RXDR is read."""
        if self._held is not None:
            held, self._held = self._held, None
            self._received(held)

    # A transfer

    def _start(self) -> None:
        """A start or repeated start, the address, and its acknowledge."""
        unit = self._unit
        if not self.owner:
            unit.begin_code()
        self._bus.take()
        unit["ISR"] &= ~(TC | TCR)
        self._left = unit["CR2.NBYTES"]
        self._after(self._header(), self._addressed)

    def _header(self) -> int:
        """Bits of start and address: ten bits are two bytes, and to read a repeated start and the first of them again, or that alone."""
        unit = self._unit
        if not unit["CR2.ADD10"] or (unit["CR2.RD_WRN"] and unit["CR2.HEAD10R"]):
            return _CONDITION + _BYTE
        if unit["CR2.RD_WRN"]:
            return 2 * _CONDITION + 3 * _BYTE
        return _CONDITION + 2 * _BYTE

    def _addressed(self) -> None:
        unit = self._unit
        unit["CR2.START"] = 0
        self.owner = True
        reads, ten = unit["CR2.RD_WRN"], unit["CR2.ADD10"]
        address = TEN_BITS | unit["CR2.SADD"] if ten else unit["CR2.SADD"] >> 1 & 0x7F
        if ten:
            unit.count_in(0xF0 | unit["CR2.SADD"] >> 7 & 6 | reads)
            unit.count_in(unit["CR2.SADD"] & 0xFF)
        else:
            unit.count_in(address << 1 | reads)
        if self._bus.start(address, read=bool(reads)):
            self._when_free(self._go_on)
        else:
            self._refused()

    def _refused(self) -> None:
        self._unit["ISR"] |= NACKF
        self._stop()

    def _go_on(self) -> None:
        """The next byte, or what comes behind the last."""
        unit = self._unit
        if unit["CR2.STOP"] or (not self._left and unit["CR2.AUTOEND"] and not unit["CR2.RELOAD"]):
            self._stop()
        elif not self._left:
            unit["ISR"] |= TCR if unit["CR2.RELOAD"] else TC
            if not unit["CR2.RELOAD"] and unit["CR2.START"]:
                self._start()
        elif unit["CR2.RD_WRN"]:
            self._when_free(lambda: self._after(_BYTE, self._arrived))
        elif self._is_code:
            code = unit["PECR"]
            self._after(_BYTE, lambda: self._sent(code))
        elif unit["ISR"] & TXE:
            unit["ISR"] |= TXIS
        else:
            self._send()

    @property
    def _is_code(self) -> bool:
        return self._left == 1 and self._unit.checks and not self._unit["CR2.RELOAD"]

    def _send(self) -> None:
        data = self._unit["TXDR"]
        self._unit["ISR"] |= TXE
        self._after(_BYTE, lambda: self._sent(data))

    def _sent(self, data: int) -> None:
        self._end_code()
        self._left -= 1
        self._unit.count_in(data)
        self._bus.write(data)
        self._when_free(self._answered)

    def _end_code(self) -> None:
        if self._is_code:
            self._unit["CR2.PECBYTE"] = 0

    def _answered(self) -> None:
        if self._bus.acknowledged:
            self._go_on()
        else:
            self._refused()

    def _arrived(self) -> None:
        """The last byte is not acknowledged, unless more are to come by RELOAD."""
        unit = self._unit
        data = self._bus.read()
        if self._is_code and data != unit["PECR"]:
            unit["ISR"] |= PECERR
        unit.count_in(data)
        self._bus.answer(self._left > 1 or bool(unit["CR2.RELOAD"]))
        if unit["ISR"] & RXNE:
            self._held = data
        else:
            self._received(data)

    def _received(self, data: int) -> None:
        unit = self._unit
        unit["RXDR"] = data
        unit["ISR"] |= RXNE
        self._end_code()
        self._left -= 1
        self._go_on()

    def _stop(self) -> None:
        self._unit["ISR"] &= ~(TXIS | TC | TCR)
        self._after(_CONDITION, self._stopped)

    def _stopped(self) -> None:
        unit = self._unit
        self.owner = False
        unit["CR2.STOP"] = 0
        unit["ISR"] |= STOPF
        self._bus.stop()

    def abandon(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        began = self.active
        self._alarm = self._held = self._parked = None
        self._left = 0
        self.owner = False
        if began:
            self._bus.stop()
