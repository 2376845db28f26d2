"""The display controller: two layers scanned out line by line at the pixel clock, with interrupts, and reloads of shadow registers.

Reference: RM0385 18. Not modelled: dithering; FIFO underrun by contention on the bus; signal polarities. A frame is composed from what
memory holds when its last line is over, or when somebody looks; then errors of its layers are told too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from peripherals.kit import pixels
from peripherals.kit.bus_master import BusError, Port
from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line
from peripherals.stm32f7.ltdc_layer import Layer

LAYERS = (1, 2)
_LIF, _FUIF, _TERRIF, _RRIF = 1, 2, 4, 8
_STRIDE = 0x80
_SHADOWED = (
    "LxCR",
    "LxWHPCR",
    "LxWVPCR",
    "LxCKCR",
    "LxPFCR",
    "LxCACR",
    "LxDCCR",
    "LxBFCR",
    "LxCFBAR",
    "LxCFBLR",
    "LxCFBLNR",
)


@dataclass(frozen=True)
class Scan:
    """What a layer reads: the place of its frame buffer, and bytes a second on the mean of a frame."""

    address: int
    rate: Fraction


class Ltdc(Peripheral):
    """`frame()` is the picture now, `on_frame` is called as each frame's last active line ends. Layer registers read as they work; what
    is written waits for the reload. `on_scan` is told that `scans` may be another."""

    registers = (
        reg(0x08, "SSCR", rw="HSW[27:16] VSH[10:0]"),
        reg(0x0C, "BPCR", rw="AHBP[27:16] AVBP[10:0]"),
        reg(0x10, "AWCR", rw="AAW[27:16] AAH[10:0]"),
        reg(0x14, "TWCR", rw="TOTALW[27:16] TOTALH[10:0]"),
        reg(
            0x18,
            "GCR",
            reset=0x2220,
            rw="HSPOL[31] VSPOL[30] DEPOL[29] PCPOL[28] DEN[16] LTDCEN[0]",
            r="DRW[14:12] DGW[10:8] DBW[6:4]",
            unmodelled="DEN",
        ),
        reg(0x24, "SRCR", rw="VBR[1] IMR[0]"),
        reg(0x2C, "BCCR", rw="BCRED[23:16] BCGREEN[15:8] BCBLUE[7:0]"),
        reg(0x34, "IER", rw="RRIE[3] TERRIE[2] FUIE[1] LIE[0]"),
        reg(0x38, "ISR", r="RRIF[3] TERRIF[2] FUIF[1] LIF[0]"),
        reg(0x3C, "ICR", w="CRRIF[3] CTERRIF[2] CFUIF[1] CLIF[0]"),
        reg(0x40, "LIPCR", rw="LIPOS[10:0]"),
        reg(0x44, "CPSR", r="CXPOS[31:16] CYPOS[15:0]"),
        reg(0x48, "CDSR", reset=0xF, r="HSYNCS[3] VSYNCS[2] HDES[1] VDES[0]"),
        reg(0x84, "LxCR", count=2, stride=_STRIDE, first=1, rw="CLUTEN[4] COLKEN[1] LEN[0]"),
        reg(0x88, "LxWHPCR", count=2, stride=_STRIDE, first=1, rw="WHSPPOS[27:16] WHSTPOS[11:0]"),
        reg(0x8C, "LxWVPCR", count=2, stride=_STRIDE, first=1, rw="WVSPPOS[26:16] WVSTPOS[10:0]"),
        reg(0x90, "LxCKCR", count=2, stride=_STRIDE, first=1, rw="CKRED[23:16] CKGREEN[15:8] CKBLUE[7:0]"),
        reg(0x94, "LxPFCR", count=2, stride=_STRIDE, first=1, rw="PF[2:0]"),
        reg(0x98, "LxCACR", count=2, stride=_STRIDE, first=1, reset=0xFF, rw="CONSTA[7:0]"),
        reg(
            0x9C, "LxDCCR", count=2, stride=_STRIDE, first=1, rw="DCALPHA[31:24] DCRED[23:16] DCGREEN[15:8] DCBLUE[7:0]"
        ),
        reg(0xA0, "LxBFCR", count=2, stride=_STRIDE, first=1, reset=0x607, rw="BF1[10:8] BF2[2:0]"),
        reg(0xAC, "LxCFBAR", count=2, stride=_STRIDE, first=1, rw="CFBADD[31:0]"),
        reg(0xB0, "LxCFBLR", count=2, stride=_STRIDE, first=1, rw="CFBP[28:16] CFBLL[12:0]"),
        reg(0xB4, "LxCFBLNR", count=2, stride=_STRIDE, first=1, rw="CFBLNBR[10:0]"),
        reg(0xC4, "LxCLUTWR", count=2, stride=_STRIDE, first=1, w="CLUTADD[31:24] RED[23:16] GREEN[15:8] BLUE[7:0]"),
    )

    def __init__(
        self, name: str, clock: Clock, pixel_clock: Frequency, port: Port, *, irq: Line, error_irq: Line
    ) -> None:
        super().__init__(name)
        self._pixel_clock = pixel_clock
        self._pixels = Timebase(clock, pixel_clock)
        self._ports = {n: port.of(f"layer {n}") for n in LAYERS}
        self._irq = irq
        self._error_irq = error_irq
        self.on_frame: list[Callable[[], None]] = []
        self.on_scan: Callable[[], None] = lambda: None
        self._shadow: dict[str, int] = {}
        self._cluts = {n: pixels.GREY.copy() for n in LAYERS}
        self._origin = 0  # the pixel clock's count when the scan began
        self._seen = 0  # the pixel since then up to which the line interrupt has been looked for
        self._alarm: Alarm | None = None
        pixel_clock.listen(lambda: self.on_scan())
        for short in _SHADOWED:
            for n in LAYERS:
                key = short.replace("x", str(n))
                self._writers[self._offsets[key]] = partial(self._shadow.__setitem__, key)

    def reset(self) -> None:
        super().reset()
        self._shadow.clear()
        self._cluts = {n: pixels.GREY.copy() for n in LAYERS}
        self._plan()
        self._update()
        self.on_scan()

    # The raster

    @property
    def scans(self) -> tuple[Scan, ...]:
        """Of each layer that is on; none while nothing is scanned."""
        if not self.running or self._frame <= 1:
            return ()
        found = []
        for name in (f"L{n}" for n in LAYERS if self[f"L{n}CR.LEN"]):
            size = max(0, self[f"{name}CFBLR.CFBLL"] - 3) * self[f"{name}CFBLNR.CFBLNBR"]
            found.append(Scan(self[f"{name}CFBAR"], size * self._pixel_clock.hz / self._frame))
        return tuple(found)

    @property
    def running(self) -> bool:
        return bool(self["GCR.LTDCEN"]) and self._pixel_clock.hz > 0

    @property
    def width(self) -> int:
        return max(0, self["AWCR.AAW"] - self["BPCR.AHBP"])

    @property
    def height(self) -> int:
        return max(0, self["AWCR.AAH"] - self["BPCR.AVBP"])

    @property
    def _line(self) -> int:
        return self["TWCR.TOTALW"] + 1

    @property
    def _frame(self) -> int:
        return self._line * (self["TWCR.TOTALH"] + 1)

    @property
    def _position(self) -> int:
        """Pixels since the scan began."""
        return self._pixels.count - self._origin

    @property
    def frames(self) -> int:
        """Frames whose last active line is over since the scan began."""
        if not self["GCR.LTDCEN"]:
            return 0
        return (self._position + self._frame - (self["AWCR.AAH"] + 1) * self._line) // self._frame

    def read_CPSR(self) -> int:
        if not self["GCR.LTDCEN"]:
            return 0
        y, x = divmod(self._position % self._frame, self._line)
        return x << 16 | y

    def read_CDSR(self) -> int:
        """Active high, whatever the signals' polarities."""
        if not self["GCR.LTDCEN"]:
            return self["CDSR"]
        y, x = divmod(self._position % self._frame, self._line)
        hsync, vsync = x <= self["SSCR.HSW"], y <= self["SSCR.VSH"]
        hde = self["BPCR.AHBP"] < x <= self["AWCR.AAW"]
        vde = self["BPCR.AVBP"] < y <= self["AWCR.AAH"]
        return hsync << 3 | vsync << 2 | hde << 1 | vde

    # Registers

    def write_GCR(self, value: int) -> None:
        before = self.store("GCR", value)
        if self["GCR.LTDCEN"] and not self.pick("GCR.LTDCEN", before):
            self._origin = self._pixels.upcoming
            self._seen = 0
        self._plan()
        self.on_scan()

    def write_SRCR(self, value: int) -> None:
        """IMR is over at once, VBR at the next blanking; while nothing is scanned there is none."""
        if value & 1:
            self._reload()
        self["SRCR.VBR"] = self["SRCR.VBR"] | value >> 1 & 1
        self._plan()

    def _reload(self) -> None:
        for key, value in self._shadow.items():
            self.store(key, value)
        self._shadow.clear()
        self.on_scan()

    def write_LIPCR(self, value: int) -> None:
        self._look_for_line()
        self.store("LIPCR", value)
        self._plan()

    def write_IER(self, value: int) -> None:
        self._look_for_line()
        self.store("IER", value)
        self._plan()
        self._update()

    def read_ISR(self) -> int:
        self._look_for_line()
        return self["ISR"]

    def write_ICR(self, value: int) -> None:
        self._look_for_line()
        self["ISR"] &= ~value
        self._plan()
        self._update()

    def write_LxCLUTWR(self, index: int, value: int) -> None:
        """The table can be written at any time and has no alpha of its own."""
        self._cluts[index + 1][value >> 24] = 0xFF00_0000 | value & 0xFF_FFFF

    # Events, only while somebody could notice

    def _next(self, row: int) -> int:
        """The position at which that row begins next, strictly later than what has been seen to."""
        start = row * self._line
        passed = max(self._position, self._seen)
        return start + (passed - start + self._frame) // self._frame * self._frame if passed >= start else start

    def _look_for_line(self) -> None:
        """LIF rises where the line's start has gone by since the last look, line 0's only while LIE is set.

        That much is known of chips: embassy's driver leaves LIPCR as it is at reset and panics where LIF comes with a reload."""
        if not self["GCR.LTDCEN"]:
            return
        position, line = self._position, self["LIPCR.LIPOS"]
        start = line * self._line
        if line <= self["TWCR.TOTALH"] and (line or self["IER.LIE"]):
            passed = (position - start) // self._frame
            if passed >= 0 and passed > (self._seen - start - 1) // self._frame:
                self["ISR"] |= _LIF
        self._seen = position + 1
        self._update()

    def _plan(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if not self["GCR.LTDCEN"] or self._frame <= 1:
            return
        due = []
        if self["IER.LIE"] and not self["ISR"] & _LIF and self["LIPCR.LIPOS"] <= self["TWCR.TOTALH"]:
            due.append(self._next(self["LIPCR.LIPOS"]))
        if self["SRCR.VBR"] or self.on_frame or self["IER"] & (_TERRIF | _FUIF):
            due.append(self._next(self["AWCR.AAH"] + 1))
        if due:
            self._alarm = self._pixels.at(self._origin + min(due), self._reached)

    def _reached(self) -> None:
        self._alarm = None
        position = self._position % self._frame
        blanking = position // self._line == self["AWCR.AAH"] + 1 and position % self._line == 0
        self._look_for_line()
        if blanking:
            self._blank()
        self._plan()
        self._update()

    def _blank(self) -> None:
        if self["IER"] & (_TERRIF | _FUIF):
            self.frame()
        for listener in self.on_frame:
            listener()
        if self["SRCR.VBR"]:
            self._reload()
            self["SRCR.VBR"] = 0
            self["ISR"] |= _RRIF

    def watch(self, listener: Callable[[], None]) -> None:
        """Call at each frame's end from now on."""
        self.on_frame.append(listener)
        self._plan()

    def unwatch(self, listener: Callable[[], None]) -> None:
        self.on_frame.remove(listener)
        self._plan()

    # The picture

    def frame(self) -> NDArray[np.uint8]:
        """Red, green and blue of the active area, [height, width, 3]; black while nothing is scanned. A bus error sets TERRIF, a frame buffer
        smaller than its window FUIF."""
        picture = np.zeros((self.height, self.width, 3), np.uint8)
        if not self.running or not picture.size:
            return picture
        picture[:] = [self["BCCR"] >> 8 * n & 0xFF for n in range(3)]
        for n in LAYERS:
            layer = self._layer(n)
            self["ISR"] |= _FUIF * layer.starved
            try:
                layer.over(picture, self._ports[n].read_block)
            except BusError:
                self["ISR"] |= _TERRIF
        self._update()
        return picture[..., ::-1]

    def _layer(self, n: int) -> Layer:
        name = f"L{n}"
        left, top = self["BPCR.AHBP"] + 1, self["BPCR.AVBP"] + 1
        pixel_format = self[f"{name}PFCR.PF"]
        looked_up = self[f"{name}CR.CLUTEN"] and pixel_format in pixels.INDEXED
        return Layer(
            enabled=bool(self[f"{name}CR.LEN"]),
            left=self[f"{name}WHPCR.WHSTPOS"] - left,
            right=self[f"{name}WHPCR.WHSPPOS"] - left + 1,
            top=self[f"{name}WVPCR.WVSTPOS"] - top,
            bottom=self[f"{name}WVPCR.WVSPPOS"] - top + 1,
            pixel_format=pixel_format,
            constant_alpha=self[f"{name}CACR.CONSTA"],
            default=self[f"{name}DCCR"],
            factors=(self[f"{name}BFCR.BF1"], self[f"{name}BFCR.BF2"]),
            key=self[f"{name}CKCR"] if self[f"{name}CR.COLKEN"] else None,
            base=self[f"{name}CFBAR"],
            pitch=self[f"{name}CFBLR.CFBP"],
            line_bytes=max(0, self[f"{name}CFBLR.CFBLL"] - 3),
            lines=self[f"{name}CFBLNR.CFBLNBR"],
            clut=self._cluts[n] if looked_up else pixels.GREY,
        )

    def _update(self) -> None:
        pending = self["ISR"] & self["IER"]
        self._irq.set(bool(pending & (_LIF | _RRIF)))
        self._error_irq.set(bool(pending & (_FUIF | _TERRIF)))
