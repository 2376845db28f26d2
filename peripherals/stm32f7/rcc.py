"""Reset and clock control: oscillators that take their time, the clock tree, and which peripherals are clocked or held in reset.

Reference: RM0385 5. Not modelled: clock security, trimming, the effect of the LPENR registers in sleep, an oscillator
that fails, VCOs out of their range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from peripherals.kit.clock import Clock, Event
from peripherals.kit.registers import Peripheral
from peripherals.kit.wires import Frequency, Line
from peripherals.stm32f7.clock_tree import USARTS, Buses, Dividers, buses, usart_source, vco
from peripherals.stm32f7.rcc_map import OSCILLATORS, REGISTERS, Oscillator

_HSI, _HSE, _PLL = 0, 1, 2
_SYSTEM = {_HSI: "HSI", _HSE: "HSE", _PLL: "PLL"}
_SWITCH_PERIODS = 3  # guess: periods of the new clock until SWS follows SW
_STOPPED = Fraction(0)
_CAUSES = 0xFE00_0000
_RTC_DOMAIN = 0x0001_831F


@dataclass(frozen=True)
class Crystals:
    """What the board and the chip oscillate at, in Hz; 0 where nothing is fitted."""

    hsi: int = 16_000_000
    hse: int = 0
    lse: int = 0
    lsi: int = 32_000


class Rcc(Peripheral):
    """`output` gives the wires that feed peripherals; `enabled` and `on_gate` say which of them are clocked at all."""

    registers = REGISTERS
    lanes = True

    def __init__(self, clock: Clock, crystals: Crystals, *, backup_writable: Line, irq: Line) -> None:
        super().__init__("RCC")
        self._clock = clock
        self._crystals = crystals
        self._backup_writable = backup_writable
        self._irq = irq
        self.on_gate: Callable[[str, bool], None] = lambda name, enabled: None
        self.on_backup_reset: Callable[[], None] = lambda: None
        self.on_peripheral_reset: Callable[[str], None] = lambda name: None
        self._enables = {
            field.name.removesuffix("EN"): (register.name, field.mask)
            for register in REGISTERS
            if register.name.endswith("ENR") and not register.name.endswith("LPENR")
            for field in register.fields
        }
        self._outputs: list[tuple[Frequency, str, str]] = []
        self._starting: dict[str, Event] = {}
        self._vco: dict[str, Fraction] = {}
        self._switch: Event | None = None
        self._publish()

    # Clocks

    @property
    def sysclk(self) -> Fraction:
        return self.source(_SYSTEM[self["CFGR.SWS"]])

    @property
    def buses(self) -> Buses:
        fields = self["CFGR.HPRE"], self["CFGR.PPRE1"], self["CFGR.PPRE2"], self["DCKCFGR1.TIMPRE"]
        return buses(self.sysclk, Dividers(*fields))

    @property
    def hclk(self) -> Fraction:
        return self.buses.hclk

    @property
    def pclk1(self) -> Fraction:
        return self.buses.pclk1

    @property
    def pclk2(self) -> Fraction:
        return self.buses.pclk2

    @property
    def timclk1(self) -> Fraction:
        return self.buses.timclk1

    @property
    def timclk2(self) -> Fraction:
        return self.buses.timclk2

    def usart_clock(self, n: int) -> Fraction:
        return self.source(USARTS[n - 1])

    def source(self, name: str) -> Fraction:
        """Hz of a clock by its name in RM0385's figure 13, or of the kernel clock of a peripheral; 0 while it stands still."""
        if name in ("HSI", "HSE", "LSE", "LSI"):
            running = self[next(osc.ready for osc in OSCILLATORS if osc.name == name)]
            return Fraction(getattr(self._crystals, name.lower())) if running else _STOPPED
        if name in ("SYSCLK", "HCLK"):
            return self.sysclk if name == "SYSCLK" else self.hclk
        if name in ("PCLK1", "PCLK2", "TIMCLK1", "TIMCLK2"):
            value: Fraction = getattr(self.buses, name.lower())
            return value
        if name in USARTS:
            selection = self[f"DCKCFGR2.{name}SEL"]
            return usart_source(name, selection, self.buses, self.sysclk, self.source("HSI"), self.source("LSE"))
        return self._kernel(name)

    def _kernel(self, name: str) -> Fraction:
        if name == "PLL":
            return self._pll("PLL", 2 * self["PLLCFGR.PLLP"] + 2)
        if name == "PLL48":
            return self._pll("PLL", self["PLLCFGR.PLLQ"])
        if name == "SDMMC1":
            return self.sysclk if self["DCKCFGR2.SDMMC1SEL"] else self.source("CLK48")
        if name == "IWDG":
            return Fraction(self._crystals.lsi)
        if name == "I2S":
            return _STOPPED if self["CFGR.I2SSRC"] else self._pll("PLLI2S", self["PLLI2SCFGR.PLLI2SR"])
        if name == "LTDC":
            return self._pll("PLLSAI", self["PLLSAICFGR.PLLSAIR"] * (2 << self["DCKCFGR1.PLLSAIDIVR"]))
        if name == "LPTIM1":
            return self.source(("PCLK1", "LSI", "HSI", "LSE")[self["DCKCFGR2.LPTIM1SEL"]])
        if name in ("I2C1", "I2C2", "I2C3", "I2C4"):
            selection = self[f"DCKCFGR2.{name}SEL"]
            return self.source(("PCLK1", "SYSCLK", "HSI")[selection]) if selection < 3 else _STOPPED
        if name == "CLK48":
            return (
                self._pll("PLLSAI", 2 * self["PLLSAICFGR.PLLSAIP"] + 2)
                if self["DCKCFGR2.CK48MSEL"]
                else self.source("PLL48")
            )
        if name in ("MCO1", "MCO2"):
            return self._clock_output(name)
        if name == "HSE_RTC":
            return self.source("HSE") / self["CFGR.RTCPRE"] if self["CFGR.RTCPRE"] > 1 else _STOPPED
        if name == "RTC":
            choices = (_STOPPED, self.source("LSE"), self.source("LSI"), self.source("HSE_RTC"))
            return choices[self["BDCR.RTCSEL"]] if self["BDCR.RTCEN"] else _STOPPED
        raise KeyError(f"RCC has no clock {name}")

    def _clock_output(self, name: str) -> Fraction:
        """RM0385 5.3.3: MCO1 and MCO2, divided by 1 to 5."""
        sources = ("HSI", "LSE", "HSE", "PLL") if name == "MCO1" else ("SYSCLK", "I2S", "HSE", "PLL")
        divider = max(1, self[f"CFGR.{name}PRE"] - 2)
        return self.source(sources[self[f"CFGR.{name}"]]) / divider

    def _pll(self, name: str, divider: int) -> Fraction:
        ready = self["CR.PLLRDY"] if name == "PLL" else self[f"CR.{name}RDY"]
        return self._vco.get(name, _STOPPED) / divider if ready and divider else _STOPPED

    def output(self, source: str, gate: str = "") -> Frequency:
        """A wire that carries a clock; with a gate, only while that peripheral is enabled."""
        wire = Frequency(source)
        self._outputs.append((wire, source, gate))
        wire.set(self._gated(source, gate))
        return wire

    def _gated(self, source: str, gate: str) -> Fraction:
        return self.source(source) if not gate or self.enabled(gate) else _STOPPED

    def _publish(self) -> None:
        """Tell the core and every wire; all of them hear of a change of the core's clock, which is their unit of time."""
        hclk = self.hclk
        core_changed = hclk != self._clock.hz
        if core_changed:
            self._clock.set_frequency(hclk)
        for wire, source, gate in self._outputs:
            hz = self._gated(source, gate)
            if core_changed or hz != wire.hz:
                wire.set(hz)

    # Gates and resets

    def enabled(self, name: str) -> bool:
        """Whether a peripheral, by its name in the ENR registers (USART1, GPIOA, DTCMRAM), has its clock."""
        register, mask = self._enables[name]
        return bool(self[register] & mask)

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
        rising = ~self.store(register, value) & self[register]
        for row in REGISTERS:
            if row.name == register:
                for field in row.fields:
                    if rising & field.mask:
                        self.on_peripheral_reset(field.name.removesuffix("RST"))

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

    # Oscillators

    def write_CR(self, value: int) -> None:
        """An oscillator that SYSCLK comes from, directly or through the PLL, cannot be switched off."""
        used = _SYSTEM[self["CFGR.SWS"]]
        value |= {"HSI": 1 << 0, "HSE": 1 << 16, "PLL": 1 << 24}[used]
        if used == "PLL":
            value |= 1 << 16 if self["PLLCFGR.PLLSRC"] else 1 << 0
        self._switch_oscillators("CR", value)

    def write_PLLCFGR(self, value: int) -> None:
        """The factors of the PLL are written only while it is off; the same holds for the other two."""
        if not self["CR.PLLON"]:
            self.store("PLLCFGR", value)

    def write_PLLI2SCFGR(self, value: int) -> None:
        if not self["CR.PLLI2SON"]:
            self.store("PLLI2SCFGR", value)

    def write_PLLSAICFGR(self, value: int) -> None:
        if not self["CR.PLLSAION"]:
            self.store("PLLSAICFGR", value)

    def write_CSR(self, value: int) -> None:
        if value >> 24 & 1:
            self["CSR"] &= ~_CAUSES
        self._switch_oscillators("CSR", value)

    def write_BDCR(self, value: int) -> None:
        if not self._backup_writable.level:
            return
        if value >> 16 & 1:
            value = 1 << 16
        if self["BDCR.RTCSEL"]:
            value = value & ~0x300 | self["BDCR"] & 0x300
        self._switch_oscillators("BDCR", value)
        if value >> 16 & 1:
            self["BDCR"] = 1 << 16
            self.on_backup_reset()

    def _switch_oscillators(self, register: str, value: int) -> None:
        before = self.store(register, value)
        for oscillator in OSCILLATORS:
            where, _, _ = oscillator.on.partition(".")
            if where != register:
                continue
            was_on = self.pick(oscillator.on, before)
            if self[oscillator.on] and not was_on:
                self._start(oscillator)
            elif was_on and not self[oscillator.on]:
                self._stop(oscillator)
        self._publish()

    def _start(self, oscillator: Oscillator) -> None:
        name = oscillator.name
        if name.startswith("PLL"):
            source = self.source("HSE" if self["PLLCFGR.PLLSRC"] else "HSI")
            register = "PLLCFGR" if name == "PLL" else f"{name}CFGR"
            self._vco[name] = vco(source, self["PLLCFGR.PLLM"], self[f"{register}.{name}N"])
            runs = self._vco[name] > 0
        else:
            runs = getattr(self._crystals, name.lower()) > 0
        if runs:
            self._starting[name] = self._clock.after_seconds(oscillator.start_up, lambda: self._ready(oscillator))

    def _stop(self, oscillator: Oscillator) -> None:
        event = self._starting.pop(oscillator.name, None)
        if event is not None:
            event.cancel()
        self[oscillator.ready] = 0

    def _ready(self, oscillator: Oscillator) -> None:
        del self._starting[oscillator.name]
        self[oscillator.ready] = 1
        if self[f"CIR.{oscillator.name}RDYIE"]:
            self[f"CIR.{oscillator.name}RDYF"] = 1
            self._update_interrupt()
        self._select_system_clock()
        self._publish()

    # The system clock

    def write_CFGR(self, value: int) -> None:
        self.store("CFGR", value)
        self._publish()
        self._select_system_clock()

    def _select_system_clock(self) -> None:
        """SWS follows SW once the clock that SW names is ready."""
        if self._switch is not None:
            self._switch.cancel()
            self._switch = None
        wanted = self["CFGR.SW"]
        if wanted == self["CFGR.SWS"] or wanted not in _SYSTEM:
            return
        hz = self.source(_SYSTEM[wanted])
        if hz:
            self._switch = self._clock.after_seconds(_SWITCH_PERIODS / hz, self._switched)

    def _switched(self) -> None:
        self._switch = None
        self["CFGR.SWS"] = self["CFGR.SW"]
        self._publish()

    def write_DCKCFGR1(self, value: int) -> None:
        self.store("DCKCFGR1", value)
        self._publish()

    def write_DCKCFGR2(self, value: int) -> None:
        self.store("DCKCFGR2", value)
        self._publish()

    # Interrupt, reset

    def write_CIR(self, value: int) -> None:
        self.store("CIR", value)
        self["CIR"] &= ~(value >> 16 & 0xFF)
        self._update_interrupt()

    def _update_interrupt(self) -> None:
        self._irq.set(bool(self["CIR"] & self["CIR"] >> 8 & 0x7F))

    def reset(self) -> None:
        """A system reset: the RTC domain and the causes in CSR outlive it."""
        kept = self["BDCR"] & (_RTC_DOMAIN | 1 << 1), self["CSR"] & _CAUSES
        for oscillator in OSCILLATORS:
            if oscillator.name not in ("HSI", "LSE"):
                self._stop(oscillator)
        super().reset()
        self["BDCR"], self["CSR"] = kept
        if self._switch is not None:
            self._switch.cancel()
            self._switch = None
        self._update_interrupt()
        for name in self._enables:
            self.on_gate(name, self.enabled(name))
        self._publish()

    def note_reset(self, *causes: str) -> None:
        """Raise the flags of what caused a reset, as CSR names them (SFTRSTF, PINRSTF, ..)."""
        for cause in causes:
            self[f"CSR.{cause}"] = 1
