"""How each kind of instance of the chip is made of its model and wires.

Reference: RM0385 2.2.2 (memory map) and the chapters named in the models. Not modelled: here is wiring only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from peripherals.stm32f7 import exti
from peripherals.stm32f7.adc import Adc, AdcCommon
from peripherals.stm32f7.adc_converter import Converter
from peripherals.stm32f7.can import Can
from peripherals.stm32f7.can_filters import FilteringCan
from peripherals.stm32f7.crc import Crc
from peripherals.stm32f7.dac import Dac
from peripherals.stm32f7.dcmi import Dcmi
from peripherals.stm32f7.dma import STREAMS, Dma
from peripherals.stm32f7.dma2d import Dma2d
from peripherals.stm32f7.dma_requests import REQUESTS
from peripherals.stm32f7.fmc import Fmc
from peripherals.stm32f7.i2c import I2c
from peripherals.stm32f7.i2c_registers import Wires
from peripherals.stm32f7.i2s import I2s
from peripherals.stm32f7.known import Unclocked
from peripherals.stm32f7.lptim import Lptim
from peripherals.stm32f7.ltdc import Ltdc
from peripherals.stm32f7.quadspi import Quadspi
from peripherals.stm32f7.rng import Rng
from peripherals.stm32f7.rtc import Rtc
from peripherals.stm32f7.sdmmc import Sdmmc
from peripherals.stm32f7.spi import Spi
from peripherals.stm32f7.syscfg import Syscfg
from peripherals.stm32f7.watchdogs import Iwdg, Wwdg
from peripherals.stm32f746 import APB1, Instance

if TYPE_CHECKING:
    from peripherals.chip import Addressed, Chip

_I2S = ("SPI1", "SPI2", "SPI3")


def _follow_clock(chip: Chip, instance: Instance, run: Callable[[bool], None]) -> None:
    """Tell a bus master of HCLK, which it has while its enable bit is set, in Sleep its other one, too."""
    hclk = chip.rcc.output("HCLK", instance.gate)
    hclk.listen(lambda: run(bool(hclk.hz)))
    run(bool(hclk.hz))


def make_dma(chip: Chip, instance: Instance) -> Dma:
    """DMA1's peripheral port reaches the peripherals of APB1 only (RM0385 2.1, figure 1)."""
    name = instance.name
    dma = Dma(
        name,
        chip.clock,
        peripheral=chip.matrix.port(name, only=(APB1,) if name == "DMA1" else ()),
        memory=chip.matrix.port(name),
        requests={place: [chip.request(n) for n in names] for place, names in REQUESTS[name].items()},
        interrupts=[chip.interrupt(instance.irq[n]) for n in STREAMS],
    )
    _follow_clock(chip, instance, lambda clocked: dma.run(clocked=clocked))
    return dma


def make_exti(chip: Chip, instance: Instance) -> exti.Exti:
    """RM0385 11.8 and table 46: which lines share an interrupt, and what else drives them."""
    shared = ((0,), (1,), (2,), (3,), (4,), tuple(range(5, 10)), tuple(range(10, 16)))
    internal = {
        exti.PVD: 1,
        exti.RTC_ALARM: 41,
        exti.OTG_FS: 42,
        exti.ETHERNET: 62,
        exti.OTG_HS: 76,
        exti.RTC_TAMPER: 2,
        exti.RTC_WAKEUP: 3,
        exti.LPTIM1: 93,
    }
    numbers = dict(zip(shared, instance.irq, strict=True)) | {(line,): irq for line, irq in internal.items()}
    unit = exti.Exti(instance.name, {lines: chip.interrupt(irq) for lines, irq in numbers.items()})
    for line, wire in zip(unit.inputs, chip.external, strict=True):
        wire.listen(line.set)
    return unit


def make_syscfg(chip: Chip, instance: Instance) -> Syscfg:
    ports, lines = [port.pins for port in chip.ports.values()], chip.external[: len(exti.GPIO_LINES)]
    return Syscfg(instance.name, ports, lines, chip.external_memories.swap)


def make_i2c(chip: Chip, instance: Instance) -> I2c:
    name = instance.name
    return I2c(
        name,
        chip.clock,
        chip.rcc.output(name, name),
        chip.i2c_buses[name],
        Wires(
            event_irq=chip.interrupt(instance.irq[0]),
            error_irq=chip.interrupt(instance.irq[1]),
            tx_request=chip.request(f"{name}_TX"),
            rx_request=chip.request(f"{name}_RX"),
        ),
    )


def make_dcmi(chip: Chip, instance: Instance) -> Dcmi:
    irq, request = chip.interrupt(instance.irq[0]), chip.request("DCMI")
    return Dcmi(instance.name, chip.clock, chip.video, irq=irq, request=request)


def make_fmc(chip: Chip, instance: Instance) -> Fmc:
    """SDRAM bank 1 is at 0xC000_0000, bank 2 at 0xD000_0000 (RM0385 13.4.3)."""
    fmc = Fmc(instance.name, chip.clock, irq=chip.interrupt(instance.irq[0]), on_ready=chip.external_memories.sdram)
    fmc.reset()
    return fmc


def make_ltdc(chip: Chip, instance: Instance) -> Ltdc:
    name = instance.name
    return Ltdc(
        name,
        chip.clock,
        chip.rcc.output("LTDC", "LTDC"),
        chip.matrix.port(name),
        irq=chip.interrupt(instance.irq[0]),
        error_irq=chip.interrupt(instance.irq[1]),
    )


def make_dma2d(chip: Chip, instance: Instance) -> Dma2d:
    name = instance.name
    dma2d = Dma2d(name, chip.clock, chip.matrix.port(name), irq=chip.interrupt(instance.irq[0]))
    _follow_clock(chip, instance, lambda clocked: dma2d.run(clocked=clocked))
    return dma2d


def make_rng(chip: Chip, instance: Instance) -> Rng:
    return Rng(instance.name, chip.clock, chip.rcc.output("CLK48", "RNG"), irq=chip.interrupt(instance.irq[0]))


def make_crc(chip: Chip, instance: Instance) -> Crc:
    return Crc(instance.name)


def make_iwdg(chip: Chip, instance: Instance) -> Iwdg:
    watchdog = Iwdg(instance.name, chip.clock, chip.rcc.output("IWDG"), lambda: chip.request_reset("IWDGRSTF"))
    watchdog.running.listen(chip.rcc.force_lsi)
    return watchdog


def make_wwdg(chip: Chip, instance: Instance) -> Wwdg:
    bites = partial(chip.request_reset, "WWDGRSTF")
    pclk = chip.rcc.output("PCLK1", "WWDG")
    return Wwdg(instance.name, chip.clock, pclk, bites, irq=chip.interrupt(instance.irq[0]))


def make_lptim(chip: Chip, instance: Instance) -> Lptim:
    """Its line interrupts, and is EXTI's line 23, which wakes from Stop mode."""
    irq = chip.interrupt(instance.irq[0])
    irq.listen(chip.external[exti.LPTIM1].set)
    return Lptim(instance.name, chip.clock, chip.rcc.output("LPTIM1", "LPTIM1"), irq=irq)


def make_rtc(chip: Chip, instance: Instance) -> Rtc:
    alarm, wakeup, stamp = (chip.external[n] for n in (exti.RTC_ALARM, exti.RTC_WAKEUP, exti.RTC_TAMPER))
    clock, writable = chip.rcc.output("RTC"), chip.backup_writable
    pins = tuple(chip.pin(name) for name in ("PC13", "PI8", "PC1"))
    rtc = Rtc(instance.name, chip.clock, clock, writable=writable, alarm=alarm, wakeup=wakeup, stamp=stamp, pins=pins)
    chip.rcc.on_backup_reset = rtc.reset_domain
    return rtc


def make_quadspi(chip: Chip, instance: Instance) -> Quadspi:
    """Its flash is the memory at 0x9000_0000 while it is mapped."""
    irq, request = chip.interrupt(instance.irq[0]), chip.request("QUADSPI")
    quadspi = Quadspi(instance.name, chip.clock, irq=irq, request=request, on_map=chip.external_memories.qspi)
    quadspi.reset()
    return quadspi


def make_spi(chip: Chip, instance: Instance) -> Spi:
    """The first three are I2S interfaces too."""
    name = instance.name
    clock = chip.rcc.output("PCLK1" if instance.bus == APB1 else "PCLK2", name)
    bus, irq = chip.spi_buses[name], chip.interrupt(instance.irq[0])
    tx, rx = chip.request(f"{name}_TX"), chip.request(f"{name}_RX")
    if name in _I2S:
        samples = chip.rcc.output("I2S", name)
        return I2s(name, chip.clock, clock, bus, i2s_clock=samples, irq=irq, tx_request=tx, rx_request=rx)
    return Spi(name, chip.clock, clock, bus, irq=irq, tx_request=tx, rx_request=rx)


def make_adc(chip: Chip, instance: Instance) -> Adc:
    common = AdcCommon("ADC_Common")
    converters = [
        Converter(
            f"ADC{n}",
            chip.clock,
            chip.rcc.output("PCLK2", f"ADC{n}"),
            lambda: common.prescaler,
            irq=chip.interrupt(instance.irq[0]),
            request=chip.request(f"ADC{n}"),
        )
        for n in (1, 2, 3)
    ]
    standins = [Unclocked(unit) for unit in converters]
    return Adc(instance.name, converters, common, standins, lambda n: chip.rcc.enabled(f"ADC{n + 1}"))


def make_dac(chip: Chip, instance: Instance) -> Dac:
    name, irq = instance.name, chip.interrupt(instance.irq[0])
    requests = chip.request("DAC1"), chip.request("DAC2")
    return Dac(name, chip.clock, chip.rcc.output("PCLK1", name), irq=irq, requests=requests)


def make_can(chip: Chip, instance: Instance) -> Can:
    """CAN1 holds the filters of both, and comes first in the table of instances."""
    name = instance.name
    first, second, third, fourth = (chip.interrupt(irq) for irq in instance.irq)
    lines, clock = (first, second, third, fourth), chip.rcc.output("PCLK1", name)
    if name == "CAN1":
        unit: Can = FilteringCan(name, chip.clock, clock, interrupts=lines)
    else:
        unit = Can(name, chip.clock, clock, interrupts=lines, second=True)
        filters = chip.peripherals["CAN1"]
        assert isinstance(filters, FilteringCan)
        unit.accepts = filters.match
    unit.connect(chip.can_buses[name])
    return unit


def make_sdmmc(chip: Chip, instance: Instance) -> Sdmmc:
    name = instance.name
    clock = chip.rcc.output("SDMMC1", name)
    return Sdmmc(name, chip.clock, clock, irq=chip.interrupt(instance.irq[0]), request=chip.request(name))


MAKERS: dict[str, Callable[[Chip, Instance], Addressed]] = {
    "DMA1": make_dma,
    "DMA2": make_dma,
    "EXTI": make_exti,
    "SYSCFG": make_syscfg,
    **dict.fromkeys(("I2C1", "I2C2", "I2C3", "I2C4"), make_i2c),
    **dict.fromkeys(("SPI1", "SPI2", "SPI3", "SPI4", "SPI5", "SPI6"), make_spi),
    "DMA2D": make_dma2d,
    "DCMI": make_dcmi,
    "FMC": make_fmc,
    "QUADSPI": make_quadspi,
    **dict.fromkeys(("CAN1", "CAN2"), make_can),
    "SDMMC1": make_sdmmc,
    "ADC": make_adc,
    "DAC": make_dac,
    "RNG": make_rng,
    "CRC": make_crc,
    "IWDG": make_iwdg,
    "WWDG": make_wwdg,
    "LPTIM1": make_lptim,
    "RTC": make_rtc,
    "LTDC": make_ltdc,
}
