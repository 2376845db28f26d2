"""The SPI: words of 4 to 16 bits at a fraction of its bus's clock, or at a master's that addresses it, through FIFOs of 32 bits each way.

Reference: RM0385 32. Not modelled: TI mode. I2S is in i2s.py. Guesses: a pulse of NSS is one period of SCK, which frames without NSS as an output do
not wait for; with LSBFIRST a CRC goes out as data do, its lowest bit first.
"""

from __future__ import annotations

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.spi_bus import SpiBus
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.waveform import Waveform
from peripherals.kit.wires import Frequency, Line, Request, Tristate

FIFO_BYTES = 4
_RXNE, _TXE, _CRCERR, _MODF, _OVR, _BSY = 1 << 0, 1 << 1, 1 << 4, 1 << 5, 1 << 6, 1 << 7
_LEAST_BITS = 4


class Spi(Peripheral):
    """`exchange` is what a master outside does with it as a slave, while `nss` or SSI selects it. `sck`, `mosi` and `select` (NSS as an
    output) are a master's pins."""

    registers = (
        reg(
            0x00,
            "CR1",
            rw="BIDIMODE[15] BIDIOE[14] CRCEN[13] CRCNEXT[12] CRCL[11] RXONLY[10] SSM[9] SSI[8] LSBFIRST[7] SPE[6] BR[5:3] MSTR[2] CPOL[1]"
            " CPHA[0]",
        ),
        reg(
            0x04,
            "CR2",
            reset=0x700,
            rw="LDMA_TX[14] LDMA_RX[13] FRXTH[12] DS[11:8] TXEIE[7] RXNEIE[6] ERRIE[5] FRF[4] NSSP[3] SSOE[2] TXDMAEN[1] RXDMAEN[0]",
            unmodelled="FRF",
        ),
        reg(
            0x08,
            "SR",
            reset=2,
            r="FTLVL[12:11] FRLVL[10:9] FRE[8] BSY[7] OVR[6] MODF[5] UDR[3] CHSIDE[2] TXE[1] RXNE[0]",
            rc_w0="CRCERR[4]",
        ),
        reg(0x0C, "DR", rw="DR[15:0]"),
        reg(0x10, "CRCPR", reset=7, rw="CRCPOLY[15:0]"),
        reg(0x14, "RXCRCR", r="RxCRC[15:0]"),
        reg(0x18, "TXCRCR", r="TxCRC[15:0]"),
        reg(
            0x1C,
            "I2SCFGR",
            rw="ASTRTEN[12] I2SMOD[11] I2SE[10] I2SCFG[9:8] PCMSYNC[7] I2SSTD[5:4] CKPOL[3] DATLEN[2:1] CHLEN[0]",
            unmodelled="ASTRTEN",
        ),
        reg(0x20, "I2SPR", reset=2, rw="MCKOE[9] ODD[8] I2SDIV[7:0]"),
    )
    lanes = True

    def __init__(
        self,
        name: str,
        clock: Clock,
        frequency: Frequency,
        bus: SpiBus,
        *,
        irq: Line,
        tx_request: Request,
        rx_request: Request,
    ) -> None:
        super().__init__(name)
        self._periods = Timebase(clock, frequency)
        self.bus = bus
        self._irq = irq
        self._tx_request = tx_request
        tx_request.last = self._last_by_dma
        self._rx_request = rx_request
        self._sending = bytearray()
        self._received = bytearray()
        self._shifting: Alarm | None = None
        self._crc_left = 0  # frames of a CRC that are still to come
        self._crc_heard = 0
        self._free_from = 0  # the count from which on NSS may fall again
        self._overrun_read = False
        self._fault_read = False
        self.nss = Tristate(f"{name}_NSS")
        self.nss.listen_drive(self._look_for_fault)
        self.sck, self.mosi = Tristate(f"{name}_SCK"), Tristate(f"{name}_MOSI")
        self.select = Tristate(f"{name}_NSS output")
        self._select_wave = Waveform(self._periods, self.select)
        self._clock_wave = Waveform(self._periods, self.sck)
        self._data_wave = Waveform(self._periods, self.mosi)

    def reset(self) -> None:
        super().reset()
        self._stop()
        self._rest()
        self._sending.clear()
        self._received.clear()
        self._update()

    # Registers

    @property
    def bits(self) -> int:
        """The data's width; the forbidden ones are eight (32.9.2)."""
        width = self["CR2.DS"] + 1
        return width if width >= _LEAST_BITS else 8

    @property
    def _word_bytes(self) -> int:
        return 1 if self.bits <= 8 else 2

    def write_CR1(self, value: int) -> None:
        before = self.store("CR1", value)
        if self["CR1.CRCEN"] and not self.pick("CR1.CRCEN", before):
            self["RXCRCR"] = self["TXCRCR"] = 0
        if self._fault_read:
            self["SR"] &= ~_MODF
            self._fault_read = False
        self._look_for_fault()
        if not self["CR1.SPE"]:
            self._stop()
        if self._shifting is None:
            self._rest()
        self._next_word(self._periods.upcoming)
        self._update()

    def write_CR2(self, value: int) -> None:
        self.store("CR2", value)
        self._look_for_fault()
        if self._shifting is None:
            self._rest()
        self._update()

    @property
    def _selects(self) -> bool:
        """A master's NSS as an output: low while SPE, and not driven else (32.5.5)."""
        return bool(self["CR1.MSTR"] and self["CR1.SPE"] and self["CR2.SSOE"] and not self["CR1.SSM"])

    @property
    def _pulses(self) -> bool:
        """NSS is high between frames (32.5.12)."""
        return bool(self._selects and self["CR2.NSSP"] and not self["CR1.CPHA"])

    def _rest(self) -> None:
        """A master that is on drives its clock to the level that CPOL names."""
        self._select_wave.rest(self._pulses if self._selects else None)
        drives = self["CR1.MSTR"] and self["CR1.SPE"]
        self._clock_wave.rest(bool(self["CR1.CPOL"]) if drives else None)
        self._data_wave.rest(self.mosi.level if drives else None)

    def _look_for_fault(self) -> None:
        """MODF: a master that others select is none any more (32.5.11)."""
        low = not self["CR1.SSI"] if self["CR1.SSM"] else self.nss.driven and not self.nss.level
        if self["CR1.MSTR"] and low and not (self["CR2.SSOE"] and not self["CR1.SSM"]):
            self["SR"] |= _MODF
            self["CR1.SPE"] = self["CR1.MSTR"] = 0
            self._stop()
            self._rest()
            self._update()

    def write_SR(self, value: int) -> None:
        self.store("SR", value)
        self._update()

    def read_SR(self) -> int:
        """OVR is cleared by a read of DR and then of SR, MODF by a read of SR and then a write of CR1."""
        status = self._status()
        self._fault_read = bool(status & _MODF)
        if self._overrun_read:
            self["SR"] &= ~_OVR
            self._overrun_read = False
            self._update()
        return status

    def _status(self) -> int:
        kept = self["SR"] & (_OVR | _CRCERR | _MODF)
        levels = _level(len(self._sending)) << 11 | _level(len(self._received)) << 9
        return kept | levels | self._busy << 7 | self._room << 1 | self._ready

    @property
    def _busy(self) -> bool:
        return self._shifting is not None or bool(self._sending and self["CR1.SPE"])

    @property
    def _room(self) -> bool:
        """TXE: the transmit FIFO is at most half full."""
        return len(self._sending) <= FIFO_BYTES // 2

    @property
    def _ready(self) -> bool:
        """RXNE: a quarter or half of the receive FIFO, by FRXTH."""
        return len(self._received) >= (1 if self["CR2.FRXTH"] else 2)

    def write(self, offset: int, size: int, value: int) -> None:
        """An access to DR takes as many bytes as it is wide: two words of 8 bits at once are packed (32.5.10)."""
        if offset & ~3 == 0x0C:
            self._sending += value.to_bytes(4, "little")[: min(size, 2)][: FIFO_BYTES - len(self._sending)]
            self._next_word(self._periods.upcoming)
            self._update()
        else:
            super().write(offset, size, value)

    def read(self, offset: int, size: int) -> int:
        if offset & ~3 != 0x0C:
            return super().read(offset, size)
        self._overrun_read = bool(self["SR"] & _OVR)
        count = min(size, 2, len(self._received))
        data = bytes(self._received[:count])
        del self._received[:count]
        self._next_word(self._periods.upcoming)
        self._update()
        return int.from_bytes(data, "little")

    # Words

    @property
    def word_periods(self) -> int:
        return self.bits * (2 << self["CR1.BR"])

    @property
    def _receive_only(self) -> bool:
        return bool(self["CR1.RXONLY"] or (self["CR1.BIDIMODE"] and not self["CR1.BIDIOE"]))

    def _next_word(self, start: int) -> None:
        """A master's clock runs while there is something to send, or all the time where it only receives."""
        if self._shifting is not None or not self["CR1.SPE"] or not self["CR1.MSTR"]:
            return
        size, crc = self._word_bytes, False
        if self._receive_only:
            word, crc = (1 << self.bits) - 1, bool(self._crc_left)
        elif len(self._sending) >= size:
            word = int.from_bytes(self._sending[:size], "little") & (1 << self.bits) - 1
            del self._sending[:size]
        elif self._crc_left:
            word, crc = self._crc_frame(), True
        else:
            return
        self._shift(max(start, self._free_from), word, crc=crc)

    def _shift(self, start: int, word: int, *, crc: bool) -> None:
        end = start + self.word_periods
        self._shifting = self._periods.at(end, lambda: self._shifted(word, end, crc=crc))
        if self._pulses:
            self._free_from = end + (2 << self["CR1.BR"])
            self._select_wave.play([(start, False), (end, True)])
        if self.sck.wanted or self.mosi.wanted:
            self._show(start, self._turned(word))

    def _show(self, start: int, word: int) -> None:
        """CPHA 0: a bit is there half a period before the clock's first edge; CPHA 1: from that edge on."""
        half, active = 1 << self["CR1.BR"], not self["CR1.CPOL"]
        late = bool(self["CR1.CPHA"])
        first = 0 if late else 1
        edges = [(start + half * (2 * n + first + m), active != bool(m)) for n in range(self.bits) for m in (0, 1)]
        self._clock_wave.play(edges)
        bits = [(start + 2 * half * n, bool(word >> self.bits - 1 - n & 1)) for n in range(self.bits)]
        self._data_wave.play(bits)

    def _shifted(self, word: int, end: int, *, crc: bool) -> None:
        self._shifting = None
        sent = self._turned(word)
        self._book(sent, self.bus.exchange(sent, self.bits), crc=crc)
        self._next_word(end)
        self._update()

    def _book(self, sent: int, came: int, *, crc: bool) -> None:
        """A word each way as it is on the wire, whose order the CRCs have, too."""
        data = self._turned(came)
        if crc:
            self._hear_crc(data)
        elif self["CR1.CRCEN"]:
            self["TXCRCR"] = self._crc(self["TXCRCR"], sent)
            self["RXCRCR"] = self._crc(self["RXCRCR"], came)
            if self["CR1.CRCNEXT"] and not self._sending:
                self._crc_left, self._crc_heard = 1 + self._crc_is_wide, 0
                self["CR1.CRCNEXT"] = 0
        if not (self["CR1.BIDIMODE"] and self["CR1.BIDIOE"]):
            self._take(data)

    @property
    def _crc_is_wide(self) -> bool:
        """Sixteen bits in two frames of eight (32.5.14)."""
        return bool(self["CR1.CRCL"] and self.bits <= 8)

    @property
    def _crc_place(self) -> int:
        """The lowest bit of the CRC's part that is next."""
        return 8 if self._crc_is_wide and (self._crc_left == 2) != self["CR1.LSBFIRST"] else 0

    def _crc_frame(self) -> int:
        return self["TXCRCR"] >> self._crc_place & (1 << self.bits) - 1

    def _hear_crc(self, data: int) -> None:
        self._crc_heard |= data << self._crc_place
        self._crc_left -= 1
        if not self._crc_left and self._crc_heard != self["RXCRCR"]:
            self["SR"] |= _CRCERR

    def _last_by_dma(self) -> None:
        """The CRC follows the last word that DMA brings without CRCNEXT (32.5.14)."""
        if self["CR1.CRCEN"]:
            self["CR1.CRCNEXT"] = 1

    # A slave's words, in a master's time

    @property
    def selected(self) -> bool:
        """As a slave: by SSI, or by a pin that is low."""
        by_software = self["CR1.SSM"]
        chosen = not self["CR1.SSI"] if by_software else self.nss.driven and not self.nss.level
        return bool(chosen and self["CR1.SPE"] and not self["CR1.MSTR"])

    def exchange(self, word: int, bits: int) -> int:
        """What it sends while a master sends it a word: ones where it does not drive, zeros where its FIFO is empty (guess)."""
        floating = (1 << bits) - 1
        if not self.selected:
            return floating
        size, crc = self._word_bytes, bool(self._crc_left)
        sends = not self._receive_only
        out = 0
        if crc:
            out = self._crc_frame()
        elif sends and self._sending:
            out = int.from_bytes(self._sending[:size], "little") & floating
            del self._sending[:size]
        answer = self._turned(out)
        self._book(answer, word & floating, crc=crc)
        self._update()
        return answer if sends else floating

    def _turned(self, word: int) -> int:
        """Between the order of a datum and that of the wire."""
        return _mirrored(word, self.bits) if self["CR1.LSBFIRST"] else word

    def _take(self, word: int) -> None:
        size = self._word_bytes
        if len(self._received) + size > FIFO_BYTES:
            self._overrun()
        else:
            self._received += word.to_bytes(size, "little")

    def _overrun(self) -> None:
        self["SR"] |= _OVR

    @property
    def _overran(self) -> bool:
        return bool(self["SR"] & _OVR)

    def _crc(self, crc: int, word: int) -> int:
        """CRCL: eight or sixteen bits."""
        width = 16 if self["CR1.CRCL"] else 8
        for n in range(self.bits - 1, -1, -1):
            out = crc >> width - 1 ^ word >> n & 1
            crc = (crc << 1 ^ (self["CRCPR"] if out & 1 else 0)) & (1 << width) - 1
        return crc

    def _stop(self) -> None:
        if self._shifting is not None:
            self._shifting.cancel()
            self._shifting = None
        self._crc_left = self._free_from = 0

    def _update(self) -> None:
        """Each of TXE, RXNE and the errors has its enable in CR2."""
        cr2 = self["CR2"]
        sends = self._room and cr2 >> 7 & 1
        receives = self._ready and cr2 >> 6 & 1
        fails = self["SR"] & (_OVR | _CRCERR | _MODF) and cr2 >> 5 & 1
        self._irq.set(bool(sends or receives or fails))
        enabled = self["CR1.SPE"]
        self._tx_request.set(bool(enabled and self._room and cr2 >> 1 & 1))
        self._rx_request.set(bool(self._ready and cr2 & 1))


def _level(count: int) -> int:
    """Empty, a quarter, half, full."""
    return min(count, 2) if count < 4 else 3


def _mirrored(word: int, bits: int) -> int:
    return int(f"{word:0{bits}b}"[::-1], 2)
