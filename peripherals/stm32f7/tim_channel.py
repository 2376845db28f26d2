"""A channel of a timer: what CCMRx, CCER and CCRx say of it, its reference and its captures.

Reference: RM0385 22.3.6 to 22.3.15, 22.4.7 (modes), 22.4.9. Not modelled: that OCxFE saves two clocks between a trigger and the output;
in toggle mode the reference counts matches from when somebody wants it on.
"""

from __future__ import annotations

from peripherals.kit.registers import Peripheral
from peripherals.kit.wires import Tristate

_ACTIVE_ON_MATCH, _INACTIVE_ON_MATCH, _TOGGLE, _FORCED_INACTIVE, _FORCED_ACTIVE = range(1, 6)  # OCxM
_RETRIGGERABLE = (8, 9)
_COMBINED_OR, _COMBINED_AND = 12, 13
_ASYMMETRIC = (14, 15)
_LIKE_PWM_1 = (6, 8, 12, 14)
_LIKE_PWM_2 = (7, 9, 13, 15)
DIRECT, CROSSED, FROM_TRIGGER = 1, 2, 3  # CCxS: the input of its own number, its neighbour's, TRC


class Channel:
    """`reference` is OCxREF; `output` and `complement` are OCx and OCxN; `control` is the CCMRx that it is in."""

    def __init__(self, unit: Peripheral, index: int) -> None:
        n = index + 1
        self.index = index
        self._unit = unit
        self.control = f"CCMR{index // 2 + 1}"
        self._shift = 8 * (index % 2)
        self.register = f"CCR{n}"
        self.flag, self.over = f"SR.CC{n}IF", f"SR.CC{n}OF"
        self.request = f"CH{n}"
        self.output = Tristate(f"{unit.name}_CH{n}")
        self.complement = Tristate(f"{unit.name}_CH{n}N")
        self.reset()

    def reset(self) -> None:
        self.compare = 0
        self.reference = False
        self.cleared = False  # by ocref_clr, until the next update
        self.hastened = False  # by a trigger with OCxFE, until the next update
        self.mode = 0  # OCxM at work
        self.enables = 0  # CCxE and CCxNE at work, at their places from bit 0
        self._edges = 0

    # What the registers say

    @property
    def _half(self) -> int:
        return self._unit[self.control] >> self._shift

    @property
    def selection(self) -> int:
        """CCxS; channels five and six only compare."""
        return self._half & 3

    @property
    def filter(self) -> int:
        """ICxF, which lies where comparing has OCxM."""
        return self._half >> 4 & 15 if self.selection else 0

    @property
    def preloads(self) -> bool:
        return bool(self._half >> 3 & 1)

    @property
    def clearable(self) -> bool:
        """OCxCE."""
        return not self.selection and bool(self._half >> 7 & 1)

    @property
    def fast(self) -> bool:
        """OCxFE."""
        return not self.selection and bool(self._half >> 2 & 1)

    @property
    def written_mode(self) -> int:
        return self._half >> 4 & 7 | (self._half >> 16 & 1) << 3

    @property
    def _bits(self) -> int:
        """CCxE, CCxP, CCxNE, CCxNP from bit 0 on."""
        return self._unit["CCER"] >> 4 * self.index

    @property
    def written_enables(self) -> int:
        return self._bits & 0b101

    @property
    def inverted(self) -> bool:
        return bool(self._bits & 2)

    @property
    def complement_inverted(self) -> bool:
        return bool(self._bits & 8)

    @property
    def both_edges(self) -> bool:
        return self._bits & 0b1010 == 0b1010

    @property
    def captures_now(self) -> bool:
        return bool(self.selection and self._bits & 1)

    @property
    def value(self) -> int:
        return self._unit[self.register] & 0xFFFF_FFFF

    # Comparing

    @property
    def partner_matters(self) -> bool:
        """The combined and asymmetric modes look at the reference of the pair's other channel."""
        return self.mode >= _COMBINED_OR

    @property
    def changes_on_match(self) -> bool:
        """Modes 1 and 2, until they have had their match."""
        return self.mode == (_INACTIVE_ON_MATCH if self.reference else _ACTIVE_ON_MATCH)

    def match(self) -> None:
        if self.mode in (_ACTIVE_ON_MATCH, _INACTIVE_ON_MATCH, _TOGGLE):
            self.reference = self.mode == _ACTIVE_ON_MATCH or (self.mode == _TOGGLE and not self.reference)

    def follow(self, value: int, *, down: bool, triggered: bool) -> None:
        """PWM mode 1 is active while an up-counter is below, or a down-counter is not above, the compare value (22.3.11)."""
        mode = self.mode
        if mode in (_FORCED_INACTIVE, _FORCED_ACTIVE):
            self.reference = mode == _FORCED_ACTIVE
        elif mode in _RETRIGGERABLE and not triggered:
            self.reference = (mode == _RETRIGGERABLE[0]) != down
        elif mode in _LIKE_PWM_1 or mode in _LIKE_PWM_2:
            below = not self.hastened and (value <= self.compare if down else value < self.compare)
            self.reference = below == (mode in _LIKE_PWM_1)
        if self.cleared and mode not in (0, _FORCED_ACTIVE):
            self.reference = False

    def combined(self, partner: Channel, *, down: bool) -> bool:
        """OCxREFC."""
        if self.mode == _COMBINED_OR:
            return self.reference or partner.reference
        if self.mode == _COMBINED_AND:
            return self.reference and partner.reference
        if self.mode in _ASYMMETRIC and down:
            return partner.reference
        return self.reference

    # Capturing

    def edge(self, level: bool) -> bool:
        """Whether an edge of its input is one to capture: CCxP, CCxNP, and every so many of them by ICxPSC."""
        if not self.captures_now or not (self.both_edges or level != self.inverted):
            return False
        self._edges += 1
        if self._edges < 1 << (self._half >> 2 & 3):
            return False
        self._edges = 0
        return True

    def restart_prescaler(self) -> None:
        """While CCxE is 0."""
        if not self._bits & 1:
            self._edges = 0
