"""The USART in asynchronous mode: bytes take the time that BRR and the frame give them, out and in.

Reference: RM0385 31. Not modelled: synchronous, smartcard, IrDA, LIN and RS-485 modes, flow control, auto-baud, mute mode, break, receiver
timeout, wake-up from Stop, noise; TEACK and REACK follow TE and RE at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.timebase import Alarm, Timebase
from peripherals.kit.wires import Frequency, Line, Request

_IDLE_STATUS = 0xC0  # TXE and TC
_WORD_BITS = {0: 8, 1: 9, 2: 7}  # CR1.M1:M0, parity bit included
_STOP_HALF_BITS = (2, 1, 4, 3)  # CR2.STOP
_SHORTEST_BIT = 8  # kernel clock periods; RM0385 31.5.4 forbids less than 16, or 8 with OVER8


class Usart(Peripheral):
    """`transmitted` are called with each byte as its last stop bit ends, `started` with each word, parity bit included, as its start bit
    begins; `receive` queues bytes that a host with the same parity sends back to back, `receive_word` a word as it is on a wire."""

    registers = (
        reg(
            0x00,
            "CR1",
            rw="M1[28] EOBIE[27] RTOIE[26] DEAT[25:21] DEDT[20:16] OVER8[15] CMIE[14] MME[13] M0[12] WAKE[11] PCE[10] PS[9] PEIE[8]"
            " TXEIE[7] TCIE[6] RXNEIE[5] IDLEIE[4] TE[3] RE[2] UESM[1] UE[0]",
            unmodelled="EOBIE RTOIE DEAT DEDT MME WAKE UESM",
        ),
        reg(
            0x04,
            "CR2",
            rw="ADD[31:24] RTOEN[23] ABRMOD[22:21] ABREN[20] MSBFIRST[19] DATAINV[18] TXINV[17] RXINV[16] SWAP[15] LINEN[14] STOP[13:12]"
            " CLKEN[11] CPOL[10] CPHA[9] LBCL[8] LBDIE[6] LBDL[5] ADDM7[4]",
            unmodelled="RTOEN ABRMOD ABREN MSBFIRST DATAINV TXINV RXINV SWAP LINEN CLKEN CPOL CPHA LBCL LBDIE LBDL",
        ),
        reg(
            0x08,
            "CR3",
            rw="WUFIE[22] WUS[21:20] SCARCNT[19:17] DEP[15] DEM[14] DDRE[13] OVRDIS[12] ONEBIT[11] CTSIE[10] CTSE[9] RTSE[8] DMAT[7] DMAR[6]"
            " SCEN[5] NACK[4] HDSEL[3] IRLP[2] IREN[1] EIE[0]",
            unmodelled="WUFIE WUS SCARCNT DEP DEM DDRE ONEBIT CTSIE CTSE RTSE SCEN NACK HDSEL IRLP IREN",
        ),
        reg(0x0C, "BRR", rw="BRR[15:0]"),
        reg(0x10, "GTPR", rw="GT[15:8] PSC[7:0]", unmodelled="*"),
        reg(0x14, "RTOR", rw="BLEN[31:24] RTO[23:0]", unmodelled="*"),
        reg(0x18, "RQR", w="TXFRQ[4] RXFRQ[3] MMRQ[2] SBKRQ[1] ABRRQ[0]", unmodelled="MMRQ SBKRQ ABRRQ"),
        reg(
            0x1C,
            "ISR",
            reset=_IDLE_STATUS,
            r="REACK[22] TEACK[21] WUF[20] RWU[19] SBKF[18] CMF[17] BUSY[16] ABRF[15] ABRE[14] EOBF[12] RTOF[11] CTS[10] CTSIF[9] LBDF[8]"
            " TXE[7] TC[6] RXNE[5] IDLE[4] ORE[3] NF[2] FE[1] PE[0]",
        ),
        reg(
            0x20,
            "ICR",
            w="WUCF[20] CMCF[17] EOBCF[12] RTOCF[11] CTSCF[9] LBDCF[8] TCCF[6] IDLECF[4] ORECF[3] NCF[2] FECF[1] PECF[0]",
        ),
        reg(0x24, "RDR", r="RDR[8:0]"),
        reg(0x28, "TDR", rw="TDR[8:0]"),
    )

    def __init__(
        self, name: str, clock: Clock, frequency: Frequency, *, irq: Line, tx_request: Request, rx_request: Request
    ) -> None:
        super().__init__(name)
        self._periods = Timebase(clock, frequency)
        self._irq = irq
        self._tx_request = tx_request
        self._rx_request = rx_request
        self.transmitted: list[Callable[[int], None]] = []
        self.started: list[Callable[[int], None]] = []
        self._shifting: Alarm | None = None
        self._arriving: Alarm | None = None
        self._idling: Alarm | None = None
        self._waiting: deque[tuple[int, bool]] = deque()  # data, and whether its parity bit is the host's to add

    def receive(self, data: bytes) -> None:
        """The host sends; it waits, as a person would, until the receiver is on."""
        self._waiting.extend((byte, True) for byte in data)
        self._next_arrival(self._periods.upcoming)

    def receive_word(self, word: int) -> None:
        """The data bits of one frame as they arrive, the parity bit among them: where it is wrong, PE comes of it."""
        if self["CR1.UE"] and self["CR1.RE"]:
            self._waiting.append((word, False))
            self._next_arrival(self._periods.upcoming)

    def reset(self) -> None:
        super().reset()
        self._stop()
        self._update()

    # Frames

    @property
    def _bit(self) -> int:
        """Kernel clock periods of one bit; 0 where BRR makes no baud rate."""
        brr = self["BRR"]
        bit = (brr >> 4) << 3 | brr & 7 if self["CR1.OVER8"] else brr
        return bit if bit >= _SHORTEST_BIT else 0

    @property
    def _word_bits(self) -> int:
        return _WORD_BITS.get(self["CR1.M1"] << 1 | self["CR1.M0"], 8)

    @property
    def frame(self) -> int:
        """Kernel clock periods from start bit to the end of the stop bits."""
        halves = 2 * (1 + self._word_bits) + _STOP_HALF_BITS[self["CR2.STOP"]]
        return (halves * self._bit + 1) // 2

    def _with_parity(self, data: int) -> int:
        bits = self._word_bits
        if not self["CR1.PCE"]:
            return data & ((1 << bits) - 1)
        data &= (1 << bits - 1) - 1
        return data | (data.bit_count() + self["CR1.PS"] & 1) << bits - 1

    # Transmitter

    def write_TDR(self, value: int) -> None:
        self.store("TDR", value)
        self["ISR.TXE"] = 0
        self["ISR.TC"] = 0
        self._next_frame(self._periods.upcoming)
        self._update()

    def _next_frame(self, start: int) -> None:
        """Move TDR to the shift register, where both are willing; the frame begins at that count of the kernel clock."""
        ready = self["CR1.UE"] and self["CR1.TE"] and self._bit
        if self._shifting is None and ready and not self["ISR.TXE"]:
            data = self._with_parity(self["TDR"])
            self["ISR.TXE"] = 1
            end = start + self.frame
            self._shifting = self._periods.at(end, lambda: self._shifted(data, end))
            for listener in self.started:
                listener(data)

    def _shifted(self, data: int, end: int) -> None:
        self._shifting = None
        for listener in self.transmitted:
            listener(data & (0x7F if self["CR1.PCE"] and self._word_bits == 8 else 0xFF))
        if self["ISR.TXE"]:
            self["ISR.TC"] = 1
        self._next_frame(end)
        self._update()

    def _preamble_sent(self, end: int) -> None:
        self._shifting = None
        self._next_frame(end)
        self._update()

    # Receiver

    def _next_arrival(self, start: int) -> None:
        listening = self["CR1.UE"] and self["CR1.RE"] and self._bit
        if self._arriving is None and self._waiting and listening:
            self._cancel_idle()
            self["ISR.BUSY"] = 1
            end = start + self.frame
            self._arriving = self._periods.at(end, lambda: self._arrived(end))

    def _arrived(self, end: int) -> None:
        self._arriving = None
        self["ISR.BUSY"] = 0
        data, bare = self._waiting.popleft()
        data = self._with_parity(data) if bare else data & ((1 << self._word_bits) - 1)
        if self["ISR.RXNE"] and not self["CR3.OVRDIS"]:
            self["ISR.ORE"] = 1
        else:
            self["RDR"] = data
            self["ISR.RXNE"] = 1
            if data != self._with_parity(data):
                self["ISR.PE"] = 1
            mask = 0x7F if self["CR2.ADDM7"] else 0xFF
            if not (data ^ self["CR2.ADD"]) & mask:
                self["ISR.CMF"] = 1
        self._next_arrival(end)
        if self._arriving is None:
            self._await_idle(end)
        self._update()

    def read_RDR(self) -> int:
        data = self["RDR"]
        if self["ISR.RXNE"]:
            self["ISR.RXNE"] = 0
            self._update()
        return data

    def _await_idle(self, start: int) -> None:
        """IDLE rises once, a frame's time after the line fell silent or the receiver came on."""
        self._cancel_idle()
        if self._bit:
            self._idling = self._periods.at(start + self.frame, self._idle)

    def _idle(self) -> None:
        self._idling = None
        self["ISR.IDLE"] = 1
        self._update()

    def _cancel_idle(self) -> None:
        if self._idling is not None:
            self._idling.cancel()
            self._idling = None

    # Control

    def write_CR1(self, value: int) -> None:
        before = self.store("CR1", value)
        if self.pick("CR1.UE", before) and not self["CR1.UE"]:
            self._stop()
            self["ISR"] = _IDLE_STATUS
        enabled = self["CR1.UE"]
        sending = enabled and self["CR1.TE"]
        listening = enabled and self["CR1.RE"]
        started = sending and not self["ISR.TEACK"]
        heard = listening and not self["ISR.REACK"]
        self["ISR.TEACK"] = sending
        self["ISR.REACK"] = listening
        now = self._periods.upcoming
        if started and self._shifting is None and self._bit:
            end = now + self.frame
            self._shifting = self._periods.at(end, lambda: self._preamble_sent(end))
        if heard and not self._waiting:
            self._await_idle(now)
        if not listening:
            self._cancel_idle()
        self._next_frame(now)
        self._next_arrival(now)
        self._update()

    def write_BRR(self, value: int) -> None:
        self.store("BRR", value)
        self._next_frame(self._periods.upcoming)
        self._next_arrival(self._periods.upcoming)

    def write_CR3(self, value: int) -> None:
        self.store("CR3", value)
        self._update()

    def write_RQR(self, value: int) -> None:
        self.store("RQR", value)
        if value >> 4 & 1:
            self["ISR.TXE"] = 1
        if value >> 3 & 1:
            self["ISR.RXNE"] = 0
        self._update()

    def write_ICR(self, value: int) -> None:
        mask = sum(field.mask for register in self.registers if register.name == "ICR" for field in register.fields)
        self["ISR"] &= ~(value & mask)
        self._update()

    def _stop(self) -> None:
        for alarm in (self._shifting, self._arriving):
            if alarm is not None:
                alarm.cancel()
        self._shifting = self._arriving = None
        self._cancel_idle()

    def _update(self) -> None:
        isr, cr1, cr3 = self["ISR"], self["CR1"], self["CR3"]
        by_bit = isr & cr1 & 0xF0  # IDLE, RXNE, TC and TXE have their enables at their own places
        overrun = isr & 1 << 3 and (cr1 & 1 << 5 or cr3 & 1)
        errors = isr & 0x6 and cr3 & 1
        parity = isr & 1 and cr1 & 1 << 8
        match = isr & 1 << 17 and cr1 & 1 << 14
        self._irq.set(bool(by_bit or overrun or errors or parity or match))
        self._tx_request.set(bool(isr & 1 << 7 and cr3 & 1 << 7))
        self._rx_request.set(bool(isr & 1 << 5 and cr3 & 1 << 6))
