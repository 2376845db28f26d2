"""The System Control Space: identity, faults, priorities of system exceptions, MPU, cache maintenance."""

from __future__ import annotations

import pytest

from peripherals.cortex_m7.nvic import (
    BUS_FAULT,
    DEBUG_MONITOR,
    MEM_MANAGE,
    NMI,
    PEND_SV,
    SV_CALL,
    SYS_TICK,
    USAGE_FAULT,
    Nvic,
)
from peripherals.cortex_m7.system_control import SystemControl
from peripherals.kit.clock import Clock

ACTLR, CPUID, ICSR, VTOR, AIRCR, SCR, CCR = 0x008, 0xD00, 0xD04, 0xD08, 0xD0C, 0xD10, 0xD14
SHPR1, SHPR2, SHPR3, SHCSR, CFSR, HFSR = 0xD18, 0xD1C, 0xD20, 0xD24, 0xD28, 0xD2C
CCSIDR, CSSELR, CPACR, STIR, FPCCR, DEMCR = 0xD80, 0xD84, 0xD88, 0xF00, 0xF34, 0xDFC
MPU_TYPE, MPU_CTRL, MPU_RNR, MPU_RBAR, MPU_RASR, MPU_RBAR_A1 = 0xD90, 0xD94, 0xD98, 0xD9C, 0xDA0, 0xDA4


@pytest.fixture
def scs() -> SystemControl:
    return SystemControl(Clock(), Nvic(), vector_table=0x0020_0000)


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        (ACTLR, 0x0000_1000),
        (CPUID, 0x410F_C271),
        (VTOR, 0x0020_0000),
        (AIRCR, 0xFA05_0000),
        (CCR, 0x0004_0200),
        (0xD78, 0x0900_0003),  # CLIDR
        (0xD7C, 0x8303_C003),  # CTR
        (FPCCR, 0xC000_0000),
        (0xF40, 0x1011_0021),  # MVFR0
        (0xF44, 0x1100_0011),  # MVFR1
        (0xF48, 0x0000_0040),  # MVFR2
        (MPU_TYPE, 0x0000_0800),
    ],
)
def test_a_register_has_its_reset_value(scs: SystemControl, offset: int, value: int) -> None:
    assert scs.read(offset, 4) == value
    scs.write(offset, 4, 0x05FA_0000 if offset == AIRCR else 0)
    scs.reset()
    assert scs.read(offset, 4) == value


def test_cssselr_chooses_the_cache_that_ccsidr_describes(scs: SystemControl) -> None:
    assert scs.read(CCSIDR, 4) == 0xF003_E019
    scs.write(CSSELR, 4, 1)
    assert scs.read(CCSIDR, 4) == 0xF007_E009
    scs.write(CSSELR, 4, 2)
    assert scs.read(CCSIDR, 4) == 0


def test_both_caches_on_reads_as_on_the_board(scs: SystemControl) -> None:
    told: list[int] = []
    scs.on_setting = lambda: told.append(scs.ccr)
    scs.write(CCR, 4, scs.read(CCR, 4) | 0x3_0000)
    assert scs.read(CCR, 4) == 0x0007_0200  # read from a board
    assert told == [0x0007_0200]


def test_branch_prediction_and_stack_alignment_cannot_be_switched_off(scs: SystemControl) -> None:
    scs.write(CCR, 4, 0)
    assert scs.read(CCR, 4) == 0x0004_0200


def test_vtor_holds_a_table_aligned_to_128_bytes(scs: SystemControl) -> None:
    scs.write(VTOR, 4, 0x2000_01FF)
    assert scs.vtor == 0x2000_0180


def test_aircr_wants_its_key(scs: SystemControl) -> None:
    scs.write(AIRCR, 4, 0x0000_0300)
    assert scs.prigroup == 0
    scs.write(AIRCR, 4, 0x05FA_0300)
    assert scs.read(AIRCR, 4) == 0xFA05_0300
    assert scs.prigroup == scs.nvic.prigroup == 3


def test_sysresetreq_asks_for_a_reset(scs: SystemControl) -> None:
    asked: list[bool] = []
    scs.on_reset_request = lambda: asked.append(True)
    scs.write(AIRCR, 4, 0x0000_0004)
    assert asked == []
    scs.write(AIRCR, 4, 0x05FA_0004)
    assert asked == [True]
    assert scs.read(AIRCR, 4) & 0x4 == 0


def test_icsr_pends_and_clears_system_exceptions(scs: SystemControl) -> None:
    scs.write(ICSR, 4, 1 << 28 | 1 << 26 | 1 << 31)
    assert [scs.nvic.pending[n] for n in (PEND_SV, SYS_TICK, NMI)] == [True] * 3
    assert scs.read(ICSR, 4) & 0x9400_0000 == 0x9400_0000
    scs.write(ICSR, 4, 1 << 27 | 1 << 25)
    assert scs.read(ICSR, 4) & 0x9400_0000 == 0x8000_0000


def test_icsr_shows_what_is_active_and_what_is_next(scs: SystemControl) -> None:
    nvic = scs.nvic
    nvic.set_pending(PEND_SV)
    nvic.activate(PEND_SV)
    nvic.enable(16 + 37, True)
    nvic.set_pending(16 + 37)
    icsr = scs.read(ICSR, 4)
    assert icsr & 0x1FF == PEND_SV
    assert icsr >> 12 & 0x1FF == 16 + 37
    assert icsr >> 22 & 1 == 1  # ISRPENDING
    assert icsr >> 11 & 1 == 1  # RETTOBASE
    nvic.activate(16 + 37)
    assert scs.read(ICSR, 4) >> 11 & 1 == 0


def test_icsr_takes_vectactive_from_the_core(scs: SystemControl) -> None:
    scs.ipsr = lambda: 3
    assert scs.read(ICSR, 4) & 0x1FF == 3


def test_priorities_of_system_exceptions_are_bytes(scs: SystemControl) -> None:
    scs.write(SHPR3 + 3, 1, 0xF0)
    scs.write(SHPR3 + 2, 1, 0xEF)
    scs.write(SHPR2 + 3, 1, 0x10)
    scs.write(SHPR1, 4, 0xFF30_2010)
    assert scs.read(SHPR3, 4) == 0xF0E0_0000
    assert scs.read(SHPR2, 4) == 0x1000_0000
    assert scs.read(SHPR1, 4) == 0x0030_2010
    assert [scs.nvic.priority[n] for n in (SYS_TICK, PEND_SV, SV_CALL, USAGE_FAULT)] == [0xF0, 0xE0, 0x10, 0x30]


def test_shcsr_enables_the_configurable_faults(scs: SystemControl) -> None:
    assert not any(scs.nvic.enabled[n] for n in (MEM_MANAGE, BUS_FAULT, USAGE_FAULT))
    scs.write(SHCSR, 4, 0x0007_0000)
    assert all(scs.nvic.enabled[n] for n in (MEM_MANAGE, BUS_FAULT, USAGE_FAULT))
    assert scs.read(SHCSR, 4) == scs.shcsr == 0x0007_0000


def test_shcsr_shows_pending_and_active_states(scs: SystemControl) -> None:
    scs.nvic.set_pending(SV_CALL)
    assert scs.read(SHCSR, 4) == 1 << 15
    scs.nvic.activate(SV_CALL)
    assert scs.read(SHCSR, 4) == 1 << 7
    scs.write(SHCSR, 4, 0)
    assert not scs.nvic.active[SV_CALL]


def test_fault_status_is_cleared_by_writing_ones(scs: SystemControl) -> None:
    scs.cfsr = 0x0100_8202
    scs.write(CFSR, 4, 0x0000_8200)
    assert scs.cfsr == scs.read(CFSR, 4) == 0x0100_0002
    scs.write(CFSR + 2, 2, 0x0100)
    assert scs.cfsr == 0x2
    scs.hfsr = 1 << 30
    scs.write(HFSR, 4, 1 << 30)
    assert scs.hfsr == 0


def test_stir_pends_an_interrupt_that_exists(scs: SystemControl) -> None:
    scs.write(STIR, 4, 97)
    assert scs.nvic.pending[16 + 97]
    scs.write(STIR, 4, 98)
    assert sum(scs.nvic.pending) == 1


def test_cpacr_gives_access_to_the_floating_point_unit(scs: SystemControl) -> None:
    told: list[int] = []
    scs.on_setting = lambda: told.append(scs.cpacr)
    scs.write(CPACR, 4, 0xFFFF_FFFF)
    scs.write(CPACR, 4, 0x00F0_0000)
    assert told == [0x00F0_0000]


@pytest.mark.parametrize(
    ("offset", "operation"),
    [
        (0xF50, "ICIALLU"),
        (0xF58, "ICIMVAU"),
        (0xF5C, "DCIMVAC"),
        (0xF60, "DCISW"),
        (0xF64, "DCCMVAU"),
        (0xF68, "DCCMVAC"),
        (0xF6C, "DCCSW"),
        (0xF70, "DCCIMVAC"),
        (0xF74, "DCCISW"),
        (0xF78, "BPIALL"),
    ],
)
def test_cache_maintenance_is_told_by_name(scs: SystemControl, offset: int, operation: str) -> None:
    told: list[tuple[str, int]] = []
    scs.on_cache = lambda name, value: told.append((name, value))
    scs.write(offset, 4, 0x2000_1230)
    assert told == [(operation, 0x2000_1230)]
    assert scs.read(offset, 4) == 0


def test_the_mpu_keeps_eight_regions_behind_one_window(scs: SystemControl) -> None:
    scs.write(MPU_RNR, 4, 3)
    scs.write(MPU_RBAR, 4, 0x2000_0000)
    scs.write(MPU_RASR, 4, 0x1306_0025)
    scs.write(MPU_RBAR, 4, 0x0800_0000 | 0x10 | 5)
    assert scs.read(MPU_RNR, 4) == 5
    assert scs.read(MPU_RBAR, 4) == 0x0800_0005
    assert scs.mpu.regions[3] == (0x2000_0000, 0x1306_0025)
    assert scs.mpu.regions[5] == (0x0800_0000, 0)


def test_the_mpu_s_aliases_are_the_same_window(scs: SystemControl) -> None:
    scs.write(MPU_RBAR_A1, 4, 0xC000_0000 | 0x10 | 1)
    scs.write(MPU_RBAR_A1 + 4, 4, 0x0300_002F)
    scs.write(MPU_RBAR_A1 + 8, 4, 0x9000_0000 | 0x10 | 2)
    assert scs.mpu.regions[1] == (0xC000_0000, 0x0300_002F)
    assert scs.mpu.regions[2] == (0x9000_0000, 0)


def test_a_change_of_the_mpu_is_told(scs: SystemControl) -> None:
    told: list[int] = []
    scs.on_protection = lambda: told.append(scs.mpu.control)
    scs.write(MPU_CTRL, 4, 5)
    scs.write(MPU_CTRL, 4, 5)
    assert told == [5]


def test_demcr_enables_the_debug_monitor_and_the_trace_units(scs: SystemControl) -> None:
    trace: list[bool] = []
    scs.debug.on_trace = trace.append
    scs.write(DEMCR, 4, 1 << 24 | 1 << 16)
    assert scs.nvic.enabled[DEBUG_MONITOR]
    scs.write(DEMCR, 4, 0)
    assert trace == [True, False]
    assert not scs.nvic.enabled[DEBUG_MONITOR]


def test_no_debugger_is_there(scs: SystemControl) -> None:
    scs.write(0xDF0, 4, 0xA05F_0001)
    assert scs.read(0xDF0, 4) & 1 == 0


def test_what_nobody_models_is_counted(scs: SystemControl) -> None:
    told: list[tuple[str, str, str]] = []
    scs.on_unmodelled = lambda *what: told.append(what)
    scs.write(0xF9C, 4, 4)  # CACR.FORCEWT
    scs.read(0x030, 4)
    assert told == [("CACHE", "CACR.FORCEWT", "write"), ("SCS", "+0x030", "read")]
    assert scs.unmodelled == {"CACR.FORCEWT": 1, "+0x030": 1}


def test_isrpending_shows_pending_interrupts_enabled_or_not(scs: SystemControl) -> None:
    """Armv7-M ARM B3.2.4: whether an external interrupt is pending; VECTPENDING is the one of the enabled."""
    scs.nvic.enable(16 + 1, True)
    assert scs.read(ICSR, 4) >> 22 & 1 == 0
    scs.nvic.set_pending(16 + 2)
    assert scs.read(ICSR, 4) >> 22 & 1 == 1
    assert scs.read(ICSR, 4) >> 12 & 0x1FF == 0
    scs.nvic.enable(16 + 2, True)
    assert scs.read(ICSR, 4) >> 22 & 1 == 1


def test_the_mpu_refuses_as_validate_address_does(scs: SystemControl) -> None:
    """The highest number counts, subregions that are off let the one below through, PRIVDEFENA is the privileged background."""
    scs.write(MPU_CTRL, 4, 5)
    for number, base, attributes in (
        (1, 0x2000_0000, 3 << 24 | 11 << 1 | 1),
        (2, 0x2000_0000, 6 << 24 | 2 << 8 | 8 << 1 | 1),
    ):
        scs.write(MPU_CTRL + 8, 4, base | 1 << 4 | number)
        scs.write(MPU_CTRL + 12, 4, attributes)

    def refused(address: int, *, privileged: bool = True, negative: bool = False) -> int:
        return scs.mpu.refused(address, privileged=privileged, negative=negative)

    assert refused(0x2000_0000) == 2
    assert refused(0x2000_0040) == 0
    assert refused(0x2000_0080) == 2
    assert refused(0x2000_0200) == 0
    assert refused(0x2000_1000) == 0
    assert refused(0x2000_1000, privileged=False) == 7
    assert refused(0x2000_1000, privileged=False, negative=True) == 0
    assert refused(0xE000_E000) == 4
