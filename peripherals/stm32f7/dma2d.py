"""The Chrom-ART accelerator: fills, copies, converts and blends rectangles of pixels.

Reference: RM0385 9. A transfer's data move when its time is over, all at once. Not modelled: its FIFOs, and that others hold it up; a
transfer that is suspended goes on with the rest of its time.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from peripherals.kit import pixels
from peripherals.kit.bus_master import BusError, Port
from peripherals.kit.clock import Clock, Event
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.wires import Line

_TEIF, _TCIF, _TWIF, _CAEIF, _CTCIF, _CEIF = 1, 2, 4, 8, 16, 32
_START, _SUSPEND, _ABORT = 1, 2, 4
COPY, CONVERT, BLEND, FILL = range(4)  # CR.MODE
_CLUT_START = 1 << 5
_FOREGROUND, _BACKGROUND = "FG", "BG"
_CLUT = {_FOREGROUND: 0x400, _BACKGROUND: 0x800}
_LAST_INPUT, _LAST_OUTPUT = pixels.A4, pixels.ARGB4444
_START_UP = 8  # guess: HCLK cycles before the first access


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
        self._events: list[Event] = []
        self._left: list[
            tuple[int, Callable[[], None]]
        ] = []  # what a suspended transfer still has to do, and in how many cycles
        self._loading = ""
        self.on_transfer: Callable[[tuple[tuple[int, int], ...], int], None] = lambda moved, cycles: None

    def reset(self) -> None:
        super().reset()
        self._stop()
        self._update()

    # Control

    def write_CR(self, value: int) -> None:
        before = self.store("CR", value)
        if self["CR.ABORT"]:
            self["CR"] &= ~(_ABORT | _START)
            self["FGPFCCR"] &= ~_CLUT_START
            self["BGPFCCR"] &= ~_CLUT_START
            self._stop()
        elif self["CR.START"] and not before & _START:
            self._start()
        elif self["CR.SUSP"] and not before & _SUSPEND:
            now = self._clock.now
            self._left = [(event.cycle - now, event.action) for event in self._events if event.live]
            self._cancel()
        elif before & _SUSPEND and not self["CR.SUSP"]:
            self._events = [self._clock.after(cycles, action) for cycles, action in self._left]
            if self._events:
                self.on_transfer(self._moved(), self._cycles())
            self._left = []
        self._update()

    def write_IFCR(self, value: int) -> None:
        self["ISR"] &= ~value
        self._update()

    def write_FGPFCCR(self, value: int) -> None:
        self._write_format(_FOREGROUND, value)

    def write_BGPFCCR(self, value: int) -> None:
        self._write_format(_BACKGROUND, value)

    def _write_format(self, layer: str, value: int) -> None:
        before = self.store(f"{layer}PFCCR", value)
        if self[f"{layer}PFCCR.START"] and not before & _CLUT_START:
            self._load_clut(layer)

    def _cancel(self) -> None:
        for event in self._events:
            event.cancel()
        self._events = []
        self.on_transfer((), 0)

    def _stop(self) -> None:
        self._cancel()
        self._left = []
        self._loading = ""

    # A transfer

    def _start(self) -> None:
        if self._misconfigured() or self._events or self._left:
            self["CR"] &= ~_START
            self["ISR"] |= _CEIF
            return
        cycles = self._cycles()
        watched = self["LWR.LW"]
        if 0 < watched <= self["NLR.NL"]:
            self._events.append(self._clock.after(cycles * watched // self["NLR.NL"], lambda: self._raise(_TWIF)))
        self._events.append(self._clock.after(cycles, self._transfer))
        self.on_transfer(self._moved(), cycles)

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

    def _transfer(self) -> None:
        self["CR"] &= ~_START
        self._events = []
        self.on_transfer((), 0)
        try:
            (self._copy if self["CR.MODE"] == COPY else self._draw)()
        except BusError:
            self._raise(_TEIF)
        else:
            self._raise(_TCIF)

    def _copy(self) -> None:
        bits = pixels.BITS[self["FGPFCCR.CM"]]
        lines = self._read("FGMAR", self["FGOR"], bits)
        self._write(lines, self["OOR"], bits)

    def _draw(self) -> None:
        form = self["OPFCCR.CM"]
        if self["CR.MODE"] == FILL:
            lines = np.broadcast_to(self._fill_line(form), (self["NLR.NL"], self["NLR.PL"] * pixels.BITS[form] // 8))
        else:
            channels = self._layer(_FOREGROUND)
            if self["CR.MODE"] == BLEND:
                channels = blended(channels, self._layer(_BACKGROUND))
            lines = pixels.packed(channels, form)
        self._write(lines, self["OOR"], pixels.BITS[form])

    def _fill_line(self, form: int) -> pixels.Channels:
        """OCOLR holds a pixel as the output format has it."""
        size = pixels.BITS[form] // 8
        return np.frombuffer(self["OCOLR"].to_bytes(4, "little")[:size] * self["NLR.PL"], np.uint8)

    def _layer(self, layer: str) -> pixels.Channels:
        form = self[f"{layer}PFCCR.CM"]
        lines = self._read(f"{layer}MAR", self[f"{layer}OR"], pixels.BITS[form])
        clut = (
            np.array([self[f"{layer}CLUT{n}"] for n in range(256)], np.uint32)
            if form in pixels.INDEXED
            else pixels.GREY
        )
        channels = pixels.unpacked(lines, form, self["NLR.PL"], clut, self[f"{layer}COLR"])
        return self._with_alpha(channels, self[f"{layer}PFCCR.AM"], self[f"{layer}PFCCR.ALPHA"])

    def _with_alpha(self, channels: pixels.Channels, mode: int, alpha: int) -> pixels.Channels:
        """AM: the pixel's own, ALPHA instead, or their product."""
        if mode not in (1, 2):
            return channels
        channels = channels.copy()
        channels[..., 3] = alpha if mode == 1 else (channels[..., 3].astype(np.uint16) * alpha // 255).astype(np.uint8)
        return channels

    def _read(self, register: str, offset: int, bits: int) -> pixels.Channels:
        width, height = self["NLR.PL"], self["NLR.NL"]
        length, pitch = width * bits // 8, (width + offset) * bits // 8
        data = self._port.read_block(self[register], (height - 1) * pitch + length)
        return pixels.rows(data, height, length, pitch)

    def _write(self, lines: pixels.Channels, offset: int, bits: int) -> None:
        address, skipped = self["OMAR"], offset * bits // 8
        if not skipped:
            self._port.write_block(address, lines.tobytes())
            return
        for line in lines:
            self._port.write_block(address, line.tobytes())
            address += len(line) + skipped

    # Colour look-up tables

    def _load_clut(self, layer: str) -> None:
        count = self[f"{layer}PFCCR.CS"] + 1
        size = 3 if self[f"{layer}PFCCR.CCM"] else 4
        if self._events or self._left or (size == 4 and self[f"{layer}CMAR"] & 3):
            self[f"{layer}PFCCR.START"] = 0
            self._raise(_CEIF)
            return
        self._loading = layer
        cycles = _START_UP + -(-count * size // 4)
        self._events.append(self._clock.after(cycles, lambda: self._loaded(layer, count, size)))

    def _loaded(self, layer: str, count: int, size: int) -> None:
        self._events = []
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
        """An access while the table is being loaded is an error and does nothing."""
        if self._loading == layer:
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


def blended(above: pixels.Channels, below: pixels.Channels) -> pixels.Channels:
    """RM0385 9.3.6, every division rounded down:

    mult = above.alpha * below.alpha / 255, alpha = above.alpha + below.alpha - mult,
    colour = (above * above.alpha + below * below.alpha - below * mult) / alpha; where alpha is 0, so is the colour.
    """
    over, under = above.astype(np.int32), below.astype(np.int32)
    first, second = over[..., 3:], under[..., 3:]
    product = first * second // 255
    alpha = first + second - product
    mixed = (over[..., :3] * first + under[..., :3] * (second - product)) // np.maximum(alpha, 1)
    return np.concatenate([np.where(alpha > 0, mixed, 0), alpha], -1).astype(np.uint8)


def _alignment(form: int) -> int:
    """The address bits that must be 0: pixels of 16 and 32 bits lie at multiples of their size."""
    return {32: 3, 16: 1}.get(pixels.BITS[form], 0)
