"""The chip's map is that of the crate stm32f7's description: bases, interrupts, and each register's name, offset, access, reset, fields.

Disagreements are rows with reasons in map_disagreements.py; one that nothing uses fails.
"""

from __future__ import annotations

import re
import subprocess

import crate_maps
import map_disagreements
import pytest
from described import Bits, Block, Described, Description
from map_comparison import Difference, Row, differences, instance_at, ours, unexplained

from peripherals.stm32f746 import INSTANCES, PPB

# What the description names in another way, or divides: its block, our instance, the offset in it.
PARTS = {
    "ADC1": ("ADC", 0x000),
    "ADC2": ("ADC", 0x100),
    "ADC3": ("ADC", 0x200),
    "ADC_COMMON": ("ADC", 0x300),
    "ETHERNET_MAC": ("ETH", 0x000),
    "ETHERNET_MMC": ("ETH", 0x100),
    "ETHERNET_PTP": ("ETH", 0x700),
    "ETHERNET_DMA": ("ETH", 0x1000),
    **{f"{otg}_GLOBAL": (otg, 0x000) for otg in ("OTG_FS", "OTG_HS")},
    **{f"{otg}_HOST": (otg, 0x400) for otg in ("OTG_FS", "OTG_HS")},
    **{f"{otg}_DEVICE": (otg, 0x800) for otg in ("OTG_FS", "OTG_HS")},
    **{f"{otg}_PWRCLK": (otg, 0xE00) for otg in ("OTG_FS", "OTG_HS")},
}
# Interrupts whose names do not hold their peripherals' names.
SOURCES = {
    "PVD": ("PWR",),
    "TAMP_STAMP": ("RTC",),
    "FPU": (),  # the core's
    "QUAD_SPI": ("QUADSPI",),
    "LP_TIMER1": ("LPTIM1",),
}
ARMS = {instance.name for instance in INSTANCES if instance.bus == PPB and instance.name != "DBGMCU"}
BLOCKS = sorted({*PARTS, *(instance.name for instance in INSTANCES)} - {"ADC", "ETH", "OTG_FS", "OTG_HS"} - ARMS)
BLOCKS.remove("BKPSRAM")  # a memory


@pytest.fixture(scope="module")
def description() -> Description:
    """Tests are skipped where the crate cannot be fetched."""
    try:
        crate_maps.fetch()
    except FileNotFoundError:
        pytest.skip("cargo is not installed: the crate stm32f7 cannot be fetched")
    except subprocess.CalledProcessError as error:
        reason = next((line for line in error.stderr.splitlines() if line.startswith("error")), str(error))
        pytest.skip(f"the crate stm32f7 cannot be fetched: {reason}")
    return crate_maps.describe()


@pytest.mark.parametrize("name", BLOCKS)
def test_a_peripherals_map_is_the_descriptions_but_for_what_has_a_reason(description: Description, name: str) -> None:
    block = description.blocks[name]
    assert ours(block, description) != ()
    left, _ = unexplained(list(differences(block, description)), map_disagreements.CRATE)
    assert left == []


def test_every_reason_explains_something(description: Description) -> None:
    used: set[Row] = set()
    for block in description.blocks.values():
        used |= unexplained(list(differences(block, description)), map_disagreements.CRATE)[1]
    assert [row for row in map_disagreements.CRATE if row not in used] == []


def test_every_block_of_the_description_is_at_its_base(description: Description) -> None:
    found = {name: instance_at(block.base) for name, block in description.blocks.items()}
    places = {
        name: (home.name, description.blocks[name].base - home.base) if home else None for name, home in found.items()
    }
    assert places == {name: PARTS.get(name, (name, 0)) for name in BLOCKS}


def test_every_interrupt_of_the_description_is_its_peripherals(description: Description) -> None:
    owners: dict[str, set[str]] = {name: set() for name in description.interrupts}
    names = {number: name for name, number in description.interrupts.items()}
    for instance in INSTANCES:
        for number in instance.irq:
            owners[names[number]].add(instance.name)
    assert owners == {name: set(SOURCES.get(name, named_in(name))) for name in description.interrupts}


def named_in(interrupt: str) -> list[str]:
    """Instances in an interrupt's name: TIM8_BRK_TIM12 is of TIM8 and TIM12, EXTI9_5 of EXTI, DMA2_STREAM0 of DMA2."""
    words = f"_{interrupt}_"
    named = [instance.name for instance in INSTANCES if f"_{instance.name}_" in words]
    return named or [instance.name for instance in INSTANCES if re.match(rf"{instance.name}\d+_", f"{interrupt}_")]


def test_the_description_is_read_whole(description: Description) -> None:
    """What the crate's own text counts: a block a pointer, an interrupt a vector, a module for each register and for each cluster."""
    text = (crate_maps.CRATE / "mod.rs").read_text()
    assert len(description.blocks) == text.count("crate::Periph<")
    assert len(description.interrupts) == len(re.findall(r"^    fn \w+\(\);", text, re.M))
    for block in description.blocks.values():
        top = (crate_maps.CRATE / f"{block.kind}.rs").read_text()
        read = {register.offset for register in block.registers}
        assert {int(offset, 16) for offset in re.findall(r"^    ///(0x[0-9a-f]+)(?:\.\.| - )", top, re.M)} <= read


def test_the_comparison_sees_each_kind_of_difference() -> None:
    """A description that is ours but for one thing at a time."""
    block = Block("IWDG", 0x4000_3000, "iwdg", ())
    mine = {register.name: register for register in ours(block, Description({"IWDG": block}, {}))}
    pr = mine["PR"]
    wrong = {
        "missing": [*mine.values(), Described("NEW", 0x40, 0, True, True, ())],
        "extra": [register for register in mine.values() if register is not pr],
        "name": _with(mine, Described("PRE", pr.offset, pr.reset, True, True, pr.fields)),
        "reset": _with(mine, Described("PR", pr.offset, 7, True, True, pr.fields)),
        "read": _with(mine, Described("PR", pr.offset, 0, True, True, (Bits("PR", 0x7, False, True),))),
        "write": _with(mine, Described("PR", pr.offset, 0, True, True, (Bits("PR", 0x7, True, False),))),
        "field": _with(mine, Described("PR", pr.offset, 0, True, True, (Bits("DIV", 0x7, True, True),))),
        "effect": _with(mine, Described("PR", pr.offset, 0, True, True, (Bits("PR", 0x7, True, True, "1C"),))),
    }
    halves = (Bits("LOW", 0x3, True, True), Bits("HIGH", 0x4, True, True))
    wrong["fields"] = _with(mine, Described("PR", pr.offset, 0, True, True, halves))
    for what, registers in wrong.items():
        changed = Block("IWDG", 0x4000_3000, "iwdg", tuple(registers))
        found = list(differences(changed, Description({"IWDG": changed}, {})))
        assert [difference.what for difference in found] == [what]


def _with(mine: dict[str, Described], changed: Described) -> list[Described]:
    return [changed if register.offset == changed.offset else register for register in mine.values()]


def test_a_reason_names_what_it_explains_and_nothing_else() -> None:
    row = Row("tim*.ARR", "reset", "why")
    found = [
        Difference("tim2.ARR", "reset", "a"),
        Difference("tim2.ARR", "name", "b"),
        Difference("tim2.CR1", "reset", "c"),
    ]
    left, used = unexplained(found, [row])
    assert (left, used) == (["tim2.ARR name: b", "tim2.CR1 reset: c"], {row})
