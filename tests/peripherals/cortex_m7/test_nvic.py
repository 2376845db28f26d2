"""The exception model's state and the NVIC's registers."""

from __future__ import annotations

import pytest

from peripherals.cortex_m7.nvic import HARD_FAULT, NMI, NOTHING_ACTIVE, PEND_SV, SYS_TICK, Nvic, NvicRegisters

USART1, TIM2 = 37, 28
ISER1, ICER1, ISPR1, ICPR1, IABR1 = 0x104, 0x184, 0x204, 0x284, 0x304
BIT5 = 1 << USART1 - 32


@pytest.fixture
def nvic() -> Nvic:
    return Nvic()


@pytest.fixture
def registers(nvic: Nvic) -> NvicRegisters:
    return NvicRegisters(nvic)


def test_a_rising_line_pends_its_interrupt(nvic: Nvic) -> None:
    nvic.line(USART1).set(True)
    assert nvic.pending[16 + USART1]
    assert nvic.level[16 + USART1]


def test_nmi_has_a_line_too_and_comes_again_while_that_is_high(nvic: Nvic) -> None:
    nvic.nmi.set(True)
    assert nvic.best_pending() == (NMI, -2)
    nvic.activate(NMI)
    nvic.deactivate(NMI)
    assert nvic.pending[NMI] and nvic.level[NMI]
    nvic.activate(NMI)
    nvic.nmi.set(False)
    nvic.deactivate(NMI)
    assert not nvic.pending[NMI]


def test_a_falling_line_leaves_the_interrupt_pending(nvic: Nvic) -> None:
    nvic.line(USART1).set(True)
    nvic.line(USART1).set(False)
    assert nvic.pending[16 + USART1]


def test_a_handler_that_returns_with_the_line_high_is_pending_again(nvic: Nvic) -> None:
    nvic.line(USART1).set(True)
    nvic.activate(16 + USART1)
    assert not nvic.pending[16 + USART1]
    nvic.deactivate(16 + USART1)
    assert nvic.pending[16 + USART1]


def test_a_handler_that_returns_with_the_line_low_is_done(nvic: Nvic) -> None:
    nvic.line(USART1).set(True)
    nvic.activate(16 + USART1)
    nvic.line(USART1).set(False)
    nvic.deactivate(16 + USART1)
    assert not nvic.pending[16 + USART1]
    assert not nvic.active[16 + USART1]


def test_a_line_that_rises_again_while_active_pends_again(nvic: Nvic) -> None:
    line = nvic.line(USART1)
    line.set(True)
    nvic.activate(16 + USART1)
    line.set(False)
    line.set(True)
    assert nvic.pending[16 + USART1]
    assert nvic.active[16 + USART1]


def test_clearing_pending_does_nothing_while_the_line_is_high(nvic: Nvic, registers: NvicRegisters) -> None:
    nvic.line(USART1).set(True)
    registers.write(ICPR1, 4, BIT5)
    assert registers.read(ISPR1, 4) == BIT5
    nvic.line(USART1).set(False)
    registers.write(ICPR1, 4, BIT5)
    assert registers.read(ISPR1, 4) == 0


def test_only_enabled_interrupts_are_candidates(nvic: Nvic, registers: NvicRegisters) -> None:
    nvic.set_pending(16 + USART1)
    assert nvic.best_pending() is None
    registers.write(ISER1, 4, BIT5)
    assert nvic.best_pending() == (16 + USART1, 0)
    registers.write(ICER1, 4, BIT5)
    assert nvic.best_pending() is None


def test_enables_are_views_of_one_word(registers: NvicRegisters) -> None:
    registers.write(ISER1, 4, 0x30)
    registers.write(ISER1, 4, 0x01)
    assert registers.read(ISER1, 4) == registers.read(ICER1, 4) == 0x31
    registers.write(ICER1, 1, 0x10)
    assert registers.read(ISER1, 4) == 0x21


def test_interrupts_that_do_not_exist_cannot_be_enabled(registers: NvicRegisters) -> None:
    registers.write(0x10C, 4, 0xFFFF_FFFF)
    assert registers.read(0x10C, 4) == 0x3
    registers.write(0x110, 4, 0xFFFF_FFFF)
    assert registers.read(0x110, 4) == 0


def test_a_priority_has_four_bits_and_may_be_written_as_a_byte(nvic: Nvic, registers: NvicRegisters) -> None:
    registers.write(0x400 + USART1, 1, 0x5F)
    assert registers.read(0x400 + USART1, 1) == 0x50
    assert nvic.priority[16 + USART1] == 0x50
    assert nvic.priority[16 + USART1 - 1] == 0


def test_the_lowest_priority_value_is_taken_first_and_then_the_lowest_number(nvic: Nvic) -> None:
    for irq, priority in ((10, 0x40), (20, 0x20), (30, 0x20)):
        nvic.set_priority(16 + irq, priority)
        nvic.enable(16 + irq, True)
        nvic.set_pending(16 + irq)
    assert nvic.best_pending() == (16 + 20, 0x20)


def test_the_sub_priority_orders_pending_interrupts_of_one_group(nvic: Nvic) -> None:
    nvic.set_prigroup(6)  # one bit of group priority
    for irq, priority in ((10, 0x50), (20, 0x10)):
        nvic.set_priority(16 + irq, priority)
        nvic.enable(16 + irq, True)
        nvic.set_pending(16 + irq)
    assert nvic.best_pending() == (16 + 20, 0)


@pytest.mark.parametrize(("prigroup", "group"), [(0, 0xF0), (3, 0xF0), (4, 0xE0), (5, 0xC0), (6, 0x80), (7, 0x00)])
def test_prigroup_cuts_the_group_priority(nvic: Nvic, prigroup: int, group: int) -> None:
    nvic.set_prigroup(prigroup)
    nvic.set_priority(16 + USART1, 0xF0)
    assert nvic.group_priority(16 + USART1) == group


def test_nmi_and_hard_fault_have_fixed_priorities(nvic: Nvic) -> None:
    nvic.set_prigroup(7)
    nvic.set_priority(NMI, 0x40)
    assert [nvic.group_priority(NMI), nvic.group_priority(HARD_FAULT)] == [-2, -1]
    nvic.set_pending(HARD_FAULT)
    nvic.set_pending(NMI)
    assert nvic.best_pending() == (NMI, -2)


def test_the_active_priority_is_the_highest_of_all_active(nvic: Nvic) -> None:
    assert nvic.active_priority() == NOTHING_ACTIVE
    nvic.set_priority(PEND_SV, 0xF0)
    nvic.set_priority(SYS_TICK, 0x30)
    nvic.activate(PEND_SV)
    assert nvic.active_priority() == 0xF0
    nvic.activate(SYS_TICK)
    assert nvic.active_priority() == 0x30
    assert nvic.current == SYS_TICK
    nvic.deactivate(SYS_TICK)
    assert nvic.active_priority() == 0xF0
    assert nvic.current == PEND_SV


def test_iabr_shows_the_active_interrupts(nvic: Nvic, registers: NvicRegisters) -> None:
    nvic.set_pending(16 + USART1)
    nvic.activate(16 + USART1)
    assert registers.read(IABR1, 4) == BIT5


def test_ictr_tells_98_interrupts(registers: NvicRegisters) -> None:
    assert registers.read(0x004, 4) == 3  # (3 + 1) * 32 lines at most


def test_changes_of_a_decision_are_told(nvic: Nvic) -> None:
    told: list[str] = []
    nvic.on_change = lambda: told.append("change")
    nvic.line(TIM2).set(True)
    nvic.enable(16 + TIM2, True)
    nvic.set_priority(16 + TIM2, 0x10)
    nvic.activate(16 + TIM2)
    assert len(told) == 4
    nvic.enable(16 + TIM2, True)
    nvic.set_priority(16 + TIM2, 0x1F)
    assert len(told) == 4


def test_a_reset_leaves_high_lines_pending(nvic: Nvic) -> None:
    nvic.line(USART1).set(True)
    nvic.enable(16 + USART1, True)
    nvic.reset()
    assert nvic.pending[16 + USART1]
    assert nvic.best_pending() is None
