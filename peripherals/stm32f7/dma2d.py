"""The Chrom-ART accelerator: fills, copies, converts and blends rectangles of pixels.

Reference: RM0385 9. A transfer's time is spread evenly over its lines, and a line's data move when its time is over; memory shows lines of
less than GRAIN cycles some at a time, and all at once where the core sleeps or polls a register meanwhile. Flags, the watermark, an abort and a suspension are exact; a line under way is not moved by
half. While a transfer goes on its registers are read-only (9.5). Not modelled: its FIFOs, that others hold it up, reads of a CLUT that
is in use.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from peripherals.kit import pixels
from peripherals.kit.bus_master import BusError, Port
from peripherals.kit.clock import Clock, Event
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.wires import Line
from peripherals.stm32f7.dma2d_lines import Lines, Side, Source

_TEIF, _TCIF, _TWIF, _CAEIF, _CTCIF, _CEIF = 1, 2, 4, 8, 16, 32
_START, _SUSPEND, _ABORT, _MODE = 1, 2, 4, 3 << 16
COPY, CONVERT, BLEND, FILL = range(4)  # CR.MODE
_CLUT_START = 1 << 5
_FOREGROUND, _BACKGROUND = "FG", "BG"
_CLUT = {_FOREGROUND: 0x400, _BACKGROUND: 0x800}
_LAST_INPUT, _LAST_OUTPUT = pixels.A4, pixels.ARGB4444
_START_UP = 8  # guess: HCLK cycles before the first access
GRAIN = 4096  # cycles: lines that take less are moved together, so that the host is not asked for each
_LOCKED = (
    *("FGMAR", "FGOR", "BGMAR", "BGOR", "FGCOLR", "BGCOLR", "FGCMAR", "BGCMAR"),
    *("OPFCCR", "OCOLR", "OMAR", "OOR", "NLR", "LWR"),
)  # read-only while a transfer goes on


class Dma2d(Peripheral):
    """`on_transfer` is told what a transfer moves, as (address, bytes) for each rectangle, and in how many cycles; nothing at its end."""

    registers = (
        reg(
            0x00,
            "CR",
            rw="MODE[17:16] CEIE[13] CTCIE[12] CAEIE[11] TWIE[10] TCIE[9] TEIE[8] SUSP[1]",
            rs="ABORT[2] START[0]",
        ),
        reg(0x04, "ISR", r="CEIF[5] CTCIF[4] CAEIF[3] TWIF[2] TCIF[1] TEIF[0]"),
        reg(0x08, "IFCR", w="CCEIF[5] CCTCIF[4] CAECIF[3] CTWIF[2] CTCIF[1] CTEIF[0]"),
        reg(0x0C, "FGMAR", rw="MA[31:0]"),
        reg(0x10, "FGOR", rw="LO[13:0]"),
        reg(0x14, "BGMAR", rw="MA[31:0]"),
        reg(0x18, "BGOR", rw="LO[13:0]"),
        reg(0x1C, "FGPFCCR", rw="ALPHA[31:24] AM[17:16] CS[15:8] CCM[4] CM[3:0]", rs="START[5]"),
        reg(0x20, "FGCOLR", rw="RED[23:16] GREEN[15:8] BLUE[7:0]"),
        reg(0x24, "BGPFCCR", rw="ALPHA[31:24] AM[17:16] CS[15:8] CCM[4] CM[3:0]", rs="START[5]"),
        reg(0x28, "BGCOLR", rw="RED[23:16] GREEN[15:8] BLUE[7:0]"),
        reg(0x2C, "FGCMAR", rw="MA[31:0]"),
        reg(0x30, "BGCMAR", rw="MA[31:0]"),
        reg(0x34, "OPFCCR", rw="CM[2:0]"),
        reg(0x38, "OCOLR", rw="ALPHA[31:24] RED[23:16] GREEN[15:8] BLUE[7:0]"),
        reg(0x3C, "OMAR", rw="MA[31:0]"),
        reg(0x40, "OOR", rw="LO[13:0]"),
        reg(0x44, "NLR", rw="PL[29:16] NL[15:0]"),
        reg(0x48, "LWR", rw="LW[15:0]"),
        reg(0x4C, "AMTCR", rw="DT[15:8] EN[0]"),
        reg(0x400, "FGCLUT", count=256, first=0, rw="ALPHA[31:24] RED[23:16] GREEN[15:8] BLUE[7:0]"),
        reg(0x800, "BGCLUT", count=256, first=0, rw="ALPHA[31:24] RED[23:16] GREEN[15:8] BLUE[7:0]"),
    )
    size = 0xC00
    lanes = True

    def __init__(self, name: str, clock: Clock, port: Port, *, irq: Line) -> None:
        super().__init__(name)
        self._clock = clock
        self._port = port
        self._irq = irq
        self._lines: Lines | None = None  # of the transfer that goes on
        self._done = 0  # how many of them are moved
        self._began = 0  # the cycle at which it began, but for suspensions
        self._length = 0  # its cycles
        self._event: Event | None = None  # of lines whose end shows in flags, or of a CLUT that is loaded
        self._silent: Event | None = None  # of lines that are moved, and no more
        self._elapsed: int | None = None  # what a suspended one has had of its cycles
        self._loading = ""
        self.on_transfer: Callable[[tuple[tuple[int, int], ...], int], None] = lambda moved, cycles: None
        for name in _LOCKED:
            self._writers[self._offsets[name]] = partial(self._write_locked, name)

    def reset(self) -> None:
        super().reset()
        self._stop()
        self._update()

    # Control

    def write_CR(self, value: int) -> None:
        self._catch_up()
        if self["CR.START"]:
            value = value & ~_MODE | self["CR"] & _MODE
        before = self.store("CR", value)
        if self["CR.ABORT"]:
            self["CR"] &= ~_ABORT
            self["FGPFCCR"] &= ~_CLUT_START
            self["BGPFCCR"] &= ~_CLUT_START
            self._stop()
        elif self["CR.START"] and not before & _START:
            self._start()
        elif self["CR.SUSP"] and not before & _SUSPEND:
            self._suspend()
        elif before & _SUSPEND and not self["CR.SUSP"]:
            self._resume()
        self._update()

    def write_IFCR(self, value: int) -> None:
        self["ISR"] &= ~value
        self._update()

    def _write_locked(self, name: str, value: int) -> None:
        if not self["CR.START"]:
            self.store(name, value)

    def write_AMTCR(self, value: int) -> None:
        """A new dead time holds from the next access on: what is left of a transfer takes as much longer or shorter."""
        self._catch_up()
        self.store("AMTCR", value)
        if self._lines is not None:
            elapsed = self._clock.cycles - self._began if self._elapsed is None else self._elapsed
            before, self._length = self._length, self._cycles()
            elapsed = elapsed * self._length // before
            self._began = self._clock.cycles - elapsed
            if self._elapsed is None:
                self._plan()
            else:
                self._elapsed = elapsed

    def write_FGPFCCR(self, value: int) -> None:
        self._write_format(_FOREGROUND, value)

    def write_BGPFCCR(self, value: int) -> None:
        self._write_format(_BACKGROUND, value)

    def _write_format(self, layer: str, value: int) -> None:
        if self["CR.START"]:
            if value & _CLUT_START:
                self._raise(_CEIF)
            return
        before = self.store(f"{layer}PFCCR", value)
        if self[f"{layer}PFCCR.START"] and not before & _CLUT_START:
            self._load_clut(layer)

    def run(self, *, clocked: bool) -> None:
        """Its clock comes, or goes: in the enable registers, or in Sleep; a transfer waits as while it is suspended."""
        if clocked and not self["CR.SUSP"]:
            self._resume()
        elif not clocked:
            self._catch_up()
            self._suspend()

    def _suspend(self) -> None:
        if self._is_busy and self._elapsed is None:
            self._elapsed = self._clock.cycles - self._began
            self._cancel()
            self.on_transfer((), 0)

    def _resume(self) -> None:
        if self._elapsed is not None:
            self._began = self._clock.cycles - self._elapsed
            self._elapsed = None
            if self._lines is not None:
                self.on_transfer(self._moved(), self._length)
            self._plan()

    @property
    def _is_busy(self) -> bool:
        return self._lines is not None or bool(self._loading)

    def _cancel(self) -> None:
        for event in (self._event, self._silent):
            if event is not None:
                event.cancel()
        self._event = self._silent = None

    def _stop(self) -> None:
        """START falls, and with it a suspension (9.5.1)."""
        self._cancel()
        self["CR"] &= ~(_START | _SUSPEND)
        self._lines = None
        self._elapsed = None
        self._loading = ""
        self.on_transfer((), 0)

    # A transfer

    def _start(self) -> None:
        if self._misconfigured() or self._is_busy:
            self["CR"] &= ~_START
            self["ISR"] |= _CEIF
            return
        self._lines = self._rectangle()
        self._done = 0
        self._begin(self._cycles())
        self.on_transfer(self._moved(), self._length)
        if self["CR.SUSP"]:
            self._suspend()

    def _begin(self, cycles: int) -> None:
        self._began, self._length = self._clock.cycles, cycles
        self._plan()

    def _plan(self) -> None:
        """The next instants at which something happens to flags, and to memory alone."""
        self._cancel()
        if self._lines is None:
            self._event = self._clock.after(self._began + self._length - self._clock.cycles, self._loaded)
            return
        flagged = self._lines.first_unanswered(self._done) + 1
        if self._done < self["LWR.LW"]:
            flagged = min(flagged, self["LWR.LW"])
        flagged = min(flagged, self._lines.count)
        self._event = self._clock.after(self._until(flagged), self._catch_up)
        some = self._done + max(1, -(-GRAIN * self._lines.count // max(self._length - _START_UP, 1)))
        if some < flagged:
            self._silent = self._clock.after(self._until(some), self._catch_up)
            self._silent.soft = True

    def _until(self, line: int) -> int:
        """Cycles until so many lines are over."""
        assert self._lines is not None
        body = max(self._length - _START_UP, 1)
        return max(self._began + _START_UP - (-body * line // self._lines.count) - self._clock.cycles, 0)

    def _catch_up(self) -> None:
        """Move the lines whose time is over."""
        if self._lines is None or self._elapsed is not None:
            return
        body = max(self._length - _START_UP, 1)
        elapsed = max(self._clock.cycles - self._began - _START_UP, 0)
        over = min(elapsed * self._lines.count // body, self._lines.count)
        if over > self._done:
            first, self._done = self._done, over
            try:
                self._lines.move(first, over)
            except BusError:
                self._end(_TEIF)
                return
            if first < self["LWR.LW"] <= over:
                self._raise(_TWIF)
            if over == self._lines.count:
                self._end(_TCIF)
                return
        self._plan()

    def _end(self, flag: int) -> None:
        self._stop()
        self._raise(flag)

    def _rectangle(self) -> Lines:
        width, mode = self["NLR.PL"], self["CR.MODE"]
        form = None if mode == COPY else self["OPFCCR.CM"]
        target = self._side("O", self._output_bits())
        fill = self["OCOLR"].to_bytes(4, "little")[: self._output_bits() // 8] if mode == FILL else b""
        return Lines(self._port, (width, self["NLR.NL"]), [self._source(n) for n in self._inputs()], target, form, fill)

    def _side(self, layer: str, bits: int) -> Side:
        width = self["NLR.PL"]
        return Side(self[f"{layer}MAR"], width * bits // 8, (width + self[f"{layer}OR.LO"]) * bits // 8)

    def _source(self, layer: str) -> Source:
        form = self[f"{layer}PFCCR.CM"]
        looked_up = form in pixels.INDEXED and self["CR.MODE"] != COPY
        clut = np.array([self[f"{layer}CLUT{n}"] for n in range(256)], np.uint32) if looked_up else pixels.GREY
        return Source(
            self._side(layer, pixels.BITS[form]),
            form,
            self[f"{layer}PFCCR.AM"],
            self[f"{layer}PFCCR.ALPHA"],
            self[f"{layer}COLR"],
            clut,
        )

    def _moved(self) -> tuple[tuple[int, int], ...]:
        area = self["NLR.PL"] * self["NLR.NL"]
        read = [(self[f"{layer}MAR"], pixels.BITS[self[f"{layer}PFCCR.CM"]]) for layer in self._inputs()]
        return tuple((address, area * bits // 8) for address, bits in (*read, (self["OMAR"], self._output_bits())))

    def _inputs(self) -> tuple[str, ...]:
        return {COPY: (_FOREGROUND,), CONVERT: (_FOREGROUND,), BLEND: (_FOREGROUND, _BACKGROUND), FILL: ()}[
            self["CR.MODE"]
        ]

    def _misconfigured(self) -> bool:
        """RM0385 9.3.12: formats, alignments, and sizes that make no transfer."""
        width, lines = self["NLR.PL"], self["NLR.NL"]
        bad = not width or not lines
        for layer in self._inputs():
            form, offset = self[f"{layer}PFCCR.CM"], self[f"{layer}OR"]
            bad |= form > _LAST_INPUT
            if form <= _LAST_INPUT:
                bad |= bool(self[f"{layer}MAR"] & _alignment(form))
                bad |= pixels.BITS[form] == 4 and bool((width | offset) & 1)
        if self["CR.MODE"] != COPY:
            form = self["OPFCCR.CM"]
            bad |= form > _LAST_OUTPUT or bool(self["OMAR"] & _alignment(form))
        else:
            form = self["FGPFCCR.CM"]
            bad |= form <= _LAST_INPUT and bool(self["OMAR"] & _alignment(form))
            bad |= form <= _LAST_INPUT and pixels.BITS[form] == 4 and bool(self["OOR"] & 1)
        return bool(bad)

    def _output_bits(self) -> int:
        return pixels.BITS[self["FGPFCCR.CM"] if self["CR.MODE"] == COPY else self["OPFCCR.CM"]]

    def _cycles(self) -> int:
        """What each word of 32 bits takes that is read or written, and the dead time behind each; guess where the bus is free."""
        dead = self["AMTCR.DT"] if self["AMTCR.EN"] else 0
        words = [(address, -(-size // 4)) for address, size in self._moved()]
        return _START_UP + math.ceil(sum(count * (self._port.pace(address) + dead) for address, count in words))

    # Colour look-up tables

    def _load_clut(self, layer: str) -> None:
        count = self[f"{layer}PFCCR.CS"] + 1
        size = 3 if self[f"{layer}PFCCR.CCM"] else 4
        if self._is_busy or (size == 4 and self[f"{layer}CMAR"] & 3):
            self[f"{layer}PFCCR.START"] = 0
            self._raise(_CEIF)
            return
        self._loading = layer
        self._begin(_START_UP - (-count * size // 4))
        if self["CR.SUSP"]:
            self._suspend()

    def _loaded(self) -> None:
        layer = self._loading
        count = self[f"{layer}PFCCR.CS"] + 1
        size = 3 if self[f"{layer}PFCCR.CCM"] else 4
        self._event = None
        self._loading = ""
        self[f"{layer}PFCCR.START"] = 0
        try:
            data = self._port.read_block(self[f"{layer}CMAR"], count * size)
        except BusError:
            self._raise(_TEIF)
            return
        for n in range(count):
            word = int.from_bytes(data[n * size : (n + 1) * size], "little")
            self[f"{layer}CLUT{n}"] = word if size == 4 else word | 0xFF00_0000
        self._raise(_CTCIF)

    def write_FGCLUT(self, index: int, value: int) -> None:
        self._write_clut(_FOREGROUND, index, value)

    def write_BGCLUT(self, index: int, value: int) -> None:
        self._write_clut(_BACKGROUND, index, value)

    def _write_clut(self, layer: str, index: int, value: int) -> None:
        """An access while the table is being loaded, or in use (9.3.13), is an error and does nothing."""
        if self._loading == layer or self["CR.START"]:
            self._raise(_CAEIF)
        else:
            self[f"{layer}CLUT{index}"] = value

    # Interrupt

    def _raise(self, flag: int) -> None:
        self["ISR"] |= flag
        self._update()

    def _update(self) -> None:
        """CR's enables stand eight bits above their flags."""
        self._irq.set(bool(self["ISR"] & self["CR"] >> 8 & 0x3F))


def _alignment(form: int) -> int:
    """The address bits that must be 0: pixels of 16 and 32 bits lie at multiples of their size."""
    return {32: 3, 16: 1}.get(pixels.BITS[form], 0)
