"""How the converters are connected: to what triggers them, and to the voltages at their pins.

Reference: RM0385 tables 91 and 92 (EXTSEL, JEXTSEL), table 97 (TSELx); DS10916 pin table (channels). Not modelled: here is wiring only.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from peripherals.kit.wires import Line
from peripherals.stm32f7.adc import Adc
from peripherals.stm32f7.adc_converter import VDDA
from peripherals.stm32f7.dac import Dac
from peripherals.stm32f7.tim_advanced import AdvancedTimer
from peripherals.stm32f7.tim_channels import ChannelTimer

if TYPE_CHECKING:
    from peripherals.chip import Chip


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_REGULAR = _names(
    "TIM1_CC1 TIM1_CC2 TIM1_CC3 TIM2_CC2 TIM5_TRGO TIM4_CC4 TIM3_CC4 TIM8_TRGO TIM8_TRGO2 TIM1_TRGO TIM1_TRGO2 TIM2_TRGO"
    " TIM4_TRGO TIM6_TRGO - EXTI11"
)
_INJECTED = _names(
    "TIM1_TRGO TIM1_CC4 TIM2_TRGO TIM2_CC1 TIM3_CC4 TIM4_TRGO - TIM8_CC4 TIM1_TRGO2 TIM8_TRGO TIM8_TRGO2 TIM3_CC3"
    " TIM5_TRGO TIM3_CC1 TIM6_TRGO EXTI15"
)
_DAC = _names("TIM6_TRGO TIM8_TRGO TIM7_TRGO TIM5_TRGO TIM2_TRGO TIM4_TRGO EXTI9")
_SHARED_PINS = _names("PA0 PA1 PA2 PA3 PA4 PA5 PA6 PA7 PB0 PB1 PC0 PC1 PC2 PC3 PC4 PC5")
_ADC3_PINS = _names("PA0 PA1 PA2 PA3 PF6 PF7 PF8 PF9 PF10 PF3 PC0 PC1 PC2 PC3 PF4 PF5")
_DAC_PINS = {"PA4": 1, "PA5": 2}


def join_analog(chip: Chip) -> None:
    """Once timers and converters are made."""
    adc, dac = chip.peripherals["ADC"], chip.peripherals["DAC"]
    assert isinstance(adc, Adc)
    assert isinstance(dac, Dac)
    regular, injected = _lines(chip, _REGULAR), _lines(chip, _INJECTED)
    for unit in adc.converters:
        unit.join(regular, injected)
        for channel, pin in enumerate(_ADC3_PINS if unit.name == "ADC3" else _SHARED_PINS):
            unit.inputs.setdefault(channel, _Voltage(chip, dac, pin))
    dac.join(_lines(chip, _DAC))


class NoChannel(ValueError):
    """A pin that no converter has; one sentence."""


def check(pin: str) -> None:
    """NoChannel for a pin that no converter has."""
    if pin not in (*_SHARED_PINS, *_ADC3_PINS):
        raise NoChannel(f"no analog-to-digital converter has a channel at {pin!r}")


def feed(chip: Chip, pin: str, voltage: Callable[[], Fraction]) -> None:
    """Give a pin a voltage from outside, in each converter that has a channel there. Raises NoChannel where none has."""
    check(pin)
    adc = chip.peripherals["ADC"]
    assert isinstance(adc, Adc)
    for unit in adc.converters:
        pins = _ADC3_PINS if unit.name == "ADC3" else _SHARED_PINS
        if pin in pins:
            unit.inputs[pins.index(pin)] = voltage


def _lines(chip: Chip, names: tuple[str, ...]) -> list[Line]:
    return [_line(chip, name) for name in names]


def _line(chip: Chip, name: str) -> Line:
    """CCx is a channel's output, as its pin would have it."""
    unit, _, signal = name.partition("_")
    if name.startswith("EXTI"):
        return chip.external[int(name[4:])]
    if name == "-":
        return Line()
    timer = chip.timers[unit]
    if signal == "TRGO":
        return timer.trigger_output
    assert isinstance(timer, ChannelTimer)
    if signal == "TRGO2":
        assert isinstance(timer, AdvancedTimer)
        return timer.trigger_output_2
    return timer.channels[int(signal[2]) - 1].output


class _Voltage:
    """What a pin has where nobody says otherwise: the DAC's voltage, or that of its logic level."""

    def __init__(self, chip: Chip, dac: Dac, pin: str) -> None:
        self._pin = chip.pin(pin)
        self._dac = dac
        self._channel = _DAC_PINS.get(pin, 0)

    def __call__(self) -> Fraction:
        if self._channel and self._dac.drives(self._channel):
            return self._dac.volts(self._channel)
        return VDDA * self._pin.level
