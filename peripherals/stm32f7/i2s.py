"""The SPIs that are I2S interfaces too: samples of 16, 24 or 32 bits, left and right in turn, at the rate that I2SPR makes of their clock.

Reference: RM0385 32.7. Not modelled: pins, the standards' alignment (a slot holds one sample in each of them), FRE, asynchronous start.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.clock import Clock
from peripherals.kit.spi_bus import SpiBus
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line, Request
from peripherals.stm32f7.spi import FIFO_BYTES, Spi

_SLAVE_TX, _SLAVE_RX, _MASTER_TX, _MASTER_RX = range(4)  # I2SCFG
_BITS = (16, 24, 32, 32)  # DATLEN
_MASTER_CLOCKS = (
    128  # I2SCLK periods of a slot for each step of the divider, where a clock of 256 times the rate goes out
)
_UDR = 1 << 3


class I2s(Spi):
    """`played` are called with each sample as its slot ends, and 0 for left, 1 for right; `source` gives what comes in for a side.

    A slave's slots come from outside, by `slot`."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        frequency: Frequency,
        bus: SpiBus,
        *,
        i2s_clock: Frequency,
        irq: Line,
        tx_request: Request,
        rx_request: Request,
    ) -> None:
        super().__init__(name, clock, frequency, bus, irq=irq, tx_request=tx_request, rx_request=rx_request)
        self._samples = Timebase(clock, i2s_clock)
        self._slot: Alarm | None = None
        self._side = 0  # of the next slot
        self._came = 0  # the side of the last sample that came in
        self.played: list[Callable[[int, int], None]] = []
        self.source: Callable[[int], int] = lambda side: 0

    def reset(self) -> None:
        self._stop_slots()
        super().reset()

    @property
    def _is_i2s(self) -> bool:
        return bool(self["I2SCFGR.I2SMOD"])

    @property
    def _running(self) -> bool:
        return bool(self._is_i2s and self["I2SCFGR.I2SE"])

    @property
    def _sends(self) -> bool:
        return self["I2SCFGR.I2SCFG"] in (_SLAVE_TX, _MASTER_TX)

    @property
    def sample_bits(self) -> int:
        return _BITS[self["I2SCFGR.DATLEN"]]

    @property
    def _sample_bytes(self) -> int:
        return 2 if self.sample_bits == 16 else 4

    @property
    def slot_periods(self) -> int:
        """I2SCLK periods of one side's slot (32.7.4)."""
        step = 2 * self["I2SPR.I2SDIV"] + self["I2SPR.ODD"]
        if self["I2SPR.MCKOE"]:
            return _MASTER_CLOCKS * step
        wide = self["I2SCFGR.CHLEN"] or self.sample_bits > 16
        return (32 if wide else 16) * step

    # Registers

    def write_I2SCFGR(self, value: int) -> None:
        self.store("I2SCFGR", value)
        if not self._running:
            self._stop_slots()
        self._next_word(self._periods.upcoming)
        self._update()

    def write_I2SPR(self, value: int) -> None:
        if not self._running:
            self.store("I2SPR", value)

    def read_SR(self) -> int:
        """A read clears UDR."""
        status = super().read_SR()
        if self._is_i2s and self["SR"] & _UDR:
            self["SR"] &= ~_UDR
            self._update()
        return status

    def _status(self) -> int:
        status = super()._status()
        if not self._is_i2s:
            return status
        side = self._side if self._sends else self._came
        return status | self["SR"] & _UDR | side << 2 | (self._slot is not None) << 7

    # Slots

    def _next_word(self, start: int) -> None:
        if not self._is_i2s:
            super()._next_word(start)
        elif self["I2SCFGR.I2SCFG"] in (_MASTER_TX, _MASTER_RX):
            self._next_slot(self._samples.upcoming)

    def _next_slot(self, start: int) -> None:
        """A master's clock waits for samples that it sends, and runs on where it receives."""
        if self._slot is not None or not self._running or self["I2SPR.I2SDIV"] < 2:
            return
        if self._sends and len(self._sending) < self._sample_bytes:
            return
        side, sample = self._side, self._fetch() if self._sends else 0
        self._side ^= 1
        end = start + self.slot_periods
        self._slot = self._samples.at(end, lambda: self._slot_ended(side, sample, end))

    def _slot_ended(self, side: int, sample: int, end: int) -> None:
        self._slot = None
        if self._sends:
            for listener in self.played:
                listener(side, sample)
        else:
            self._keep(side, self.source(side))
        self._next_slot(end)
        self._update()

    def slot(self, side: int, sample: int) -> int:
        """As a slave: a slot of a master's clock; what this side sends, 0 and UDR where there is none."""
        if not self._running:
            return 0
        out = 0
        if self["I2SCFGR.I2SCFG"] == _SLAVE_RX:
            self._keep(side, sample)
        elif self["I2SCFGR.I2SCFG"] == _SLAVE_TX:
            self._side = side
            if len(self._sending) >= self._sample_bytes:
                out = self._fetch()
            else:
                self["SR"] |= _UDR
            self._side = side ^ 1
        self._update()
        return out

    def _fetch(self) -> int:
        """Halfwords, the upper first; of 24 bits the lower 8 are in the upper half of the second."""
        size = self._sample_bytes
        halves = [int.from_bytes(self._sending[n : n + 2], "little") for n in range(0, size, 2)]
        del self._sending[:size]
        return halves[0] if size == 2 else (halves[0] << 16 | halves[1]) >> 32 - self.sample_bits

    def _keep(self, side: int, sample: int) -> None:
        size = self._sample_bytes
        aligned = (sample & (1 << self.sample_bits) - 1) << (8 * size - self.sample_bits)
        if len(self._received) + size > FIFO_BYTES:
            self._overrun()
            return
        self._came = side
        for shift in range(8 * size - 16, -1, -16):
            self._received += (aligned >> shift & 0xFFFF).to_bytes(2, "little")

    def _stop_slots(self) -> None:
        if self._slot is not None:
            self._slot.cancel()
            self._slot = None
        self._side = self._came = 0

    def _update(self) -> None:
        super()._update()
        if self._is_i2s:
            room, ready = self._room, self._ready
            cr2 = self["CR2"]
            fails = (self["SR"] & _UDR or self._overran) and cr2 >> 5 & 1
            self._irq.set(bool((room and cr2 >> 7 & 1) or (ready and cr2 >> 6 & 1) or fails))
            self._tx_request.set(bool(self._running and self._sends and room and cr2 >> 1 & 1))
            self._rx_request.set(bool(ready and cr2 & 1))
