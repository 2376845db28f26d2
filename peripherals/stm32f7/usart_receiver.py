"""The receiver of a USART: what arrives in words, or bit by bit at a pin that is driven, and what its silence and its words mean.

Reference: RM0385 31.5.3, 31.5.7 (mute mode), 31.5.9 (LIN), 31.5.8 (receiver time-out), 31.5.16 (RTS), 31.5.6 (automatic baud rate).
Not modelled: noise; a bit is sampled once, in its middle; of a pattern for the baud rate only the beginning is measured.
"""

from __future__ import annotations

from collections import deque

from peripherals.kit.timebase import Alarm
from peripherals.kit.wires import Tristate
from peripherals.stm32f7.usart_registers import UsartRegisters

_FALLING_TO_FALLING = 1  # ABRMOD: a start bit and a one; the others measure the start bit
_SLOWEST = 0xFFFF
_BREAK = -1  # among the words that wait: the line is low for a frame and longer


class Receiver:
    """A host that minds RTS waits while it is high. `rx` is the pin."""

    def __init__(self, unit: UsartRegisters, rts: Tristate) -> None:
        self._unit = unit
        self._rts = rts
        self._arriving: Alarm | None = None
        self._idling: Alarm | None = None
        self._timing: Alarm | None = None
        self.rx = Tristate(f"{unit.name}_RX")
        self.rx.listen(lambda level: self._edge())
        self._sampling: Alarm | None = None
        self._measuring: int | None = None  # since when a start bit is measured
        self._waiting: deque[tuple[int, bool]] = deque()  # words, and whether their parity bit is the host's to add

    @property
    def enabled(self) -> bool:
        unit = self._unit
        return bool(unit["CR1.UE"] and unit["CR1.RE"])

    def queue(self, data: bytes) -> None:
        self._waiting.extend((byte, True) for byte in data)
        self.next_arrival(self._unit.periods.upcoming)

    def queue_word(self, word: int) -> None:
        if self.enabled:
            self._waiting.append((word, False))
            self.next_arrival(self._unit.periods.upcoming)

    def queue_break(self) -> None:
        self.queue_word(_BREAK)

    def next_arrival(self, start: int) -> None:
        unit = self._unit
        if self._arriving is not None or not self._waiting or not self.enabled or not unit.bit or self._stopped:
            return
        self._cancel_idle()
        unit["ISR.BUSY"] = 1
        length = unit.frame if self._waiting[0][0] != _BREAK else (unit.word_bits + 2) * unit.bit
        end = start + length
        self._arriving = unit.periods.at(end, lambda: self._arrived(end))

    @property
    def _stopped(self) -> bool:
        """RTS is high while a word waits to be read."""
        return bool(self._unit["CR3.RTSE"] and self._unit["ISR.RXNE"])

    def _arrived(self, end: int) -> None:
        unit = self._unit
        self._arriving = None
        unit["ISR.BUSY"] = 0
        if unit["CR2.ABREN"]:
            unit["ISR.ABRF"] = 1  # a host that has no pin keeps to BRR
        word, bare = self._waiting.popleft()
        if word == _BREAK:
            self._broke()
        else:
            self.take(unit.with_parity(word) if bare else unit.on_wire(word & ((1 << unit.word_bits) - 1)))
        self.show_ready()
        self.next_arrival(end)
        if self._arriving is None:
            self.await_idle(end)
            self._await_timeout(end)
        unit.update()

    # Bit by bit

    @property
    def _high(self) -> bool:
        return self.rx.level != bool(self._unit["CR2.RXINV"])

    def _edge(self) -> None:
        """A start bit falls where nothing else is on its way."""
        unit = self._unit
        if unit["CR2.ABREN"] and not unit["ISR.ABRF"]:
            self._measure()
        elif (
            self.enabled and unit.bit and self.rx.driven and not self._high and self._sampling is self._arriving is None
        ):
            self._cancel_idle()
            unit["ISR.BUSY"] = 1
            self._sample(unit.periods.upcoming, 0, 0)

    def _measure(self) -> None:
        """The first edges of a word give the baud rate, at which the rest of it is heard."""
        unit = self._unit
        if not self.enabled or not self.rx.driven:
            return
        now = unit.periods.upcoming
        if self._measuring is None:
            self._measuring = None if self._high else now
            return
        bits = 2 if unit["CR2.ABRMOD"] == _FALLING_TO_FALLING else 1
        if self._high == (bits == 2):
            return
        start, self._measuring = self._measuring, None
        length = (now - start) // bits
        unit["ISR.ABRF"] = 1
        if not unit.shortest_bit <= length <= _SLOWEST:
            unit["ISR.ABRE"] = 1
        else:
            unit["BRR"] = (length >> 3) << 4 | length & 7 if unit["CR1.OVER8"] else length
            unit["ISR.BUSY"] = 1
            self._sample(start, bits, bits - 1)
        unit.update()

    def ask_rate(self) -> None:
        """ABRRQ: measure anew."""
        self._unit["ISR.ABRF"] = self._unit["ISR.ABRE"] = 0
        self._measuring = None

    def _sample(self, start: int, n: int, word: int) -> None:
        """The middle of the start bit, of each bit of the word, and of the stop bit."""
        bit = self._unit.bit
        self._sampling = self._unit.periods.at(start + n * bit + bit // 2, lambda: self._sampled(start, n, word))

    def _sampled(self, start: int, n: int, word: int) -> None:
        unit = self._unit
        self._sampling = None
        count = unit.word_bits
        if n == 0 and self._high:
            unit["ISR.BUSY"] = 0
        elif n <= count:
            self._sample(start, n + 1, word | (self._high << n - 1 if n else 0))
        else:
            self._stop_bit(word)

    def _stop_bit(self, word: int) -> None:
        unit = self._unit
        now = unit.periods.upcoming
        unit["ISR.BUSY"] = 0
        if not self._high and not word:
            self._broke()
        else:
            waited = unit["ISR.RXNE"]
            self.take(unit.on_wire(word))
            if not self._high and not waited:
                unit["ISR.FE"] = 1
        self.show_ready()
        self.await_idle(now)
        self._await_timeout(now)
        unit.update()

    def echo(self, word: int) -> None:
        """What came at the same time as it was sent."""
        self.take(self._unit.on_wire(word))
        self.show_ready()

    def take(self, data: int) -> None:
        unit = self._unit
        if self._mute(data):
            return
        if unit["ISR.RXNE"] and not unit["CR3.OVRDIS"]:
            unit["ISR.ORE"] = 1
            return
        unit["RDR"] = data
        unit["ISR.RXNE"] = 1
        if data != unit.with_parity(data):
            unit["ISR.PE"] = 1
        if self._addressed(data):
            unit["ISR.CMF"] = 1

    def _broke(self) -> None:
        """With LIN a break has its own flag; without, it is a word of zeros whose stop bit is missing."""
        unit = self._unit
        if unit["CR2.LINEN"]:
            unit["ISR.LBDF"] = 1
        if not unit["ISR.RXNE"]:
            unit["RDR"] = 0
            unit["ISR.RXNE"] = 1
            unit["ISR.FE"] = 1

    # Mute mode

    def _addressed(self, data: int) -> bool:
        """ADDM7 chooses seven bits or four, without a marking bit above; the character match looks at all of them."""
        mask = 0x7F if self._unit["CR2.ADDM7"] else 0xFF
        return not (data ^ self._unit["CR2.ADD"]) & mask

    def _mute(self, data: int) -> bool:
        """Whether a word is not for this receiver: while it is mute, and with address marks all but those that name it."""
        unit = self._unit
        if not unit["CR1.MME"]:
            return False
        if unit["CR1.WAKE"]:
            top = unit.word_bits - 1 - unit["CR1.PCE"]
            if data >> top & 1:
                mask = 0x7F if unit["CR2.ADDM7"] else 0xF
                unit["ISR.RWU"] = bool((data ^ unit["CR2.ADD"]) & mask & (1 << top) - 1)
        return bool(unit["ISR.RWU"])

    def ask_mute(self) -> None:
        """MMRQ."""
        if self._unit["CR1.MME"]:
            self._unit["ISR.RWU"] = 1

    # Silence

    def await_idle(self, start: int) -> None:
        """IDLE rises once, a frame's time after the line fell silent or the receiver came on."""
        self._cancel_idle()
        if self._unit.bit:
            self._idling = self._unit.periods.at(start + self._unit.frame, self._idle)

    def _idle(self) -> None:
        """It wakes a mute receiver without being told."""
        unit = self._unit
        self._idling = None
        if unit["ISR.RWU"] and not unit["CR1.WAKE"]:
            unit["ISR.RWU"] = 0
        else:
            unit["ISR.IDLE"] = 1
        unit.update()

    def _await_timeout(self, start: int) -> None:
        unit = self._unit
        if unit["CR2.RTOEN"] and unit.bit:
            self._timing = unit.periods.at(start + unit["RTOR.RTO"] * unit.bit, self._timed_out)

    def _timed_out(self) -> None:
        self._timing = None
        self._unit["ISR.RTOF"] = 1
        self._unit.update()

    def _cancel_idle(self) -> None:
        for alarm in (self._idling, self._timing):
            if alarm is not None:
                alarm.cancel()
        self._idling = self._timing = None

    # Control

    def show_ready(self) -> None:
        """RTS, low while there is room."""
        if self._unit["CR3.RTSE"]:
            self._rts.drive(bool(self._unit["ISR.RXNE"]) if self.enabled else None)

    def configure(self, *, heard: bool) -> None:
        """CR1 is written; heard: the receiver came on."""
        if heard and not self._waiting:
            self.await_idle(self._unit.periods.upcoming)
        if not self.enabled:
            self._cancel_idle()
        self.show_ready()

    def stop(self) -> None:
        for alarm in (self._arriving, self._sampling):
            if alarm is not None:
                alarm.cancel()
        self._arriving = self._sampling = self._measuring = None
        self._cancel_idle()
