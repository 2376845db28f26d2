"""The SDMMC host: commands with their responses, and blocks through a FIFO of 32 words.

Reference: RM0385 35. Not modelled: MMC stream mode, SDIO, start bits that do not come.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.sd_bus import Card, Response
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line, Request

FIFO_WORDS = 32
_CCRCFAIL, _DCRCFAIL, _CTIMEOUT, _DTIMEOUT, _TXUNDERR, _RXOVERR = (1 << n for n in range(6))
_CMDREND, _CMDSENT, _DATAEND, _DBCKEND = 1 << 6, 1 << 7, 1 << 8, 1 << 10
_CMDACT, _TXACT, _RXACT = 1 << 11, 1 << 12, 1 << 13
_STATIC = 0xC007FF
_COMMAND_BITS, _SHORT_BITS, _LONG_BITS, _TIMEOUT_BITS, _GAP = 48, 48, 136, 64, 8  # 35.3.1
_FRAME_BITS = 18  # start, CRC of 16 and end round a block
_BURST = 8  # words: half a FIFO's half, what one event moves


class Sdmmc(Peripheral):
    registers = (
        reg(0x00, "POWER", rw="PWRCTRL[1:0]"),
        reg(
            0x04,
            "CLKCR",
            rw="HWFC_EN[14] NEGEDGE[13] WIDBUS[12:11] BYPASS[10] PWRSAV[9] CLKEN[8] CLKDIV[7:0]",
        ),
        reg(0x08, "ARG", rw="CMDARG[31:0]"),
        reg(
            0x0C,
            "CMD",
            rw="SDIOSuspend[11] CPSMEN[10] WAITPEND[9] WAITINT[8] WAITRESP[7:6] CMDINDEX[5:0]",
            unmodelled="SDIOSuspend WAITPEND WAITINT",
        ),
        reg(0x10, "RESPCMD", r="RESPCMD[5:0]"),
        reg(0x14, "RESP", count=4, first=1, r="CARDSTATUS[31:0]"),
        reg(0x24, "DTIMER", rw="DATATIME[31:0]"),
        reg(0x28, "DLEN", rw="DATALENGTH[24:0]"),
        reg(
            0x2C,
            "DCTRL",
            rw="SDIOEN[11] RWMOD[10] RWSTOP[9] RWSTART[8] DBLOCKSIZE[7:4] DMAEN[3] DTMODE[2] DTDIR[1] DTEN[0]",
            unmodelled="SDIOEN RWMOD RWSTOP RWSTART DTMODE",
        ),
        reg(0x30, "DCOUNT", r="DATACOUNT[24:0]"),
        reg(
            0x34,
            "STA",
            r="SDIOIT[22] RXDAVL[21] TXDAVL[20] RXFIFOE[19] TXFIFOE[18] RXFIFOF[17] TXFIFOF[16] RXFIFOHF[15] TXFIFOHE[14] RXACT[13]"
            " TXACT[12] CMDACT[11] DBCKEND[10] DATAEND[8] CMDSENT[7] CMDREND[6] RXOVERR[5] TXUNDERR[4] DTIMEOUT[3] CTIMEOUT[2] DCRCFAIL[1]"
            " CCRCFAIL[0]",
        ),
        reg(
            0x38,
            "ICR",
            w="SDIOITC[22] DBCKENDC[10] DATAENDC[8] CMDSENTC[7] CMDRENDC[6] RXOVERRC[5] TXUNDERRC[4] DTIMEOUTC[3] CTIMEOUTC[2] DCRCFAILC[1]"
            " CCRCFAILC[0]",
        ),
        reg(
            0x3C,
            "MASK",
            rw="SDIOITIE[22] RXDAVLIE[21] TXDAVLIE[20] RXFIFOEIE[19] TXFIFOEIE[18] RXFIFOFIE[17] TXFIFOFIE[16] RXFIFOHFIE[15] TXFIFOHEIE[14]"
            " RXACTIE[13] TXACTIE[12] CMDACTIE[11] DBCKENDIE[10] DATAENDIE[8] CMDSENTIE[7] CMDRENDIE[6] RXOVERRIE[5] TXUNDERRIE[4]"
            " DTIMEOUTIE[3] CTIMEOUTIE[2] DCRCFAILIE[1] CCRCFAILIE[0]",
        ),
        reg(0x48, "FIFOCNT", r="FIFOCOUNT[23:0]"),
        reg(0x80, "FIFO", rw="FIFOData[31:0]"),
    )

    def __init__(self, name: str, clock: Clock, frequency: Frequency, *, irq: Line, request: Request) -> None:
        super().__init__(name)
        self._periods = Timebase(clock, frequency)
        self._frequency = frequency
        self._irq = irq
        self._request = request
        self.card: Card | None = None
        self._fifo: list[int] = []
        self._left = 0  # bytes that the card's side has still to move
        self._in_block = 0
        self._started = False
        self._held: int | None = None  # bytes that wait for the FIFO while flow control stops the clock
        self._alarm: Alarm | None = None
        self._answering: Alarm | None = None

    def reset(self) -> None:
        super().reset()
        self._end_data()
        if self._answering is not None:
            self._answering.cancel()
            self._answering = None
        self._fifo.clear()
        self._update()

    def seat(self, card: Card | None) -> None:
        """The card that is connected from now on, None for none."""
        self.card = card

    @property
    def _bit(self) -> int:
        """SDMMCCLK periods of a clock of the card (35.8.2)."""
        return 1 if self["CLKCR.BYPASS"] else self["CLKCR.CLKDIV"] + 2

    @property
    def _wires(self) -> int:
        return (1, 4, 8, 1)[self["CLKCR.WIDBUS"]]

    # Commands

    def write_CMD(self, value: int) -> None:
        self.store("CMD", value)
        if not self["CMD.CPSMEN"] or not self["CLKCR.CLKEN"] or self["STA"] & _CMDACT:
            return
        self["STA"] |= _CMDACT
        index, argument = self["CMD.CMDINDEX"], self["ARG"]
        response = self.card.command(index, argument) if self.card is not None and self["POWER"] == 3 else None
        wanted = self["CMD.WAITRESP"]
        bits = _COMMAND_BITS
        if wanted in (1, 3):
            bits += _GAP + (_LONG_BITS if wanted == 3 else _SHORT_BITS) if response is not None else _TIMEOUT_BITS
        end = self._periods.upcoming + bits * self._bit
        self._answering = self._periods.at(end, lambda: self._answered(response, wanted))
        self._update()

    def _answered(self, response: Response | None, wanted: int) -> None:
        self._answering = None
        self["STA"] &= ~_CMDACT
        if wanted not in (1, 3):
            self["STA"] |= _CMDSENT
        elif response is None:
            self["STA"] |= _CTIMEOUT
        else:
            self["RESPCMD"] = response.index
            for n, word in enumerate(response.words, 1):
                self[f"RESP{n}"] = word
            spoilt = self.card is not None and self.card.spoils("response")
            self["STA"] |= _CCRCFAIL if spoilt else _CMDREND
        self._start_data()
        self._update()

    # Data

    def write_DCTRL(self, value: int) -> None:
        before = self.store("DCTRL", value)
        if self["DCTRL.DTEN"] and not self.pick("DCTRL.DTEN", before):
            self._begin_data()
        elif not self["DCTRL.DTEN"]:
            self._end_data()
        self._update()

    def _begin_data(self) -> None:
        self._fifo.clear()
        self._left = self["DLEN"]
        self["DCOUNT"] = self._left
        self["FIFOCNT"] = -(-self._left // 4)
        self._in_block = 0
        self["STA"] |= _RXACT if self["DCTRL.DTDIR"] else _TXACT
        self._start_data()

    def _start_data(self) -> None:
        """Data wait for the card, as long as DTIMER says in clocks of the card."""
        if not self["STA"] & (_RXACT | _TXACT) or self._started:
            return
        ready = self.card is not None and (self.card.sending if self["DCTRL.DTDIR"] else self.card.receiving)
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if ready:
            self._started = True
            self._move(_GAP)
        else:
            due = self._periods.upcoming + max(1, self["DTIMER"]) * self._bit
            self._alarm = self._periods.at(due, lambda: self._fail(_DTIMEOUT))

    @property
    def _block(self) -> int:
        return 1 << self["DCTRL.DBLOCKSIZE"]

    def _move(self, extra: int = 0) -> None:
        """The next words of a block, up to its end; a block that is over is framed by start, CRC and end."""
        if not self._left:
            self._finish()
            return
        size = min(4 * _BURST, self._left, self._block - self._in_block)
        frame = _FRAME_BITS if self._in_block + size == self._block or size == self._left else 0
        bits = 8 * size // self._wires + frame + extra
        self._alarm = self._periods.at(self._periods.upcoming + max(1, bits * self._bit), lambda: self._moved(size))

    def _moved(self, size: int) -> None:
        """Words between card and FIFO; one that is not served is an error, or with HWFC_EN stops the clock until it is."""
        self._alarm = None
        words, receiving = -(-size // 4), self["DCTRL.DTDIR"]
        if len(self._fifo) + words > FIFO_WORDS if receiving else len(self._fifo) < words:
            if self["CLKCR.HWFC_EN"]:
                self._held = size
            else:
                self._fail(_RXOVERR if receiving else _TXUNDERR)
            return
        if receiving:
            data = self.card.read(size) if self.card is not None else b"\xff" * size
            padded = data.ljust(4 * words, b"\0")
            self._fifo += [int.from_bytes(padded[n : n + 4], "little") for n in range(0, len(padded), 4)]
        else:
            data = b"".join(word.to_bytes(4, "little") for word in self._fifo[:words])[:size]
            del self._fifo[:words]
            if self.card is not None:
                self.card.write(data)
        self._left -= size
        self["DCOUNT"] = self._left
        self._in_block = (self._in_block + size) % self._block
        if self._in_block == 0:
            self._block_over()
        else:
            self._move()
        self._update()

    def _block_over(self) -> None:
        """Its CRC, or the card's word about it; behind a written block the card may be busy, for as long as DTIMER lets it."""
        if self.card is not None and self.card.spoils("data"):
            self._fail(_DCRCFAIL)
            return
        self["STA"] |= _DBCKEND
        busy = 0
        if self.card is not None and not self["DCTRL.DTDIR"]:
            seconds = self.card.programming * self._frequency.hz
            busy = -(-seconds.numerator // seconds.denominator)
        if not busy:
            self._move()
            return
        patience = self["DTIMER"] * self._bit
        end, action = (busy, self._move) if busy <= patience else (patience, lambda: self._fail(_DTIMEOUT))
        self._alarm = self._periods.at(self._periods.upcoming + end, lambda: self._unbusy(action))

    def _unbusy(self, action: Callable[[], None]) -> None:
        self._alarm = None
        action()
        self._update()

    def _resume(self) -> None:
        """The FIFO was served while flow control held the clock."""
        if self._held is not None:
            size, self._held = self._held, None
            self._moved(size)

    def _finish(self) -> None:
        self["STA"] = self["STA"] & ~(_RXACT | _TXACT) | _DATAEND
        self["DCTRL.DTEN"] = 0
        self._started = False
        self._end_flow()

    def _end_flow(self) -> None:
        """DMA that this peripheral controls ends with the last word."""
        self._update()
        if self["DCTRL.DMAEN"] and not (self["DCTRL.DTDIR"] and self._fifo):
            self._request.ended()

    def _fail(self, flag: int) -> None:
        self["STA"] |= flag
        self._end_data()
        self["DCTRL.DTEN"] = 0
        self._update()

    def _end_data(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self["STA"] &= ~(_RXACT | _TXACT)
        self._left = 0
        self._held = None
        self._started = False

    # FIFO

    def read_FIFO(self) -> int:
        word = self._fifo.pop(0) if self._fifo and self["DCTRL.DTDIR"] else 0
        self["FIFOCNT"] = max(0, self["FIFOCNT"] - 1)
        self._resume()
        if not self._fifo and not self._left and self["STA"] & _DATAEND:
            self._end_flow()
        self._update()
        return word

    def write_FIFO(self, value: int) -> None:
        if len(self._fifo) < FIFO_WORDS:
            self._fifo.append(value)
            self["FIFOCNT"] = max(0, self["FIFOCNT"] - 1)
            self._resume()
        self._update()

    def read_STA(self) -> int:
        return self["STA"] & (_STATIC | _RXACT | _TXACT) | self._fifo_flags()

    def _fifo_flags(self) -> int:
        count = len(self._fifo)
        receiving, sending = bool(self["DCTRL.DTDIR"]), self["STA"] & _TXACT
        if receiving:
            return (
                (count > 0) << 21 | (count == 0) << 19 | (count == FIFO_WORDS) << 17 | (count >= FIFO_WORDS // 2) << 15
            )
        if not sending:
            return 0
        return (count > 0) << 20 | (count == 0) << 18 | (count == FIFO_WORDS) << 16 | (count <= FIFO_WORDS // 2) << 14

    def write_ICR(self, value: int) -> None:
        self["STA"] &= ~(value & _STATIC)
        self._update()

    def write_MASK(self, value: int) -> None:
        self.store("MASK", value)
        self._update()

    def _update(self) -> None:
        status = self["STA"] | self._fifo_flags()
        self._irq.set(bool(status & self["MASK"]))
        receiving = self["DCTRL.DTDIR"] and bool(self._fifo)
        sending = self["STA"] & _TXACT and len(self._fifo) < FIFO_WORDS and self["FIFOCNT"] > 0
        self._request.set(bool(self["DCTRL.DMAEN"] and (receiving or sending)))
