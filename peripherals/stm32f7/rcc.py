"""Reset and clock control: oscillators that take their time or fail, clock security, the clock tree, gates and resets.

Reference: RM0385 5; clock security is HSE's only, of LSE an STM32F746 has none. Not modelled: trimming,
spread spectrum; in Sleep, LPENR's bits of memories and of the AXI bridge.
Guesses: how soon the detector sees that HSE has stopped; a ready flag stays where no detector looks; CSSON stays behind a failure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from peripherals.kit.clock import Clock, Event
from peripherals.kit.wires import Frequency, Line
from peripherals.stm32f7.clock_tree import SYSTEM, Buses, ClockTree, vco
from peripherals.stm32f7.oscillators import Oscillators
from peripherals.stm32f7.rcc_gates import Gates
from peripherals.stm32f7.rcc_map import OSCILLATORS, REGISTERS, Oscillator

_HSI = 0  # of SW
_SWITCH_PERIODS = 3  # guess: periods of the new clock until SWS follows SW
_DETECTION_PERIODS = 2  # guess: of HSI, until the clock detector sees that HSE has stopped
_STOPPED = Fraction(0)
_IN_STOP = ("RTC", "IWDG", "LPTIM1", "MCO1", "MCO2")  # who may have a clock there
_CAUSES = 0xFE00_0000
_RTC_DOMAIN = 0x0001_831F
_ROWS = {row.name: row for row in OSCILLATORS}
_PLLS = ("PLL", "PLLI2S", "PLLSAI")
_ON = {"HSI": 0, "HSE": 16, "PLL": 24, "PLLI2S": 26, "PLLSAI": 28}  # bits of CR
_HSEBYP, _LSEBYP = 1 << 18, 1 << 2
_REFERENCE, _VCO = (950_000, 2_100_000), (100_000_000, 432_000_000)  # of a PLL, in Hz
_OF_ALL_PLLS = 0x0040_003F  # PLLCFGR's PLLSRC and PLLM


@dataclass(frozen=True)
class Crystals:
    """What the board and the chip oscillate at, in Hz; 0 where nothing is fitted."""

    hsi: int = 16_000_000
    hse: int = 0
    lse: int = 0
    lsi: int = 32_000


class Rcc(Gates):
    """`output` gives the wires that feed peripherals; `enabled` and `on_gate` say which of them are clocked at all."""

    registers = REGISTERS

    def __init__(self, clock: Clock, crystals: Crystals, *, backup_writable: Line, irq: Line) -> None:
        super().__init__("RCC")
        self._clock = clock
        self._crystals = crystals
        self._backup_writable = backup_writable
        self._irq = irq
        self.on_clocks: Callable[[], None] = lambda: None
        self.on_backup_reset: Callable[[], None] = lambda: None
        self._deep = False
        self._frozen: set[str] = set()
        self._outputs: list[tuple[Frequency, str, str]] = []
        self.crystals = {"HSE": Frequency("HSE crystal", crystals.hse), "LSE": Frequency("LSE crystal", crystals.lse)}
        self.clock_failure = Line("CSS")
        self._lsi_forced = False
        self._switch: Event | None = None
        self._detection: Event | None = None
        self._oscillators = Oscillators(clock, self._reference, self._running)
        self._tree = ClockTree(self.__getitem__, self._oscillators.hz)
        self._oscillators.run(_ROWS["HSI"])
        for name, crystal in self.crystals.items():
            crystal.listen(lambda name=name: self._crystal_changed(name))  # type: ignore[misc]

    # Clocks

    @property
    def sysclk(self) -> Fraction:
        return self._tree.sysclk

    @property
    def buses(self) -> Buses:
        return self._tree.buses

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
        return self.source(f"USART{n}" if n in (1, 2, 3, 6) else f"UART{n}")

    def source(self, name: str) -> Fraction:
        """Hz of a clock by its name in RM0385's figure 13, or of the kernel clock of a peripheral; 0 while it stands still."""
        return self._tree.source(name)

    def output(self, source: str, gate: str = "") -> Frequency:
        """A wire that carries a clock; with a gate, only while that peripheral is enabled."""
        wire = Frequency(source)
        self._outputs.append((wire, source, gate))
        wire.set(self._gated(source, gate))
        return wire

    def _gated(self, source: str, gate: str) -> Fraction:
        if source in self._frozen or (self._deep and source not in _IN_STOP):
            return _STOPPED
        return self.source(source) if not gate or self.enabled(gate) else _STOPPED

    def _publish(self) -> None:
        """Tell the core and every wire; all of them hear of a change of the core's clock, which is their unit of time."""
        hclk = self.hclk
        core_changed = hclk != (_STOPPED if self._clock.stands else self._clock.hz)
        if core_changed and hclk:
            self._clock.set_frequency(hclk)
        elif core_changed:
            self._clock.stop()
        for wire, source, gate in self._outputs:
            hz = self._gated(source, gate)
            if core_changed or hz != wire.hz:
                wire.set(hz)
        self.on_clocks()

    # Low-power modes

    def enter_stop(self) -> None:
        """All but LSE and LSI stand, and the core with them; SYSCLK will be HSI (5.3.1, 5.3.3)."""
        self._deep = True
        for row in OSCILLATORS:
            if row.on.startswith("CR."):
                self._oscillators.halt(row.name)
                self[row.on] = self[row.ready] = 0
        self._forget_switching()
        self["CR.HSION"] = 1
        self["CFGR.SW"] = self["CFGR.SWS"] = _HSI
        self._publish()

    def leave_stop(self) -> None:
        """HSI runs again."""
        self._deep = False
        self._oscillators.run(_ROWS["HSI"])

    def freeze(self, source: str, *, frozen: bool) -> None:
        """A clock that its peripheral does not get, such as the watchdog's by option byte."""
        (self._frozen.add if frozen else self._frozen.discard)(source)
        self._publish()

    # Oscillators

    def write_CR(self, value: int) -> None:
        """An oscillator that SYSCLK comes from, directly or through the PLL, cannot be switched off."""
        used = SYSTEM[self["CFGR.SWS"]]
        for name in (used, self._reference_of_plls) if used == "PLL" else (used,):
            value |= 1 << _ON[name]
        if self["CR.HSEON"]:
            value = value & ~_HSEBYP | self["CR"] & _HSEBYP
        self._switch_oscillators("CR", value)
        self._watch()

    def write_PLLCFGR(self, value: int) -> None:
        """The factors of the PLL are written only while it is off; the same holds for the other two.

        What they share waits for all of them (of PLLSAI: guess)."""
        if self["CR.PLLON"]:
            return
        if self["CR.PLLI2SON"] or self["CR.PLLSAION"]:
            value = value & ~_OF_ALL_PLLS | self["PLLCFGR"] & _OF_ALL_PLLS
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
        if self["BDCR.LSEON"]:
            value = value & ~_LSEBYP | self["BDCR"] & _LSEBYP
        self._switch_oscillators("BDCR", value)
        if value >> 16 & 1:
            self["BDCR"] = 1 << 16
            self.on_backup_reset()

    def force_lsi(self, forced: bool) -> None:
        """The independent watchdog keeps LSI on (RM0385 5.2.5)."""
        before = self._is_on(_ROWS["LSI"], self["CSR"])
        self._lsi_forced = forced
        self._follow(_ROWS["LSI"], before, self._is_on(_ROWS["LSI"], self["CSR"]))
        self._publish()

    def _switch_oscillators(self, register: str, value: int) -> None:
        before = self.store(register, value)
        for row in OSCILLATORS:
            if row.on.startswith(f"{register}."):
                self._follow(row, self._is_on(row, before), self._is_on(row, self[register]))
        self._publish()

    def _is_on(self, row: Oscillator, word: int) -> bool:
        return bool(self.pick(row.on, word)) or (row.name == "LSI" and self._lsi_forced)

    def _follow(self, row: Oscillator, was_on: bool, is_on: bool) -> None:
        if is_on and not was_on:
            self[row.ready] = 0
            self._oscillators.start(row)
        elif was_on and not is_on:
            self._oscillators.stop(row, lambda: self._stopped(row))
            self._lose_reference(row.name)

    def _stopped(self, row: Oscillator) -> None:
        self[row.ready] = 0

    def _running(self, row: Oscillator) -> None:
        if not self[row.ready]:
            self[row.ready] = 1
            if self[f"CIR.{row.name}RDYIE"]:
                self[f"CIR.{row.name}RDYF"] = 1
                self._update_interrupt()
        for name in _PLLS:
            if row.name == self._reference_of_plls and self[_ROWS[name].on] and self._oscillators.is_idle(name):
                self._oscillators.start(_ROWS[name])
        self._select_system_clock()
        self._publish()

    @property
    def _reference_of_plls(self) -> str:
        return "HSE" if self["PLLCFGR.PLLSRC"] else "HSI"

    def _reference(self, name: str) -> Fraction:
        """What an oscillator would run at, in Hz; for a PLL its VCO."""
        if name in self.crystals:
            return self.crystals[name].hz
        if name in _PLLS:
            factors = f"{name}CFGR.{name}N"
            return vco(self._oscillators.hz(self._reference_of_plls), self["PLLCFGR.PLLM"], self[factors])
        return Fraction(self._crystals.hsi if name == "HSI" else self._crystals.lsi)

    def wrong_plls(self) -> list[str]:
        """A sentence for each PLL that runs out of its range (DS10916, main PLL characteristics)."""
        found = []
        for name in _PLLS:
            hz = self._oscillators.hz(name)
            reference = self._oscillators.hz(self._reference_of_plls) / max(self["PLLCFGR.PLLM"], 1)
            for what, value, (low, high) in (
                (f"{name}'s reference", reference, _REFERENCE),
                (f"{name}'s VCO", hz, _VCO),
            ):
                if hz and not low <= value <= high:
                    is_at = f"is at {float(value) / 1e6:g} MHz"
                    found.append(
                        f"{what} {is_at}, out of {low / 1e6:g} to {high / 1e6:g} MHz: here it locks all the same"
                    )
        return found

    def _lose_reference(self, name: str) -> None:
        if name == self._reference_of_plls:
            for pll in _PLLS:
                self._oscillators.halt(pll)

    # Failures, and clock security

    def _crystal_changed(self, name: str) -> None:
        """A crystal stops, or begins to oscillate again, which takes its start-up time; nobody clears its ready flag."""
        row = _ROWS[name]
        if self.crystals[name].hz == 0:
            self._oscillators.halt(name)
            self._lose_reference(name)
            if not self[row.on]:
                self[row.ready] = 0
            self._watch()
        elif self[row.on] and self._oscillators.is_idle(name):
            self._oscillators.start(row)
        self._publish()

    def _watch(self) -> None:
        """The clock detector looks at HSE from HSERDY on (RM0385 5.2.7)."""
        looks = self["CR.CSSON"] and self["CR.HSEON"] and self["CR.HSERDY"]
        sees = bool(looks) and not self._oscillators.hz("HSE")
        if sees and self._detection is None:
            wait = Fraction(_DETECTION_PERIODS, self._crystals.hsi)
            self._detection = self._clock.after_seconds(wait, self._detected)
        elif not sees and self._detection is not None:
            self._detection.cancel()
            self._detection = None

    def _detected(self) -> None:
        """HSE is switched off; where SYSCLK comes from it HSI takes over, and all PLLs that live by it go off, too."""
        self._detection = None
        used = SYSTEM[self["CFGR.SWS"]]
        through_pll = used == "PLL" and self._reference_of_plls == "HSE"
        value = self["CR"] & ~(1 << _ON["HSE"])
        if through_pll:
            value &= ~sum(1 << _ON[name] for name in _PLLS)
        if through_pll or used == "HSE":
            value |= 1 << _ON["HSI"]
            self["CFGR.SW"] = _HSI
        self._switch_oscillators("CR", value)
        self["CIR.CSSF"] = 1
        self.clock_failure.set(True)
        self._select_system_clock()

    @property
    def may_return(self) -> bool:
        """Whether a clock of SYSCLK's is about to come without anybody's doing."""
        starts = any(self._oscillators.starts(name) for name in ("HSI", "HSE", "PLL"))
        return starts or self._detection is not None or self._switch is not None

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
        if wanted == self["CFGR.SWS"] or wanted not in SYSTEM:
            return
        hz = self.source(SYSTEM[wanted])
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
        self.clock_failure.set(bool(self["CIR.CSSF"]))

    def _update_interrupt(self) -> None:
        self._irq.set(bool(self["CIR"] & self["CIR"] >> 8 & 0x7F))

    def reset(self) -> None:
        """A system reset: the RTC domain and the causes in CSR outlive it."""
        kept = self["BDCR"] & (_RTC_DOMAIN | 1 << 1), self["CSR"] & _CAUSES
        for row in OSCILLATORS:
            if row.name != "LSE":
                self._oscillators.halt(row.name)
        super().reset()
        self["BDCR"], self["CSR"] = kept
        self._forget_switching()
        self._deep = False
        self._frozen.clear()
        self._update_interrupt()
        self.clock_failure.set(False)
        self._oscillators.run(_ROWS["HSI"])
        self._tell_gates()

    def _forget_switching(self) -> None:
        for event in (self._switch, self._detection):
            if event is not None:
                event.cancel()
        self._switch = self._detection = None

    def note_reset(self, *causes: str) -> None:
        """Raise the flags of what caused a reset, as CSR names them (SFTRSTF, PINRSTF, ..)."""
        for cause in causes:
            self[f"CSR.{cause}"] = 1
