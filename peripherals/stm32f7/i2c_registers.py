"""What the master and the slave in an I2C interface share: registers, time, the packet error code, time-outs, interrupts.

Reference: RM0385 30.7. Not modelled: edge times and the analog filter's delay in SCL's period, set-up and hold times; SMBus alert.
"""

from __future__ import annotations

from dataclasses import dataclass

from peripherals.kit.clock import Clock
from peripherals.kit.i2c_bus import I2cBus
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line, Request

TXE, TXIS, RXNE, ADDR, NACKF, STOPF, TC, TCR = (1 << n for n in range(8))
OVR, PECERR, TIMEOUT, BUSY = 1 << 10, 1 << 11, 1 << 12, 1 << 15
_ERRORS = 0x3F00
_SYNCHRONISATION = 2  # kernel clock periods a level of SCL needs to be seen, at the least (RM0385 30.4.9)
_LOW_UNIT, _IDLE_UNIT = 2048, 4  # kernel clock periods of TIMEOUTA and TIMEOUTB (30.4.11)
_PEC = 0x07  # x^8 + x^2 + x + 1


@dataclass(frozen=True)
class Wires:
    """To the NVIC and the DMA controllers."""

    event_irq: Line
    error_irq: Line
    tx_request: Request
    rx_request: Request


class I2cRegisters(Peripheral):
    registers = (
        reg(
            0x00,
            "CR1",
            rw="PECEN[23] ALERTEN[22] SMBDEN[21] SMBHEN[20] GCEN[19] NOSTRETCH[17] SBC[16] RXDMAEN[15] TXDMAEN[14] ANFOFF[12] DNF[11:8]"
            " ERRIE[7] TCIE[6] STOPIE[5] NACKIE[4] ADDRIE[3] RXIE[2] TXIE[1] PE[0]",
            unmodelled="ALERTEN",
        ),
        reg(
            0x04,
            "CR2",
            rw="AUTOEND[25] RELOAD[24] NBYTES[23:16] HEAD10R[12] ADD10[11] RD_WRN[10] SADD[9:0]",
            rs="PECBYTE[26] NACK[15] STOP[14] START[13]",
        ),
        reg(0x08, "OAR1", rw="OA1EN[15] OA1MODE[10] OA1[9:0]"),
        reg(0x0C, "OAR2", rw="OA2EN[15] OA2MSK[10:8] OA2[7:1]"),
        reg(0x10, "TIMINGR", rw="PRESC[31:28] SCLDEL[23:20] SDADEL[19:16] SCLH[15:8] SCLL[7:0]"),
        reg(
            0x14,
            "TIMEOUTR",
            rw="TEXTEN[31] TIMEOUTB[27:16] TIMOUTEN[15] TIDLE[12] TIMEOUTA[11:0]",
        ),
        reg(
            0x18,
            "ISR",
            reset=TXE,
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

    def __init__(self, name: str, clock: Clock, frequency: Frequency, bus: I2cBus, wires: Wires) -> None:
        super().__init__(name)
        self.periods = Timebase(clock, frequency)
        self.bus = bus
        self.wires = wires
        self._timeout: Alarm | None = None
        self._watched = ""  # what a time-out may come of: the clock is low, or the bus is idle
        self._watched_since = 0
        self._low_before = 0  # periods of this message, for TEXTEN

    @property
    def bit(self) -> int:
        """Kernel clock periods of one bit of SCL (RM0385 30.4.9)."""
        steps = self["TIMINGR.SCLL"] + 1 + self["TIMINGR.SCLH"] + 1
        return steps * (self["TIMINGR.PRESC"] + 1) + 2 * (_SYNCHRONISATION + self["CR1.DNF"])

    # The packet error code

    @property
    def checks(self) -> bool:
        """Whether the transfer's last byte is a packet error code."""
        return bool(self["CR1.PECEN"] and self["CR2.PECBYTE"])

    def begin_code(self) -> None:
        self["PECR"] = 0

    def count_in(self, byte: int) -> None:
        """A byte on the wire."""
        if not self["CR1.PECEN"]:
            return
        code = self["PECR"] ^ byte
        for _ in range(8):
            code = (code << 1 ^ (_PEC if code & 0x80 else 0)) & 0xFF
        self["PECR"] = code

    # Time-outs

    @property
    def stretching(self) -> bool:
        """Whether this interface keeps SCL low."""
        return False

    def write_TIMEOUTR(self, value: int) -> None:
        self.store("TIMEOUTR", value)
        self._watched = ""
        self.update()

    def _watch_time(self) -> None:
        """SCL low for long, or for long in all of one message; or with TIDLE a bus that is idle for long."""
        watched = "low" if self.stretching else "idle" if self["CR1.PE"] and not self.bus.busy.level else ""
        if watched == self._watched:
            return
        now = self.periods.upcoming
        if self._watched == "low":
            self._low_before += now - self._watched_since
        if not self.bus.busy.level:
            self._low_before = 0
        self._watched, self._watched_since = watched, now
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None
        limits = self._limits()
        if limits:
            self._timeout = self.periods.at(now + max(0, min(limits)), self._timed_out)

    def _limits(self) -> list[int]:
        limits = []
        idles = self["TIMEOUTR.TIDLE"]
        if self["TIMEOUTR.TIMOUTEN"] and self._watched == ("idle" if idles else "low"):
            limits.append((self["TIMEOUTR.TIMEOUTA"] + 1) * (_IDLE_UNIT if idles else _LOW_UNIT))
        if self["TIMEOUTR.TEXTEN"] and self._watched == "low":
            limits.append((self["TIMEOUTR.TIMEOUTB"] + 1) * _LOW_UNIT - self._low_before)
        return limits

    def _timed_out(self) -> None:
        self._timeout = None
        self["ISR"] |= TIMEOUT
        self.update()

    def update(self) -> None:
        """CR1's enables stand at the places of their flags, but that TXIE is for TXIS, and TCIE for TC and TCR."""
        isr, cr1 = self["ISR"], self["CR1"]
        flags = isr & 0x7E | (isr & TCR) >> 1
        self.wires.event_irq.set(bool(flags & cr1 & 0x7E))
        self.wires.error_irq.set(bool(isr & _ERRORS and cr1 & 1 << 7))
        self.wires.tx_request.set(bool(isr & TXIS and cr1 & 1 << 14))
        self.wires.rx_request.set(bool(isr & RXNE and cr1 & 1 << 15))
        self._watch_time()
