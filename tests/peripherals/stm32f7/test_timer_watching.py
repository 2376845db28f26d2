"""Whether somebody watches a timer's outputs makes events of their edges; it must not change what firmware reads."""

from __future__ import annotations

import random

import pytest

from peripherals.kit.clock import Clock
from peripherals.stm32f7.tim_channels import ChannelTimer
from peripherals.stm32f746g_disco import Board, build

NAMES = ("TIM1", "TIM8", "TIM2", "TIM3", "TIM4", "TIM5", "TIM9")
CR1, CR2, SMCR, DIER, SR, EGR, CCMR1, CCMR2, CCER, CNT, PSC, ARR, RCR, CCR1, BDTR = (
    *range(0, 0x38, 4),
    0x44,
)  # fmt: skip
_LOW = (
    0x10,
    0x20,
    0x40,
    0x50,
    0x60,
    0x68,
    0x70,
    0,
    1,
    2,
    3,
)  # CCMRx, a channel's half: all modes but toggling, and captures
_CHOICES = {
    CR1: (1, 1, 1, 9, 0x11, 0x21, 0x61, 0x81, 0x85, 0),
    SMCR: (0, 0, 3, 0x15, 0x17, 0x24, 0x26, 0x54, 0x57, 1 << 14),
    EGR: (1, 2, 4, 0x40),
    PSC: (0, 1, 2),
    RCR: (0, 0, 1, 3),
}


def board(*, watched: bool) -> tuple[Board, dict[str, ChannelTimer]]:
    one = build(Clock())
    for enable in (0x4002_3840, 0x4002_3844):
        found = one.find(enable)
        assert found is not None
        found[0].write(found[1], 4, 0xFFFF_FFFF)
    timers: dict[str, ChannelTimer] = {}
    for name in NAMES:
        timer = one.timers[name]
        assert isinstance(timer, ChannelTimer)
        timers[name] = timer
        for channel in timer.channels if watched else ():
            channel.output.want("test")
            channel.complement.want("test")
        if watched:
            timer.trigger_output.want("test")
    return one, timers


def value(rng: random.Random, offset: int) -> int:
    if offset in _CHOICES:
        return rng.choice(_CHOICES[offset])
    if offset in (CCMR1, CCMR2):
        return rng.choice(_LOW) | rng.choice(_LOW) << 8 | rng.choice((0, 0, 1)) << 16
    if offset in (CNT, ARR) or offset >= CCR1:
        return rng.randrange(1, 70) | (rng.choice((0, 1 << 15)) if offset == BDTR else 0)
    return rng.getrandbits(16)


@pytest.mark.parametrize("seed", range(12))
def test_watching_changes_nothing_that_firmware_reads(seed: int) -> None:
    rng = random.Random(seed)
    boards = [board(watched=watched) for watched in (False, True)]
    offsets = (CR1, CR2, SMCR, DIER, SR, EGR, CCMR1, CCMR2, CCER, CNT, PSC, ARR, RCR, *range(CCR1, BDTR + 1, 4))
    for _ in range(250):
        name, what = rng.choice(NAMES), rng.random()
        offset, place, level = rng.choice(offsets), rng.randrange(2), rng.random() < 0.5
        written, cycles = value(rng, offset), rng.choice((1, 2, 7, 33, 150, 400))
        for one, timers in boards:
            if what < 0.5:
                timers[name].write(offset, 4, written)
            elif what < 0.6:
                timers[name].inputs[place].drive(level)
            else:
                one.clock.advance(one.clock.now + cycles)
        states = [
            [
                (timer.read(CNT, 4), timer["SR"], timer.read(CR1, 4), timer["CCR1"], timer["CCR2"])
                for timer in timers.values()
            ]
            for _, timers in boards
        ]
        assert states[0] == states[1]
