"""The digital camera interface: frames from a parallel port, cut and packed into words, through a FIFO to the data register.

Reference: RM0385 17. Not modelled: the phase of the pixel clock (PCKPOL); blanking taken for data where HSPOL contradicts the camera.
Words that DMA takes as they come are handed over a line at a time where nothing else can be seen meanwhile, so RAM has them up to a
line late. A line keeps its time in core cycles even if the core's frequency changes within it. A word that a frame's end leaves incomplete is filled with zeros in JPEG mode and lost otherwise (guess).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from peripherals.kit.clock import Clock, Event
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.video import Burst, VideoPort
from peripherals.kit.wires import Line, Request
from peripherals.stm32f7.dcmi_data import Choice, after, masked, packed, per_word, places

FIFO_WORDS = 4
_FRAME, _OVR, _ERR, _VSYNC, _LINE = 1, 2, 4, 8, 16
_CAPTURE = 1
_RIS = 0x08
_NO_CODE = 0xFF  # in ESCR
_NONE: NDArray[np.uint32] = np.zeros(0, "<u4")
_FRAME_STEP = (1, 2, 4, 1)  # FCRC


class Dcmi(Peripheral):
    registers = (
        reg(
            0x00,
            "CR",
            rw="OELS[20] LSM[19] OEBS[18] BSM[17:16] ENABLE[14] EDM[11:10] FCRC[9:8] VSPOL[7] HSPOL[6] PCKPOL[5] ESS[4] JPEG[3] CROP[2]"
            " CM[1] CAPTURE[0]",
        ),
        reg(0x04, "SR", r="FNE[2] VSYNC[1] HSYNC[0]"),
        reg(0x08, "RIS", r="LINE_RIS[4] VSYNC_RIS[3] ERR_RIS[2] OVR_RIS[1] FRAME_RIS[0]"),
        reg(0x0C, "IER", rw="LINE_IE[4] VSYNC_IE[3] ERR_IE[2] OVR_IE[1] FRAME_IE[0]"),
        reg(0x10, "MIS", r="LINE_MIS[4] VSYNC_MIS[3] ERR_MIS[2] OVR_MIS[1] FRAME_MIS[0]"),
        reg(0x14, "ICR", w="LINE_ISC[4] VSYNC_ISC[3] ERR_ISC[2] OVR_ISC[1] FRAME_ISC[0]"),
        reg(0x18, "ESCR", rw="FEC[31:24] LEC[23:16] LSC[15:8] FSC[7:0]"),
        reg(0x1C, "ESUR", rw="FEU[31:24] LEU[23:16] LSU[15:8] FSU[7:0]"),
        reg(0x20, "CWSTRT", rw="VST[28:16] HOFFCNT[13:0]"),
        reg(0x24, "CWSIZE", rw="VLINE[29:16] CAPCNT[13:0]"),
        reg(0x28, "DR", r="Byte3[31:24] Byte2[23:16] Byte1[15:8] Byte0[7:0]"),
    )

    def __init__(self, name: str, clock: Clock, port: VideoPort, *, irq: Line, request: Request) -> None:
        super().__init__(name)
        self._clock = clock
        self._port = port
        self._irq = irq
        self._request = request
        request.settle = self.settle
        request.take = self._take
        request.ready = lambda: len(self._fifo)
        self._fifo = _NONE
        self._within = False  # a frame is being captured
        self._frames = 0  # since the capture began, for FCRC
        self._row = 0
        self._pending = _NONE  # words of the burst under way
        self._due: NDArray[np.int64] = np.zeros(0, np.int64)  # the cycle on which each of them is complete
        self._given = 0  # of those, so many are in the FIFO
        self._rest: NDArray[np.uint16] = np.zeros(0, np.uint16)  # data that fill no word yet
        self._event: Event | None = None
        self._promised = 0  # words that DMA takes at once
        self._polled = False  # RIS has been read since the frame began
        self._stops = False  # a continuous capture ends with the frame
        self._in_line = self._open = False  # a line, a frame, between its embedded codes
        self._ended = False  # the code of a frame's end has come since the interface was enabled
        self._next_code: Event | None = None
        port.vsync.listen(self._vsync_changed)
        port.hsync.listen(self._hsync_changed)
        port.listen(self._burst)

    def reset(self) -> None:
        super().reset()
        self._drop()
        self._watch()
        self._update()

    def is_stored(self, offset: int) -> bool:
        """What a read of RIS gives comes with the port's lines from then on."""
        return offset & ~3 == _RIS or super().is_stored(offset)

    # Registers

    def write_CR(self, value: int) -> None:
        self._look()
        before = self.store("CR", value)
        self._stops = False
        if not self["CR.ENABLE"]:
            self["CR.CAPTURE"] = 0
            self._drop()
        elif self["CR.CAPTURE"] and not before & _CAPTURE:
            self._frames = 0
        elif not self["CR.CAPTURE"] and before & _CAPTURE and self._within:
            self._stop_capture()
        self._watch()
        self._update()

    def _stop_capture(self) -> None:
        """A continuous capture goes on to the frame's end, and CAPTURE reads 1 until then; a snapshot ends at once (guess)."""
        if self["CR.CM"]:
            self._abandon_frame()
        else:
            self["CR.CAPTURE"] = 1
            self._stops = True

    def read_SR(self) -> int:
        """VSYNC and HSYNC are 1 while they are active, that is while no data come."""
        self._look()
        if self["CR.ESS"]:
            vsync, hsync = not self._open, not self._in_line
        else:
            vsync, hsync = self._blanking, self._port.hsync.level == bool(self["CR.HSPOL"])
        return bool(len(self._fifo)) << 2 | vsync << 1 | hsync

    def read_RIS(self) -> int:
        """Who reads it once may poll it: from now on to the frame's end each line comes as it comes."""
        self._look()
        self._polled = True
        self._watch()
        return self["RIS"]

    def read_MIS(self) -> int:
        self._look()
        return self["RIS"] & self["IER"]

    def write_IER(self, value: int) -> None:
        self._look()
        self.store("IER", value)
        self._watch()
        self._update()

    def write_ICR(self, value: int) -> None:
        self._look()
        self["RIS"] &= ~value
        self._update()

    def read_DR(self) -> int:
        self.settle()
        if len(self._fifo):
            self["DR"], self._fifo = int(self._fifo[0]), self._fifo[1:]
        self._update()
        return self["DR"]

    # The port

    def _watch(self) -> None:
        """Ask for lines only while they can be seen."""
        enabled = bool(self["CR.ENABLE"])
        seen = self._within or self["CR.ESS"] or self["IER.LINE_IE"] or self._polled
        self._port.lines.set(enabled and bool(seen))
        self._port.wanted.set(enabled)

    def _look(self) -> None:
        self._port.look()
        self.settle()

    @property
    def _blanking(self) -> bool:
        return self._port.vsync.level == bool(self["CR.VSPOL"])

    def _vsync_changed(self, level: bool) -> None:
        if not self["CR.ENABLE"] or self["CR.ESS"]:
            return
        if self._blanking:
            self["RIS"] |= _VSYNC
            self._polled = False
            self._end_frame()
        else:
            self._begin_frame()
        self._watch()
        self._update()

    def _hsync_changed(self, level: bool) -> None:
        if self["CR.ENABLE"] and level == bool(self["CR.HSPOL"]) and not self["CR.ESS"]:
            self._end_line()
            self._update()

    def _begin_frame(self) -> None:
        self._row = 0
        self._rest = np.zeros(0, np.uint16)
        if self["CR.CAPTURE"]:
            step = 1 if self["CR.CM"] else _FRAME_STEP[self["CR.FCRC"]]
            self._within = self._frames % step == 0
            self._frames += 1

    def _end_line(self) -> None:
        """LINE rises for lines that are not captured too; a crop window's last line ends the frame."""
        self["RIS"] |= _LINE
        if not self._within:
            return
        last = self["CR.CROP"] and self._row == self["CWSTRT.VST"] + self["CWSIZE.VLINE"]
        self._row += 1
        if last:
            self._end_frame()
            self._watch()

    def _end_frame(self) -> None:
        """A whole frame has come; the last word of a JPEG is filled up."""
        if not self._within:
            return
        self.settle()
        if len(self._rest) and self["CR.JPEG"]:
            missing = per_word(self["CR.EDM"]) - len(self._rest)
            self._push(packed(np.pad(self._rest, (0, missing)), self["CR.EDM"]))
        self._within = False
        self["RIS"] |= _FRAME
        self._capture_is_over()

    def _capture_is_over(self) -> None:
        if self["CR.CM"] or self._stops:
            self["CR.CAPTURE"] = 0
            self._stops = False

    def _lose_frame(self) -> None:
        """The FIFO is reset, and the next frame's start is waited for; a snapshot is over (17.3.7, 17.3.10)."""
        self._abandon_frame()
        self._fifo = _NONE
        self._capture_is_over()
        self._watch()

    def _abandon_frame(self) -> None:
        self._within = False
        self._forget_burst()

    def _drop(self) -> None:
        self._abandon_frame()
        self._fifo = _NONE
        self._rest = np.zeros(0, np.uint16)
        self._in_line = self._open = self._ended = self._polled = self._stops = False
        if self._next_code is not None:
            self._next_code.cancel()
            self._next_code = None

    # Data

    def _burst(self, burst: Burst) -> None:
        if not self["CR.ENABLE"]:
            return
        self.settle()
        if self["CR.ESS"]:
            self._embedded(burst)
        elif self._within and not self._blanking and burst.level != bool(self["CR.HSPOL"]):
            self._capture(burst, 0, len(burst.data), burst.delay)

    def _capture(self, burst: Burst, start: int, end: int, delay: Fraction) -> None:
        """Plan the words that a burst's data between two places make, the first of which begins after so many seconds."""
        edm = self["CR.EDM"]
        kept = start + places(self._choice, self._row, end - start)
        carried, size = len(self._rest), per_word(edm)
        data = np.concatenate([self._rest, masked(burst.data[kept], edm)])
        whole = len(data) // size * size
        self._rest = data[whole:]
        self._pending = packed(data[:whole], edm)
        ends = np.arange(size - 1, whole, size) - carried
        self._given = 0
        passed = kept[ends] + 1 - start if whole else np.zeros(0, np.int64)
        self._due = self._clock.now + after(passed, delay * self._clock.hz, burst.period * self._clock.hz)
        self._plan()

    @property
    def _choice(self) -> Choice:
        edges = self["CWSTRT.VST"], self["CWSIZE.VLINE"], self["CWSTRT.HOFFCNT"], self["CWSIZE.CAPCNT"]
        window = edges if self["CR.CROP"] else None
        return Choice(window, self["CR.LSM"], self["CR.OELS"], self["CR.BSM"], self["CR.OEBS"])

    def _plan(self) -> None:
        """The next event is when so many words are there as can be seen: a FIFO that nobody empties fills word by word."""
        left = len(self._pending) - self._given
        if not left:
            return
        period = max(1, int(self._due[self._given + 1] - self._due[self._given])) if left > 1 else 1
        self._promised = count = min(left, max(1, self._request.room(period, FIFO_WORDS - 1) - len(self._fifo)))
        due = int(self._due[self._given + count - 1])
        self._event = self._clock.at(max(due, self._clock.now), self._arrived)

    def _arrived(self) -> None:
        self._event = None
        self._deliver()
        if self._event is None:
            self._plan()

    def settle(self) -> None:
        """Take in what has come by now of the burst under way, and look anew how far nobody looks."""
        if self._given < len(self._pending):
            if self._event is not None:
                self._event.cancel()
                self._event = None
            self._deliver()
            if self._event is None:
                self._plan()

    def _deliver(self) -> None:
        complete = int(np.searchsorted(self._due, self._clock.now, side="right"))
        words = self._pending[self._given : complete]
        self._given = max(self._given, complete)
        if len(words):
            self._push(words)
            self._update()

    def _push(self, words: NDArray[np.uint32]) -> None:
        """Into the FIFO; more than it holds only where DMA has promised to take them."""
        if len(self._fifo) + len(words) > max(FIFO_WORDS, self._promised):
            self["RIS"] |= _OVR
            self._lose_frame()
            return
        self._fifo = np.concatenate([self._fifo, words]) if len(self._fifo) else words

    def _forget_burst(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None
        self._pending = self._pending[:0]
        self._given = 0

    # Embedded synchronisation codes

    def _embedded(self, burst: Burst) -> None:
        """FF 00 00 XY delimits (17.3.6): what comes between a line's or frame's start and its end is data."""
        data = burst.data
        marks: list[int] = np.flatnonzero((data[:-3] == 0xFF) & (data[1:-2] == 0) & (data[2:-1] == 0)).tolist()
        self._stretch(burst, [0, *(mark + 4 for mark in marks)], [*marks, len(data)])

    def _stretch(self, burst: Burst, starts: list[int], ends: list[int]) -> None:
        """The data up to the next code, and the code when its last byte is in."""
        start, end = starts[0], ends[0]
        delay = burst.delay if start == 0 else Fraction(0)
        if end > start and self._within and self._in_line:
            self._capture(burst, start, end, delay)
        if len(ends) > 1:
            wait = delay + (starts[1] - start) * burst.period
            self._next_code = self._clock.after_seconds(wait, lambda: self._code_is_in(burst, starts[1:], ends[1:]))

    def _code_is_in(self, burst: Burst, starts: list[int], ends: list[int]) -> None:
        self._next_code = None
        self.settle()
        if self["CR.ENABLE"]:
            self._code(int(burst.data[starts[0] - 1]))
            self._update()
            self._stretch(burst, starts, ends)

    def _code(self, code: int) -> None:
        """An FEC of 0xFF stands for every code that is no other; without an FSC the first line behind a frame's end begins the next."""
        if self._is(code, "LS"):
            self._expect(not self._in_line)
            if self["ESCR.FSC"] == _NO_CODE:
                self._open_frame()
            self._in_line = True
        elif self._is(code, "LE"):
            self._expect(self._in_line)
            self._in_line = False
            if self["CR.CAPTURE"]:
                self._end_line()
        elif self["ESCR.FSC"] != _NO_CODE and self._is(code, "FS"):
            self._expect(not self._open)
            self._open_frame()
            self._in_line = self._open
        elif self["ESCR.FEC"] == _NO_CODE or self._is(code, "FE"):
            self._expect(self._open or self["ESCR.FEC"] == _NO_CODE)
            self._close_frame()

    def _open_frame(self) -> None:
        """The first one is that behind the first frame's end (17.3.6)."""
        if self._ended and not self._open:
            self._open = True
            self._begin_frame()

    def _close_frame(self) -> None:
        if self._open:
            self["RIS"] |= _VSYNC * self["CR.CAPTURE"]
        self._ended, self._open, self._in_line = True, False, False
        self._end_frame()

    def _is(self, code: int, name: str) -> bool:
        mask = self[f"ESUR.{name}U"]
        return code & mask == self[f"ESCR.{name}C"] & mask

    def _expect(self, ordered: bool) -> None:
        """Before its first end of a frame nothing is in order yet."""
        if not ordered and self._ended:
            self["RIS"] |= _ERR
            self._open = False
            self._lose_frame()

    # Wires

    def _take(self, count: int) -> bytes:
        """So many words at once, as reads of the data register would give them."""
        words, self._fifo = self._fifo[:count], self._fifo[count:]
        self["DR"] = int(words[-1])
        self._update()
        return words.tobytes()

    def _update(self) -> None:
        self._irq.set(bool(self["RIS"] & self["IER"]))
        self._request.set(bool(len(self._fifo)))
