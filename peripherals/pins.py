"""How the peripherals' signals are led to pins and from them, by the ports' alternate functions.

Reference: RM0385 6.3.2, DS10916 (alternate functions). Not modelled: here is wiring only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from peripherals.kit.wires import AnyPin, Tristate
from peripherals.stm32f7.lptim import Lptim
from peripherals.stm32f7.spi import Spi
from peripherals.stm32f7.tim_advanced import AdvancedTimer
from peripherals.stm32f7.tim_channels import ChannelTimer
from peripherals.stm32f7.tim_general import GeneralTimer
from peripherals.stm32f7.usart import Usart
from peripherals.stm32f746_pins import SIGNALS

if TYPE_CHECKING:
    from peripherals.chip import Chip


def join_pins(chip: Chip) -> None:
    """Once all peripherals are made."""
    inputs: dict[tuple[str, str], AnyPin] = {}
    for pin, function, instance, signal in SIGNALS:
        output, sink = _signal(chip, instance, signal)
        port, number = chip.ports[f"GPIO{pin[1]}"], int(pin[2:])
        if output is not None:
            port.connect_output(number, function, output)
        if sink is not None:
            if (instance, signal) not in inputs:
                inputs[instance, signal] = AnyPin(sink)
            port.connect_input(number, function, inputs[instance, signal].input(), pulled=signal != "RX")


def led_to(chip: Chip, name: str, wanted: str) -> list[str]:
    """The pins that are set to a signal of an instance."""
    return [
        pin
        for pin, function, instance, signal in SIGNALS
        if (instance, signal) == (name, wanted)
        and chip.ports[f"GPIO{pin[1]}"].alternate_function(int(pin[2:])) == function
    ]


def unheard(chip: Chip) -> list[str]:
    """Serial outputs that are on while no pin is set to them, as USART1_TX: on silicon nobody would hear them."""
    led: dict[str, bool] = {}
    for pin, function, instance, signal in SIGNALS:
        unit = chip.peripherals[instance]
        if (isinstance(unit, Usart) and signal == "TX") or (isinstance(unit, Spi) and signal == "SCK"):
            output, _ = _signal(chip, instance, signal)
            on = output is not None and output.driven
            selected = chip.ports[f"GPIO{pin[1]}"].alternate_function(int(pin[2:])) == function
            if on:
                led[f"{instance}_{signal}"] = led.get(f"{instance}_{signal}", False) or selected
    return [name for name, selected in led.items() if not selected]


def _signal(chip: Chip, instance: str, signal: str) -> tuple[Tristate | None, Tristate | None]:
    """What a peripheral does to the pin of a signal, and what hears it."""
    if instance == "RCC":
        return chip.clock_outputs[signal], None
    unit = chip.peripherals[instance]
    if isinstance(unit, ChannelTimer):
        return _of_timer(unit, signal)
    if isinstance(unit, Lptim):
        sinks = {"IN1": unit.inputs[0], "IN2": unit.inputs[1], "ETR": unit.external_trigger}
        return (unit.output if signal == "OUT" else None), sinks.get(signal)
    if isinstance(unit, Spi):
        driven = {"SCK": unit.sck, "MOSI": unit.mosi, "NSS": unit.select}
        return driven.get(signal), unit.nss if signal == "NSS" else None
    assert isinstance(unit, Usart)
    sends = unit.transmitter
    outputs = {"TX": sends.tx, "CK": sends.ck, "RTS": sends.driver_enable}
    return outputs.get(signal), {"CTS": sends.cts, "RX": unit.receiver.rx}.get(signal)


def _of_timer(timer: ChannelTimer, signal: str) -> tuple[Tristate | None, Tristate | None]:
    if signal.startswith("CH"):
        channel = timer.channels[int(signal[2]) - 1]
        return (channel.complement, None) if signal.endswith("N") else (channel.output, timer.inputs[channel.index])
    if signal == "ETR":
        assert isinstance(timer, GeneralTimer)
        return None, timer.external_trigger
    assert isinstance(timer, AdvancedTimer)
    return None, timer.breaks[signal == "BKIN2"]
