"""DATA: which pins the timers' channels come out at, by alternate function.

Reference: DS10916 table STM32F745xx and STM32F746xx alternate function mapping. Not here: complementary outputs and inputs.
"""

from __future__ import annotations

# A row is timer, alternate function, and the pins of its channels 1, 2, .. with / between those of one channel.
_TABLE = """
TIM1 1 PA8/PE9 PA9/PE11 PA10/PE13 PA11/PE14
TIM2 1 PA0/PA5/PA15 PA1/PB3 PA2/PB10 PA3/PB11
TIM3 2 PA6/PB4/PC6 PA7/PB5/PC7 PB0/PC8 PB1/PC9
TIM4 2 PB6/PD12 PB7/PD13 PB8/PD14 PB9/PD15
TIM5 2 PA0/PH10 PA1/PH11 PA2/PH12 PA3/PI0
TIM8 3 PC6/PI5 PC7/PI6 PC8/PI7 PC9/PI2
TIM9 3 PA2/PE5 PA3/PE6
TIM10 3 PB8/PF6
TIM11 3 PB9/PF7
TIM12 9 PB14/PH6 PB15/PH9
TIM13 9 PA6/PF8
TIM14 9 PA7/PF9
"""


def _parse(table: str) -> dict[tuple[str, int], tuple[str, int]]:
    outputs: dict[tuple[str, int], tuple[str, int]] = {}
    for line in table.strip().splitlines():
        timer, function, *channels = line.split()
        for number, pins in enumerate(channels, 1):
            for pin in pins.split("/"):
                outputs[pin, int(function)] = timer, number
    return outputs


OUTPUTS = _parse(_TABLE)  # (pin, alternate function) -> timer, channel
