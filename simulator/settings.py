"""What a run may be told to do otherwise than the firmware and the board say."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

CHOICES = {
    "timing": ("cycles", "functional"),
    "dcache": ("firmware", "on", "off"),
    "icache": ("firmware", "on", "off"),
    "predictor": ("firmware", "on", "off"),
    "art": ("firmware", "on", "off"),
    "prefetch": ("firmware", "on", "off"),
    "read_allocate": ("firmware", "on", "off"),
    "camera_sensor": ("ov9655", "s5k5cag"),
    "verify": ("dsp", "off"),
}
NEEDS = {
    "camera_sensor": "camera",
    **dict.fromkeys(("wait_states", "line_cost", "art", "prefetch"), "flash"),
}  # what a board must have for a setting to mean anything
LEAST = {"wait_states": -1, "line_cost": -1, "eviction": -1, "btac": 0, "btac_ways": 1}


class SettingError(ValueError):
    """A setting that there is not, or a value that it does not take; the message is one sentence."""


@dataclass(frozen=True)
class Settings:
    """timing: "cycles", or "functional" (one cycle an instruction). dcache, icache: as the firmware programs them, or forced.

    dual_issue, store_to_load, early_alu: parts of the pipeline that a what-if switches off. wait_states: of flash, -1 for
    what the firmware programs. predictor: the branch target cache, as ACTLR programs it, or forced; btac, btac_ways: its entries and
    those of one set, 0 entries for as many as are asked for. line_cost: visible cycles of a line from flash, eviction: of a dirty
    line's way to SRAM, -1 for the model's. art, prefetch: of flash through ITCM, read_allocate: stores of whole lines that fill none;
    as programmed, or forced. contention: whether other bus masters delay the core. ideal_memory: no access waits.
    seed: of the caches' random replacement. strict: stop at the first access that nobody models.
    compiled: whether hot blocks run as code of ours, and what is on disk of earlier runs is used; cycles do not depend on it.
    camera_sensor: which module is plugged into the board's connector.
    exact_interrupts: take an interrupt before the instruction that its cycle falls on, not behind the block around it.
    dcache_data: the D-cache holds data of its own, so that what another master has written, or reads, is stale as on the board;
    nothing runs compiled then.
    verify: ("dsp",) computes every DSP instruction a second time, by dsp.py, and compares.
    """

    timing: str = "cycles"
    dcache: str = "firmware"
    icache: str = "firmware"
    dual_issue: bool = True
    early_alu: bool = True
    operand_waits: bool = True
    store_to_load: bool = True
    predictor: str = "firmware"
    line_cost: int = -1
    eviction: int = -1
    btac: int = 0
    btac_ways: int = 4
    art: str = "firmware"
    prefetch: str = "firmware"
    read_allocate: str = "firmware"
    contention: bool = True
    ideal_memory: bool = False
    wait_states: int = -1
    seed: int = 1
    strict: bool = False
    dcache_data: bool = False
    compiled: bool = True
    camera_sensor: str = "ov9655"
    exact_interrupts: bool = False
    verify: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.dcache_data and self.timing != "cycles":
            raise SettingError("dcache-data=on needs timing=cycles: without cycles nobody knows what the D-cache holds")


def check_board(name: str, board: str) -> None:
    """Raises SettingError for a setting of what the board does not have."""
    from peripherals.boards import BOARDS  # not before it is wanted: it is heavy

    part = NEEDS.get(_named(name))
    if part is not None and not BOARDS[board].has(part):
        raise SettingError(f"the setting {name}: the board {board} has no {part}")


def _named(text: str) -> str:
    return text.strip().replace("-", "_")


def with_setting(settings: Settings, text: str) -> Settings:
    """Settings with one `name=value` applied. Raises SettingError."""
    name, separator, value = text.partition("=")
    known = {f.name: f for f in fields(Settings)}
    name = _named(name)
    if not separator or name not in known:
        raise SettingError(f"there is no setting {text!r}; there are {', '.join(known)}")
    changes: dict[str, Any] = {name: _value(name, getattr(settings, name), value.strip().lower())}
    return replace(settings, **changes)


def _value(name: str, present: object, value: str) -> object:
    if isinstance(present, bool):
        if value not in ("on", "off"):
            raise SettingError(f"{name} is on or off, not {value!r}")
        return value == "on"
    if isinstance(present, int):
        try:
            number = int(value, 0)
        except ValueError as error:
            raise SettingError(f"{name} is a whole number, not {value!r}") from error
        if number < LEAST.get(name, number):
            raise SettingError(f"{name} is at least {LEAST[name]}, not {number}")
        return number
    if value not in CHOICES[name]:
        raise SettingError(f"{name} is one of {', '.join(CHOICES[name])}, not {value!r}")
    if isinstance(present, tuple):
        return (value,) if value != "off" else ()
    return value
