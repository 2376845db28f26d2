"""Centre-aligned counting, combined references, complementary outputs, dead time, breaks and commutation."""

from __future__ import annotations

import pytest
from board_bench import BoardBench

RCC_AHB1ENR, RCC_APB1ENR, RCC_APB2ENR = 0x4002_3830, 0x4002_3840, 0x4002_3844
GPIOE, GPIOA = 0x4002_1000, 0x4002_0000
TIM1, TIM2, DMA1 = 0x4001_0000, 0x4000_0000, 0x4002_6000
CR1, CR2, SMCR, DIER, SR, EGR, CCMR1, CCMR2, CCER = range(0, 0x24, 4)
CNT, PSC, ARR, RCR, CCR1, CCR2, CCR4 = 0x24, 0x28, 0x2C, 0x30, 0x34, 0x38, 0x40
BDTR, DCR, DMAR, CCMR3, CCR5, CCR6 = 0x44, 0x48, 0x4C, 0x54, 0x58, 0x5C
CEN, OPM, DIR, CMS = 1, 8, 1 << 4, 1 << 5
CC1E, CC1P, CC1NE, CC1NP = 1, 2, 4, 8
UIF, CC1IF, COMIF, BIF, B2IF = 1, 2, 1 << 5, 1 << 7, 1 << 8
PWM_1, PWM_2, TOGGLE, ACTIVE = 6 << 4, 7 << 4, 3 << 4, 5 << 4
MOE, AOE, BKP, BKE, OSSR, OSSI = (1 << n for n in (15, 14, 13, 12, 11, 10))


class Bench(BoardBench):
    """UG is a trigger and an update too: what hangs on them is set up after `run`. TIM1's channel 1 at PE9 and its complement at PE8, BKIN at PE15, BKIN2 at PE6; TIM2's channel 1 at PA5. One count a core cycle."""

    def __init__(self) -> None:
        super().__init__()
        self.edges: dict[str, list[tuple[int, bool]]] = {}
        self.start = 0
        self.write(RCC_AHB1ENR, 1 << 21 | 1 << 4 | 1)
        self.write(RCC_APB1ENR, 1)
        self.write(RCC_APB2ENR, 1)
        self.write(GPIOE, 2 << 18 | 2 << 16 | 2 << 30 | 2 << 12)
        self.write(GPIOE + 0x20, 1 << 24)
        self.write(GPIOE + 0x24, 1 | 1 << 4 | 1 << 28)
        self.write(GPIOA, 0xA800_0000 | 2 << 10)
        self.write(GPIOA + 0x20, 1 << 20)

    def watch(self, *pins: str) -> None:
        for pin in pins:
            edges: list[tuple[int, bool]] = []
            self.edges[pin] = edges
            self.board.watch(pin, lambda level, edges=edges: edges.append((self.clock.now - self.start, level)))  # type: ignore[misc]

    def run(self, timer: int, writes: dict[int, int], control: int = CEN) -> None:
        """Edges' times count from the first count; those before are forgotten."""
        for offset, value in writes.items():
            self.write(timer + offset, value)
        self.write(timer + CR1, control & ~CEN)
        self.write(timer + EGR, 1)
        self.write(timer + SR, 0)
        self.write(timer + CR1, control)
        self.start = self.clock.now + 1
        for edges in self.edges.values():
            edges.clear()

    def to(self, cycle: int) -> None:
        self.clock.advance(self.start + cycle)

    def levels(self) -> tuple[bool, bool]:
        return self.board.pin("PE9").level, self.board.pin("PE8").level


@pytest.fixture
def bench() -> Bench:
    return Bench()


# Centre-aligned


def test_the_counter_goes_up_and_down_in_turn(bench: Bench) -> None:
    bench.run(TIM2, {ARR: 3}, CEN | 3 * CMS)
    seen = []
    for cycle in range(9):
        bench.to(cycle)
        seen.append((bench.read(TIM2 + CNT), bool(bench.read(TIM2 + CR1) & DIR)))
    down = [(3, True), (2, True), (1, True)]
    assert seen == [(0, False), (1, False), (2, False), *down, (0, False), (1, False), (2, False)]


def test_overflow_and_underflow_are_updates(bench: Bench) -> None:
    bench.run(TIM2, {ARR: 10}, CEN | CMS)
    for cycle in (10, 20, 30):
        bench.to(cycle - 1)
        assert not bench.read(TIM2 + SR) & UIF
        bench.to(cycle)
        assert bench.read(TIM2 + SR) & UIF
        bench.write(TIM2 + SR, 0)


@pytest.mark.parametrize(("mode", "times"), [(1, [16, 36]), (2, [4, 24]), (3, [4, 16, 24, 36])])
def test_cms_says_on_which_way_a_match_raises_its_flag(bench: Bench, mode: int, times: list[int]) -> None:
    bench.run(TIM2, {ARR: 10, CCR1: 4}, CEN | mode * CMS)
    seen = []
    for cycle in range(40):
        bench.to(cycle)
        if bench.read(TIM2 + SR) & CC1IF:
            seen.append(cycle)
            bench.write(TIM2 + SR, 0)
    assert seen == times


def test_centred_pwm_is_symmetric(bench: Bench) -> None:
    """RM0385 figure 195: active below the compare value, on both ways."""
    bench.watch("PA5")
    bench.run(TIM2, {ARR: 10, CCR1: 4, CCMR1: PWM_1, CCER: CC1E}, CEN | 3 * CMS)
    bench.to(45)
    assert bench.edges["PA5"] == [(4, False), (16, True), (24, False), (36, True), (44, False)]


def test_a_preloaded_reload_value_is_taken_at_the_next_turn(bench: Bench) -> None:
    bench.run(TIM2, {ARR: 10}, CEN | 1 << 7 | 3 * CMS)
    bench.to(5)
    bench.write(TIM2 + ARR, 6)
    bench.to(9)
    assert bench.read(TIM2 + CNT) == 9
    bench.to(10)
    assert bench.read(TIM2 + CNT) == 6
    bench.to(16 + 6)
    assert (bench.read(TIM2 + CNT), bool(bench.read(TIM2 + CR1) & DIR)) == (6, True)


def test_a_repetition_count_of_one_leaves_the_updates_at_underflows(bench: Bench) -> None:
    bench.run(TIM1, {ARR: 10, RCR: 1}, CEN | 3 * CMS)
    seen = []
    for cycle in range(1, 60):
        bench.to(cycle)
        if bench.read(TIM1 + SR) & UIF:
            seen.append(cycle)
            bench.write(TIM1 + SR, 0)
    assert seen == [20, 40]


# References of more than one channel


@pytest.mark.parametrize(
    ("mode", "edges"),
    [
        (1 << 16 | 4 << 4, [(30, False), (60, True)]),  # combined PWM 1: below 30, or from 60 on
        (1 << 16 | 5 << 4, [(30, True), (60, False)]),  # combined PWM 2: from 30 on, and below 60
    ],
)
def test_combined_modes_join_two_references(bench: Bench, mode: int, edges: list[tuple[int, bool]]) -> None:
    bench.watch("PE9")
    other = PWM_2 << 8 if mode >> 4 & 7 == 4 else PWM_1 << 8
    bench.run(TIM1, {ARR: 99, CCR1: 30, CCR2: 60, CCMR1: mode | other, CCER: CC1E, BDTR: MOE})
    bench.to(95)
    assert bench.edges["PE9"] == edges


def test_the_asymmetric_mode_has_another_value_on_the_way_down(bench: Bench) -> None:
    bench.watch("PE9")
    asymmetric = 1 << 16 | 6 << 4
    bench.run(
        TIM1,
        {ARR: 100, CCR1: 30, CCR2: 80, CCMR1: asymmetric | PWM_1 << 8, CCER: CC1E, BDTR: MOE},
        CEN | 3 * CMS,
    )
    bench.to(390)
    assert bench.edges["PE9"] == [(30, False), (120, True), (230, False), (320, True)]


def test_channel_five_gates_a_group(bench: Bench) -> None:
    bench.watch("PE9")
    bench.run(
        TIM1,
        {ARR: 99, CCR1: 50, CCMR1: PWM_1, CCMR3: PWM_2, CCR5: 1 << 29 | 20, CCER: CC1E, BDTR: MOE},
    )
    bench.to(95)
    assert bench.edges["PE9"] == [(20, True), (50, False)]


# Complementary outputs and dead time


@pytest.mark.parametrize(
    ("dtg", "ckd", "dead"), [(7, 0, 7), (7, 1, 14), (0x80, 0, 128), (0xC0 | 1, 0, 264), (0xE0 | 1, 2, 2112)]
)
def test_each_side_waits_for_the_dead_time_before_it_becomes_active(
    bench: Bench, dtg: int, ckd: int, dead: int
) -> None:
    bench.watch("PE9", "PE8")
    bench.run(TIM1, {ARR: 19999, CCR1: 8000, CCMR1: PWM_1, CCER: CC1E | CC1NE, BDTR: MOE | dtg}, CEN | ckd << 8)
    bench.to(39_000)
    assert bench.edges["PE9"][-3:] == [(8000, False), (20000 + dead, True), (28000, False)]
    assert bench.edges["PE8"] == [(8000 + dead, True), (20000, False), (28000 + dead, True)]


def test_a_pulse_shorter_than_the_dead_time_is_none(bench: Bench) -> None:
    bench.watch("PE9")
    bench.run(TIM1, {ARR: 199, CCR1: 10, CCMR1: PWM_1, CCER: CC1E | CC1NE, BDTR: MOE | 50})
    bench.to(1000)
    assert bench.edges["PE9"] == []


@pytest.mark.parametrize(
    ("enables", "bdtr", "levels", "driven"),
    [
        (0, MOE, (False, False), (False, False)),
        (CC1E, MOE, (True, False), (True, False)),
        (CC1NE, MOE, (False, True), (False, True)),
        (CC1E | CC1NE, MOE, (True, False), (True, True)),
        (CC1E | CC1NE | CC1P, MOE, (False, False), (True, True)),
        (CC1E | CC1NP, MOE | OSSR, (True, True), (True, True)),
        (CC1NE | CC1P, MOE | OSSR, (True, True), (True, True)),
        (CC1E | CC1NE, 0, (False, False), (False, False)),
        (CC1E | CC1NE, OSSI, (False, True), (True, True)),  # OIS1N
        (0, OSSI, (False, False), (False, False)),
    ],
)
def test_the_output_control_bits_are_those_of_table_144(
    bench: Bench, enables: int, bdtr: int, levels: tuple[bool, bool], driven: tuple[bool, bool]
) -> None:
    """Channel 1 is forced active, its idle levels are OIS1 = 0 and OIS1N = 1; a pin that is let go is pulled the other way."""
    bench.watch("PE9", "PE8")
    for offset, value in ((CCMR1, ACTIVE), (CR2, 1 << 9), (CCER, enables), (BDTR, bdtr)):
        bench.write(TIM1 + offset, value)
    for pull, level in ((1, True), (2, False)):
        bench.write(GPIOE + 0x0C, pull << 18 | pull << 16)
        expected = tuple(own if drives else level for own, drives in zip(levels, driven, strict=True))
        assert bench.levels() == expected


# Breaks


@pytest.mark.parametrize("polarity", [0, BKP])
def test_a_break_turns_the_outputs_off_at_once(bench: Bench, polarity: int) -> None:
    bench.watch("PE9")
    active = bool(polarity)
    bench.board.pin("PE15").drive(not active)
    bench.run(TIM1, {ARR: 99, CCR1: 50, CCMR1: PWM_1, CCER: CC1E, DIER: 1 << 7, BDTR: MOE | BKE | OSSI | polarity})
    bench.to(117)
    bench.board.pin("PE15").drive(active)
    assert bench.edges["PE9"][-2:] == [(100, True), (117, False)]
    assert bench.read(TIM1 + SR) & BIF and not bench.read(TIM1 + BDTR) & MOE
    bench.write(TIM1 + SR, 0)
    assert bench.read(TIM1 + SR) & BIF, "the flag stays while the input is active"
    bench.write(TIM1 + BDTR, MOE | BKE | OSSI | polarity)
    assert not bench.read(TIM1 + BDTR) & MOE
    bench.board.pin("PE15").drive(not active)
    bench.write(TIM1 + SR, 0)
    assert not bench.read(TIM1 + SR) & BIF
    bench.write(TIM1 + BDTR, MOE | BKE | OSSI | polarity)
    assert bench.read(TIM1 + BDTR) & MOE


def test_with_aoe_an_update_brings_the_outputs_back_once_the_break_is_over(bench: Bench) -> None:
    bench.board.pin("PE15").drive(False)
    bench.run(TIM1, {ARR: 99, BDTR: MOE | AOE | BKE | BKP})
    bench.to(20)
    bench.board.pin("PE15").drive(True)
    bench.to(150)
    assert not bench.read(TIM1 + BDTR) & MOE
    bench.board.pin("PE15").drive(False)
    bench.to(199)
    assert not bench.read(TIM1 + BDTR) & MOE
    bench.to(200)
    assert bench.read(TIM1 + BDTR) & MOE


def test_a_break_s_filter_swallows_what_is_short(bench: Bench) -> None:
    bench.board.pin("PE15").drive(False)
    bench.run(TIM1, {BDTR: MOE | BKE | BKP | 3 << 16})
    bench.to(10)
    for length, broken in ((6, False), (20, True)):
        bench.board.pin("PE15").drive(True)
        bench.to(bench.clock.now - bench.start + length)
        bench.board.pin("PE15").drive(False)
        bench.to(bench.clock.now - bench.start + 20)
        assert bool(bench.read(TIM1 + SR) & BIF) is broken


def test_the_second_break_leads_to_the_inactive_level_not_to_the_idle_one(bench: Bench) -> None:
    bench.watch("PE9")
    for offset, value in ((CCMR1, ACTIVE), (CR2, 1 << 8), (CCER, CC1E), (BDTR, MOE | OSSI | 1 << 24 | 1 << 25)):
        bench.write(TIM1 + offset, value)
    bench.board.pin("PE6").drive(True)
    assert bench.read(TIM1 + SR) & B2IF
    assert not bench.board.pin("PE9").level
    bench.board.pin("PE6").drive(False)
    bench.write(TIM1 + BDTR, MOE | OSSI)
    bench.write(TIM1 + EGR, 1 << 7)
    assert bench.read(TIM1 + SR) & BIF
    assert bench.board.pin("PE9").level, "OIS1"


def test_a_break_input_at_no_pin_does_not_break(bench: Bench) -> None:
    bench.write(GPIOE, 0)
    bench.write(TIM1 + BDTR, MOE | BKE)
    assert bench.read(TIM1 + BDTR) & MOE


@pytest.mark.parametrize(("level", "register", "kept"), [(1, CR2, 0x100), (2, CCER, CC1P), (3, CCMR1, PWM_1)])
def test_a_lock_keeps_more_the_higher_it_is(bench: Bench, level: int, register: int, kept: int) -> None:
    for lock in range(4):
        bench = Bench()
        bench.write(TIM1 + register, kept)
        bench.write(TIM1 + BDTR, lock << 8)
        bench.write(TIM1 + register, 0)
        assert bench.read(TIM1 + register) == (kept if lock >= level else 0)
        bench.write(TIM1 + BDTR, 0x55)
        assert bench.read(TIM1 + BDTR) & 0xFF == (0x55 if lock == 0 else 0)


# Commutation, and TRGO2


def test_controls_wait_for_a_commutation(bench: Bench) -> None:
    bench.watch("PE9")
    for offset, value in ((CR2, 1), (CCMR1, ACTIVE), (CCER, CC1E), (BDTR, MOE)):
        bench.write(TIM1 + offset, value)
    assert not bench.board.pin("PE9").level
    bench.write(TIM1 + EGR, 1 << 5)
    assert bench.board.pin("PE9").level and bench.read(TIM1 + SR) & COMIF


def test_a_trigger_commutates_with_ccus(bench: Bench) -> None:
    bench.write(TIM1 + CR2, 1 | 1 << 2)
    bench.run(TIM2, {ARR: 99})
    bench.write(TIM1 + SMCR, 1 << 4)  # TIM2
    bench.write(TIM2 + CR2, 2 << 4)
    bench.to(99)
    assert not bench.read(TIM1 + SR) & COMIF
    bench.to(100)
    assert bench.read(TIM1 + SR) & COMIF


def test_the_second_trigger_output_gives_the_edges_that_mms2_names(bench: Bench) -> None:
    timer = bench.board.timers["TIM1"]
    pulses: list[int] = []
    output = timer.trigger_output_2  # type: ignore[attr-defined]
    output.listen(lambda level: pulses.append(bench.clock.now - bench.start) if level else None)
    output.want("test")
    bench.run(TIM1, {CR2: 13 << 20, ARR: 99, CCR4: 20, CCR6: 70, CCMR2: PWM_2 << 8, CCMR3: PWM_1 << 8})
    pulses.clear()
    bench.to(190)
    assert pulses == [20, 70, 120, 170]


# DMA


def test_a_burst_writes_neighbouring_registers_with_each_update(bench: Bench) -> None:
    """DBA 13 is CCR1, DBL 1 two registers: DMA1's stream 1 channel 3 serves TIM2_UP."""
    memory = 0x2001_0000
    values = [11, 22, 33, 44]
    bench.board.matrix.contents.write(memory, b"".join(value.to_bytes(4, "little") for value in values))
    stream = DMA1 + 0x10 + 0x18
    for offset, value in (
        (0x4, 4),
        (0x8, TIM2 + DMAR),
        (0xC, memory),
        (0, 3 << 25 | 2 << 13 | 2 << 11 | 1 << 10 | 1 << 6),
    ):
        bench.write(stream + offset, value)
    bench.write(stream, bench.read(stream) | 1)
    bench.run(TIM2, {ARR: 199, DCR: 1 << 8 | 13, CCR1: 0, CCR2: 0})
    bench.write(TIM2 + DIER, 1 << 8)
    for lap, (first, second) in enumerate(((0, 0), (11, 22), (33, 44), (33, 44))):
        bench.to(200 * lap + 100)
        assert (bench.read(TIM2 + CCR1), bench.read(TIM2 + CCR2)) == (first, second)


def test_ccds_asks_at_the_update_in_place_of_the_match(bench: Bench) -> None:
    request = bench.board.requests["TIM2_CH1"]
    rises: list[int] = []
    request.listen(lambda level: rises.append(bench.clock.now - bench.start) if level else None)
    bench.run(TIM2, {ARR: 99, CCR1: 30, CR2: 1 << 3})
    bench.write(TIM2 + DIER, 1 << 9)
    bench.to(150)
    assert rises == [100]


def test_a_trigger_asks_for_dma(bench: Bench) -> None:
    bench.write(TIM1 + DIER, 1 << 14)
    bench.write(TIM1 + EGR, 1 << 6)
    assert bench.board.requests["TIM1_TRIG"].level


def test_one_pulse_after_a_trigger_from_another_timer(bench: Bench) -> None:
    bench.watch("PE9")
    for offset, value in ((ARR, 99), (CCR1, 40), (CCMR1, PWM_2), (CCER, CC1E), (BDTR, MOE), (CR1, OPM)):
        bench.write(TIM1 + offset, value)
    bench.run(TIM2, {ARR: 499})
    bench.write(TIM1 + SMCR, 1 << 4 | 6)
    bench.write(TIM2 + CR2, 2 << 4)
    bench.to(1490)
    assert bench.edges["PE9"] == [(541, True), (601, False), (1041, True), (1101, False)]
