"""Faults in words: what each status bit means, and one sentence for a fault that a firmware ran into.

Reference: Armv7-M ARM B1.5 and B3.2.15 to B3.2.18. Not here: faults that the core does not raise yet (docs/accuracy.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.address_text import address_text

if TYPE_CHECKING:
    from simulator.exceptions import Fault
    from simulator.machine import Machine

    Recorded = tuple[Fault, int]

HARD_FAULT, SVC = 3, b"\xdf"
HANDLERS = {3: "HardFault", 4: "MemManage", 5: "BusFault", 6: "UsageFault"}


@dataclass(frozen=True)
class FaultBit:
    """A status bit: its register, bit number, what happened, and where to look."""

    name: str
    register: str
    bit: int
    meaning: str
    causes: str


FAULT_BITS = (
    FaultBit("IACCVIOL", "CFSR", 0, "an instruction fetch from memory that may not execute",
             "a jump through a bad function pointer into peripherals (XN), or an MPU region without execution"),
    FaultBit("DACCVIOL", "CFSR", 1, "a data access that the MPU forbids",
             "a null or wild pointer, a stack that ran into a guard region, a write to read-only memory"),
    FaultBit("MUNSTKERR", "CFSR", 3, "the MPU forbade a read while an exception's frame was popped",
             "a stack pointer that was changed in a handler"),
    FaultBit("MSTKERR", "CFSR", 4, "the MPU forbade a write while an exception's frame was pushed",
             "a stack overflow into a guard region"),
    FaultBit("MLSPERR", "CFSR", 5, "the MPU forbade the lazy push of floating-point registers",
             "a stack overflow"),
    FaultBit("MMARVALID", "CFSR", 7, "MMFAR holds the address of a MemManage fault", "comes with DACCVIOL"),
    FaultBit("IBUSERR", "CFSR", 8, "an instruction fetch where no memory answers",
             "a jump through a bad function pointer, a return to a smashed stack, code in memory that is not there"),
    FaultBit("PRECISERR", "CFSR", 9, "a data access where nothing answers; the address is in BFAR",
             "a null or wild pointer, a write to flash that is not unlocked, a peripheral that this chip lacks"),
    FaultBit("IMPRECISERR", "CFSR", 10, "a buffered write where nothing answers; the address is not known",
             "as PRECISERR, some instructions earlier; ACTLR.DISDEFWBUF makes it precise on cores that have it"),
    FaultBit("UNSTKERR", "CFSR", 11, "a bus error while an exception's frame was popped",
             "a stack pointer that was changed in a handler"),
    FaultBit("STKERR", "CFSR", 12, "a bus error while an exception's frame was pushed",
             "a stack that overflowed its memory, or a stack pointer never set"),
    FaultBit("LSPERR", "CFSR", 13, "a bus error at the lazy push of floating-point registers", "a stack overflow"),
    FaultBit("BFARVALID", "CFSR", 15, "BFAR holds the address of a bus fault", "comes with PRECISERR"),
    FaultBit("UNDEFINSTR", "CFSR", 16, "an instruction that this core does not have",
             "data run as code, a build for another core, double precision on a single-precision FPU"),
    FaultBit("INVSTATE", "CFSR", 17, "execution outside Thumb state",
             "a branch to an address with bit 0 clear: a function pointer without it, a vector that is not set"),
    FaultBit("INVPC", "CFSR", 18, "an exception return with a value or a stack that cannot be",
             "a handler's return address that was overwritten"),
    FaultBit("NOCP", "CFSR", 19, "a floating-point instruction while the FPU is off",
             "CPACR.CP10 and CP11 not set before the first float; SystemInit did not run"),
    FaultBit("UNALIGNED", "CFSR", 24, "an unaligned access that the core does not split",
             "LDM, LDRD, STRD, VLDR or exclusive accesses through an odd pointer; any, with CCR.UNALIGN_TRP set"),
    FaultBit("DIVBYZERO", "CFSR", 25, "a division by zero with CCR.DIV_0_TRP set", "SDIV or UDIV by 0"),
    FaultBit("VECTTBL", "HFSR", 1, "a bus error while the vector table was read", "VTOR points where no memory is"),
    FaultBit("FORCED", "HFSR", 30, "another fault escalated to HardFault; CFSR says which",
             "its own handler is not enabled in SHCSR, or its priority is too low"),
    FaultBit("DEBUGEVT", "HFSR", 31, "a breakpoint without a debugger", "BKPT, such as semihosting on a board alone"),
)  # fmt: skip
BY_NAME = {bit.name: bit for bit in FAULT_BITS}
SHORT = {
    "PRECISERR": "nothing answers at {address}, accessed",
    "IBUSERR": "no memory to fetch from at {target}, reached from",
    "IACCVIOL": "memory at {target} may not execute, reached from",
    "DACCVIOL": "the MPU forbids access to {address},",
    "UNDEFINSTR": "undefined instruction {code}",
    "INVSTATE": "branch to {target} with bit 0 clear, from",
    "INVPC": "exception return that cannot be,",
    "NOCP": "floating-point instruction while the FPU is off,",
    "UNALIGNED": "unaligned access",
    "DIVBYZERO": "division by zero",
    "UNSTKERR": "no memory to pop the frame from,",
}
FROM_CALLER = ("IBUSERR", "IACCVIOL", "INVSTATE")


@dataclass(frozen=True)
class Trouble:
    """A fault that was taken: its exception, and a sentence with the places that matter."""

    number: int
    sentence: str

    def __str__(self) -> str:
        return self.sentence

    @classmethod
    def of(cls, machine: Machine, number: int, recorded: Recorded | None) -> Trouble:
        """The fault whose handler the machine has just entered: the frame is pushed, LR holds EXC_RETURN.

        recorded is what the core recorded for this very fault, None where it recorded nothing.
        """
        frame = machine.register("psp" if machine.register("lr") & 4 else "msp")
        try:
            link, pc = (int.from_bytes(machine.read(frame + 4 * n, 4), "little") for n in (5, 6))
        except ValueError:
            where = f" at {machine.where(recorded[1])}" if recorded else ""
            name = f" {recorded[0].name}" if recorded else ""
            lost = f"its frame could not be stacked, the stack pointer is {address_text(frame)}"
            return cls(number, f"{HANDLERS[number]}{name}{where}; {lost}")
        if recorded is None:
            return cls(number, _unrecorded(machine, number, pc))
        return cls(number, sentence(machine, recorded[0], number, link=link, pc=pc))


def sentence(machine: Machine, fault: Fault, taken: int, *, link: int, pc: int) -> str:
    """`UsageFault UNDEFINSTR, escalated to HardFault: undefined instruction 0xde00 at 0x0800_0412 main main.c:88`."""
    name = fault.name
    escalated = f", escalated to {HANDLERS.get(taken, taken)}" if fault.number != taken else ""
    what = SHORT.get(name, BY_NAME[name].meaning).format(
        address=address_text(fault.address or 0), target=address_text(pc), code=_instruction(machine, pc)
    )
    place = (link & ~1) - 2 if name in FROM_CALLER else pc
    at = "" if name in FROM_CALLER else "at "
    return f"{HANDLERS.get(fault.number, fault.number)} {name}{escalated}: {what} {at}{machine.where(place)}"


def _unrecorded(machine: Machine, number: int, pc: int) -> str:
    """A fault without a status bit: an SVC that may not be taken, or one that software has set pending."""
    before = machine.read(pc - 2, 2) if machine.core.memory_at(pc - 2) else b""
    if number == HARD_FAULT and before[1:] == SVC:
        why = "SVC while its priority does not suffice, or with PRIMASK set,"
        return f"SVCall, escalated to HardFault: {why} at {machine.where(pc - 2)}"
    return f"{HANDLERS[number]} without a cause in CFSR, set pending by software, before {machine.where(pc)}"


def _instruction(machine: Machine, pc: int) -> str:
    try:
        first, second = (int.from_bytes(machine.read(pc + n, 2), "little") for n in (0, 2))
    except ValueError:
        return "in no memory"
    return f"0x{first:04x}_{second:04x}" if first >= 0xE800 else f"0x{first:04x}"
