"""The board: who answers where, and how the parts are connected."""

from __future__ import annotations

from itertools import pairwise

import pytest

from peripherals.kit.clock import Clock
from peripherals.stm32f746 import INSTANCES, WINDOWS
from peripherals.stm32f746g_disco import CONTENTS, MEMORIES, Board, build

RCC_APB1ENR, RCC_APB2ENR, RCC_APB2RSTR = 0x4002_3840, 0x4002_3844, 0x4002_3824
USART1_CR1, USART1_BRR, USART1_ISR, USART1_TDR = 0x4001_1000, 0x4001_100C, 0x4001_101C, 0x4001_1028
USART6_BRR = 0x4001_140C
TIM5 = 0x4000_0C00


class Bench:
    """Pokes addresses as a bus does."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.board = build(self.clock)
        self.told: list[tuple[str, str, str]] = []
        self.board.on_unmodelled(lambda *what: self.told.append(what))

    def read(self, address: int, size: int = 4) -> int:
        found = self.board.find(address)
        assert found is not None
        return found[0].read(found[1], size)

    def write(self, address: int, value: int, size: int = 4) -> None:
        found = self.board.find(address)
        assert found is not None
        found[0].write(found[1], size, value)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_no_two_instances_overlap_and_each_is_whole_pages() -> None:
    ordered = sorted(INSTANCES, key=lambda instance: instance.base)
    for instance in ordered:
        assert instance.base % 0x400 == instance.size % 0x400 == 0, instance.name
    for below, above in pairwise(ordered):
        assert below.base + below.size <= above.base, (below.name, above.name)


def test_every_instance_lies_in_a_window_and_no_memory_does_but_what_answers_as_a_peripheral() -> None:
    def inside(base: int, size: int) -> bool:
        return any(low <= base and base + size <= low + length for low, length in WINDOWS)

    assert all(inside(instance.base, instance.size) for instance in INSTANCES)
    assert {memory.name for memory in MEMORIES if inside(memory.base, memory.size)} == {"backup SRAM"}
    assert {memory.name for memory in MEMORIES if memory.kind == "peripheral"} == {"backup SRAM"}


def test_no_two_memories_overlap() -> None:
    for below, above in pairwise(sorted(MEMORIES, key=lambda memory: memory.base)):
        assert below.base + below.size <= above.base, (below.name, above.name)


def test_an_alias_names_a_memory_of_its_size_that_comes_before_it() -> None:
    sizes: dict[str, int] = {}
    for memory in MEMORIES:
        assert memory.alias is None or sizes[memory.alias] == memory.size
        sizes[memory.name] = memory.size


def test_the_ram_of_the_data_sheet_is_340_kb() -> None:
    on_chip = [memory for memory in MEMORIES if memory.kind in ("ram", "peripheral") and "SDRAM" not in memory.name]
    assert sum(memory.size for memory in on_chip) == 340 * 1024


def test_rom_contents_lie_in_roms() -> None:
    roms = [memory for memory in MEMORIES if memory.kind == "rom"]
    for address, data in CONTENTS:
        assert any(rom.base <= address and address + len(data) <= rom.base + rom.size for rom in roms)
    assert dict(CONTENTS)[0x1FF0_F442] == b"\x00\x04"


def test_every_gate_is_an_enable_bit_of_rcc() -> None:
    board = build(Clock())
    for instance in INSTANCES:
        for gate in instance.gate.split():
            assert board.rcc.enabled(gate) is False, instance.name


def test_every_interrupt_number_exists_and_only_shared_ones_appear_twice() -> None:
    numbers = [irq for instance in INSTANCES for irq in instance.irq]
    assert all(0 <= irq < 98 for irq in numbers)
    shared = {irq for irq in numbers if numbers.count(irq) > 1}
    assert shared == {24, 25, 26, 43, 44, 45, 54, 80}


@pytest.mark.parametrize(
    ("address", "name", "offset", "bus"),
    [
        (0x4001_101C, "USART1", 0x1C, "APB2"),
        (0x4002_8C10, "ETH", 0xC10, "AHB1"),
        (0x5003_FFFC, "OTG_FS", 0x3_FFFC, "AHB2"),
        (0xA000_0140, "FMC", 0x140, "AHB3"),
        (0xE000_ED00, "SCS", 0xD00, "PPB"),
        (0xE000_1FB0, "DWT", 0xFB0, "PPB"),
    ],
)
def test_an_address_leads_to_its_peripheral(bench: Bench, address: int, name: str, offset: int, bus: str) -> None:
    found = bench.board.find(address)
    assert found is not None
    assert (found[0].name, found[1], found[2]) == (name, offset, bus)


@pytest.mark.parametrize("address", [0x4000_3400, 0x4001_8000, 0x4002_2C00, 0xE000_3000, 0x6000_0000])
def test_nobody_answers_at_a_reserved_address(bench: Bench, address: int) -> None:
    assert bench.board.find(address) is None


def test_a_peripheral_without_its_clock_reads_zero_and_ignores_writes(bench: Bench) -> None:
    assert bench.read(USART1_ISR) == 0
    bench.write(USART1_BRR, 139)
    assert bench.told == [
        ("USART1", "ISR without its clock", "read"),
        ("USART1", "BRR without its clock", "write"),
    ]
    bench.write(RCC_APB2ENR, 1 << 4)
    assert bench.read(USART1_ISR) == 0xC0
    assert bench.read(USART1_BRR) == 0
    bench.write(RCC_APB2ENR, 0)
    assert bench.read(USART1_ISR) == 0


def test_what_has_no_model_is_known_by_its_map(bench: Bench) -> None:
    """It keeps what may be written, and every access is told (RM0385 39.7)."""
    bench.write(RCC_APB1ENR, 1 << 27)
    bench.write(0x4000_6C00 + 0x04, 0x8000_8001)
    assert bench.read(0x4000_6C00 + 0x04) == 0x8000_0001
    assert bench.read(0x4000_6C00 + 0x10) == 0
    assert bench.read(0x4000_6C00 + 0x30) == 0
    told = [("CFGR", "write"), ("CFGR", "read"), ("ISR", "read"), ("+0x030", "read")]
    assert bench.told == [("CEC", name, kind) for name, kind in told]


def test_what_hardware_clears_when_it_is_done_reads_as_done(bench: Bench) -> None:
    """A driver's wait for the end of a core reset (OTG_GRSTCTL.CSRST, RM0385 37.15) ends, in what has no behaviour too."""
    bench.write(0x4002_3834, 1 << 7)
    assert bench.read(0x5000_0010) == 0x8000_0000
    bench.write(0x5000_0010, 1)
    assert bench.read(0x5000_0010) == 0x8000_0000


def test_what_only_the_stm32f756_has_reads_zero(bench: Bench) -> None:
    bench.write(0x4002_3834, 1 << 4)
    bench.write(0x5006_0008, 1)
    assert bench.read(0x5006_0004) == bench.read(0x5006_0008) == 0
    assert bench.told == [("CRYP", "DIN", "write"), ("CRYP", "SR", "read"), ("CRYP", "DIN", "read")]


def test_usart1_sends_at_its_true_rate_and_interrupts_the_core(bench: Bench) -> None:
    sent: list[int] = []
    bench.board.usart1.transmitted.append(sent.append)
    bench.write(RCC_APB2ENR, 1 << 4)
    bench.write(USART1_BRR, 139)
    bench.write(USART1_CR1, 1 | 8)
    bench.clock.advance(1390)
    bench.write(USART1_TDR, ord("!"))
    bench.write(USART1_CR1, 1 | 8 | 64)  # TCIE
    bench.write(0xE000_E104, 1 << 5)
    bench.clock.advance(2 * 1390 - 1)
    assert bench.board.nvic.best_pending() is None
    bench.clock.advance(2 * 1390)
    assert bench.board.nvic.best_pending() == (16 + 37, 0)
    assert sent == [ord("!")]


def test_a_timer_s_compare_interrupts_the_core(bench: Bench) -> None:
    bench.write(RCC_APB1ENR, 1 << 3)
    bench.write(TIM5 + 0x28, 15)  # PSC: 1 MHz from HSI
    bench.write(TIM5 + 0x14, 1)
    bench.write(TIM5 + 0x34, 100)
    bench.write(TIM5 + 0x10, 0)
    bench.write(TIM5 + 0x0C, 2)
    bench.write(TIM5, 1)
    bench.write(0xE000_E104, 1 << 50 - 32)
    bench.clock.advance(1601)
    assert bench.read(TIM5 + 0x24) == 100
    assert bench.board.nvic.best_pending() == (16 + 50, 0)


def test_rcc_resets_one_peripheral(bench: Bench) -> None:
    bench.write(RCC_APB2ENR, 1 << 4 | 1 << 5)
    bench.write(USART1_BRR, 139)
    bench.write(USART6_BRR, 139)
    bench.write(RCC_APB2RSTR, 1 << 4)
    bench.write(RCC_APB2RSTR, 0)
    assert bench.read(USART1_BRR) == 0
    assert bench.read(USART6_BRR) == 139


def test_trcena_lets_the_cycle_counter_count(bench: Bench) -> None:
    bench.write(0xE000_EDFC, 1 << 24)
    bench.write(0xE000_1FB0, 0xC5AC_CE55)
    bench.write(0xE000_1000, 1)
    bench.clock.advance(42)
    assert bench.read(0xE000_1004) == 42


def test_a_reset_is_a_software_reset_unless_something_else_is_said(bench: Bench) -> None:
    bench.write(RCC_APB2ENR, 1 << 4)
    bench.write(0xE000_ED08, 0x0800_0000)
    bench.board.reset()
    assert bench.read(0x4002_3874) & 0xFF00_0000 == 0x1E00_0000
    assert bench.read(0xE000_ED08) == 0x0020_0000
    assert bench.read(USART1_ISR) == 0
    assert bench.told[-1] == ("USART1", "ISR without its clock", "read")


def test_the_chip_names_itself(bench: Bench) -> None:
    assert bench.read(0xE004_2000) == 0x1001_6449  # read from a board


def test_a_board_is_built_in_no_time_and_shares_nothing_with_another() -> None:
    first, second = build(Clock()), build(Clock())
    first.rcc.write(0x44, 4, 1 << 4)
    assert isinstance(first, Board)
    assert not second.rcc.enabled("USART1")


def test_a_block_may_lie_across_rams_that_follow_each_other(bench: Bench) -> None:
    port = bench.board.matrix.port("LTDC")
    port.write_block(0x2000_FFFC, b"12345678")
    assert port.read_block(0x2000_FFFC, 8) == b"12345678" and port.read(0x2001_0000, 4) == 0x3837_3635


def test_a_peripheral_that_rcc_holds_in_reset_takes_no_writes(bench: Bench) -> None:
    tim2, apb1rstr = 0x4000_0000, 0x4002_3820
    bench.write(0x4002_3840, 1)
    bench.write(tim2 + 0x2C, 0x1234)
    bench.write(apb1rstr, 1)
    bench.write(tim2 + 0x2C, 0x5678)
    assert bench.read(tim2 + 0x2C) == 0xFFFF_FFFF
    bench.write(apb1rstr, 0)
    assert bench.read(tim2 + 0x2C) == 0xFFFF_FFFF
    bench.write(tim2 + 0x2C, 0x5678)
    assert bench.read(tim2 + 0x2C) == 0x5678


def test_a_system_reset_lets_go_of_what_was_held(bench: Bench) -> None:
    adc, apb2rstr, apb2enr = 0x4001_2000, 0x4002_3824, 0x4002_3844
    bench.write(apb2rstr, 1 << 8)
    bench.board.reset()
    bench.write(apb2enr, 1 << 8)
    bench.write(adc + 8, 1)
    assert bench.read(adc + 8) == 1


def test_each_reset_bit_has_a_peripheral() -> None:
    board = build(Clock())
    names = {name for instance in INSTANCES for name in (instance.name, *instance.gate.split())}
    for register in board.rcc.registers:
        if register.name.endswith("RSTR"):
            assert {field.name.removesuffix("RST") for field in register.fields} <= names
