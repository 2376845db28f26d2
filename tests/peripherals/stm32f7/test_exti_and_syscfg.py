"""Edges on pins become interrupts."""

from __future__ import annotations

import pytest

from peripherals.kit.wires import Line, Pin
from peripherals.stm32f7.exti import LPTIM1, Exti
from peripherals.stm32f7.syscfg import Syscfg

IMR, EMR, RTSR, FTSR, SWIER, PR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14
EXTICR1, EXTICR3 = 0x08, 0x10
PORT_I = 8


class Bench:
    def __init__(self) -> None:
        self.irq = {(0,): Line("EXTI0"), tuple(range(10, 16)): Line("EXTI15_10"), (LPTIM1,): Line("LPTIM1")}
        self.exti = Exti("EXTI", self.irq)
        self.ports = [[Pin(f"P{letter}{n}") for n in range(16)] for letter in "ABCDEFGHIJK"]
        self.syscfg = Syscfg("SYSCFG", self.ports, self.exti.inputs[:16])

    @property
    def zero(self) -> Line:
        return self.irq[0,]

    @property
    def high(self) -> Line:
        return self.irq[tuple(range(10, 16))]


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.exti.write(IMR, 4, 1 | 1 << 11)
    return bench


def test_a_rising_edge_makes_a_line_pending_until_one_is_written(bench: Bench) -> None:
    bench.exti.write(RTSR, 4, 1)
    bench.ports[0][0].drive(True)
    assert bench.exti.read(PR, 4) == 1 and bench.zero.level
    bench.exti.write(PR, 4, 1)
    assert bench.exti.read(PR, 4) == 0 and not bench.zero.level


def test_a_falling_edge_counts_where_it_is_selected(bench: Bench) -> None:
    bench.exti.write(FTSR, 4, 1)
    bench.ports[0][0].drive(True)
    assert bench.exti.read(PR, 4) == 0
    bench.ports[0][0].drive(False)
    assert bench.exti.read(PR, 4) == 1


def test_syscfg_selects_the_port_of_a_line(bench: Bench) -> None:
    bench.exti.write(RTSR, 4, 1 << 11)
    bench.ports[PORT_I][11].drive(True)
    assert not bench.high.level
    bench.ports[PORT_I][11].drive(False)
    bench.syscfg.write(EXTICR3, 4, PORT_I << 12)
    bench.ports[0][11].drive(True)
    assert not bench.high.level
    bench.ports[PORT_I][11].drive(True)
    assert bench.high.level


def test_selecting_a_pin_that_is_high_is_an_edge(bench: Bench) -> None:
    bench.exti.write(RTSR, 4, 1)
    bench.ports[1][0].drive(True)
    bench.syscfg.write(EXTICR1, 4, 1)
    assert bench.zero.level


def test_a_masked_line_is_pending_and_interrupts_once_it_is_unmasked(bench: Bench) -> None:
    bench.exti.write(IMR, 4, 0)
    bench.exti.write(RTSR, 4, 1)
    bench.ports[0][0].drive(True)
    assert bench.exti.read(PR, 4) == 1 and not bench.zero.level
    bench.exti.write(IMR, 4, 1)
    assert bench.zero.level


def test_software_makes_a_line_pending_and_the_pending_bit_clears_it(bench: Bench) -> None:
    bench.exti.write(SWIER, 4, 1)
    assert bench.zero.level and bench.exti.read(SWIER, 4) == 1
    bench.exti.write(PR, 4, 1)
    assert not bench.zero.level and bench.exti.read(SWIER, 4) == 0


def test_an_event_is_told_and_leaves_nothing_pending(bench: Bench) -> None:
    events: list[int] = []
    bench.exti.on_event = events.append
    bench.exti.write(IMR, 4, 0)
    bench.exti.write(EMR, 4, 1)
    bench.exti.write(RTSR, 4, 1)
    bench.ports[0][0].drive(True)
    bench.ports[0][0].drive(False)
    assert events == [0] and bench.exti.read(PR, 4) == 0 and not bench.zero.level
    bench.ports[0][0].drive(True)
    assert events == [0, 0]
    assert not bench.exti.unmodelled


def test_a_line_with_both_masks_is_an_event_and_an_interrupt(bench: Bench) -> None:
    events: list[int] = []
    requests: list[int] = []
    bench.exti.on_event, bench.exti.on_request = events.append, requests.append
    bench.exti.write(EMR, 4, 1)
    bench.exti.write(FTSR, 4, 1)
    bench.ports[0][0].drive(True)
    assert not events
    bench.ports[0][0].drive(False)
    assert events == [0] and requests == [0] and bench.zero.level


def test_software_makes_an_event_of_an_unmasked_line_once(bench: Bench) -> None:
    events: list[int] = []
    bench.exti.on_event = events.append
    bench.exti.write(SWIER, 4, 1 << 5)
    bench.exti.write(EMR, 4, 1 << 4)
    bench.exti.write(SWIER, 4, 1 << 4)
    bench.exti.write(SWIER, 4, 1 << 4)
    assert events == [4]


def test_internal_lines_have_their_own_interrupts(bench: Bench) -> None:
    bench.exti.write(IMR, 4, 1 << LPTIM1)
    bench.exti.write(RTSR, 4, 1 << LPTIM1)
    bench.exti.inputs[LPTIM1].set(True)
    assert bench.irq[LPTIM1,].level


def test_the_compensation_cell_is_ready_once_it_is_on(bench: Bench) -> None:
    bench.syscfg.write(0x20, 4, 1)
    assert bench.syscfg.read(0x20, 4) == 0x101
