"""What the transmitter and the receiver of a USART share: registers, frames, interrupts.

Reference: RM0385 31.5.4 (baud rate), 31.8 (registers). Not modelled: smartcard and IrDA modes, wake-up from Stop.
"""

from __future__ import annotations

from peripherals.kit.clock import Clock
from peripherals.kit.registers import Peripheral, reg
from peripherals.kit.timebase import Timebase
from peripherals.kit.wires import Frequency, Line, Request

IDLE_STATUS = 0xC0  # TXE and TC
_WORD_BITS = {0: 8, 1: 9, 2: 7}  # CR1.M1:M0, parity bit included
_STOP_HALF_BITS = (2, 1, 4, 3)  # CR2.STOP
_SHORTEST_BIT = 8  # kernel clock periods; RM0385 31.5.4 forbids less than 16, or 8 with OVER8


class UsartRegisters(Peripheral):
    registers = (
        reg(
            0x00,
            "CR1",
            rw="M1[28] EOBIE[27] RTOIE[26] DEAT[25:21] DEDT[20:16] OVER8[15] CMIE[14] MME[13] M0[12] WAKE[11] PCE[10] PS[9] PEIE[8]"
            " TXEIE[7] TCIE[6] RXNEIE[5] IDLEIE[4] TE[3] RE[2] UESM[1] UE[0]",
            unmodelled="EOBIE UESM",
        ),
        reg(
            0x04,
            "CR2",
            rw="ADD[31:24] RTOEN[23] ABRMOD[22:21] ABREN[20] MSBFIRST[19] DATAINV[18] TXINV[17] RXINV[16] SWAP[15] LINEN[14] STOP[13:12]"
            " CLKEN[11] CPOL[10] CPHA[9] LBCL[8] LBDIE[6] LBDL[5] ADDM7[4]",
            unmodelled="SWAP",
        ),
        reg(
            0x08,
            "CR3",
            rw="WUFIE[22] WUS[21:20] SCARCNT[19:17] DEP[15] DEM[14] DDRE[13] OVRDIS[12] ONEBIT[11] CTSIE[10] CTSE[9] RTSE[8] DMAT[7] DMAR[6]"
            " SCEN[5] NACK[4] HDSEL[3] IRLP[2] IREN[1] EIE[0]",
            unmodelled="WUFIE WUS SCEN IREN",
        ),
        reg(0x0C, "BRR", rw="BRR[15:0]"),
        reg(0x10, "GTPR", rw="GT[15:8] PSC[7:0]", unmodelled="*"),
        reg(0x14, "RTOR", rw="BLEN[31:24] RTO[23:0]", unmodelled="BLEN"),
        reg(0x18, "RQR", w="TXFRQ[4] RXFRQ[3] MMRQ[2] SBKRQ[1] ABRRQ[0]"),
        reg(
            0x1C,
            "ISR",
            reset=IDLE_STATUS,
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
        self.periods = Timebase(clock, frequency)
        self._irq = irq
        self._tx_request = tx_request
        self._rx_request = rx_request

    # Frames

    @property
    def bit(self) -> int:
        """Kernel clock periods of one bit; 0 where BRR makes no baud rate."""
        brr = self["BRR"]
        bit = (brr >> 4) << 3 | brr & 7 if self["CR1.OVER8"] else brr
        return bit if bit >= _SHORTEST_BIT else 0

    @property
    def shortest_bit(self) -> int:
        """Kernel clock periods that a bit must have (31.5.4)."""
        return _SHORTEST_BIT if self["CR1.OVER8"] else 2 * _SHORTEST_BIT

    @property
    def word_bits(self) -> int:
        return _WORD_BITS.get(self["CR1.M1"] << 1 | self["CR1.M0"], 8)

    @property
    def frame(self) -> int:
        """Kernel clock periods from start bit to the end of the stop bits."""
        halves = 2 * (1 + self.word_bits) + _STOP_HALF_BITS[self["CR2.STOP"]]
        return (halves * self.bit + 1) // 2

    def with_parity(self, data: int) -> int:
        bits = self.word_bits
        if not self["CR1.PCE"]:
            return data & ((1 << bits) - 1)
        data &= (1 << bits - 1) - 1
        return data | (data.bit_count() + self["CR1.PS"] & 1) << bits - 1

    def on_wire(self, word: int) -> int:
        """A word as it is on the wire, and the other way: DATAINV turns its bits, MSBFIRST their order."""
        bits = self.word_bits
        if self["CR2.DATAINV"]:
            word ^= (1 << bits) - 1
        return int(f"{word:0{bits}b}"[::-1], 2) if self["CR2.MSBFIRST"] else word

    def update(self) -> None:
        isr, cr1, cr2, cr3 = self["ISR"], self["CR1"], self["CR2"], self["CR3"]
        by_bit = isr & cr1 & 0xF0  # IDLE, RXNE, TC and TXE have their enables at their own places
        overrun = isr & 1 << 3 and (cr1 & 1 << 5 or cr3 & 1)
        errors = isr & 0x6 and cr3 & 1
        parity = isr & 1 and cr1 & 1 << 8
        match = isr & 1 << 17 and cr1 & 1 << 14
        breaks = isr & 1 << 8 and cr2 & 1 << 6
        clear = isr & 1 << 9 and cr3 & 1 << 10
        timeout = isr & 1 << 11 and cr1 & 1 << 26
        self._irq.set(bool(by_bit or overrun or errors or parity or match or breaks or clear or timeout))
        self._tx_request.set(bool(isr & 1 << 7 and cr3 & 1 << 7))
        errors = isr & 0x7 and cr3 & 1 << 13
        self._rx_request.set(bool(isr & 1 << 5 and cr3 & 1 << 6 and not errors))
