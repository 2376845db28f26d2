"""The CAN controller: three mailboxes that send, filters, and two FIFOs of three frames that receive.

Reference: RM0385 40; ISO 11898-1 (fault confinement). Not modelled: where in a frame an error ends it; the levels of RX and SAMP.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from peripherals.kit.can_bus import CanBus, Frame
from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line
from peripherals.stm32f7.can_map import MAILBOXES, MAP

FIFOS, DEPTH = range(2), 3
_INRQ, _SLEEP, _RESET = 1 << 0, 1 << 1, 1 << 15
_INAK, _SLAK = 1 << 0, 1 << 1
_SYNCHRONISATION = 11  # recessive bits that the controller waits for when it joins the bus (40.4.2)
_PASSIVE, _WARNING, _SENDER_STEP, _OFF = 128, 96, 8, 256
_RECOVERY = 128  # times 11 recessive bits until a controller that was off is back (40.7.6)
_ERROR_FRAME = 6 + 8 + 3  # bits of the flag, its delimiter and the intermission
_NO_ACKNOWLEDGE = 3  # LEC
_WKUI, _SLAKI, _BOFF = 1 << 3, 1 << 4, 1 << 2


Accepts = Callable[
    [int, bool], tuple[int, int] | None
]  # (identifier word of RIxR, second controller) -> FIFO and match index


class Can(Peripheral):
    """`interrupts` are those for transmission, both FIFOs, and status changes. `connect` makes it a node of a bus."""

    registers = MAP
    lanes = True

    def __init__(
        self,
        name: str,
        clock: Clock,
        frequency: Frequency,
        *,
        interrupts: tuple[Line, Line, Line, Line],
        second: bool = False,
    ) -> None:
        super().__init__(name)
        self._periods = Timebase(clock, frequency)
        self._interrupts = interrupts
        self._second = second
        self.accepts: Accepts = lambda identifier, second: None
        self._clock = clock
        self.connect(CanBus())
        self._begin()

    def connect(self, bus: CanBus) -> None:
        self._bus = bus
        self._send = bus.join(self.hear)
        bus.busy.listen(self._bus_changed)
        bus.troubled.append(self._troubled)

    def _begin(self) -> None:
        self._alarm: Alarm | None = None
        self._joining: Alarm | None = None
        self._sending: int | None = None
        self._order: list[int] = []
        self._epoch = self._periods.count  # of the counter for time stamps
        self._fifos: tuple[deque[tuple[Frame, int, int]], ...] = (deque(), deque())

    def reset(self) -> None:
        super().reset()
        for alarm in (self._alarm, self._joining):
            if alarm is not None:
                alarm.cancel()
        self._begin()
        self._update()

    # Modes

    @property
    def bit(self) -> int:
        """PCLK1 periods of a bit (40.7.7)."""
        return (self["BTR.BRP"] + 1) * (1 + self["BTR.TS1"] + 1 + self["BTR.TS2"] + 1)

    @property
    def _normal(self) -> bool:
        return not self["MSR"] & (_INAK | _SLAK) and not self["ESR"] & _BOFF

    def write_MCR(self, value: int) -> None:
        self.store("MCR", value)
        if value & _RESET:
            self.reset()
            return
        if self._joining is not None and value & (_INRQ | _SLEEP):
            self._joining.cancel()
            self._joining = None
        if value & _INRQ:
            self["MSR"] = self["MSR"] & ~_SLAK | _INAK
        elif value & _SLEEP:
            self["MSR"] = self["MSR"] & ~_INAK | _SLAK | _SLAKI * self["IER.SLKIE"]
        elif not self._normal:
            self._join()
        self._update()

    def _join(self) -> None:
        """Eleven recessive bits, or after bus-off 128 times as many (40.7.6)."""
        if self._joining is None:
            bits = _SYNCHRONISATION * (_RECOVERY if self["ESR"] & _BOFF else 1)
            self._joining = self._periods.at(self._periods.upcoming + bits * self.bit, self._joined)

    def _joined(self) -> None:
        self._joining = None
        self["MSR"] &= ~(_INAK | _SLAK)
        if self["ESR"] & _BOFF:
            self["ESR.BOFF"] = self["ESR.TEC"] = self["ESR.REC"] = 0
        self._epoch = self._periods.count
        self._judge()
        self._next()
        self._update()

    def _wake(self) -> None:
        """A frame on the bus while asleep."""
        self["MSR"] |= _WKUI
        if self["MCR.AWUM"]:
            self["MCR.SLEEP"] = 0
            self._join()
        self._update()

    def write_BTR(self, value: int) -> None:
        """Only in initialisation mode."""
        if self["MSR"] & _INAK:
            self.store("BTR", value)

    # Sending

    def write_TIxR(self, n: int, value: int) -> None:
        if not self[f"TSR.TME{n}"]:
            return
        self.store(f"TI{n}R", value)
        if value & 1:
            self["TSR"] &= ~(0xF << 8 * n)
            self[f"TSR.TME{n}"] = 0
            self._order.append(n)
            self._next()
        self._update()

    def write_TSR(self, value: int) -> None:
        """Flags are cleared by ones, RQCP with the results beside it; ABRQ takes a mailbox back that is not being sent."""
        for n in MAILBOXES:
            if value >> 8 * n & 1:
                self["TSR"] &= ~(0xF << 8 * n)
            if value >> 8 * n + 7 & 1 and n in self._order and n != self._sending:
                self._order.remove(n)
                self._empty(n, ok=False)
        self._update()

    def _next(self) -> None:
        """By TXFP in the order of the requests, else the lowest identifier first; not while another node sends."""
        if self._alarm is not None or not self._order or not self._normal:
            return
        n = self._order[0] if self["MCR.TXFP"] else min(self._order, key=self._priority)
        frame = self._frame(n)
        private = self["BTR.LBKM"] and self["BTR.SILM"]
        if not private and not self._bus.claim(self._clock.now, frame, lambda: self._lost(n)):
            if self._bus.began_at(self._clock.now):
                self._note_lost(n)
            return
        self._sending = n
        start = self._periods.upcoming
        frame = self._stamp(n, frame, start)
        end = start + frame.bits * self.bit
        self._alarm = self._periods.at(end, lambda: self._over(n, frame, private=bool(private)))

    def _priority(self, n: int) -> tuple[int, int]:
        return self[f"TI{n}R"] >> 3, n

    def _bus_changed(self, busy: bool) -> None:
        if not busy:
            self._next()
        elif self["MSR"] & _SLAK:
            self._wake()

    def _lost(self, n: int) -> None:
        """Another node began at once, with a lower identifier."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._sending = None
        self._note_lost(n)

    def _note_lost(self, n: int) -> None:
        self[f"TSR.ALST{n}"] = 1
        if self["MCR.NART"]:
            self._order.remove(n)
            self._empty(n, ok=False)
        self._update()

    def _time(self, period: int) -> int:
        """The counter of bit times at a period of PCLK1, for time stamps."""
        return (period - self._epoch) // self.bit & 0xFFFF

    def _stamp(self, n: int, frame: Frame, start: int) -> Frame:
        """TTCM keeps the time of the start of frame; TGT sends it in the last two of eight bytes."""
        if not self["MCR.TTCM"]:
            return frame
        time = self._time(start)
        self[f"TDT{n}R.TIME"] = time
        if self[f"TDT{n}R.TGT"] and len(frame.data) == 8:
            return replace(frame, data=frame.data[:6] + time.to_bytes(2, "little"))
        return frame

    def _frame(self, n: int) -> Frame:
        word, length = self[f"TI{n}R"], min(self[f"TDT{n}R.DLC"], 8)
        data = (self[f"TDH{n}R"] << 32 | self[f"TDL{n}R"]).to_bytes(8, "little")[:length]
        extended, remote = bool(word & 4), bool(word & 2)
        return Frame(word >> 3 if extended else word >> 21, b"" if remote else data, extended, remote, length)

    def _over(self, n: int, frame: Frame, *, private: bool) -> None:
        error = 0 if private else self._bus.disturb(frame)
        if error:
            self._bus.trouble(self)
            end = self._periods.upcoming + _ERROR_FRAME * self.bit
            self._alarm = self._periods.at(end, lambda: self._ended(n, error, private=False))
        else:
            self._ended(n, self._sent(frame), private=private)

    def _sent(self, frame: Frame) -> int:
        """In loop back mode it hears itself and needs nobody else; silent mode keeps the frame off the bus. LEC is the answer."""
        heard = False if self["BTR.SILM"] else self._send(frame)
        if self["BTR.LBKM"]:
            self._take(frame)
            heard = True
        return 0 if heard else _NO_ACKNOWLEDGE

    def _ended(self, n: int, error: int, *, private: bool) -> None:
        """A sender that is passive already does not count missing acknowledges (ISO 11898-1, fault confinement)."""
        self._alarm = self._sending = None
        tec = self["ESR.TEC"]
        self["ESR.LEC"] = error
        if not error:
            tec = max(0, tec - 1)
        elif error != _NO_ACKNOWLEDGE or tec < _PASSIVE:
            tec += _SENDER_STEP
        if error:
            self[f"TSR.TERR{n}"] = 1
            self._note_error()
        if tec >= _OFF:
            self._turn_off()
        else:
            self["ESR.TEC"] = tec
        if not error or self["MCR.NART"]:
            self._order.remove(n)
            self._empty(n, ok=not error)
        self._judge()
        if not private:
            self._bus.release()
        self._next()
        self._update()

    # Errors

    def _judge(self) -> None:
        worst = max(self["ESR.TEC"], self["ESR.REC"])
        self["ESR.EPVF"] = worst >= _PASSIVE or bool(self["ESR"] & _BOFF)
        self["ESR.EWGF"] = worst >= _WARNING or bool(self["ESR"] & _BOFF)

    def _note_error(self) -> None:
        if self["IER.LECIE"] and self["ESR.LEC"] and self["IER.ERRIE"]:
            self["MSR.ERRI"] = 1

    def _troubled(self, sender: object) -> None:
        """A frame that this node was receiving is destroyed."""
        if sender is not self and self._normal:
            self["ESR.REC"] = min(self["ESR.REC"] + 1, 255)
            self._judge()
            self._update()

    def _turn_off(self) -> None:
        """Bus-off: with ABOM the controller comes back by itself, else software goes through initialisation mode."""
        self["ESR.BOFF"] = 1
        self["ESR.TEC"] = 255
        if self["MCR.ABOM"]:
            self._join()

    def _empty(self, n: int, *, ok: bool) -> None:
        self[f"TI{n}R"] &= ~1
        self[f"TSR.TME{n}"] = 1
        self[f"TSR.RQCP{n}"] = 1
        self[f"TSR.TXOK{n}"] = ok

    # Receiving

    def hear(self, frame: Frame) -> bool:
        """A frame from the bus; the acknowledge is the answer."""
        if not self._normal:
            return False
        rec = self["ESR.REC"]
        self["ESR.REC"] = _PASSIVE - 1 if rec >= _PASSIVE else max(0, rec - 1)
        self._judge()
        if not self["BTR.LBKM"]:
            self._take(frame)
            self._update()
        return not self["BTR.SILM"]

    def _take(self, frame: Frame) -> None:
        found = self.accepts(_word(frame), self._second)
        if found is None:
            return
        number, match = found
        fifo = self._fifos[number]
        if len(fifo) == DEPTH:
            self[f"RF{number}R.FOVR"] = 1
            if self["MCR.RFLM"]:
                return
            fifo.pop()
        time = self._time(self._periods.count - frame.bits * self.bit) if self["MCR.TTCM"] else 0
        fifo.append((frame, match, time))
        if len(fifo) == DEPTH:
            self[f"RF{number}R.FULL"] = 1
        self._show(number)

    def write_RFxR(self, number: int, value: int) -> None:
        self.store(f"RF{number}R", value & ~(1 << 5))
        if value >> 5 & 1 and self._fifos[number]:
            self._fifos[number].popleft()
            self[f"RF{number}R.FULL"] = 0
        self._show(number)
        self._update()

    def _show(self, number: int) -> None:
        fifo = self._fifos[number]
        self[f"RF{number}R.FMP"] = len(fifo)
        if fifo:
            frame, match, time = fifo[0]
            data = frame.data.ljust(8, b"\0")
            self[f"RI{number}R"] = _word(frame)
            self[f"RDT{number}R"] = time << 16 | match << 8 | (frame.length if frame.remote else len(frame.data))
            self[f"RDL{number}R"] = int.from_bytes(data[:4], "little")
            self[f"RDH{number}R"] = int.from_bytes(data[4:], "little")

    # Interrupts

    def write_IER(self, value: int) -> None:
        self.store("IER", value)
        self._update()

    def write_MSR(self, value: int) -> None:
        self.store("MSR", value)
        self._update()

    def _update(self) -> None:
        """Transmission, FIFO 0, FIFO 1, and changes of error state."""
        ier = self["IER"]
        self._show_mailboxes()
        self._interrupts[0].set(bool(ier & 1 and self["TSR"] & 0x01_0101))
        for number in FIFOS:
            enables, status = ier >> (1 + 3 * number), self[f"RF{number}R"]
            self._interrupts[1 + number].set(bool((status & 3 and enables & 1) or status >> 3 & enables >> 1 & 3))
        errors = self["ESR"] & ier >> 8 & 7
        if errors and ier >> 15 & 1:
            self["MSR.ERRI"] = 1
        status = (self["MSR.ERRI"] and ier >> 15 & 1) or self["MSR"] & ier >> 13 & (_WKUI | _SLAKI)
        self._interrupts[3].set(bool(status))

    def _show_mailboxes(self) -> None:
        """CODE is the next free mailbox, or where none is the one of lowest priority, which LOW marks where more than one waits."""
        free = [n for n in MAILBOXES if self[f"TSR.TME{n}"]]
        waiting = [n for n in MAILBOXES if n not in free]
        lowest = max(waiting, key=self._priority) if waiting else 0
        self["TSR.CODE"] = free[0] if free else lowest
        for n in MAILBOXES:
            self[f"TSR.LOW{n}"] = len(waiting) > 1 and n == lowest


def _word(frame: Frame) -> int:
    """An identifier as the mailboxes and 32-bit filters hold it."""
    identifier = frame.identifier << 3 if frame.extended else frame.identifier << 21
    return identifier | frame.extended << 2 | frame.remote << 1
