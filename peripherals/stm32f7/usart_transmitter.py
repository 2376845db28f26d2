"""The transmitter of a USART: frames and breaks in their time, at pins that are watched, and who may delay them.

Reference: RM0385 31.5.2, 31.5.10 (synchronous), 31.5.15 (RS-485 driver enable), 31.5.16 (CTS). Not modelled: noise.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.spi_bus import SpiBus
from peripherals.kit.timebase import Alarm
from peripherals.kit.waveform import Waveform
from peripherals.kit.wires import Tristate
from peripherals.stm32f7.usart_registers import UsartRegisters

_LIN_BREAK = 13  # bits


class Transmitter:
    """`echo` takes each word that a wire for both directions brings back; `synchronous` is what a clocked word is exchanged with."""

    def __init__(self, unit: UsartRegisters) -> None:
        self._unit = unit
        name = unit.name
        self.transmitted: list[Callable[[int], None]] = []
        self.started: list[Callable[[int], None]] = []
        self.broke: list[Callable[[], None]] = []
        self.echo: Callable[[int], None] = lambda word: None
        self.synchronous: SpiBus | None = None
        self._shifting: Alarm | None = None
        self._release: Alarm | None = None
        self._break_asked = False
        self.tx, self.ck = Tristate(f"{name}_TX"), Tristate(f"{name}_CK")
        self.driver_enable = Tristate(f"{name}_DE")
        self.cts = Tristate(f"{name}_CTS")
        self.cts.listen_drive(self._cts_changed)
        self._wave, self._clock_wave = Waveform(unit.periods, self.tx), Waveform(unit.periods, self.ck)

    @property
    def _enabled(self) -> bool:
        unit = self._unit
        return bool(unit["CR1.UE"] and unit["CR1.TE"])

    @property
    def _cleared_to_send(self) -> bool:
        """nCTS is low, or nobody drives it."""
        return not (self._unit["CR3.CTSE"] and self.cts.driven and self.cts.level)

    def _cts_changed(self) -> None:
        unit = self._unit
        if unit["CR3.CTSE"]:
            unit["ISR.CTS"] = not (self.cts.driven and self.cts.level)
            unit["ISR.CTSIF"] = 1
            self.next_frame(unit.periods.upcoming)
            unit.update()

    # Frames

    def preamble(self) -> None:
        """The idle frame that TE begins with."""
        if self._shifting is None and self._unit.bit:
            periods = self._unit.periods
            end = periods.upcoming + self._unit.frame
            self._shifting = periods.at(end, lambda: self._ended(end))

    def _ended(self, end: int) -> None:
        self._shifting = None
        self.next_frame(end)
        self._unit.update()

    def next_frame(self, start: int) -> None:
        """Move TDR to the shift register, where both are willing; the frame begins at that count of the kernel clock."""
        unit = self._unit
        if self._shifting is not None or not self._enabled or not unit.bit:
            return
        if self._break_asked:
            self._send_break(start)
        elif not unit["ISR.TXE"] and self._cleared_to_send:
            self._send(self._enable_driver(start))

    def _send(self, start: int) -> None:
        unit = self._unit
        data = unit.with_parity(unit["TDR"])
        unit["ISR.TXE"] = 1
        end = start + unit.frame
        self._shifting = unit.periods.at(end, lambda: self._shifted(data, end))
        self._show(start, unit.on_wire(data))
        for listener in self.started:
            listener(unit.on_wire(data))

    def _shifted(self, data: int, end: int) -> None:
        unit = self._unit
        self._shifting = None
        wire = unit.on_wire(data)
        for listener in self.transmitted:
            listener(wire & (0x7F if unit["CR1.PCE"] and unit.word_bits == 8 else 0xFF))
        if unit["CR2.CLKEN"] and unit["CR1.RE"] and self.synchronous is not None:
            self.echo(self.synchronous.exchange(wire, unit.word_bits))
        elif unit["CR3.HDSEL"] and unit["CR1.RE"]:
            self.echo(wire)
        if unit["ISR.TXE"]:
            unit["ISR.TC"] = 1
        self.next_frame(end)
        if self._shifting is None:
            self._disable_driver(end)
        unit.update()

    # Breaks

    def ask_break(self) -> None:
        """SBKRQ: behind the frame under way."""
        self._break_asked = True
        self._unit["ISR.SBKF"] = 1
        self.next_frame(self._unit.periods.upcoming)

    def _send_break(self, start: int) -> None:
        unit = self._unit
        self._break_asked = False
        low = (_LIN_BREAK if unit["CR2.LINEN"] else unit.word_bits + 2) * unit.bit
        end = start + low + 2 * unit.bit
        inverted = bool(unit["CR2.TXINV"])
        self._wave.play([(start, inverted), (start + low, not inverted)])
        self._shifting = unit.periods.at(end, lambda: self._break_ended(end))

    def _break_ended(self, end: int) -> None:
        self._unit["ISR.SBKF"] = 0
        for listener in self.broke:
            listener()
        self._ended(end)

    # Pins

    def configure(self) -> None:
        """Idle levels; half duplex lets the wire go between frames."""
        unit = self._unit
        if self._shifting is None:
            idles = self._enabled and not unit["CR3.HDSEL"]
            self._wave.rest(not unit["CR2.TXINV"] if idles else None)
            self._clock_wave.rest(bool(unit["CR2.CPOL"]) if unit["CR2.CLKEN"] and self._enabled else None)
        if unit["CR3.DEM"]:
            if self._shifting is self._release is None or not self._enabled:
                self.driver_enable.drive(bool(unit["CR3.DEP"]) if self._enabled else None)
        elif not unit["CR3.RTSE"]:
            self.driver_enable.drive(None)

    def _show(self, start: int, word: int) -> None:
        unit = self._unit
        if self.tx.wanted:
            bit, inverted, count = unit.bit, bool(unit["CR2.TXINV"]), unit.word_bits
            levels = [False, *(bool(word >> n & 1) for n in range(count)), True]
            self._wave.play((start + n * bit, level != inverted) for n, level in enumerate(levels))
        if self.ck.wanted and unit["CR2.CLKEN"]:
            self._clock_wave.play(self._clock_edges(start))

    def _clock_edges(self, start: int) -> list[tuple[int, bool]]:
        """A pulse for each bit of data, for the last with LBCL only; with CPHA it is half a bit earlier (31.5.10)."""
        unit = self._unit
        bit, active = unit.bit, not unit["CR2.CPOL"]
        first = bit if unit["CR2.CPHA"] else bit + bit // 2
        pulses = unit.word_bits - (not unit["CR2.LBCL"])
        return [(start + first + n * bit + m * (bit // 2), active != bool(m)) for n in range(pulses) for m in (0, 1)]

    def _enable_driver(self, start: int) -> int:
        """DEAT, in sixteenths of a bit or eighths with OVER8, comes before the first start bit; the count at which the frame begins."""
        unit = self._unit
        if self._release is not None:
            self._release.cancel()
            self._release = None
        if not unit["CR3.DEM"] or self.driver_enable.level != bool(unit["CR3.DEP"]):
            return start
        self.driver_enable.drive(not unit["CR3.DEP"])
        return start + unit["CR1.DEAT"] * self._sample

    @property
    def _sample(self) -> int:
        return self._unit.bit // (8 if self._unit["CR1.OVER8"] else 16)

    def _disable_driver(self, end: int) -> None:
        """DEDT after the last stop bit."""
        unit = self._unit
        if unit["CR3.DEM"]:
            release = end + unit["CR1.DEDT"] * self._sample
            self._release = unit.periods.at(release, self._released)

    def _released(self) -> None:
        self._release = None
        self.driver_enable.drive(bool(self._unit["CR3.DEP"]))

    def stop(self) -> None:
        for alarm in (self._shifting, self._release):
            if alarm is not None:
                alarm.cancel()
        self._shifting = self._release = None
        self._break_asked = False
        self.configure()
