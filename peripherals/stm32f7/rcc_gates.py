"""Which peripherals have their clocks, in Sleep too, and which are held in reset: RCC's ENR, LPENR and RSTR.

Reference: RM0385 5.3.5 to 5.3.19. Not modelled: the two cycles that a gate takes to open.
"""

from __future__ import annotations

from collections.abc import Callable

from peripherals.kit.registers import Peripheral
from peripherals.stm32f7.rcc_map import REGISTERS


class Gates(Peripheral):
    """`on_gate` is told of a peripheral's clock, `on_peripheral_reset` whether it is held in reset, by its name in these registers."""

    registers = REGISTERS
    lanes = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.on_gate: Callable[[str, bool], None] = lambda name, enabled: None
        self.on_peripheral_reset: Callable[[str, bool], None] = lambda name, held: None
        self._enables = {
            field.name.removesuffix("EN"): (register.name, field.mask)
            for register in REGISTERS
            if register.name.endswith("ENR") and not register.name.endswith("LPENR")
            for field in register.fields
        }
        self._gating = {register: register.replace("ENR", "LPENR") for register, _ in self._enables.values()}
        self._asleep = False

    def reset(self) -> None:
        super().reset()
        self._asleep = False

    def _publish(self) -> None:
        """Gates have changed."""

    def _tell_gates(self) -> None:
        for name in self._enables:
            self.on_gate(name, self.enabled(name))
        self._publish()

    def enabled(self, name: str) -> bool:
        """Whether a peripheral, by its name in the ENR registers (USART1, GPIOA, DTCMRAM), has its clock; in Sleep LPENR wants it, too."""
        register, mask = self._enables[name]
        return bool(self[register] & mask and (not self._asleep or self._in_sleep(register) & mask))

    def _in_sleep(self, register: str) -> int:
        return self[self._gating[register]]

    def _write_enables(self, register: str, value: int) -> None:
        changed = self.store(register, value) ^ self[register]
        for name, (where, mask) in self._enables.items():
            if where == register and changed & mask:
                self.on_gate(name, bool(self[register] & mask))
        if changed:
            self._publish()

    def write_AHB1ENR(self, value: int) -> None:
        self._write_enables("AHB1ENR", value)

    def write_AHB2ENR(self, value: int) -> None:
        self._write_enables("AHB2ENR", value)

    def write_AHB3ENR(self, value: int) -> None:
        self._write_enables("AHB3ENR", value)

    def write_APB1ENR(self, value: int) -> None:
        self._write_enables("APB1ENR", value)

    def write_APB2ENR(self, value: int) -> None:
        self._write_enables("APB2ENR", value)

    def _write_resets(self, register: str, value: int) -> None:
        changed = self.store(register, value) ^ self[register]
        for row in REGISTERS:
            if row.name == register:
                for field in row.fields:
                    if changed & field.mask:
                        self.on_peripheral_reset(field.name.removesuffix("RST"), bool(self[register] & field.mask))

    def write_AHB1RSTR(self, value: int) -> None:
        self._write_resets("AHB1RSTR", value)

    def write_AHB2RSTR(self, value: int) -> None:
        self._write_resets("AHB2RSTR", value)

    def write_AHB3RSTR(self, value: int) -> None:
        self._write_resets("AHB3RSTR", value)

    def write_APB1RSTR(self, value: int) -> None:
        self._write_resets("APB1RSTR", value)

    def write_APB2RSTR(self, value: int) -> None:
        self._write_resets("APB2RSTR", value)

    def sleep(self, *, asleep: bool) -> None:
        """The core sleeps, or no longer: who has no clock in Sleep loses it, and gets it back."""
        if asleep == self._asleep:
            return
        without = {r: lost for r, in_sleep in self._gating.items() if (lost := self[r] & ~self[in_sleep])}
        changed = [name for name, (r, mask) in self._enables.items() if without.get(r, 0) & mask] if without else []
        self._asleep = asleep
        for name in changed:
            self.on_gate(name, self.enabled(name))
        if changed:
            self._publish()
