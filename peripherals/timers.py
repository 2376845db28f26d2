"""How the chip's timers are made and connected: to each other, interrupts, clocks and DMA.

Reference: RM0385 tables 134, 149 and 156 (internal triggers), table 46 (interrupts). Not modelled: here is wiring only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from peripherals.kit.waveform import SquareWave
from peripherals.kit.wires import Line, Signal
from peripherals.stm32f7.exti import RTC_WAKEUP
from peripherals.stm32f7.lptim import Lptim
from peripherals.stm32f7.rtc import Rtc
from peripherals.stm32f7.tim_advanced import AdvancedTimer
from peripherals.stm32f7.tim_basic import BasicTimer, Timer
from peripherals.stm32f7.tim_channels import ChannelTimer
from peripherals.stm32f7.tim_general import GeneralTimer, Timer2, Timer5
from peripherals.stm32f7.tim_small import OneChannelTimer, TwoChannelTimer
from peripherals.stm32f746 import APB1, Instance

if TYPE_CHECKING:
    from peripherals.chip import Chip

ADVANCED = ("TIM1", "TIM8")
_GENERAL = {"TIM2": Timer2, "TIM3": GeneralTimer, "TIM4": GeneralTimer, "TIM5": Timer5}
_BASIC = {"TIM6": BasicTimer, "TIM7": BasicTimer}
_SMALL = {"TIM9": TwoChannelTimer, "TIM12": TwoChannelTimer} | dict.fromkeys(
    ("TIM10", "TIM11", "TIM13", "TIM14"), OneChannelTimer
)
_KINDS: dict[str, type[Timer]] = {**_GENERAL, **_BASIC, **_SMALL}
NAMES = (*ADVANCED, *_KINDS)
_WIDE = (Timer2, Timer5)
_INTERNAL_TRIGGERS = {
    "TIM1": ("TIM5", "TIM2", "TIM3", "TIM4"),
    "TIM8": ("TIM1", "TIM2", "TIM4", "TIM5"),
    "TIM2": ("TIM1", "TIM8", "TIM3", "TIM4"),
    "TIM3": ("TIM1", "TIM2", "TIM5", "TIM4"),
    "TIM4": ("TIM1", "TIM2", "TIM3", "TIM8"),
    "TIM5": ("TIM2", "TIM3", "TIM4", "TIM8"),
    "TIM9": ("TIM2", "TIM3", "TIM10_OC", "TIM11_OC"),
    "TIM12": ("TIM4", "TIM5", "TIM13_OC", "TIM14_OC"),
}  # ITR0 to ITR3; TRGO but where OC says the output of the only channel
_EVENTS = ("CH1", "CH2", "CH3", "CH4", "TRIG")


def make_timer(chip: Chip, instance: Instance) -> Timer:
    name = instance.name
    wire = chip.rcc.output("TIMCLK1" if instance.bus == APB1 else "TIMCLK2", name)
    lines = [chip.interrupt(irq) for irq in instance.irq]
    events: tuple[str, ...] = ("UP",)
    if name in ADVANCED:
        events = (*events, *_EVENTS, "COM")
    elif name in _GENERAL:
        events = (*events, *_EVENTS)
    requests = {} if name in _SMALL else {event: chip.request(f"{name}_{event}") for event in events}
    if name in ADVANCED:
        first, second, third, fourth = lines
        interrupts = first, second, third, fourth
        timer = AdvancedTimer(name, chip.clock, wire, interrupts=interrupts, requests=requests)
        chip.rcc.clock_failure.listen(timer.clock_failure.set)
        return timer
    kind = _KINDS[name]
    return kind(name, chip.clock, wire, irq=lines[0], requests=requests, width=32 if kind in _WIDE else 16)


def join_timers(chip: Chip) -> None:
    """Once all are made."""
    for name, sources in _INTERNAL_TRIGGERS.items():
        timer = chip.timers[name]
        assert isinstance(timer, ChannelTimer)
        timer.slave.join([_trigger(chip, source) for source in sources])
    _join_clocks(chip)
    lptim, rtc = chip.peripherals["LPTIM1"], chip.peripherals["RTC"]
    assert isinstance(lptim, Lptim)
    assert isinstance(rtc, Rtc)
    lptim.join([*rtc.alarms, *rtc.tampers])


def _join_clocks(chip: Chip) -> None:
    """What TIM5 and TIM11 can measure against their own clock (RM0385 23.4.21, 24.5.11)."""
    lsi, lse, hse = (SquareWave(chip.clock, chip.rcc.output(name)).signal for name in ("LSI", "LSE", "HSE_RTC"))
    fifth, eleventh = chip.timers["TIM5"], chip.timers["TIM11"]
    assert isinstance(fifth, ChannelTimer)
    assert isinstance(eleventh, ChannelTimer)
    fifth.join_others(3, [lsi, lse, chip.external[RTC_WAKEUP]])
    eleventh.join_others(0, [Line("SPDIFRX frame"), hse, chip.clock_outputs["MCO1"]])


def _trigger(chip: Chip, source: str) -> Signal:
    timer = chip.timers[source.removesuffix("_OC")]
    if source.endswith("_OC"):
        assert isinstance(timer, ChannelTimer)
        return timer.channels[0].output
    return timer.trigger_output
