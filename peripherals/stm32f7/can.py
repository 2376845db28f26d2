"""The CAN controller: three mailboxes that send, filters, and two FIFOs of three frames that receive.

Reference: RM0385 40. Not modelled: error frames and the error counters but for missing acknowledges, bus-off, time triggered communication,
the automatic wake-up, arbitration with others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from peripherals.kit.can_bus import Frame
from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, Register, reg
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line

MAILBOXES, FIFOS, BANKS, DEPTH = range(3), range(2), range(28), 3
_INRQ, _SLEEP, _RESET = 1 << 0, 1 << 1, 1 << 15
_INAK, _SLAK = 1 << 0, 1 << 1
_SYNCHRONISATION = 11  # recessive bits that the controller waits for when it joins the bus (40.4.2)
_PASSIVE, _WARNING, _NO_ACK_STEP = 128, 96, 8


def _status(n: int) -> str:
    low = 8 * n
    return f"ABRQ{n}[{low + 7}] TERR{n}[{low + 3}] ALST{n}[{low + 2}] TXOK{n}[{low + 1}] RQCP{n}[{low}]"


_MAILBOX = "STID[31:21] EXID[20:3] IDE[2] RTR[1]"
_LOW_DATA, _HIGH_DATA = (" ".join(f"DATA{first + n}[{8 * n + 7}:{8 * n}]" for n in range(4)) for first in (0, 4))
_MAP: tuple[Register, ...] = (
    reg(
        0x00,
        "MCR",
        reset=0x1_0002,
        rw="DBF[16] TTCM[7] ABOM[6] AWUM[5] NART[4] RFLM[3] TXFP[2] SLEEP[1] INRQ[0]",
        rs="RESET[15]",
        unmodelled="TTCM",
    ),
    reg(0x04, "MSR", reset=0xC02, r="RX[11] SAMP[10] RXM[9] TXM[8] SLAK[1] INAK[0]", rc_w1="SLAKI[4] WKUI[3] ERRI[2]"),
    reg(
        0x08,
        "TSR",
        reset=0x1C00_0000,
        r="LOW2[31] LOW1[30] LOW0[29] TME2[28] TME1[27] TME0[26] CODE[25:24]",
        rw=" ".join(map(_status, MAILBOXES)),
    ),
    reg(0x0C, "RFxR", count=2, rs="RFOM[5]", rc_w1="FOVR[4] FULL[3]", r="FMP[1:0]"),
    reg(
        0x14,
        "IER",
        rw="SLKIE[17] WKUIE[16] ERRIE[15] LECIE[11] BOFIE[10] EPVIE[9] EWGIE[8] FOVIE1[6] FFIE1[5] FMPIE1[4] FOVIE0[3] FFIE0[2] FMPIE0[1]"
        " TMEIE[0]",
    ),
    reg(0x18, "ESR", r="REC[31:24] TEC[23:16] BOFF[2] EPVF[1] EWGF[0]", rw="LEC[6:4]"),
    reg(0x1C, "BTR", reset=0x0123_0000, rw="SILM[31] LBKM[30] SJW[25:24] TS2[22:20] TS1[19:16] BRP[9:0]"),
    reg(0x180, "TIxR", count=3, stride=0x10, rw=_MAILBOX + " TXRQ[0]"),
    reg(0x184, "TDTxR", count=3, stride=0x10, rw="TIME[31:16] TGT[8] DLC[3:0]", unmodelled="TGT"),
    reg(0x188, "TDLxR", count=3, stride=0x10, rw=_LOW_DATA),
    reg(0x18C, "TDHxR", count=3, stride=0x10, rw=_HIGH_DATA),
    reg(0x1B0, "RIxR", count=2, stride=0x10, r=_MAILBOX),
    reg(0x1B4, "RDTxR", count=2, stride=0x10, r="TIME[31:16] FMI[15:8] DLC[3:0]"),
    reg(0x1B8, "RDLxR", count=2, stride=0x10, r=_LOW_DATA),
    reg(0x1BC, "RDHxR", count=2, stride=0x10, r=_HIGH_DATA),
)
_FILTERS: tuple[Register, ...] = (
    reg(0x200, "FMR", reset=0x2A1C_0E01, rw="CAN2SB[13:8] FINIT[0]"),
    reg(0x204, "FM1R", rw="FBM[27:0]"),
    reg(0x20C, "FS1R", rw="FSC[27:0]"),
    reg(0x214, "FFA1R", rw="FFA[27:0]"),
    reg(0x21C, "FA1R", rw="FACT[27:0]"),
    reg(0x240, "FxR1", count=28, stride=8, rw="FB[31:0]"),
    reg(0x244, "FxR2", count=28, stride=8, rw="FB[31:0]"),
)
Accepts = Callable[
    [int, bool], tuple[int, int] | None
]  # (identifier word of RIxR, second controller) -> FIFO and match index


class Can(Peripheral):
    """`interrupts` are those for transmission, both FIFOs, and status changes. `join` makes it a node of a bus."""

    registers = _MAP
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
        self.send: Callable[[Frame], bool] = lambda frame: False
        self._begin()

    def _begin(self) -> None:
        self._alarm: Alarm | None = None
        self._joining: Alarm | None = None
        self._sending: int | None = None
        self._order: list[int] = []
        self._fifos: tuple[deque[tuple[Frame, int]], ...] = (deque(), deque())

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
        return not self["MSR"] & (_INAK | _SLAK)

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
            self["MSR"] = self["MSR"] & ~_INAK | _SLAK
        elif not self._normal and self._joining is None:
            self._joining = self._periods.at(self._periods.upcoming + _SYNCHRONISATION * self.bit, self._joined)
        self._update()

    def _joined(self) -> None:
        self._joining = None
        self["MSR"] &= ~(_INAK | _SLAK)
        self._next()

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
        """By TXFP in the order of the requests, else the lowest identifier first."""
        if self._alarm is not None or not self._order or not self._normal:
            return
        n = self._order[0] if self["MCR.TXFP"] else min(self._order, key=lambda n: (self[f"TI{n}R"] >> 3, n))
        self._sending = n
        frame = self._frame(n)
        self._alarm = self._periods.at(self._periods.upcoming + frame.bits * self.bit, lambda: self._sent(n, frame))

    def _frame(self, n: int) -> Frame:
        word, length = self[f"TI{n}R"], min(self[f"TDT{n}R.DLC"], 8)
        data = (self[f"TDH{n}R"] << 32 | self[f"TDL{n}R"]).to_bytes(8, "little")[:length]
        extended, remote = bool(word & 4), bool(word & 2)
        return Frame(word >> 3 if extended else word >> 21, b"" if remote else data, extended, remote, length)

    def _sent(self, n: int, frame: Frame) -> None:
        """In loop back mode it hears itself and needs nobody else; silent mode keeps the frame off the bus."""
        self._alarm = self._sending = None
        heard = False if self["BTR.SILM"] else self.send(frame)
        if self["BTR.LBKM"]:
            self._take(frame)
            heard = True
        if heard:
            self["ESR.TEC"] = max(0, self["ESR.TEC"] - 1)
        else:
            self["ESR.TEC"] = min(self["ESR.TEC"] + _NO_ACK_STEP, _PASSIVE)
            self["ESR.LEC"] = 3
            self[f"TSR.TERR{n}"] = 1
        self["ESR.EPVF"] = self["ESR.TEC"] >= _PASSIVE
        self["ESR.EWGF"] = self["ESR.TEC"] >= _WARNING
        if heard or self["MCR.NART"]:
            self._order.remove(n)
            self._empty(n, ok=heard)
        self._next()
        self._update()

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
        fifo.append((frame, match))
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
            frame, match = fifo[0]
            data = frame.data.ljust(8, b"\0")
            self[f"RI{number}R"] = _word(frame)
            self[f"RDT{number}R"] = match << 8 | (frame.length if frame.remote else len(frame.data))
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
        self._interrupts[0].set(bool(ier & 1 and self["TSR"] & 0x01_0101))
        for number in FIFOS:
            enables, status = ier >> (1 + 3 * number), self[f"RF{number}R"]
            self._interrupts[1 + number].set(bool((status & 3 and enables & 1) or status >> 3 & enables >> 1 & 3))
        errors = self["ESR"] & ier >> 8 & 7
        if errors and ier >> 15 & 1:
            self["MSR.ERRI"] = 1
        self._interrupts[3].set(bool(self["MSR.ERRI"] and ier >> 15 & 1))


class FilteringCan(Can):
    """The first controller of a pair, which holds the filters of both."""

    registers = _MAP + _FILTERS

    def __init__(
        self, name: str, clock: Clock, frequency: Frequency, *, interrupts: tuple[Line, Line, Line, Line]
    ) -> None:
        super().__init__(name, clock, frequency, interrupts=interrupts)
        self.accepts = self.match

    def match(self, word: int, second: bool) -> tuple[int, int] | None:
        """FIFO and match index of the filter that lets an identifier in: 32-bit ones before 16-bit ones, lists before masks, then by
        number (40.5.3)."""
        if self["FMR.FINIT"]:
            return None
        index, found = [0, 0], []
        banks = [n for n in BANKS if (n >= self["FMR.CAN2SB"]) == second]
        for n in banks:
            wide, listed, fifo = self["FS1R"] >> n & 1, self["FM1R"] >> n & 1, self["FFA1R"] >> n & 1
            for matches in self._filters(n, bool(wide), bool(listed), word):
                if matches and self["FA1R"] >> n & 1:
                    found.append((-wide, -listed, index[fifo], fifo))
                index[fifo] += 1
        if not found:
            return None
        _, _, match, fifo = min(found)
        return fifo, match

    def _filters(self, n: int, wide: bool, listed: bool, word: int) -> list[bool]:
        first, second = self[f"F{n}R1"], self[f"F{n}R2"]
        if wide:
            return [word == first & ~1, word == second & ~1] if listed else [not (word ^ first) & second & ~1]
        short = word >> 21 << 5 | (word >> 1 & 1) << 4 | (word >> 2 & 1) << 3 | (word >> 18 & 7)
        halves = [first & 0xFFFF, first >> 16, second & 0xFFFF, second >> 16]
        if listed:
            return [short == half for half in halves]
        return [not (short ^ halves[0]) & halves[1], not (short ^ halves[2]) & halves[3]]


def _word(frame: Frame) -> int:
    """An identifier as the mailboxes and 32-bit filters hold it."""
    identifier = frame.identifier << 3 if frame.extended else frame.identifier << 21
    return identifier | frame.extended << 2 | frame.remote << 1
