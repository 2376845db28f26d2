"""The USART: a transmitter and a receiver behind one set of registers.

Reference: RM0385 31. Not modelled: what the modules of its parts say; TEACK and REACK follow TE and RE at once; SWAP.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.clock import Clock
from peripherals.kit.wires import Frequency, Line, Request
from peripherals.stm32f7.usart_receiver import Receiver
from peripherals.stm32f7.usart_registers import IDLE_STATUS, UsartRegisters
from peripherals.stm32f7.usart_transmitter import Transmitter

_CLEARED = 0x12_1B5F  # what ICR clears of ISR


class Usart(UsartRegisters):
    """`transmitted` are called with each byte as its last stop bit ends, `started` with each word, parity bit included, as its start bit
    begins, `broke` as a break ends; `receive` queues bytes that a host with the same parity sends back to back, `receive_word` a word as it
    is on a wire, `receive_break` a break. `transmitter` has the pins."""

    def __init__(
        self, name: str, clock: Clock, frequency: Frequency, *, irq: Line, tx_request: Request, rx_request: Request
    ) -> None:
        super().__init__(name, clock, frequency, irq=irq, tx_request=tx_request, rx_request=rx_request)
        self.transmitter = Transmitter(self)
        self.receiver = Receiver(self, self.transmitter.driver_enable)
        self.transmitter.echo = self.receiver.echo

    @property
    def transmitted(self) -> list[Callable[[int], None]]:
        return self.transmitter.transmitted

    @property
    def started(self) -> list[Callable[[int], None]]:
        return self.transmitter.started

    @property
    def broke(self) -> list[Callable[[], None]]:
        return self.transmitter.broke

    def receive(self, data: bytes) -> None:
        """The host sends; it waits, as a person would, until the receiver is on."""
        self.receiver.queue(data)

    def receive_word(self, word: int) -> None:
        """The data bits of one frame as they arrive, the parity bit among them: where it is wrong, PE comes of it."""
        self.receiver.queue_word(word)

    def receive_break(self) -> None:
        self.receiver.queue_break()

    def reset(self) -> None:
        super().reset()
        self._stop()
        self.update()

    # Registers

    def write_TDR(self, value: int) -> None:
        self.store("TDR", value)
        self["ISR.TXE"] = 0
        self["ISR.TC"] = 0
        self.transmitter.next_frame(self.periods.upcoming)
        self.update()

    def read_RDR(self) -> int:
        data = self["RDR"]
        if self["ISR.RXNE"]:
            self["ISR.RXNE"] = 0
            self.receiver.show_ready()
            self.receiver.next_arrival(self.periods.upcoming)
            self.update()
        return data

    def write_CR1(self, value: int) -> None:
        before = self.store("CR1", value)
        if self.pick("CR1.UE", before) and not self["CR1.UE"]:
            self._stop()
            self["ISR"] = IDLE_STATUS
        enabled = self["CR1.UE"]
        sending = enabled and self["CR1.TE"]
        listening = enabled and self["CR1.RE"]
        started = sending and not self["ISR.TEACK"]
        heard = listening and not self["ISR.REACK"]
        self["ISR.TEACK"] = sending
        self["ISR.REACK"] = listening
        self.transmitter.configure()
        if started:
            self.transmitter.preamble()
        self.receiver.configure(heard=bool(heard))
        self._go_on()
        self.update()

    def write_CR2(self, value: int) -> None:
        self.store("CR2", value)
        self.transmitter.configure()
        self.update()

    def write_CR3(self, value: int) -> None:
        self.store("CR3", value)
        self.transmitter.configure()
        self.receiver.show_ready()
        self._go_on()
        self.update()

    def write_BRR(self, value: int) -> None:
        self.store("BRR", value)
        self._go_on()

    def _go_on(self) -> None:
        now = self.periods.upcoming
        self.transmitter.next_frame(now)
        self.receiver.next_arrival(now)

    def write_RQR(self, value: int) -> None:
        self.store("RQR", value)
        if value >> 4 & 1:
            self["ISR.TXE"] = 1
        if value >> 3 & 1:
            self["ISR.RXNE"] = 0
        if value >> 2 & 1:
            self.receiver.ask_mute()
        if value >> 1 & 1:
            self.transmitter.ask_break()
        if value & 1:
            self.receiver.ask_rate()
        self.update()

    def write_ICR(self, value: int) -> None:
        self["ISR"] &= ~(value & _CLEARED)
        self.update()

    def _stop(self) -> None:
        self.transmitter.stop()
        self.receiver.stop()
