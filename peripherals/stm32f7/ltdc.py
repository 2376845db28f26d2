"""The display controller: two layers scanned out line by line at the pixel clock, with interrupts, and reloads of shadow registers.

Reference: RM0385 18. Not modelled: signal polarities. A frame is composed from what memory holds when its last line is over, or when
somebody looks. Flags rise at their pixels: of the line and of a reload at a line's first one, of an underrun at the first pixel that is
late or not in the frame buffer, of a transfer error at the first pixel of the first line that nobody answers for. What a bus error keeps
from a layer has its default colour (guess).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from peripherals.kit import pixels
from peripherals.kit.bus_master import Port
from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line
from peripherals.stm32f7.ltdc_dither import dithered
from peripherals.stm32f7.ltdc_layer import Layer
from peripherals.stm32f7.ltdc_scan import Scanout, Supplies

LAYERS = (1, 2)
_LIF, _FUIF, _TERRIF, _RRIF = 1, 2, 4, 8
_STRIDE = 0x80
_KNOWN = 256  # supplies that are kept in mind
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
    is written waits for the reload. `on_scan` is told that `scans` may be another, and whoever knows the buses says by `feed` what they
    leave for it."""

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
        self.on_scanned: Callable[[str, int, int], None] | None = None
        self._shadow: dict[str, int] = {}
        self._cluts = {n: pixels.GREY.copy() for n in LAYERS}
        self._clock = clock
        self._origin = 0  # the pixel clock's count when the scan began
        self._seen = 0  # the pixel since then up to which flags have been looked for
        self._blanked = -1  # the pixel at which the last blanking was served
        self._alarm: Alarm | None = None
        self._scanned: Alarm | None = None  # behind the last line, for `on_scanned`
        self._fed: list[tuple[int, Supplies]] = [(0, ())]  # since which pixel buses bring how much
        self._judged: dict[Supplies, bool] = {}  # whether they fall short, as registers and clocks are
        pixel_clock.listen(self._retimed)
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
        self._changed()

    # The raster

    @property
    def scans(self) -> tuple[Scan, ...]:
        """Of each layer that is on; none while nothing is scanned."""
        if not self.running or not self._scanning:
            return ()
        found = []
        for name in (f"L{n}" for n in LAYERS if self[f"L{n}CR.LEN"]):
            size = max(0, self[f"{name}CFBLR.CFBLL"] - 3) * self[f"{name}CFBLNR.CFBLNBR"]
            found.append(Scan(self[f"{name}CFBAR"], size * self._pixel_clock.hz / self._frame))
        return tuple(found)

    @property
    def buffers(self) -> tuple[tuple[int, int], ...]:
        """Number and frame buffer's address of each layer that is scanned."""
        if not self.running or not self._scanning:
            return ()
        return tuple((n, self[f"L{n}CFBAR"]) for n in LAYERS if self[f"L{n}CR.LEN"])

    @property
    def running(self) -> bool:
        return bool(self["GCR.LTDCEN"]) and self._pixel_clock.hz > 0

    @property
    def _scanning(self) -> bool:
        """Whether there is a raster, though its clock may stand still."""
        return bool(self["GCR.LTDCEN"]) and self._frame > 1

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
        self._look()
        before = self.store("GCR", value)
        if self["GCR.LTDCEN"] and not self.pick("GCR.LTDCEN", before):
            self._origin = self._pixels.upcoming
            self._seen = 0
            self._blanked = -1
            self._fed = [(0, self._fed[-1][1])]
        self._plan()
        self._changed()

    def _reshape(self, register: str, value: int) -> None:
        self._look()
        self.store(register, value)
        self._plan()
        self._changed()

    def write_BPCR(self, value: int) -> None:
        self._reshape("BPCR", value)

    def write_AWCR(self, value: int) -> None:
        self._reshape("AWCR", value)

    def write_TWCR(self, value: int) -> None:
        self._reshape("TWCR", value)

    def write_SRCR(self, value: int) -> None:
        """IMR is over at once, VBR at the next blanking; while nothing is scanned there is none."""
        if value & 1:
            self._reload()
        self["SRCR.VBR"] = self["SRCR.VBR"] | value >> 1 & 1
        self._plan()

    def _reload(self) -> None:
        self._look()
        for key, value in self._shadow.items():
            self.store(key, value)
        self._shadow.clear()
        self._changed()

    def write_LIPCR(self, value: int) -> None:
        self._look()
        self.store("LIPCR", value)
        self._plan()

    def write_IER(self, value: int) -> None:
        self._look()
        self.store("IER", value)
        self._plan()
        self._update()

    def read_ISR(self) -> int:
        self._look()
        return self["ISR"]

    def write_ICR(self, value: int) -> None:
        self._look()
        self["ISR"] &= ~value
        self._plan()
        self._update()

    def write_LxCLUTWR(self, index: int, value: int) -> None:
        """The table can be written at any time and has no alpha of its own."""
        self._cluts[index + 1][value >> 24] = 0xFF00_0000 | value & 0xFF_FFFF

    def _changed(self) -> None:
        """What is scanned may be another, or how fast."""
        self._judged.clear()
        self.on_scan()

    def _retimed(self) -> None:
        """The pixel clock is another."""
        self._plan()
        self._changed()

    # What the buses bring

    def feed(self, supplies: Supplies) -> None:
        """From now on buses bring so much; where that is enough for all pixels it is as if there were no end to it."""
        if supplies not in self._judged:
            if len(self._judged) >= _KNOWN:
                self._judged.clear()
            self._judged[supplies] = self._scanout().falls_short(supplies)
        supplies = supplies if self._judged[supplies] else ()
        if supplies == self._fed[-1][1]:
            return
        self._look()
        if self["GCR.LTDCEN"]:
            begin = self._position - 2 * self._frame
            while len(self._fed) > 1 and self._fed[1][0] <= begin:
                del self._fed[0]
            self._fed.append((self._position, supplies))
        else:
            self._fed = [(0, supplies)]
        self._plan()

    @property
    def is_short(self) -> bool:
        """Whether buses bring less than what is shown, as `feed` was told last."""
        return bool(self._fed[-1][1])

    # Flags, and events only while somebody could notice

    def _rises_at(self, flag: int) -> list[int]:
        """The pixels of a frame at which a flag rises, in their order.

        The line flag's line 0 counts only while LIE is set. That much is known of chips: embassy's driver leaves LIPCR as it is at reset
        and panics where LIF comes with a reload."""
        if flag == _LIF:
            line = self["LIPCR.LIPOS"]
            return [line * self._line] if line <= self["TWCR.TOTALH"] and (line or self["IER.LIE"]) else []
        scanout = self._scanout()
        return scanout.underruns(self._fed[-1][1]) if flag == _FUIF else scanout.errors()

    def _look(self) -> None:
        """Raise the flags whose pixels have gone by since the last look."""
        if not self._scanning:
            return
        position = self._position
        for flag in (_LIF, _FUIF, _TERRIF):
            if not self["ISR"] & flag and position >= self._seen:
                places = self._rises_at(flag)
                if places and self._next(places, self._seen) <= position:
                    self["ISR"] |= flag
        self._seen = position + 1
        self._update()

    def _next(self, places: Sequence[int], since: int) -> int:
        """The first of a frame's pixels that comes at `since` or later."""
        frames, place = divmod(since, self._frame)
        k = bisect_left(places, place)
        return frames * self._frame + (places[k] if k < len(places) else places[0] + self._frame)

    def _plan(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if not self._scanning:
            return
        due = []
        for flag in (_LIF, _FUIF, _TERRIF):
            if self["IER"] & flag and not self["ISR"] & flag:
                places = self._rises_at(flag)
                if places:
                    due.append(self._next(places, self._seen))
        if self["SRCR.VBR"] or self.on_frame:
            due.append(self._next_blanking())
        if due:
            self._alarm = self._pixels.at(self._origin + min(due), self._reached)
        if self.on_scanned is not None and self._scanned is None and self.scans:
            self._scanned = self._pixels.at(
                self._origin + self._next([self._blanking], self._position + 1), self._tell, soft=True
            )

    @property
    def _blanking(self) -> int:
        return (self["AWCR.AAH"] + 1) * self._line % self._frame

    def _next_blanking(self) -> int:
        """The first pixel behind the active area, where it has not been served yet."""
        return self._next([self._blanking], max(self._position, self._blanked + 1))

    def _reached(self) -> None:
        self._alarm = None
        blanking = self._next_blanking() <= self._position
        self._look()
        if blanking:
            self._blanked = self._position
            self._blank()
        self._plan()
        self._update()

    def _blank(self) -> None:
        for listener in self.on_frame:
            listener()
        if self["SRCR.VBR"]:
            self._reload()
            self["SRCR.VBR"] = 0
            self["ISR"] |= _RRIF

    def _tell(self) -> None:
        """A frame has been scanned."""
        self._scanned = None
        if self._scanning and self.on_scanned is not None:
            scanout = self._scanout()
            for n, layer in scanout.layers.items():
                lines = scanout.answered(n)
                if lines:
                    self.on_scanned(self._ports[n].user, layer.base, (lines - 1) * layer.pitch + layer.line_bytes)
            self._plan()

    def reader(self, address: int, since: int) -> str:
        """Which layer has scanned the line of a frame buffer that an address lies in since a cycle of the core's clock; "" for none."""
        if self._scanning:
            for n, place in self._scanout().reads(address):
                scanned = self._position - (self._position - place) % self._frame
                if scanned >= 0 and self._pixels.cycle(self._origin + scanned) > since:
                    return self._ports[n].user
        return ""

    def watch(self, listener: Callable[[], None]) -> None:
        """Call at each frame's end from now on."""
        self.on_frame.append(listener)
        self._plan()

    def unwatch(self, listener: Callable[[], None]) -> None:
        self.on_frame.remove(listener)
        self._plan()

    # The picture

    def frame(self) -> NDArray[np.uint8]:
        """Red, green and blue of the active area, [height, width, 3]; black while nothing is scanned."""
        if not self.running or not self._scanning:
            return np.zeros((self.height, self.width, 3), np.uint8)
        picture = np.full((self.height, self.width), self["BCCR"], np.uint32)
        scanout = self._scanout()
        shown = scanout.shown(self._position, self._fed)
        for n in LAYERS:
            layer = self._layer(n)
            if n in scanout.layers:
                layer = replace(layer, lines=scanout.answered(n))
            layer.over(picture, self._ports[n].read_block, shown.get(n))
        colours = picture.view(np.uint8).reshape(*picture.shape, 4)[..., :3]
        if self["GCR.DEN"]:
            colours = dithered(colours, self._position // self._frame * self._frame, self._line)
        return colours[..., ::-1]

    def _scanout(self) -> Scanout:
        layers = {n: self._layer(n) for n in LAYERS if self[f"L{n}CR.LEN"]}
        return Scanout(
            width=self._line,
            height=self["TWCR.TOTALH"] + 1,
            left=self["BPCR.AHBP"] + 1,
            top=self["BPCR.AVBP"] + 1,
            layers={n: layer for n, layer in layers.items() if layer.left < layer.right and layer.top < layer.bottom},
            ports=self._ports,
            cycles=self._clock.hz / self._pixel_clock.hz if self.running else Fraction(0),
        )

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
