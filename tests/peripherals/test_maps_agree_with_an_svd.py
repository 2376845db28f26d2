"""ST's own SVD of the STM32F746, where STM32F746_SVD is its path, is compared as the crate's description is; and SVD files are read right.

ST's licence keeps the file out of this repository.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import map_disagreements
import pytest
import svd_disagreements
import svd_maps
from described import Bits, Block, Described, Description
from map_comparison import Row, differences, instance_at, unexplained

from peripherals.stm32f746 import INSTANCES

# Instances with one map, by the name that reasons call it.
KINDS = (
    ("ADC[123]", "adc1"), ("CAN[12]", "can1"), ("DMA[12]", "dma2"), ("GPIO[C-K]", "gpiod"), ("I2C[1-4]", "i2c1"), ("SAI[12]", "sai1"),
    ("SPI[1-6]", "spi1"), ("TIM[18]", "tim1"), ("TIM[34]", "tim3"), ("TIM[67]", "tim6"), ("TIM(9|12)", "tim9"),
    ("TIM1[0134]", "tim10"), ("C_ADC", "adc_common"), ("DBG", "dbgmcu"), ("SPDIF_RX", "spdifrx"), ("US?ART[1-8]", "usart1"),
)  # fmt: skip
FPU = 81  # the core's own interrupt
SMALL = """<?xml version="1.0"?>
<device><name>SMALL</name><resetValue>0x00000000</resetValue>
<peripherals>
 <peripheral><name>TIM3</name><baseAddress>0x40000400</baseAddress>
  <interrupt><name>TIM3</name><value>29</value></interrupt>
  <registers>
   <register><name>FS_CR%s</name><dim>2</dim><dimIncrement>0x8</dimIncrement><dimIndex>1-2</dimIndex>
    <addressOffset>0x10</addressOffset><access>read-only</access><resetValue>00000010</resetValue>
    <fields>
     <field><name>A</name><bitOffset>4</bitOffset><bitWidth>2</bitWidth></field>
     <field><name>B</name><bitRange>[9:8]</bitRange><access>write-only</access></field>
     <field><name>C</name><lsb>0</lsb><msb>0</msb><access>read-write</access>
      <modifiedWriteValues>oneToClear</modifiedWriteValues></field>
    </fields>
   </register>
   <cluster><name>CH%s</name><dim>2</dim><dimIncrement>4</dimIncrement><addressOffset>0x40</addressOffset>
    <register><name>DR</name><addressOffset>0</addressOffset></register>
   </cluster>
  </registers>
 </peripheral>
 <peripheral derivedFrom="TIM3"><name>TIM4</name><baseAddress>0x40000800</baseAddress></peripheral>
</peripherals></device>"""


def test_an_svd_file_is_read_with_arrays_clusters_and_derived_peripherals(tmp_path: Path) -> None:
    file = tmp_path / "small.svd"
    file.write_text(SMALL)
    fields = (Bits("A", 0x30, True, False), Bits("B", 0x300, False, True), Bits("C", 0x1, True, True, "1C"))
    registers = (
        Described("CR1", 0x10, 10, True, False, fields),
        Described("CR2", 0x18, 10, True, False, fields),
        Described("CH0.DR", 0x40, 0, True, True, ()),
        Described("CH1.DR", 0x44, 0, True, True, ()),
    )
    assert svd_maps.read(file) == Description(
        {
            "TIM3": Block("TIM3", 0x4000_0400, "tim3", registers),
            "TIM4": Block("TIM4", 0x4000_0800, "tim3", registers),
        },
        {"TIM3": 29},
    )


@pytest.mark.parametrize("text", ["", "<html/>", "<device><peripherals><peripheral/></peripherals></device>"])
def test_what_is_no_svd_gets_one_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "not.svd"
    file.write_text(text)
    with pytest.raises(svd_maps.SvdError):
        svd_maps.read(file)


@pytest.fixture(scope="module")
def vendors() -> Description:
    path = os.environ.get("STM32F746_SVD")
    if path is None:
        pytest.skip("STM32F746_SVD names no SVD file of ST's")
    found = svd_maps.read(Path(path))
    chips = {name: block for name, block in found.blocks.items() if block.base < 0xE000_0000 or "DBG" in name.upper()}
    return Description({name: _as_the_crates(block) for name, block in chips.items()}, found.interrupts)


def _as_the_crates(block: Block) -> Block:
    """Reasons name kinds of blocks as the crate does, whatever the file derives from what."""
    kind = next((kind for pattern, kind in KINDS if re.fullmatch(pattern, block.name)), block.name.lower())
    return Block(block.name, block.base, kind, block.registers)


def test_the_vendors_blocks_are_at_our_instances(vendors: Description) -> None:
    assert [name for name, block in vendors.blocks.items() if instance_at(block.base) is None] == []


def test_the_vendors_interrupts_are_those_of_instances(vendors: Description) -> None:
    numbers = {number for instance in INSTANCES for number in instance.irq} | {FPU}
    assert {name: number for name, number in vendors.interrupts.items() if number not in numbers} == {}


def test_the_vendors_maps_are_ours_but_for_what_has_a_reason(vendors: Description) -> None:
    """Reasons of the crate's description hold for the SVD that it is made of too; those for the SVD alone must all be used."""
    left: list[str] = []
    used: set[Row] = set()
    for block in vendors.blocks.values():
        found, named = unexplained(
            list(differences(block, vendors)), (*map_disagreements.CRATE, *svd_disagreements.SVD)
        )
        left += found
        used |= named
    assert left == []
    assert [row for row in svd_disagreements.SVD if row not in used] == []
