"""DATA: register maps of TPIU and ETM, which have no behaviour, and the ROM tables, which are constants.

Reference: Armv7-M manual C1.10 (TPIU), Cortex-M7 manual DDI 0489 (ROM tables) and ETM-M7 manual DDI 0494, as RM0385 40.6, 40.16 and 40.17 place them.
Guessed: 0 for ETM's registers of what it implements, TPIU's sizes of port.
"""

from __future__ import annotations

from peripherals.kit.registers import Register, reg

_WORD = "VALUE[31:0]"


def _constant(offset: int, name: str, value: int) -> Register:
    return reg(offset, name, reset=value, r=_WORD)


def _identity(
    base: int, prefix: str, part: int, revision: int, maker: int, bank: int, kind: int
) -> tuple[Register, ...]:
    """Peripheral and component IDs of CoreSight: 12 bits of part, JEP106 maker and its bank, class in CIDR1."""
    peripheral = (part & 0xFF, (maker & 0xF) << 4 | part >> 8, revision << 4 | 8 | maker >> 4, 0)
    component = (0x0D, kind << 4, 0x05, 0xB1)
    return (
        _constant(base + 0xFD0, f"{prefix}PIDR4", bank),
        *(_constant(base + 0xFE0 + 4 * n, f"{prefix}PIDR{n}", value) for n, value in enumerate(peripheral)),
        *(_constant(base + 0xFF0 + 4 * n, f"{prefix}CIDR{n}", value) for n, value in enumerate(component)),
    )


_ARM, _ST = (0x3B, 4), (0x20, 0)
_TABLE, _CORESIGHT = 1, 9

TPIU = (
    reg(0x000, "SSPSR", reset=0xB, r="SWIDTH[31:0]"),  # guess: ports of 1, 2 and 4 pins
    reg(0x004, "CSPSR", reset=0x1, rw="CWIDTH[31:0]"),
    reg(0x010, "ACPR", rw="SWOSCALER[15:0]"),
    reg(0x0F0, "SPPR", reset=0x1, rw="TXMODE[1:0]"),
    reg(0x300, "FFSR", reset=0x8, r="FtNonStop[3] TCPresent[2] FtStopped[1] FlInProg[0]"),
    reg(0x304, "FFCR", reset=0x102, rw="EnFCont[1]", r="TrigIn[8]"),
    reg(0x308, "FSCR", r="CycCount[11:0]"),
    reg(0xFA0, "CLAIMSET", reset=0xF, rw="SET[3:0]"),
    reg(0xFA4, "CLAIMCLR", rw="CLR[3:0]"),
    _constant(0xFC8, "DEVID", 0xCA1),
    _constant(0xFCC, "DEVTYPE", 0x11),
    *_identity(0, "", 0x9A9, 0, *_ARM, _CORESIGHT),
)

ETM = (
    reg(0x004, "TRCPRGCTLR", rw="EN[0]"),
    reg(0x00C, "TRCSTATR", reset=0x3, r="PMSTABLE[1] IDLE[0]"),
    reg(0x010, "TRCCONFIGR", rw=_WORD),
    reg(0x020, "TRCEVENTCTL0R", rw=_WORD),
    reg(0x024, "TRCEVENTCTL1R", rw=_WORD),
    reg(0x02C, "TRCSTALLCTLR", rw=_WORD),
    reg(0x030, "TRCTSCTLR", rw=_WORD),
    reg(0x034, "TRCSYNCPR", reset=0xA, r=_WORD),
    reg(0x038, "TRCCCCTLR", rw="THRESHOLD[11:0]"),
    reg(0x03C, "TRCBBCTLR", rw=_WORD),
    reg(0x040, "TRCTRACEIDR", rw="TRACEID[6:0]"),
    reg(0x080, "TRCVICTLR", rw=_WORD),
    reg(0x084, "TRCVIIECTLR", rw=_WORD),
    reg(0x088, "TRCVISSCTLR", rw=_WORD),
    reg(0x08C, "TRCVIPCSSCTLR", rw=_WORD),
    reg(0x140, "TRCCNTRLDVR0", rw="VALUE[15:0]"),
    reg(0x150, "TRCCNTCTLR0", rw=_WORD),
    reg(0x160, "TRCCNTVR0", rw="VALUE[15:0]"),
    reg(0x180, "TRCIDR", count=6, first=8, r=_WORD),
    reg(0x1C0, "TRCIMSPEC0", r=_WORD),
    reg(0x1E0, "TRCIDR", count=6, r=_WORD),
    reg(0x208, "TRCRSCTLR", count=2, first=2, rw=_WORD),
    reg(0x280, "TRCSSCCR0", rw=_WORD),
    reg(0x2A0, "TRCSSCSR0", rw=_WORD),
    reg(0x2C0, "TRCSSPCICR0", rw=_WORD),
    reg(0x310, "TRCPDCR", rw="PU[3]"),
    reg(0x314, "TRCPDSR", reset=0x3, r="STICKYPD[1] POWER[0]"),
    reg(0xFA0, "TRCCLAIMSET", reset=0xF, rw="SET[3:0]"),
    reg(0xFA4, "TRCCLAIMCLR", rw="CLR[3:0]"),
    reg(0xFB0, "TRCLAR", w="KEY[31:0]"),
    reg(0xFB4, "TRCLSR", reset=0x3, r="SLK[1] SLI[0]"),
    reg(0xFB8, "TRCAUTHSTATUS", r=_WORD),
    _constant(0xFBC, "TRCDEVARCH", 0x4770_4A13),
    reg(0xFC8, "TRCDEVID", r=_WORD),
    _constant(0xFCC, "TRCDEVTYPE", 0x13),
    *_identity(0, "TRC", 0x975, 1, *_ARM, _CORESIGHT),
)

ROM_TABLE = (
    _constant(0x0000, "SYSTEM_ENTRY0", 0x0000_1003),  # the processor's table
    _constant(0x0004, "SYSTEM_ENTRY1", 0xFFF4_3003),  # TPIU
    _constant(0x0008, "SYSTEM_END", 0),
    *_identity(0x0000, "SYSTEM_", 0x449, 0, *_ST, _TABLE),
    _constant(0x1000, "PROCESSOR_ENTRY0", 0x0000_1003),  # the table of the PPB
    _constant(0x1004, "PROCESSOR_ENTRY1", 0xFFF4_3003),  # ETM
    _constant(0x1008, "PROCESSOR_END", 0),
    *_identity(0x1000, "PROCESSOR_", 0x4C8, 0, *_ARM, _TABLE),
    _constant(0x2000, "PPB_ENTRY0", 0xFFF0_F003),  # SCS
    _constant(0x2004, "PPB_ENTRY1", 0xFFF0_2003),  # DWT
    _constant(0x2008, "PPB_ENTRY2", 0xFFF0_3003),  # FPB
    _constant(0x200C, "PPB_ENTRY3", 0xFFF0_1003),  # ITM
    _constant(0x2010, "PPB_END", 0),
    *_identity(0x2000, "PPB_", 0x4C7, 0, *_ARM, _TABLE),
)
