"""How each kind of instance of the chip is made of its model and wires.

Reference: RM0385 2.2.2 (memory map) and the chapters named in the models. Not modelled: here is wiring only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from peripherals.stm32f7.dma import STREAMS, Dma
from peripherals.stm32f7.dma_requests import REQUESTS
from peripherals.stm32f746 import APB1, Instance

if TYPE_CHECKING:
    from peripherals.chip import Addressed, Chip


def make_dma(chip: Chip, instance: Instance) -> Dma:
    """DMA1's peripheral port reaches the peripherals of APB1 only (RM0385 2.1, figure 1)."""
    name = instance.name
    return Dma(
        name,
        chip.clock,
        peripheral=chip.matrix.port(name, only=(APB1,) if name == "DMA1" else ()),
        memory=chip.matrix.port(name),
        requests={place: [chip.request(n) for n in names] for place, names in REQUESTS[name].items()},
        interrupts=[chip.interrupt(instance.irq[n]) for n in STREAMS],
    )


MAKERS: dict[str, Callable[[Chip, Instance], Addressed]] = {
    "DMA1": make_dma,
    "DMA2": make_dma,
}
