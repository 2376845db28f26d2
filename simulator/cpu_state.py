"""Where Unicorn keeps what native hooks and Python read and write in place: registers, flags, masks, the exclusive monitor.

Reference: Unicorn 2.1.4's C API. The layout is found by writing known values through the API and looking for them in this process's
memory, then checked by changing them; nothing is assumed about offsets.
"""

from __future__ import annotations

import ctypes
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import unicorn
from unicorn import arm_const as arm

from simulator.native import NativeError, engine_address

CORE_REGISTERS = (
    *range(arm.UC_ARM_REG_R0, arm.UC_ARM_REG_R0 + 13),
    arm.UC_ARM_REG_SP,
    arm.UC_ARM_REG_LR,
)
MVFR_OF_UNICORN = (0x1011_0221, 0x1200_0011)
MVFR_OF_F746 = (0x1011_0021, 0x1100_0011)
STATE_BYTES = 0x10000
ASPEN = 1 << 31  # FPCCR
PROBE = 0x2000_0000
USE_FPU = bytes.fromhex("00ee100a")  # vmov s0, r0
SOFTFLOAT = {0x01: 0x01, 0x02: 0x04, 0x04: 0x08, 0x08: 0x10, 0x10: 0x20, 0x80: 0x40}  # FPSCR's cumulative flags
ENGINE_BYTES = 0x2000
CHUNK_BYTES = 1 << 24
MASK_BYTES = 0x4000
PAGE_BYTES = 0x1000
LDREX_R0_R1 = b"\x51\xe8\x00\x0f"
FLAG_BYTES = 0x800  # no more: what follows the CPU state is the heap that Python itself writes


@dataclass(frozen=True)
class CpuState:
    """Host addresses of 32-bit fields of Unicorn's CPU state; zf holds zero where Z is set, nf and vf have it in bit 31.

    registers is R0's, the others follow; other_stack is the one of MSP and PSP that SP is not. Of CONTROL, control holds FPCA, and
    modes the rest. singles is S0's, S31 being 31 words on; fpscr holds modes and NZCV, fp_flags, a byte, the cumulative flags as
    softfloat has them.
    """

    registers: int
    nf: int
    zf: int
    cf: int
    vf: int
    qf: int
    ge: int
    itstate: int
    primask: int
    basepri: int
    faultmask: int
    fpccr: int
    ipsr: int
    other_stack: int
    control: int
    modes: int
    singles: int
    fpscr: int
    fp_flags: int


def find_cpu_state(uc: unicorn.Uc) -> CpuState:
    """Find the register file and the flags in place, and prove each by changing it. Raises NativeError where one is not found."""
    registers = _find_registers(uc)
    flags = _find_flags(uc, registers) | _find_masks(uc, registers) | _find_floating_point(uc, registers)
    flags |= _find_by_running(uc, flags["faultmask"], flags["singles"])
    for value in (0x0000_0000, 0x9ABC_DEF1):
        for register in CORE_REGISTERS[:13]:
            uc.reg_write(register, value ^ register)
        uc.reg_write(arm.UC_ARM_REG_PC, value | 1)
        held = struct.unpack("<16I", ctypes.string_at(registers, 64))
        wrong = held[15] != value & ~1
        if wrong or any(h != value ^ register for h, register in zip(held[:13], CORE_REGISTERS[:13], strict=True)):
            raise NativeError("the register file that was found does not follow the registers")
    for register in (*CORE_REGISTERS, arm.UC_ARM_REG_PSP):
        uc.reg_write(register, 0)
    uc.reg_write(arm.UC_ARM_REG_PC, 1)
    uc.reg_write(arm.UC_ARM_REG_XPSR_NZCVQG, 0x0100_0000)
    return CpuState(registers, **flags)


def _find_by_running(uc: unicorn.Uc, low: int, high: int) -> dict[str, int]:
    """The places that no register shows: by what they do to instructions. They are between two fields of the CPU state."""
    uc.mem_map(PROBE, 0x1000)
    uc.mem_write(PROBE, USE_FPU)
    try:
        return {"fpccr": _find_fpccr(uc, low, high)}
    finally:
        uc.mem_unmap(PROBE, 0x1000)


def _find_fpccr(uc: unicorn.Uc, low: int, high: int) -> int:
    """ASPEN is set at reset; without ASPEN an FP instruction leaves CONTROL.FPCA clear.

    Words are changed to see, so all of them must be the CPU state's: behind it is the heap, which others write meanwhile.
    """
    if not low < high <= low + FLAG_BYTES:
        raise NativeError("the CPU state's masks do not stand before its FP registers")
    window = np.frombuffer(ctypes.string_at(low, high - low), np.uint32)
    found = []
    for place in np.flatnonzero(window == ASPEN).tolist():
        word = ctypes.c_uint32.from_address(low + 4 * place)
        seen = []
        for value in (0, ASPEN):
            word.value = value
            uc.reg_write(arm.UC_ARM_REG_CONTROL, 0)
            uc.emu_start(PROBE | 1, PROBE + len(USE_FPU))
            seen.append(uc.reg_read(arm.UC_ARM_REG_CONTROL) & 4)
        if seen == [0, 4]:
            found.append(low + 4 * place)
    uc.reg_write(arm.UC_ARM_REG_CONTROL, 0)
    if len(found) != 1:
        raise NativeError(f"FPCCR was found {len(found)} times, not once")
    return found[0]


def poke_fpu(state: CpuState) -> None:
    """Make double-precision arithmetic undefined, as on the F746. Raises NativeError where the feature words are not found."""
    pattern = struct.pack("<2I", *MVFR_OF_UNICORN)
    window = ctypes.string_at(state.registers, _readable_from(state.registers, STATE_BYTES))
    place = window.find(pattern)  # the first: what follows the CPU state is the heap, which may hold copies
    if place < 0:
        raise NativeError("the FPU's feature words were not found")
    ctypes.memmove(state.registers + place, struct.pack("<2I", *MVFR_OF_F746), 8)


def find_monitor(uc: unicorn.Uc, state: CpuState) -> int:
    """The host address of the exclusive monitor's address, 64 bits and all ones where it is open. Before anything is mapped."""
    uc.mem_map(0, PAGE_BYTES)
    uc.mem_write(0, LDREX_R0_R1)
    places: set[int] | None = None
    for address in (0x120, 0x544):
        uc.reg_write(arm.UC_ARM_REG_R1, address)
        uc.reg_write(arm.UC_ARM_REG_R2, 0xFFFF_FFFF)  # R1 alone is no 64-bit word of this value
        uc.emu_start(1, len(LDREX_R0_R1))
        window = np.frombuffer(
            ctypes.string_at(state.registers & ~7, _readable_from(state.registers, MASK_BYTES)), "<u8"
        )
        found = set(np.nonzero(window == address)[0].tolist())
        places = found if places is None else places & found
    uc.mem_unmap(0, PAGE_BYTES)
    if places is None or len(places) != 1:
        raise NativeError(f"the exclusive monitor was found {len(places or ())} times, not once")
    return (state.registers & ~7) + 8 * places.pop()


def _mappings() -> list[tuple[int, int]]:
    """Writable memory without a file; neighbours are one, since the kernel cuts even the heap where its advice differs."""
    spans: list[tuple[int, int]] = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, permissions, _, device, _, *name = line.split(maxsplit=5)
        if permissions.startswith("rw") and device == "00:00" and (not name or name[0].strip() == "[heap]"):
            low, high = (int(x, 16) for x in span.split("-"))
            if spans and spans[-1][1] == low:
                low = spans.pop()[0]
            spans.append((low, high))
    return spans


def _readable_from(address: int, wanted: int) -> int:
    for low, high in _mappings():
        if low <= address < high:
            return min(wanted, high - address)
    raise NativeError("the CPU state is not in readable memory")


def _find_registers(uc: unicorn.Uc) -> int:
    """Look where the engine's own pointers point, which is quick; else through the whole of this process's memory."""
    values = [0x5EED_0001 + 0x0101_0100 * i for i in range(13)]
    for register, value in zip(CORE_REGISTERS, values, strict=False):
        uc.reg_write(register, value)
    pattern = struct.pack("<13I", *values)
    mappings = list(_mappings())
    near = list(_near(engine_address(uc), mappings))
    candidates = _search(pattern, near) or _search(pattern, mappings)
    del values
    uc.reg_write(CORE_REGISTERS[5], 0xDEAD_1234)
    uc.reg_write(arm.UC_ARM_REG_SP, 0x2000_4560)
    uc.reg_write(arm.UC_ARM_REG_LR, 0x0800_4561)
    told = struct.pack("<I", 0xDEAD_1234), struct.pack("<2I", 0x2000_4560, 0x0800_4561)
    found = [c for c in candidates if (_read(c + 20, 4), _read(c + 52, 8)) == told]
    if len(found) != 1:
        raise NativeError(f"the register file was found {len(found)} times, not once")
    return found[0]


def _near(engine: int, mappings: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The stretches of memory that the engine's structure points to."""
    seen = set()
    for pointer in np.frombuffer(_read(engine, min(ENGINE_BYTES, _end(engine, mappings) - engine)), np.int64).tolist():
        end = _end(pointer, mappings)
        if end and pointer not in seen:
            seen.add(pointer)
            yield pointer, min(pointer + STATE_BYTES, end)


def _end(address: int, mappings: list[tuple[int, int]]) -> int:
    return next((high for low, high in mappings if low <= address < high), 0)


def _search(pattern: bytes, stretches: Iterable[tuple[int, int]]) -> set[int]:
    found = set()
    for low, high in stretches:
        for position in range(low, high, CHUNK_BYTES):
            data = _read(position, min(CHUNK_BYTES + len(pattern) - 1, high - position))
            found |= {position + m.start() for m in re.finditer(re.escape(pattern), data)}
    return found


def _read(address: int, size: int) -> bytes:
    """Bytes of this process; none where the mapping has gone since it was listed, as the CPU state's does not."""
    with Path("/proc/self/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        try:
            return memory.read(size)
        except OSError:
            return b""


def _find_flags(uc: unicorn.Uc, registers: int) -> dict[str, int]:
    length = _readable_from(registers, FLAG_BYTES) & ~3

    def words(xpsr: int) -> tuple[int, ...]:
        uc.reg_write(arm.UC_ARM_REG_XPSR_NZCVQG, xpsr)
        return struct.unpack(f"<{length // 4}I", ctypes.string_at(registers, length))

    def place(name: str, mask: int, *cases: tuple[int, int]) -> int:
        candidates = set(range(length // 4))
        for xpsr, expected in cases:
            seen = words(xpsr)
            candidates = {i for i in candidates if seen[i] & mask == expected}
        if len(candidates) != 1:
            raise NativeError(f"the CPU state's {name} was found {len(candidates)} times, not once")
        return registers + 4 * candidates.pop()

    every = 0xFFFF_FFFF
    t, n, z, c, v, q = 1 << 24, 1 << 31, 1 << 30, 1 << 29, 1 << 28, 1 << 27
    return {
        "nf": place("N", n, (t | n, n), (t, 0), (t | n | v, n), (t | v, 0), (t | n | q, n)),
        "zf": _find_zero_flag(words, registers),
        "cf": place("C", every, (t | c, 1), (t, 0), (t | n | v | q | z, 0), (t | c | q, 1), (t | c | n, 1)),
        "vf": place("V", n, (t | v, n), (t, 0), (t | n, 0), (t | n | v, n), (t | q, 0)),
        "qf": place("Q", every, (t | q, 1), (t, 0), (t | c, 0), (t | q | c, 1)),
        "ge": place("GE", every, (t | 5 << 16, 5), (t, 0), (t | 10 << 16, 10), (t | 15 << 16 | n, 15), (t | n, 0)),
        "itstate": place("ITSTATE", every, (_with_it(0xA3), 0xA3), (t, 0), (_with_it(0x1C), 0x1C), (t | n, 0)),
    }


def _find_masks(uc: unicorn.Uc, registers: int) -> dict[str, int]:
    """The interrupt masks and what else chooses the stack, which lie behind what the coprocessors hold."""
    length = _readable_from(registers, MASK_BYTES) & ~3
    found = {}
    for name, register, values in (
        ("primask", arm.UC_ARM_REG_PRIMASK, (1, 0) * 8),
        ("faultmask", arm.UC_ARM_REG_FAULTMASK, (1, 0) * 8),
        ("basepri", arm.UC_ARM_REG_BASEPRI, (0x50, 0xA0, 0x30, 0xF0, 0x10, 0)),
        ("ipsr", arm.UC_ARM_REG_IPSR, (0x1A5, 0x5A, 0xFF, 0x10, 0)),
        ("other_stack", arm.UC_ARM_REG_PSP, (0x2000_4560, 0x5EED_0004, 0x2000_0A50)),
    ):
        same = np.ones(length // 4, bool)
        for value in values:
            uc.reg_write(register, value)
            words = np.frombuffer(ctypes.string_at(registers, length), np.uint32)
            same &= words == value
        places = np.flatnonzero(same)
        if len(places) != 1:
            raise NativeError(f"the CPU state's {name} was found {len(places)} times, not once")
        found[name] = registers + 4 * int(places[0])
    return found


def _find_floating_point(uc: unicorn.Uc, registers: int) -> dict[str, int]:
    """CONTROL, the single registers, and FPSCR in its two parts."""
    length = _readable_from(registers, MASK_BYTES) & ~3

    def place(name: str, kind: str, register: int, cases: Iterable[tuple[int, int]]) -> int:
        """Where what is written, the first of each case, is held as the second."""
        same = np.ones(length // np.dtype(kind).itemsize, bool)
        for value, held in cases:
            uc.reg_write(register, value)
            same &= np.frombuffer(ctypes.string_at(registers, length), kind) == held
        uc.reg_write(register, 0)
        places = np.flatnonzero(same)
        if len(places) != 1:
            raise NativeError(f"the CPU state's {name} was found {len(places)} times, not once")
        return registers + int(places[0]) * np.dtype(kind).itemsize

    modes = [(value, value) for value in (0x0340_0000, 0, 0xF080_0000, 0x0600_0000, 0x5140_0000)]
    flags = [(value, held) for value, held in SOFTFLOAT.items()] + [(0x9F, sum(SOFTFLOAT.values())), (0, 0)]
    first, last = (
        place(f"S{n}", "<u4", arm.UC_ARM_REG_S0 + n, [(value ^ n, value ^ n) for value in (0x3FC0_1234, 0x4567_89AB)])
        for n in (0, 31)
    )
    if last != first + 4 * 31:
        raise NativeError("the single registers are not one behind the other")
    return {
        "control": place("CONTROL.FPCA", "<u4", arm.UC_ARM_REG_CONTROL, [(4, 4), (0, 0)] * 4),
        "modes": place("CONTROL.SPSEL", "<u4", arm.UC_ARM_REG_CONTROL, [(2, 2), (0, 0), (6, 2), (4, 0)] * 2),
        "singles": first,
        "fpscr": place("FPSCR", "<u4", arm.UC_ARM_REG_FPSCR, modes),
        "fp_flags": place("FPSCR's flags", "u1", arm.UC_ARM_REG_FPSCR, flags),
    }


def _with_it(bits: int) -> int:
    return 1 << 24 | bits >> 2 << 10 | (bits & 3) << 25


def _find_zero_flag(words: Callable[[int], tuple[int, ...]], registers: int) -> int:
    t, z = 0x0100_0000, 1 << 30
    set_, clear, again = words(t | z), words(t), words(t | z | 1 << 29)
    found = [i for i, (a, b, c) in enumerate(zip(set_, clear, again, strict=True)) if a == 0 and c == 0 and b != 0]
    if len(found) != 1:
        raise NativeError(f"the CPU state's Z was found {len(found)} times, not once")
    return registers + 4 * found[0]
