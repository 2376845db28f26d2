"""A port of general-purpose I/Os: sixteen pins, their modes, and the lock.

Reference: RM0385 6. Not modelled: what an alternate function drives, but where a source is connected and somebody watches the pin (it floats
otherwise); output speed, the Schmitt trigger.
"""

from __future__ import annotations

from dataclasses import dataclass

from peripherals.kit.registers import Peripheral, each, reg
from peripherals.kit.wires import Pin, Tristate

_INPUT, _OUTPUT, _ALTERNATE, _ANALOG = range(4)
_LOCK_KEY = 1 << 16
_PULLS = {1: True, 2: False}


@dataclass(frozen=True)
class PortReset:
    """The three words that differ between ports: A and B wake up with the debug port on some pins."""

    moder: int = 0
    ospeedr: int = 0
    pupdr: int = 0


PORT_A = PortReset(0xA800_0000, 0x0C00_0000, 0x6400_0000)
PORT_B = PortReset(0x0000_0280, 0x0000_00C0, 0x0000_0100)


class Gpio(Peripheral):
    registers = (
        reg(0x00, "MODER", rw=each("MODER", 16, width=2)),
        reg(0x04, "OTYPER", rw=each("OT", 16)),
        reg(0x08, "OSPEEDR", rw=each("OSPEEDR", 16, width=2)),
        reg(0x0C, "PUPDR", rw=each("PUPDR", 16, width=2)),
        reg(0x10, "IDR", r=each("IDR", 16)),
        reg(0x14, "ODR", rw=each("ODR", 16)),
        reg(0x18, "BSRR", w=each("BS", 16) + " " + each("BR", 16, first=16)),
        reg(0x1C, "LCKR", rw="LCKK[16] " + each("LCK", 16)),
        reg(0x20, "AFRL", rw=each("AFR", 8, width=4)),
        reg(0x24, "AFRH", rw=" ".join(f"AFR{8 + n}[{4 * n + 3}:{4 * n}]" for n in range(8))),
    )
    lanes = True

    def __init__(self, name: str, reset: PortReset = PortReset()) -> None:
        super().__init__(name)
        self._reset = reset
        self.pins = [Pin(f"P{name[-1]}{n}") for n in range(16)]
        self._lock_step = 0
        self._sources: list[dict[int, Tristate]] = [{} for _ in self.pins]
        self._sinks: list[list[tuple[int, Tristate, bool]]] = [[] for _ in self.pins]
        for n, pin in enumerate(self.pins):
            pin.listen(lambda level, n=n: self._lead_in(n))  # type: ignore[misc]
        self._watched: set[int] = set()
        self.reset()

    def reset(self) -> None:
        super().reset()
        self["MODER"], self["OSPEEDR"], self["PUPDR"] = self._reset.moder, self._reset.ospeedr, self._reset.pupdr
        self._lock_step = 0
        self._drive()

    def alternate_function(self, pin: int) -> int | None:
        """The number of the alternate function that a pin is switched to, None where it is none."""
        if self["MODER"] >> 2 * pin & 3 != _ALTERNATE:
            return None
        return (self["AFRH"] << 32 | self["AFRL"]) >> 4 * pin & 0xF

    def connect_output(self, pin: int, function: int, source: Tristate) -> None:
        """What an alternate function drives a pin with; it is wanted while somebody watches that pin in that function."""
        self._sources[pin][function] = source
        source.listen_drive(lambda: self._drive(1 << pin) if pin in self._watched else None)

    def connect_input(self, pin: int, function: int, sink: Tristate, *, pulled: bool = True) -> None:
        """An input that has the pin's level while the alternate function is selected, and is not driven otherwise; without `pulled` it
        is neither where only a pull holds the pin."""
        self._sinks[pin].append((function, sink, pulled))

    def watch(self, pin: int) -> None:
        """A pin's level follows its alternate function too from now on."""
        self._watched.add(pin)
        self._drive(1 << pin)

    def _alternate(self, pin: int) -> Tristate | None:
        """What drives the pin by its selected function; None where nobody watches, or the function has no output here."""
        if pin not in self._watched:
            return None
        selected = self.alternate_function(pin)
        for function, source in self._sources[pin].items():
            source.want((self, pin), wanted=function == selected)
        chosen = self._sources[pin].get(selected) if selected is not None else None
        return chosen if chosen is not None and chosen.driven else None

    def _lead_in(self, pin: int) -> None:
        if not self._sinks[pin]:
            return
        selected, line = self.alternate_function(pin), self.pins[pin]
        for function, sink, pulled in self._sinks[pin]:
            heard = function == selected and (pulled or line.outside is not None)
            sink.drive(line.level if heard else None)

    def read_IDR(self) -> int:
        """An analog pin reads 0; one that a peripheral drives is watched from the first read on."""
        moder = self["MODER"]
        for n, sources in enumerate(self._sources):
            if sources and n not in self._watched and self.alternate_function(n) in sources:
                self.watch(n)
        return sum(pin.level << n for n, pin in enumerate(self.pins) if moder >> 2 * n & 3 != _ANALOG)

    def write_MODER(self, value: int) -> None:
        self._configure("MODER", value, 2)

    def write_OTYPER(self, value: int) -> None:
        self._configure("OTYPER", value, 1)

    def write_OSPEEDR(self, value: int) -> None:
        self._configure("OSPEEDR", value, 2)

    def write_PUPDR(self, value: int) -> None:
        self._configure("PUPDR", value, 2)

    def write_AFRL(self, value: int) -> None:
        self._configure("AFRL", value, 4)

    def write_AFRH(self, value: int) -> None:
        self._configure("AFRH", value, 4, first=8)

    def write_ODR(self, value: int) -> None:
        self._drive(self.store("ODR", value) ^ self["ODR"])

    def write_BSRR(self, value: int) -> None:
        """Where a pin is both set and reset, it is set."""
        before = self["ODR"]
        self["ODR"] = before & ~(value >> 16) | value & 0xFFFF
        self._drive(before ^ self["ODR"])

    def write_LCKR(self, value: int) -> None:
        """Locked by writing the key with 1, 0 and 1 over the same pins, then reading; until then any deviation starts over."""
        if self["LCKR"] & _LOCK_KEY:
            return
        pins = value & 0xFFFF
        key = bool(value & _LOCK_KEY)
        expected = key == (self._lock_step != 1) and (self._lock_step == 0 or pins == self["LCKR"])
        self["LCKR"] = pins
        self._lock_step = self._lock_step + 1 if expected else int(key)
        if self._lock_step == 3:
            self["LCKR"] |= _LOCK_KEY

    def _configure(self, name: str, value: int, width: int, first: int = 0) -> None:
        """Write a configuration, all but the fields of locked pins."""
        lckr = self["LCKR"]
        if lckr & _LOCK_KEY:
            ones = (1 << width) - 1
            held = sum(ones << width * (n - first) for n in range(first, 16) if lckr >> n & 1) & 0xFFFF_FFFF
            value = value & ~held | self[name] & held
        self.store(name, value)
        self._drive()

    def _drive(self, changed: int = 0xFFFF) -> None:
        """Let the pins in a mask have what the registers say."""
        moder, otyper, pupdr, odr = self["MODER"], self["OTYPER"], self["PUPDR"], self["ODR"]
        for n, pin in enumerate(self.pins):
            if not changed >> n & 1:
                continue
            mode = moder >> 2 * n & 3
            pin.pull(_PULLS.get(pupdr >> 2 * n & 3) if mode != _ANALOG else None)
            alternate = self._alternate(n)
            high = bool(odr >> n & 1) if alternate is None else alternate.level
            drives = mode == _OUTPUT or alternate is not None
            pin.output(high if drives and not (high and otyper >> n & 1) else None)
            self._lead_in(n)
