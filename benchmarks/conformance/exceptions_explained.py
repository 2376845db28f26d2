"""DATA: words of the exceptions' logs that are not the manual's, and why. An unused row fails the whole run."""

from benchmarks.conformance.outcome import Explained

_PRIORITY_BITS = "QEMU's Armv7-M cores have eight priority bits, the F746 has four (PM0253 2.3.5)"
_EXCLUSIVE = (
    "QEMU fails a STREX without a reservation before it looks at the address; ExclusiveMonitorsPass() looks first"
)
_DIVISION = "QEMU has not yet written back a register that was set in the same translated block"
_EVENT = "QEMU's WFE only yields: it keeps no event register"
_BASEPRI = "QEMU's WFI ends by any enabled pending interrupt; BASEPRI counts (Armv7-M ARM B1.5.19)"

EXPLAINED: tuple[Explained, ...] = (
    Explained("QEMU: exceptions-priorities: IPR keeps the four bits that exist", _PRIORITY_BITS),
    Explained("QEMU: exceptions-priorities: SHPR keeps the four bits that exist", _PRIORITY_BITS),
    Explained("QEMU: exceptions-priorities: BASEPRI keeps the four bits that exist", _PRIORITY_BITS),
    Explained(
        "QEMU: exceptions-priorities: FAULTMASK cannot be set in NMI",
        "QEMU sets FAULTMASK at any priority; CPS does so above -1 only (Armv7-M ARM B5.2.1)",
    ),
    Explained(
        "QEMU: exceptions-returns: CCR.STKALIGN cannot be cleared",
        "QEMU's can; the Cortex-M7's always reads as one (Generic User Guide, CCR)",
    ),
    Explained(
        "QEMU: exceptions-lazy: FPCCR with BusFault and MemManage enabled",
        "QEMU sets bit 10, UFRDY, which is Armv8-M's",
    ),
    Explained("QEMU: exceptions-status: unaligned, access + 100 where trapped: status [19]", _EXCLUSIVE),
    Explained("QEMU: exceptions-status: unaligned, access + 100 where trapped: status [119]", _EXCLUSIVE),
    Explained("QEMU: exceptions-status: unaligned: return address [19]", _EXCLUSIVE),
    Explained("QEMU: exceptions-status: unaligned: return address [119]", _EXCLUSIVE),
    Explained("QEMU: exceptions-status: unaligned: base [19]", _EXCLUSIVE),
    Explained("QEMU: exceptions-status: unaligned: base [119]", _EXCLUSIVE),
    Explained("QEMU: exceptions-status: a division by zero with it [0]: not completed", _DIVISION),
    Explained("QEMU: selftest-faults: divide*", _DIVISION),
    Explained(
        "QEMU: exceptions-ignored: its end",
        "QEMU has no CCR.BFHFNMIGN: a bus fault at priority -1 locks its core up and ends it",
    ),
    Explained("QEMU: exceptions-waits: an interrupt under BASEPRI does not end WFI, the tick does", _BASEPRI),
    Explained("QEMU: exceptions-waits: it comes when BASEPRI lets it", _BASEPRI),
    Explained("QEMU: exceptions-waits: WFE without an event waits for the tick", _EVENT),
    Explained("QEMU: exceptions-waits: a disabled interrupt that begins to wait is none", _EVENT),
)
