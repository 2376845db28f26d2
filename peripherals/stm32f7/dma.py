"""A DMA controller: eight streams, each serving one of eight channels' requests, that share its two ports by their priorities.

Reference: RM0385 8. A request that finds the memory's port given to others, or waiting for another master, is the error of 8.3.18 where
the FIFO cannot serve it; one that finds the FIFO being served is none (guess). Not modelled: what dma_stream.py does not; a burst that
crosses 1 KB; channels that the map gives to no request; the permanent overrun of PBURST x PSIZE = 16 with a threshold of 3/4 (8.3.12).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from peripherals.kit.bus_master import BusError, Port
from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.wires import Line, Request
from peripherals.stm32f7.dma_ports import Ports
from peripherals.stm32f7.dma_stream import MEMORY_TO_MEMORY, TO_PERIPHERAL, Setup, Stream

STREAMS = range(8)
_FEIF, _DMEIF, _TEIF, _HTIF, _TCIF = 1 << 0, 1 << 2, 1 << 3, 1 << 4, 1 << 5
_PLACES = (0, 6, 16, 22)
_EN, _CT = 1 << 0, 1 << 19
_ALWAYS_WRITABLE = 0x1F  # EN and the four interrupt enables


def _flags(suffix: str, first: int) -> str:
    names = (("TC", 5), ("HT", 4), ("TE", 3), ("DME", 2), ("FE", 0))
    return " ".join(f"{suffix.format(name, first + n)}[{_PLACES[n] + bit}]" for n in range(4) for name, bit in names)


class Dma(Peripheral):
    """`requests` maps (stream, channel) to the requests that share it; `interrupts` are the streams' lines."""

    registers = (
        reg(0x00, "LISR", r=_flags("{}IF{}", 0)),
        reg(0x04, "HISR", r=_flags("{}IF{}", 4)),
        reg(0x08, "LIFCR", w=_flags("C{}IF{}", 0)),
        reg(0x0C, "HIFCR", w=_flags("C{}IF{}", 4)),
        reg(
            0x10,
            "SxCR",
            count=8,
            stride=0x18,
            rw="CHSEL[27:25] MBURST[24:23] PBURST[22:21] CT[19] DBM[18] PL[17:16] PINCOS[15] MSIZE[14:13] PSIZE[12:11] MINC[10] PINC[9]"
            " CIRC[8] DIR[7:6] PFCTRL[5] TCIE[4] HTIE[3] TEIE[2] DMEIE[1] EN[0]",
        ),
        reg(0x14, "SxNDTR", count=8, stride=0x18, rw="NDT[15:0]"),
        reg(0x18, "SxPAR", count=8, stride=0x18, rw="PA[31:0]"),
        reg(0x1C, "SxM0AR", count=8, stride=0x18, rw="M0A[31:0]"),
        reg(0x20, "SxM1AR", count=8, stride=0x18, rw="M1A[31:0]"),
        reg(0x24, "SxFCR", count=8, stride=0x18, reset=0x21, rw="FEIE[7] DMDIS[2] FTH[1:0]", r="FS[5:3]"),
    )

    def __init__(
        self,
        name: str,
        clock: Clock,
        *,
        peripheral: Port,
        memory: Port,
        requests: Mapping[tuple[int, int], Sequence[Request]],
        interrupts: Sequence[Line],
    ) -> None:
        super().__init__(name)
        self._clock = clock
        self._routes = requests
        self._interrupts = interrupts
        self._flags = [0] * len(STREAMS)
        names = [f"stream {n}" for n in STREAMS]
        self._streams = [Stream(peripheral.of(name), memory.of(name)) for name in names]
        self._missed = [0] * len(STREAMS)  # errors that have been told, while they last
        self._ports = Ports(
            clock,
            self._streams,
            priority=lambda n: self[f"S{n}CR.PL"],
            move=self._move,
            look=self._look_for_errors,
            stopped=self._stopped,
        )
        memory.on_traffic(self._settle_all)
        for listened in {id(r): r for shared in requests.values() for r in shared}.values():
            listened.listen(self._requested)

    def reset(self) -> None:
        super().reset()
        for n, stream in enumerate(self._streams):
            self._ports.release(n)
            stream.end()
            self._route(n, ())
            self._flags[n] = self._missed[n] = 0
            self._update(n)

    def run(self, *, clocked: bool) -> None:
        """Its clock comes, or goes: in the enable registers, or in Sleep."""
        self._ports.run(clocked=clocked)

    # Registers

    def write_LIFCR(self, value: int) -> None:
        self._clear(0, value)

    def write_HIFCR(self, value: int) -> None:
        self._clear(4, value)

    def _clear(self, first: int, value: int) -> None:
        for n in range(4):
            self._flags[first + n] &= ~(value >> _PLACES[n])
            self._update(first + n)

    def write_SxCR(self, n: int, value: int) -> None:
        name = f"S{n}CR"
        before = self[name]
        if not before & _EN:
            self.store(name, value)
            self._update(n)
            if value & _EN:
                self._enable(n)
            return
        self[name] = before & ~_ALWAYS_WRITABLE | value & _ALWAYS_WRITABLE | _EN
        self._update(n)
        if not value & _EN:
            self._disable(n)

    def read_SxNDTR(self, n: int) -> int:
        stream = self._streams[n]
        if not stream.enabled:
            return self[f"S{n}NDTR"]
        stream.settle()
        self._ports.hurry(n)
        return stream.left if stream.enabled else self[f"S{n}NDTR"]

    def _settle_all(self) -> None:
        for stream in self._streams:
            stream.settle()

    def write_SxNDTR(self, n: int, value: int) -> None:
        self._write_protected(n, "NDTR", value)

    def write_SxPAR(self, n: int, value: int) -> None:
        self._write_protected(n, "PAR", value)

    def write_SxFCR(self, n: int, value: int) -> None:
        self._write_protected(n, "FCR", value)
        self._update(n)

    def write_SxM0AR(self, n: int, value: int) -> None:
        self._write_target(n, 0, value)

    def write_SxM1AR(self, n: int, value: int) -> None:
        self._write_target(n, 1, value)

    def _write_protected(self, n: int, name: str, value: int) -> None:
        if not self[f"S{n}CR.EN"]:
            self.store(f"S{n}{name}", value)

    def _write_target(self, n: int, which: int, value: int) -> None:
        """In double-buffer mode the idle target may be written at any time, and the one in use is an error (8.3.10)."""
        cr = f"S{n}CR"
        if not self[f"{cr}.EN"]:
            self.store(f"S{n}M{which}AR", value)
        elif self[f"{cr}.DBM"]:
            if self[f"{cr}.CT"] == which:
                self._fail(n)
            else:
                self.store(f"S{n}M{which}AR", value)

    def read_SxFCR(self, n: int) -> int:
        level = len(self._streams[n].fifo)
        status = 4 if not level else 5 if level == 16 else level // 4
        return self[f"S{n}FCR"] & ~0x38 | status << 3

    # Streams

    def _enable(self, n: int) -> None:
        cr = f"S{n}CR"
        setup = Setup.decode(self[cr], self[f"S{n}FCR"])
        if not setup.valid:
            self[f"{cr}.EN"] = 0
            self._raise(n, _FEIF)
            return
        if not self[f"S{n}NDTR"] and not setup.flow:
            self[f"{cr}.EN"] = 0
            return
        stream = self._streams[n]
        if setup.double:
            self[f"{cr}.CIRC"] = 1
        if setup.direction == MEMORY_TO_MEMORY or not setup.direct:
            self[f"S{n}FCR.DMDIS"] = 1
        self._route(n, self._routes.get((n, self[f"{cr}.CHSEL"]), ()))
        stream.begin(setup, self[f"S{n}NDTR"], self[f"S{n}PAR"], self._target(n))
        if setup.direction == TO_PERIPHERAL:
            self._look_for_errors(n)  # who asks already finds no datum: AN4031 4.3, and seen on an F7 by stm32f7xx-hal
        self._ports.serve()

    def _route(self, n: int, requests: Sequence[Request]) -> None:
        stream = self._streams[n]
        before, stream.requests = stream.requests, tuple(requests)
        for request in before:
            request.ended = lambda: None
            request.room = lambda period, spare: 0
        for request in stream.requests:
            request.ended = partial(self._peripheral_ended, n)
            request.room = partial(self._room, n)
        for request in before:
            request.settle()

    def _target(self, n: int) -> int:
        return self[f"S{n}M{self[f'S{n}CR.CT']}AR" if self[f"S{n}CR.DBM"] else f"S{n}M0AR"]

    def _disable(self, n: int) -> None:
        """EN stays 1 until the burst under way is over and the FIFO is empty (8.3.17)."""
        self._streams[n].settle()
        self._ports.stop(n)

    def _stopped(self, n: int) -> None:
        try:
            self._streams[n].flush()
        except BusError:
            self._raise(n, _TEIF)
        self._end(n)
        self._raise(n, _TCIF)

    def _end(self, n: int) -> None:
        stream = self._streams[n]
        self[f"S{n}NDTR"] = stream.left
        self[f"S{n}CR.EN"] = 0
        self._missed[n] = 0
        self._ports.release(n)
        stream.end()
        self._route(n, ())

    def _fail(self, n: int) -> None:
        self._end(n)
        self._raise(n, _TEIF)

    def _peripheral_ended(self, n: int) -> None:
        """The peripheral that controls the flow has sent its last datum, or asks for no more."""
        if self._streams[n].enabled and self._streams[n].setup.flow:
            self._disable(n)

    def _requested(self, level: bool) -> None:
        if level:
            self._ports.serve()

    def _room(self, n: int, period: int, spare: int) -> int:
        """An overrun of the FIFO that FEIF tells already shows no more; then what the peripheral keeps itself counts."""
        return self._ports.room(n, period, spare if self._flags[n] & _FEIF else 0)

    def _move(self, n: int, burst: Callable[[], None]) -> None:
        try:
            burst()
        except BusError:
            self._fail(n)
        else:
            self._after(n)

    def _look_for_errors(self, n: int) -> None:
        """8.3.18: a request meets a FIFO that cannot serve it while the memory's port is not granted. The stream goes on, and nothing is lost."""
        stream = self._streams[n]
        wrong = 0 if self._ports.granted(n) else stream.starved * _FEIF | stream.crowded * _DMEIF
        if wrong & ~self._missed[n]:
            self._raise(n, wrong & ~self._missed[n])
        self._missed[n] = wrong

    def _after(self, n: int) -> None:
        stream = self._streams[n]
        if stream.half:
            self._raise(n, _HTIF)
        if not stream.whole:
            return
        if not stream.setup.circular:
            self._end(n)
            self._raise(n, _TCIF)
            return
        if stream.setup.double:
            self[f"S{n}CR"] ^= _CT
        stream.next_lap(self._target(n))
        self._raise(n, _TCIF)

    # Interrupts

    def _raise(self, n: int, flag: int) -> None:
        self._flags[n] |= flag
        self._update(n)

    def _update(self, n: int) -> None:
        """SxCR's enables stand one bit below their flags' places; FEIE is SxFCR's."""
        first = n & 4
        self["HISR" if first else "LISR"] = sum(self._flags[first + m] << _PLACES[m] for m in range(4))
        enabled = (self[f"S{n}CR"] & 0x1E) << 1 | self[f"S{n}FCR"] >> 7 & 1
        self._interrupts[n].set(bool(self._flags[n] & enabled))
