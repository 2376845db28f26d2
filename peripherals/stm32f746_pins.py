"""DATA: which signals of the peripherals are at which pins, by alternate function.

Reference: DS10916 table STM32F745xx and STM32F746xx alternate function mapping. Not here: buses that are modelled as bytes or words.
"""

from __future__ import annotations

# A row is an instance, its alternate function, and its signals with the pins of each. TIM2's CH1 and ETR share pins.
_TABLE = """
TIM1 1 CH1 PA8 PE9 CH2 PA9 PE11 CH3 PA10 PE13 CH4 PA11 PE14
TIM1 1 CH1N PA7 PB13 PE8 CH2N PB0 PB14 PE10 CH3N PB1 PB15 PE12 ETR PA12 PE7 BKIN PA6 PB12 PE15 BKIN2 PE6
TIM2 1 CH1 PA0 PA5 PA15 CH2 PA1 PB3 CH3 PA2 PB10 CH4 PA3 PB11 ETR PA0 PA5 PA15
TIM3 2 CH1 PA6 PB4 PC6 CH2 PA7 PB5 PC7 CH3 PB0 PC8 CH4 PB1 PC9 ETR PD2
TIM4 2 CH1 PB6 PD12 CH2 PB7 PD13 CH3 PB8 PD14 CH4 PB9 PD15 ETR PE0
TIM5 2 CH1 PA0 PH10 CH2 PA1 PH11 CH3 PA2 PH12 CH4 PA3 PI0
TIM8 3 CH1 PC6 PI5 CH2 PC7 PI6 CH3 PC8 PI7 CH4 PC9 PI2
TIM8 3 CH1N PA5 PA7 PH13 CH2N PB0 PB14 PH14 CH3N PB1 PB15 PH15 ETR PA0 PI3 BKIN PA6 PI4 BKIN2 PA8 PI1
TIM9 3 CH1 PA2 PE5 CH2 PA3 PE6
TIM10 3 CH1 PB8 PF6
TIM11 3 CH1 PB9 PF7
TIM12 9 CH1 PB14 PH6 CH2 PB15 PH9
TIM13 9 CH1 PA6 PF8
TIM14 9 CH1 PA7 PF9
LPTIM1 3 IN1 PD12 PG12 IN2 PE1 PH2 ETR PE0 PG14 OUT PD13 PG13
"""


def _parse(table: str) -> list[tuple[str, int, str, str]]:
    rows = []
    for line in table.strip().splitlines():
        instance, function, *words = line.split()
        signal = ""
        for word in words:
            if word[0] == "P":
                rows.append((word, int(function), instance, signal))
            else:
                signal = word
    return rows


SIGNALS = _parse(_TABLE)  # pin, alternate function, instance, signal
