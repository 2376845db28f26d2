"""The QUADSPI interface: commands to a serial flash in indirect, polling and memory-mapped mode, through a FIFO of 32 bytes.

Reference: RM0385 14. Not modelled: dual-flash mode, the second flash, sending the instruction once only, sample shifting; in memory-mapped
mode the flash is a memory of the bus as long as the command is one that reads it; what a read takes by `mapped` is the bus's business,
and no flag tells a time-out.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.clock import Clock, Event
from peripherals.kit.flash_bus import Command, SerialFlash
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.wires import Line, Request

FIFO_BYTES = 32
_WRITE, _READ, _POLL, _MAP = range(4)
_WIRES = (0, 1, 2, 4)
_TEF, _TCF, _FTF, _SMF, _TOF, _BUSY = 1, 2, 4, 8, 16, 32
_EN, _ABORT = 1, 2


class Quadspi(Peripheral):
    """`on_map` is told when the flash begins or ceases to answer as memory, `on_timing` that `mapped` may be another."""

    registers = (
        reg(
            0x00,
            "CR",
            rw="PRESCALER[31:24] PMM[23] APMS[22] TOIE[20] SMIE[19] FTIE[18] TCIE[17] TEIE[16] FTHRES[12:8] FSEL[7] DFM[6] SSHIFT[4] TCEN[3]"
            " DMAEN[2] EN[0]",
            rs="ABORT[1]",
            unmodelled="FSEL DFM TCEN",
        ),
        reg(0x04, "DCR", rw="FSIZE[20:16] CSHT[10:8] CKMODE[0]"),
        reg(0x08, "SR", r="FLEVEL[13:8] BUSY[5] TOF[4] SMF[3] FTF[2] TCF[1] TEF[0]"),
        reg(0x0C, "FCR", w="CTOF[4] CSMF[3] CTCF[1] CTEF[0]"),
        reg(0x10, "DLR", rw="DL[31:0]"),
        reg(
            0x14,
            "CCR",
            rw="DDRM[31] DHHC[30] SIOO[28] FMODE[27:26] DMODE[25:24] DCYC[22:18] ABSIZE[17:16] ABMODE[15:14] ADSIZE[13:12] ADMODE[11:10]"
            " IMODE[9:8] INSTRUCTION[7:0]",
            unmodelled="SIOO",
        ),
        reg(0x18, "AR", rw="ADDRESS[31:0]"),
        reg(0x1C, "ABR", rw="ALTERNATE[31:0]"),
        reg(0x20, "DR", rw="DATA[31:0]"),
        reg(0x24, "PSMKR", rw="MASK[31:0]"),
        reg(0x28, "PSMAR", rw="MATCH[31:0]"),
        reg(0x2C, "PIR", rw="INTERVAL[15:0]"),
        reg(0x30, "LPTR", rw="TIMEOUT[15:0]", unmodelled="*"),
    )
    size = 0x1000
    lanes = True

    def __init__(
        self,
        name: str,
        clock: Clock,
        *,
        irq: Line,
        request: Request,
        on_map: Callable[[bool], None] = lambda mapped: None,
    ) -> None:
        super().__init__(name)
        self._clock = clock
        self._irq = irq
        self._request = request
        self._on_map = on_map
        self.on_timing: Callable[[], None] = lambda: None
        self.flash: SerialFlash | None = None
        self._fifo = bytearray()
        self._left = 0  # bytes of DLR still to transfer
        self._open = False
        self._event: Event | None = None

    def reset(self) -> None:
        super().reset()
        self._stop()
        self._fifo.clear()
        self._on_map(False)
        self._update()

    # Registers

    def write_CR(self, value: int) -> None:
        self.store("CR", value)
        if self["CR"] & _ABORT or not self["CR"] & _EN:
            aborted = self["CR"] & _ABORT
            self["CR"] &= ~_ABORT
            self._stop()
            self._fifo.clear()
            self["SR"] = self["SR"] & ~_BUSY | (_TCF if aborted else 0)
            self._on_map(False)
        self._update()
        self.on_timing()

    def write_FCR(self, value: int) -> None:
        self["SR"] &= ~(value & 0x1B)
        self._update()

    def write_CCR(self, value: int) -> None:
        if self["SR"] & _BUSY:
            return
        self.store("CCR", value)
        self._update()
        mode = self["CCR.FMODE"]
        if not self["CR"] & _EN:
            return
        if mode == _MAP:
            self._map()
        elif not self["CCR.ADMODE"] and (mode in (_READ, _POLL) or not self["CCR.DMODE"]):
            self._start()

    def write_AR(self, value: int) -> None:
        if self["SR"] & _BUSY:
            return
        self.store("AR", value)
        mode = self["CCR.FMODE"]
        if self["CR"] & _EN and self["CCR.ADMODE"] and mode != _MAP and (mode != _WRITE or not self["CCR.DMODE"]):
            self._start()

    def write_DLR(self, value: int) -> None:
        if not self["SR"] & _BUSY:
            self.store("DLR", value)

    def write(self, offset: int, size: int, value: int) -> None:
        """The width of an access to DR is the number of bytes."""
        if offset & ~3 == 0x20:
            self._push(value.to_bytes(4, "little")[:size])
        else:
            super().write(offset, size, value)

    def read(self, offset: int, size: int) -> int:
        return self._pull(size) if offset & ~3 == 0x20 else super().read(offset, size)

    # Time

    @property
    def _sck(self) -> int:
        """HCLK periods of a clock of the flash."""
        return self["CR.PRESCALER"] + 1

    def _command(self) -> Command:
        return Command(
            self["CCR.INSTRUCTION"] if self["CCR.IMODE"] else None,
            self["AR"] & (1 << 8 * (self["CCR.ADSIZE"] + 1)) - 1 if self["CCR.ADMODE"] else None,
            self["CCR.DCYC"],
            _WIRES[self["CCR.IMODE"]],
            _WIRES[self["CCR.ADMODE"]],
            _WIRES[self["CCR.DMODE"]],
            bool(self["CCR.DDRM"]),
        )

    def _overhead(self) -> int:
        """Clocks of the phases before the data, and of the select line's pause."""
        edges = 2 if self["CCR.DDRM"] else 1
        clocks = self["CCR.DCYC"] + self["DCR.CSHT"] + 1
        if self["CCR.IMODE"]:
            clocks += 8 // _WIRES[self["CCR.IMODE"]]
        if self["CCR.ADMODE"]:
            clocks += 8 * (self["CCR.ADSIZE"] + 1) // _WIRES[self["CCR.ADMODE"]] // edges
        if self["CCR.ABMODE"]:
            clocks += 8 * (self["CCR.ABSIZE"] + 1) // _WIRES[self["CCR.ABMODE"]] // edges
        return clocks

    def _data_cycles(self, count: int) -> int:
        edges = 2 if self["CCR.DDRM"] else 1
        wires = _WIRES[self["CCR.DMODE"]] or 1
        return -(-8 * count // (wires * edges)) * self._sck

    # Indirect mode

    def _start(self) -> None:
        self._on_map(False)
        if self["CCR.ADMODE"] and self._last_address() >> self["DCR.FSIZE"] + 1:
            self["SR"] |= _TEF
            self._update()
            return
        if self["CCR.FMODE"] == _POLL:
            self["SR"] |= _BUSY
            self._poll_at(self._overhead() * self._sck + self._data_cycles(self._poll_bytes))
            return
        self["SR"] |= _BUSY
        self._left = (self["DLR"] + 1 & 0xFFFF_FFFF or self._to_the_end()) if self["CCR.DMODE"] else 0
        if self.flash is not None:
            self.flash.begin(self._command())
        self._open = True
        self._event = self._clock.after(self._overhead() * self._sck, self._go_on)
        self._update()

    def _last_address(self) -> int:
        """Of the data that a command asks for; DLR of all ones asks for those up to the end."""
        length = self["DLR"] + 1
        counted = self["CCR.DMODE"] and self["CCR.FMODE"] != _POLL and length >> 32 == 0
        return self["AR"] + (length - 1 if counted else 0)

    def _to_the_end(self) -> int:
        return max(1, (2 << self["DCR.FSIZE"]) - self["AR"])

    def _go_on(self) -> None:
        """The next bytes, as many as make a difference to the threshold; while the FIFO is full or empty the clock stands."""
        self._event = None
        if not self._left:
            self._finish()
            return
        threshold = self["CR.FTHRES"] + 1
        if self["CCR.FMODE"] == _READ:
            count = min(self._left, FIFO_BYTES - len(self._fifo), threshold)
        else:
            count = min(self._left, len(self._fifo), threshold)
        if count:
            self._event = self._clock.after(self._data_cycles(count), lambda: self._transferred(count))

    def _transferred(self, count: int) -> None:
        self._left -= count
        if self["CCR.FMODE"] == _READ:
            self._fifo += self.flash.read(count) if self.flash is not None else b"\xff" * count
        else:
            if self.flash is not None:
                self.flash.write(bytes(self._fifo[:count]))
            del self._fifo[:count]
        self._go_on()
        self._update()

    def _finish(self) -> None:
        """TCF with the last byte; BUSY until the FIFO is empty. Bytes beyond those of a write are dropped: stm32f7xx-hal relies on it."""
        self._close()
        if self["CCR.FMODE"] == _WRITE:
            self._fifo.clear()
        self["SR"] |= _TCF
        if not self._fifo:
            self["SR"] &= ~_BUSY
        self._update()

    def _close(self) -> None:
        if self._open and self.flash is not None:
            self.flash.end()
        self._open = False

    def _stop(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None
        self._left = 0
        self._close()

    def _push(self, data: bytes) -> None:
        if self["CCR.FMODE"] != _WRITE or not self["CR"] & _EN or not self["CCR.DMODE"]:
            return
        self._fifo += data[: FIFO_BYTES - len(self._fifo)]
        if not self._open and not self["SR"] & _BUSY:
            self._start()
        elif self._open and self._event is None:
            self._go_on()
        self._update()

    def _pull(self, size: int) -> int:
        if self["CCR.FMODE"] == _POLL:
            return self["DR"]
        data = bytes(self._fifo[:size])
        del self._fifo[:size]
        if self._open and self._event is None:
            self._go_on()
        elif not self._open and not self._fifo:
            self["SR"] &= ~_BUSY
        self._update()
        return int.from_bytes(data, "little")

    # Status polling

    @property
    def _poll_bytes(self) -> int:
        return min(self["DLR"] + 1, 4)

    def _poll_at(self, cycles: int) -> None:
        self._event = self._clock.after(max(cycles, 1), self._polled)

    def _polled(self) -> None:
        """Compare, and look again after PIR clocks: polls that cannot differ from this one are passed over."""
        self._event = None
        count = self._poll_bytes
        if self.flash is not None:
            self.flash.begin(self._command())
            self["DR"] = int.from_bytes(self.flash.read(count), "little")
            self.flash.end()
        mask, difference = self["PSMKR"], self["DR"] ^ self["PSMAR"]
        matched = bool(mask & ~difference) if self["CR.PMM"] else not mask & difference
        period = (self["PIR"] + self._overhead()) * self._sck + self._data_cycles(count)
        if matched:
            self["SR"] |= _SMF
            if self["CR.APMS"]:
                self["SR"] &= ~_BUSY
                self._update()
                return
        change = self.flash.next_change() if self.flash is not None else None
        if change is None:
            self._poll_at(period)
        else:
            cycles = change * self._clock.hz
            self._poll_at(period * max(1, -(-cycles.numerator // (cycles.denominator * period))))
        self._update()

    # Memory-mapped mode

    def _map(self) -> None:
        command = self._command()
        first = Command(
            command.instruction,
            0,
            command.dummy_cycles,
            command.instruction_wires,
            command.address_wires,
            command.data_wires,
            command.double,
        )
        if self.flash is not None and self.flash.maps(first):
            self["SR"] |= _BUSY
            self._on_map(True)
            self.on_timing()

    @property
    def mapped(self) -> tuple[int, int, int]:
        """What a memory-mapped read takes, in cycles of HCLK: a command up to its data, a byte of them, and how long the flash stays
        selected behind the last one, 0 for ever. The instruction is sent once where CCR.SIOO is set (14.3.12)."""
        clocks = self._overhead()
        if self["CCR.SIOO"] and self["CCR.IMODE"]:
            clocks -= 8 // _WIRES[self["CCR.IMODE"]]
        timeout = (self["LPTR"] + 1) * self._sck if self["CR.TCEN"] else 0
        return clocks * self._sck, self._data_cycles(1), timeout

    # Wires

    @property
    def _threshold_reached(self) -> bool:
        threshold = self["CR.FTHRES"] + 1
        if self["CCR.FMODE"] == _READ:
            return len(self._fifo) >= threshold or (not self._open and bool(self._fifo))
        return self["CCR.FMODE"] == _WRITE and self["CR"] & _EN != 0 and FIFO_BYTES - len(self._fifo) >= threshold

    def _update(self) -> None:
        """CR's enables stand sixteen bits above their flags."""
        self["SR"] = self["SR"] & ~(0x3F00 | _FTF) | len(self._fifo) << 8 | self._threshold_reached << 2
        flags = self["SR"] & 0x1F
        self._irq.set(bool(flags & self["CR"] >> 16 & 0x1F))
        self._request.set(
            bool(self["CR.DMAEN"] and self._threshold_reached and (self._left or self._fifo or not self._open))
        )
