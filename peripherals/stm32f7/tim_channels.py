"""A timer with channels: capture and compare, outputs, inputs, and what a slave mode controller does to it. Maps are in the modules of its kinds.

Reference: RM0385 22.3, 23.3, 24.3. Not modelled: a compare value written equal to the counter matches a lap later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import ClassVar

from peripherals.kit.registers import Register, reg
from peripherals.kit.wires import Line, Signal, Tristate
from peripherals.stm32f7.tim_basic import Timer
from peripherals.stm32f7.tim_channel import CROSSED, DIRECT, FROM_TRIGGER, Channel
from peripherals.stm32f7.tim_inputs import Filter, hold
from peripherals.stm32f7.tim_slave import SlaveController

_TIF, _TG = 1 << 6, 1 << 6
_COMPARE_PULSE, COMPARE_LEVELS = 3, 4  # MMS


COUNTING = (
    reg(0x24, "CNT", rw="CNT[15:0]", r="UIFCPY[31]"),
    reg(0x28, "PSC", rw="PSC[15:0]"),
    reg(0x2C, "ARR", reset=0xFFFF, rw="ARR[15:0]"),
)


class ChannelTimer(Timer):
    """`inputs` are the channels' pins; `channels` have the outputs, whose edges are events while they are wanted."""

    channel_count: ClassVar[int] = 1
    registers: ClassVar[tuple[Register, ...]] = (
        reg(0x00, "CR1", rw="UIFREMAP[11] CKD[9:8] ARPE[7] OPM[3] URS[2] UDIS[1] CEN[0]"),
        reg(0x0C, "DIER", rw="CC1IE[1] UIE[0]"),
        reg(0x10, "SR", rc_w0="CC1OF[9] CC1IF[1] UIF[0]"),
        reg(0x14, "EGR", w="CC1G[1] UG[0]"),
        reg(0x18, "CCMR1", rw="OC1M_3[16] IC1F_3[7] OC1M[6:4] OC1PE[3] OC1FE[2] CC1S[1:0]"),
        reg(0x20, "CCER", rw="CC1NP[3] CC1P[1] CC1E[0]"),
        *COUNTING,
        reg(0x34, "CCR", count=1, first=1, rw="CCR[15:0]"),
    )

    def _build(self) -> None:
        self.channels = [Channel(self, index) for index in range(self.channel_count)]
        self.inputs = [Tristate(f"{self.name}_TI{index + 1}") for index in range(min(self.channel_count, 4))]
        self.slave = SlaveController(self, self._periods)
        self._filters = [Filter(self._periods, partial(self._passed, index)) for index in range(len(self.inputs))]
        self._followed: list[Channel] = []
        self._others: dict[int, Sequence[Line]] = {}
        self._remaps: dict[int, int] = {}
        for index, line in enumerate(self.inputs):
            line.listen(partial(self._pin_changed, index))
        for channel in self.channels:
            channel.output.on_demand = channel.complement.on_demand = self._plan

    def join_others(self, index: int, lines: Sequence[Line]) -> None:
        """What OR may give an input in place of its pin."""
        self._others[index] = lines
        for code, line in enumerate(lines, 1):
            line.listen(partial(self._other_changed, index, code))

    def reset(self) -> None:
        self._remaps.clear()
        for channel in self.channels:
            channel.reset()
        self.slave.reset()
        self._triggered = False  # since the last update, for the retriggerable one-pulse modes
        self._by_trigger = False  # a trigger is at work
        super().reset()
        self._configure()

    # Control

    def write_CR1(self, value: int) -> None:
        self.store("CR1", value)
        self._configure()
        self._control()

    def _counting(self) -> bool:
        return super()._counting() and not self.slave.gated

    def write_CCMR1(self, value: int) -> None:
        self._write_modes("CCMR1", value)

    def _write_modes(self, register: str, value: int) -> None:
        self.store(register, value)
        self._configure()

    def write_CCER(self, value: int) -> None:
        self.store("CCER", value)
        for channel in self.channels:
            channel.restart_prescaler()
        self._configure()

    def _configure(self) -> None:
        """What the registers say, to channels, filters and the slave mode controller."""
        self._take_controls()
        self._configure_slave()
        for index, screen in enumerate(self._filters):
            screen.hold = hold(self.channels[index].filter, 1 << self["CR1.CKD"])
            screen.use(self._input_used(index))
        for index in range(min(2, len(self.inputs))):
            self.slave.preset(index, self._polarised(index, self._filters[index].level))
        for index, lines in self._others.items():
            for code, line in enumerate(lines, 1):
                line.want(self, wanted=code == self._remaps.get(index, 0) and self._input_used(index))
        self._counter.settle()
        self._counter.count_pulses(self.slave.counts_pulses)
        self._plan()

    def _take_controls(self) -> None:
        """A reference that nobody has followed is looked up while its mode still says what it is: freezing it keeps it."""
        value, down = self._counter.value, self._counter.falling
        for channel in self.channels:
            channel.follow(value, down=down, triggered=self._triggered)
            channel.mode, channel.enables = channel.written_mode, channel.written_enables

    def _configure_slave(self) -> None:
        """A timer with one channel has no slave mode controller."""

    def _captures_trigger(self) -> bool:
        return any(channel.captures_now and channel.selection == FROM_TRIGGER for channel in self.channels)

    def _input_used(self, index: int) -> bool:
        if index < 2 and self.slave.uses(index):
            return True
        takers = ((DIRECT, index), (CROSSED, index ^ 1))
        return any(channel.captures_now and (channel.selection, channel.index) in takers for channel in self.channels)

    # Inputs

    def _polarised(self, index: int, level: bool) -> bool:
        """TI1FP1, TI2FP2."""
        channel = self.channels[index]
        return level != (channel.inverted and not channel.both_edges)

    def _pin_changed(self, index: int, level: bool) -> None:
        if not self._remaps.get(index, 0):
            self._filters[index].feed(level)

    def _other_changed(self, index: int, code: int, level: bool) -> None:
        if self._remaps.get(index, 0) == code:
            self._filters[index].feed(level)

    def _remap(self, index: int, code: int) -> None:
        """OR chooses an input's source: 0 is the pin."""
        self._remaps[index] = code
        lines = self._others.get(index, ())
        if code > len(lines):
            self.count_unmodelled("OR", "write")
        else:
            self._filters[index].feed(lines[code - 1].level if code else self.inputs[index].level)
        self._configure()

    def _passed(self, index: int, level: bool) -> None:
        """A filtered level changes captures first, then triggers."""
        for channel in self.channels[:4]:
            if (channel.selection, channel.index) in ((DIRECT, index), (CROSSED, index ^ 1)) and channel.edge(level):
                self._capture(channel)
        if index == 0:
            self.slave.edge()
        if index < 2:
            self.slave.input(index, self._polarised(index, level), both=self.channels[index].both_edges)

    # What the slave mode controller does

    def note_trigger(self) -> None:
        self["SR"] |= _TIF
        self._update_interrupt()

    def restart_by_trigger(self) -> None:
        self._by_trigger = self._triggered = True
        self._hasten()
        self._initialise()
        self._by_trigger = False

    def start_by_trigger(self) -> None:
        self._triggered = True
        self._hasten()
        self["CR1.CEN"] = 1
        self._control()

    def _hasten(self) -> None:
        """OCxFE: a trigger acts like a match on the output, whatever the counter says."""
        for channel in self.channels:
            channel.hastened = channel.fast

    def gate(self) -> None:
        self._control()

    def capture_trigger(self) -> None:
        for channel in self.channels:
            if channel.selection == FROM_TRIGGER and channel.edge(True):
                self._capture(channel)

    def commutate_by_trigger(self) -> None:
        """Only an advanced timer has controls that wait."""

    def turn(self, *, down: bool) -> None:
        counter = self._counter
        counter.settle()
        if counter.down != down:
            counter.down = down
            self._plan()

    def count(self, *, down: bool | None) -> None:
        if down is not None:
            self.turn(down=down)
        self._counter.pulses.pulse()

    def _pulse(self, output: Signal) -> None:
        """What a trigger causes is on TRGO later than in the counter (RM0385 23.4.2, MMS)."""
        if self._by_trigger:
            self._periods.at(self._periods.upcoming + 1, output.pulse)
        else:
            super()._pulse(output)

    # Capture and compare

    def read_CCR(self, index: int) -> int:
        """Reading takes a captured value."""
        channel = self.channels[index]
        if channel.selection:
            self[channel.flag] = 0
            self._update_interrupt()
        return self[channel.register]

    def write_CCR(self, index: int, value: int) -> None:
        if not self.channels[index].selection:
            self._write_compare(index, value)

    def _write_compare(self, index: int, value: int) -> None:
        channel = self.channels[index]
        self[channel.register] = value & self._limit
        if not channel.preloads:
            channel.compare = value & self._limit
        self._plan()

    def write_EGR(self, value: int) -> None:
        super().write_EGR(value)
        for channel in self.channels[:4]:
            if value >> channel.index + 1 & 1:
                (self._capture if channel.selection else self._event)(channel)
        if value & _TG:
            self.note_trigger()
        self._plan()

    def _capture(self, channel: Channel) -> None:
        self[channel.register] = self._counter.value
        if self[channel.flag]:
            self[channel.over] = 1
        self._event(channel)

    def _event(self, channel: Channel) -> None:
        self[channel.flag] = 1
        if self._requests_on(channel) and not self._requests_at_update():
            self._request(channel.request)
        if channel.index == 0:
            self._signal(_COMPARE_PULSE)
        self._update_interrupt()

    def _requests_on(self, channel: Channel) -> bool:
        """Whether a match asks for DMA."""
        return False

    def _requests_at_update(self) -> bool:
        return False

    def _update_event(self, *, flag: bool = True) -> None:
        super()._update_event(flag=flag)
        if self["CR1.UDIS"]:
            return
        self._triggered = self._by_trigger
        for channel in self.channels:
            channel.cleared = channel.clearable and self._clearing()
            channel.hastened = channel.fast and self._by_trigger
            if self._requests_at_update() and self._requests_on(channel):
                self._request(channel.request)

    def _load(self) -> None:
        super()._load()
        for channel in self.channels:
            channel.compare = channel.value & self._limit

    def _loading(self) -> bool:
        return super()._loading() or any(
            channel.compare != channel.value & self._limit for channel in self.channels if not channel.selection
        )

    def _due(self) -> list[tuple[int, Callable[[int], None]]]:
        """Compare events come before an update at the same tick."""
        due: list[tuple[int, Callable[[int], None]]] = []
        for channel in self.channels:
            if channel.selection:
                continue
            if channel in self._followed:
                steps = self._counter.steps_to(channel.compare)
            elif self._match_matters(channel):
                steps = self._counter.steps_to(channel.compare, up=self._flags(down=False), down=self._flags(down=True))
            else:
                continue
            if steps:
                due.append((self._counter.tick(steps), partial(self._reached, channel)))
        return due + super()._due()

    def _flags(self, *, down: bool) -> bool:
        """Whether a match on the way up or down raises the flag."""
        return True

    def _match_matters(self, channel: Channel) -> bool:
        pulses = channel.index == 0 and self._triggers(_COMPARE_PULSE)
        return pulses or channel.changes_on_match or self._requests_on(channel) or not self[channel.flag]

    def _wrap_matters(self) -> bool:
        if self._followed or super()._wrap_matters():
            return True
        return self._requests_at_update() and any(self._requests_on(channel) for channel in self.channels)

    def _reached(self, channel: Channel, tick: int) -> None:
        counter = self._counter
        counter.settle()
        channel.match()
        if not counter.centred or counter.value in (0, counter.top) or self._flags(down=counter.down):
            self._event(channel)

    def _clearing(self) -> bool:
        """ocref_clr."""
        return False

    # Outputs

    def _plan(self) -> None:
        chosen = set(self._chosen())
        partners = {
            channel.index ^ 1 for channel in self.channels if channel.index in chosen and channel.partner_matters
        }
        self._followed = [self.channels[index] for index in chosen | partners if index < len(self.channels)]
        super()._plan()

    def _chosen(self) -> Iterator[int]:
        """The channels whose references somebody wants to see."""
        for channel in self.channels:
            if channel.output.wanted or channel.complement.wanted:
                yield channel.index
        for mode, output in self._masters():
            if output.wanted and mode >= COMPARE_LEVELS:
                yield from self._levels_of(mode)

    def _show(self) -> None:
        value, down = self._counter.value, self._counter.down
        for channel in self._followed:
            channel.follow(value, down=down, triggered=self._triggered)
        for channel in self._followed:
            self._drive(channel, self._combined(channel))
        super()._show()

    def _master_level(self, mode: int) -> bool:
        if mode < COMPARE_LEVELS:
            return super()._master_level(mode)
        return self._combined(self.channels[mode - COMPARE_LEVELS])

    def _levels_of(self, mode: int) -> tuple[int, ...]:
        """The channels whose references a trigger output gives."""
        return (mode - COMPARE_LEVELS,)

    def _combined(self, channel: Channel) -> bool:
        """OCxREFC."""
        partner = self.channels[channel.index ^ 1] if channel.partner_matters else channel
        return channel.combined(partner, down=self._counter.down)

    def _drive(self, channel: Channel, active: bool) -> None:
        channel.output.drive(active != channel.inverted if channel.enables & 1 else None)
