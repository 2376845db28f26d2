"""The I2C interface as master: bytes take the time that TIMINGR gives them, and a device on the bus acknowledges or does not.

Reference: RM0385 30. Not modelled: slave mode, SMBus (PEC, alert, timeouts), arbitration with other masters, bus errors, edge times
and the analog filter's delay in SCL's period, set-up and hold times.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.clock import Clock
from peripherals.kit.i2c_bus import I2cBus
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line, Request

_TXE, _TXIS, _RXNE, _NACKF, _STOPF, _TC, _TCR, _BUSY = 1 << 0, 1 << 1, 1 << 2, 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 15
_ERRORS = 0x3F00
_BYTE = 9  # bits, the acknowledge included
_CONDITION = 1  # bits that a start or a stop takes; guess: RM0385 gives SCLH and the set-up time
_SYNCHRONISATION = 2  # kernel clock periods a level of SCL needs to be seen, at the least (RM0385 30.4.9)


class I2c(Peripheral):
    registers = (
        reg(
            0x00,
            "CR1",
            rw="PECEN[23] ALERTEN[22] SMBDEN[21] SMBHEN[20] GCEN[19] NOSTRETCH[17] SBC[16] RXDMAEN[15] TXDMAEN[14] ANFOFF[12] DNF[11:8]"
            " ERRIE[7] TCIE[6] STOPIE[5] NACKIE[4] ADDRIE[3] RXIE[2] TXIE[1] PE[0]",
            unmodelled="PECEN ALERTEN SMBDEN SMBHEN GCEN SBC",
        ),
        reg(
            0x04,
            "CR2",
            rw="AUTOEND[25] RELOAD[24] NBYTES[23:16] HEAD10R[12] ADD10[11] RD_WRN[10] SADD[9:0]",
            rs="PECBYTE[26] NACK[15] STOP[14] START[13]",
            unmodelled="PECBYTE NACK HEAD10R",
        ),
        reg(0x08, "OAR1", rw="OA1EN[15] OA1MODE[10] OA1[9:0]", unmodelled="OA1EN"),
        reg(0x0C, "OAR2", rw="OA2EN[15] OA2MSK[10:8] OA2[7:1]", unmodelled="OA2EN"),
        reg(0x10, "TIMINGR", rw="PRESC[31:28] SCLDEL[23:20] SDADEL[19:16] SCLH[15:8] SCLL[7:0]"),
        reg(
            0x14,
            "TIMEOUTR",
            rw="TEXTEN[31] TIMEOUTB[27:16] TIMOUTEN[15] TIDLE[12] TIMEOUTA[11:0]",
            unmodelled="TEXTEN TIMOUTEN",
        ),
        reg(
            0x18,
            "ISR",
            reset=_TXE,
            r="ADDCODE[23:17] DIR[16] BUSY[15] ALERT[13] TIMEOUT[12] PECERR[11] OVR[10] ARLO[9] BERR[8] TCR[7] TC[6] STOPF[5] NACKF[4]"
            " ADDR[3] RXNE[2]",
            rs="TXIS[1] TXE[0]",
        ),
        reg(
            0x1C,
            "ICR",
            w="ALERTCF[13] TIMOUTCF[12] PECCF[11] OVRCF[10] ARLOCF[9] BERRCF[8] STOPCF[5] NACKCF[4] ADDRCF[3]",
        ),
        reg(0x20, "PECR", r="PEC[7:0]"),
        reg(0x24, "RXDR", r="RXDATA[7:0]"),
        reg(0x28, "TXDR", rw="TXDATA[7:0]"),
    )

    def __init__(
        self,
        name: str,
        clock: Clock,
        frequency: Frequency,
        bus: I2cBus,
        *,
        event_irq: Line,
        error_irq: Line,
        tx_request: Request,
        rx_request: Request,
    ) -> None:
        super().__init__(name)
        self._periods = Timebase(clock, frequency)
        self._bus = bus
        self._event_irq = event_irq
        self._error_irq = error_irq
        self._tx_request = tx_request
        self._rx_request = rx_request
        self._alarm: Alarm | None = None
        self._left = 0  # bytes of NBYTES still to transfer
        self._held: int | None = None  # a byte that is in while RXDR is full: SCL is stretched
        self._owner = False

    def reset(self) -> None:
        super().reset()
        self._abandon()
        self._update()

    @property
    def bit(self) -> int:
        """Kernel clock periods of one bit of SCL (RM0385 30.4.9)."""
        steps = self["TIMINGR.SCLL"] + 1 + self["TIMINGR.SCLH"] + 1
        return steps * (self["TIMINGR.PRESC"] + 1) + 2 * (_SYNCHRONISATION + self["CR1.DNF"])

    def _after(self, bits: int, action: Callable[[], None]) -> None:
        def due() -> None:
            self._alarm = None
            action()
            self._update()

        self._alarm = self._periods.at(self._periods.upcoming + bits * self.bit, due)

    # Registers

    def write_CR1(self, value: int) -> None:
        before = self.store("CR1", value)
        if self.pick("CR1.PE", before) and not self["CR1.PE"]:
            self._abandon()
            self["ISR"] = _TXE
            self["CR2"] &= ~0xE000
        self._update()

    def write_CR2(self, value: int) -> None:
        self.store("CR2", value)
        if not self["CR1.PE"]:
            self["CR2"] &= ~0xE000
            return
        if self["CR2.START"] and self._alarm is None and self._held is None:
            self._start()
        elif self["ISR"] & _TCR and self["CR2.NBYTES"]:
            self["ISR"] &= ~_TCR
            self._left = self["CR2.NBYTES"]
            self._go_on()
        if self["CR2.STOP"] and self._owner and self._alarm is None:
            self._stop()
        self._update()

    def write_ISR(self, value: int) -> None:
        """Software may empty TXDR, or ask for TXIS (RM0385 30.7.7); nothing else can be written."""
        if value & _TXE:
            self["ISR"] |= _TXE
        if value & _TXIS and self["CR1.NOSTRETCH"]:
            self["ISR"] |= _TXIS
        self._update()

    def write_ICR(self, value: int) -> None:
        self["ISR"] &= ~(value & 0x3F38)
        self._update()

    def write_TXDR(self, value: int) -> None:
        self.store("TXDR", value)
        if self["ISR"] & _TXIS:
            self["ISR"] &= ~_TXIS
            self._send()
        else:
            self["ISR"] &= ~_TXE
        self._update()

    def read_RXDR(self) -> int:
        data = self["RXDR"]
        self["ISR"] &= ~_RXNE
        if self._held is not None:
            held, self._held = self._held, None
            self._received(held)
        self._update()
        return data

    # A transfer

    def _start(self) -> None:
        """A start or repeated start, the address, and its acknowledge."""
        self["ISR"] = self["ISR"] & ~(_TC | _TCR) | _BUSY
        self._left = self["CR2.NBYTES"]
        header = 2 if self["CR2.ADD10"] and not self["CR2.RD_WRN"] else 1
        self._after(_CONDITION + header * _BYTE, self._addressed)

    def _addressed(self) -> None:
        self["CR2.START"] = 0
        self._owner = True
        ten = self["CR2.ADD10"]
        address = 0x400 | self["CR2.SADD"] if ten else self["CR2.SADD"] >> 1 & 0x7F
        if self._bus.start(address, read=bool(self["CR2.RD_WRN"])):
            self._go_on()
        else:
            self._refused()

    def _refused(self) -> None:
        self["ISR"] |= _NACKF
        self._stop()

    def _go_on(self) -> None:
        """The next byte, or what comes behind the last."""
        if self["CR2.STOP"] or (not self._left and self["CR2.AUTOEND"] and not self["CR2.RELOAD"]):
            self._stop()
        elif not self._left:
            self["ISR"] |= _TCR if self["CR2.RELOAD"] else _TC
            if not self["CR2.RELOAD"] and self["CR2.START"]:
                self._start()
        elif self["CR2.RD_WRN"]:
            self._after(_BYTE, self._arrived)
        elif self["ISR"] & _TXE:
            self["ISR"] |= _TXIS
        else:
            self._send()

    def _send(self) -> None:
        data = self["TXDR"]
        self["ISR"] |= _TXE
        self._after(_BYTE, lambda: self._sent(data))

    def _sent(self, data: int) -> None:
        self._left -= 1
        if self._bus.write(data):
            self._go_on()
        else:
            self._refused()

    def _arrived(self) -> None:
        data = self._bus.read()
        if self["ISR"] & _RXNE:
            self._held = data
        else:
            self._received(data)

    def _received(self, data: int) -> None:
        self["RXDR"] = data
        self["ISR"] |= _RXNE
        self._left -= 1
        self._go_on()

    def _stop(self) -> None:
        self["ISR"] &= ~(_TXIS | _TC | _TCR)
        self._after(_CONDITION, self._stopped)

    def _stopped(self) -> None:
        self._bus.stop()
        self._owner = False
        self["CR2.STOP"] = 0
        self["ISR"] = self["ISR"] & ~_BUSY | _STOPF
        if self["CR2.START"]:
            self._start()

    def _abandon(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._held = None
        self._left = 0
        self._owner = False
        self._bus.stop()

    def _update(self) -> None:
        """CR1's enables stand at the places of their flags, but that TXIE is for TXIS, and TCIE for TC and TCR."""
        isr, cr1 = self["ISR"], self["CR1"]
        flags = isr & 0x7E | (isr & _TCR) >> 1
        self._event_irq.set(bool(flags & cr1 & 0x7E))
        self._error_irq.set(bool(isr & _ERRORS and cr1 & 1 << 7))
        self._tx_request.set(bool(isr & _TXIS and cr1 & 1 << 14))
        self._rx_request.set(bool(isr & _RXNE and cr1 & 1 << 15))
