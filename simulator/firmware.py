"""Firmware files: ELF, Intel HEX and raw images -> the bytes that a debugger would flash, symbols, source lines.

Reference: ELF for the Arm Architecture (AAELF32); Armv7-M ARM B1.5.3 (the vector table). Not here: S-records, overlays.
"""

from __future__ import annotations

import hashlib
import io
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, TypeVar

from elftools.elf.descriptions import describe_e_machine
from elftools.elf.elffile import ELFFile
from elftools.elf.enums import ENUM_E_MACHINE

from simulator.intel_hex import HexError, parse_hex
from simulator.symbols import Symbol, Symbols

BUILD_SECTION = ".m7sim.build"
T = TypeVar("T")
Row = tuple[int, int, str, int]  # start, end, file, line
_ELF_HEADER, _PROGRAM_HEADER = 52, 32  # bytes, ELF32
_NOT_EXECUTABLE = {
    "ET_REL": "an object file that is not linked yet",
    "ET_DYN": "a shared object or position-independent executable: link it statically, at fixed addresses",
    "ET_CORE": "a core dump",
}


class FirmwareError(Exception):
    """What is wrong with a firmware file, in one sentence."""


@dataclass(frozen=True)
class Segment:
    """data goes to address (where a debugger flashes it); it occupies memory_size bytes at run_address once it runs."""

    address: int
    data: bytes
    memory_size: int
    run_address: int


class Memory(Protocol):
    """A memory of the board; kind is "flash", "ram" or "rom"."""

    @property
    def name(self) -> str: ...
    @property
    def base(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def kind(self) -> str: ...


@dataclass(frozen=True)
class ResetVector:
    """The first two words of the vector table: what the core loads into SP and PC at reset."""

    table: int
    stack_pointer: int
    program_counter: int


@dataclass
class Firmware:
    """One firmware file.

    kind is "elf", "hex" or "bin"; entry is what an ELF says, for information only; notes name damage in parts that a run
    can do without, as they are met.
    """

    path: Path
    kind: str
    sha256: str
    segments: tuple[Segment, ...]
    entry: int | None = None
    elf: Any = field(default=None, repr=False)
    notes: list[str] = field(default_factory=list)

    @cached_property
    def symbols(self) -> Symbols:
        """Empty where there is no symbol table (a stripped ELF, HEX or a raw image)."""
        return Symbols(self._optional("symbol table", _symbols, []))

    @cached_property
    def build(self) -> dict[str, str]:
        """What our own builds say of themselves in section .m7sim.build: network, kernels, compiler, flags and so on."""
        return _build_facts(self._section_text(BUILD_SECTION))

    @cached_property
    def compiler(self) -> str | None:
        """From .m7sim.build, else what the compilers left in .comment."""
        if "compiler" in self.build:
            return self.build["compiler"]
        comments = [comment.strip() for comment in self._section_text(".comment").split("\0")]
        names = [comment for comment in comments if comment and not comment.startswith("Linker:")]
        return "; ".join(dict.fromkeys(names)) or None

    def line(self, address: int) -> tuple[str, int] | None:
        """Source file and line of the instruction at address; None without debug information."""
        starts, rows = self._lines
        index = bisect_right(starts, address) - 1
        if index < 0 or address >= rows[index][1]:
            return None
        return rows[index][2], rows[index][3]

    def read(self, address: int, size: int) -> bytes | None:
        """Bytes as flashed; None where the file does not hold them all."""
        for segment in self.segments:
            offset = address - segment.address
            if offset >= 0 and offset + size <= len(segment.data):
                return segment.data[offset : offset + size]
        return None

    @cached_property
    def _lines(self) -> tuple[list[int], list[Row]]:
        nothing: list[Row] = []
        rows = self._optional("line table", lambda elf: sorted(_line_rows(elf, self.segments, self.symbols)), nothing)
        return [row[0] for row in rows], rows

    def _section_text(self, name: str) -> str:
        return self._optional(name, lambda elf: _section(elf, name), b"").decode(errors="replace")

    def _optional(self, what: str, read: Callable[[Any], T], absent: T) -> T:
        if self.elf is None:
            return absent
        try:
            return read(self.elf)
        except Exception as error:  # pyelftools meets damage with whatever its parser tripped over
            self.notes.append(f"{what} of {self.path} is damaged and not used: {error or type(error).__name__}")
            return absent


def load(path: str | Path, *, base: int | None = None) -> Firmware:
    """Read a firmware file; base is the address of a raw image. FirmwareError says in one sentence what is wrong."""
    path = Path(path)
    content = _content(path)
    if not content:
        raise FirmwareError(f"{path} is empty")
    sha256 = hashlib.sha256(content).hexdigest()
    is_elf = content.startswith(b"\x7fELF")
    is_hex = path.suffix.lower() in (".hex", ".ihex", ".ihx") or re.match(rb":[0-9A-Fa-f]{10}", content) is not None
    if base is not None and (is_elf or is_hex):
        raise FirmwareError(f"{path} holds its own addresses: a base address is for raw images only")
    if is_elf:
        elf, segments = _read_elf(path, content)
        return Firmware(path, "elf", sha256, segments, elf.header.e_entry, elf)
    if is_hex:
        try:
            blocks = parse_hex(content.decode("latin-1"))
        except HexError as error:
            raise FirmwareError(f"{path} is no valid Intel HEX file: {error}") from error
        segments = tuple(Segment(address, data, len(data), address) for address, data in blocks)
        if not segments:
            raise FirmwareError(f"{path} is an Intel HEX file without data")
        return Firmware(path, "hex", sha256, segments)
    if base is not None:
        return Firmware(path, "bin", sha256, (Segment(base, content, len(content), base),))
    if _is_text(content):
        raise FirmwareError(f"{path} is a text file, not firmware")
    raise FirmwareError(
        f"{path} is neither an ELF nor an Intel HEX file; if it is a raw image, "
        "say where it goes with a base address (--base 0x08000000)"
    )


def check(firmware: Firmware, memories: Iterable[Memory]) -> ResetVector:
    """That the firmware fits the board's memories and can start there; FirmwareError where not."""
    memories = tuple(memories)
    for segment in firmware.segments:
        _check_range(firmware.path, segment.address, len(segment.data), memories)
        _check_range(firmware.path, segment.run_address, segment.memory_size, memories)
    flash = [memory for memory in memories if memory.kind == "flash"] or [m for m in memories if m.base == 0]
    in_flash = [s.address for s in firmware.segments if s.data and _holding(s.address, flash)]
    if not in_flash:
        raise FirmwareError(f"{firmware.path} puts nothing into flash, so the core finds no reset vector")
    table = min(in_flash)
    words = firmware.read(table, 8)
    if words is None:
        raise FirmwareError(f"{firmware.path} has no vector table at 0x{table:09_X}, its lowest address in flash")
    stack, start = int.from_bytes(words[:4], "little"), int.from_bytes(words[4:], "little")
    where = f"the vector table of {firmware.path} at 0x{table:09_X}"
    writable = [memory for memory in memories if memory.kind == "ram"]
    if stack % 4 or not _holding(stack - 4, writable):
        raise FirmwareError(f"{where} starts with 0x{stack:09_X}, which is no stack pointer into this board's RAM")
    if not start & 1:
        raise FirmwareError(f"{where} has the reset handler 0x{start:09_X}, which is no Thumb address (bit 0 is clear)")
    if firmware.read(start - 1, 2) is None:
        raise FirmwareError(f"{where} has the reset handler 0x{start - 1:09_X}, where the file holds no code")
    return ResetVector(table, stack, start)


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise FirmwareError(f"{path} is a directory, not firmware")
        if path.is_char_device() or path.is_block_device():
            raise FirmwareError(f"{path} is a device, not firmware")
        return path.read_bytes()
    except FileNotFoundError:
        raise FirmwareError(f"{path} does not exist") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise FirmwareError(f"{path} cannot be read: {reason}") from error


def _is_text(content: bytes) -> bool:
    try:
        text = content[:4096].decode()
    except UnicodeDecodeError as error:
        return error.start >= 4093 and error.reason == "unexpected end of data"
    return all(character.isprintable() or character in "\t\n\r\f" for character in text)


def _check_range(path: Path, address: int, size: int, memories: tuple[Memory, ...]) -> None:
    position, end = address, address + size
    last: Memory | None = None
    while position < end:
        memory = _holding(position, memories)
        if memory is None and last is None:
            raise FirmwareError(f"{path} puts {size:,} bytes at 0x{address:09_X}, where this board has no memory")
        if memory is None:
            raise FirmwareError(
                f"{path} puts {size:,} bytes at 0x{address:09_X}, and {last.name if last else ''} "
                f"ends at 0x{position - 1:09_X}: {end - position:,} bytes too many"
            )
        last, position = memory, memory.base + memory.size


def _holding(address: int, memories: Iterable[Memory]) -> Memory | None:
    return next((m for m in memories if m.base <= address < m.base + m.size), None)


def _read_elf(path: Path, content: bytes) -> tuple[Any, tuple[Segment, ...]]:
    if len(content) < _ELF_HEADER:
        raise FirmwareError(f"{path} is cut short: an ELF header has {_ELF_HEADER} bytes, and the file {len(content)}")
    try:
        elf = _open_elf(path, content)
        segments = tuple(_segments(path, elf, content))
    except FirmwareError:
        raise
    except Exception as error:  # pyelftools meets damage with whatever its parser tripped over
        raise FirmwareError(f"{path} is a damaged ELF: {error or type(error).__name__}") from error
    if not any(segment.data for segment in segments):
        raise FirmwareError(f"{path} is an ELF without anything to load: it has no loadable segment with data")
    held = sorted(segment for segment in ((s.address, len(s.data)) for s in segments) if segment[1])
    for (lower, size), (higher, _) in pairwise(held):
        if lower + size > higher:
            raise FirmwareError(f"{path} is a damaged ELF: two segments hold the byte at 0x{higher:09_X}")
    return elf, segments


def _open_elf(path: Path, content: bytes) -> Any:
    """The ELF, if it is a complete little-endian 32-bit Arm executable. The header is judged before anything is followed."""
    wide, big = content[4] == 2, content[5] == 2
    machine = int.from_bytes(content[18:20], "big" if big else "little")
    if machine != 40:
        name = _machine_name(machine)
        raise FirmwareError(f"{path} is an ELF for {name}, not for Arm Cortex-M")
    if big:
        raise FirmwareError(f"{path} is a big-endian ELF, and the board's core is little-endian")
    if wide or content[4] != 1 or content[5] != 1:
        raise FirmwareError(f"{path} is a damaged ELF: its class and byte order are no known ones")
    for what, at, entry in (("segment table", 28, 42), ("section table", 32, 46)):
        offset = int.from_bytes(content[at : at + 4], "little")
        size, count = (int.from_bytes(content[e : e + 2], "little") for e in (entry, entry + 2))
        if count and offset and offset + size * count > len(content):
            raise FirmwareError(
                f"{path} is cut short: its {what} reaches byte {offset + size * count:,}, "
                f"and the file ends at {len(content):,}"
            )
    elf = ELFFile(io.BytesIO(content))
    if elf.header.e_type != "ET_EXEC":
        what = _NOT_EXECUTABLE.get(elf.header.e_type, f"of type {elf.header.e_type}, no executable")
        raise FirmwareError(f"{path} is {what}")
    if elf.header.e_phnum and elf.header.e_phentsize != _PROGRAM_HEADER:
        raise FirmwareError(f"{path} is a damaged ELF: its segment table has entries of {elf.header.e_phentsize} bytes")
    return elf


def _machine_name(machine: int) -> str:
    names = {value: name for name, value in ENUM_E_MACHINE.items() if isinstance(value, int)}
    return str(describe_e_machine(names[machine])) if machine in names else f"the unknown machine {machine}"


def _segments(path: Path, elf: Any, content: bytes) -> Iterator[Segment]:
    headers = [segment.header for segment in elf.iter_segments("PT_LOAD")]
    # Linkers that know no load addresses leave all of them 0; OpenOCD and GDB then take the run addresses.
    has_load_addresses = any(header.p_paddr for header in headers)
    for header in headers:
        start, size = header.p_offset, header.p_filesz
        if size and start + size > len(content):
            raise FirmwareError(
                f"{path} is cut short: its segment for 0x{header.p_paddr:09_X} reaches byte {start + size:,}, "
                f"and the file ends at {len(content):,}"
            )
        if size > header.p_memsz:
            raise FirmwareError(
                f"{path} is a damaged ELF: its segment for 0x{header.p_paddr:09_X} holds more bytes than it takes"
            )
        skip = _headers_in(elf, content, start, size)
        address = (header.p_paddr if has_load_addresses else header.p_vaddr) + skip
        if header.p_memsz - skip:
            data = content[start + skip : start + size]
            yield Segment(address, data, header.p_memsz - skip, header.p_vaddr + skip)


def _headers_in(elf: Any, content: bytes, start: int, size: int) -> int:
    """How many bytes at a segment's start are the ELF's own headers and padding (GNU ld without --nmagic puts them there)."""
    if start >= _ELF_HEADER or not size:
        return 0
    end = start + size
    used = [s["sh_offset"] for s in elf.iter_sections() if s["sh_flags"] & 2 and s["sh_type"] != "SHT_NOBITS"]
    inside = [offset for offset in used if start <= offset < end]
    if inside:
        return int(min(inside) - start)
    table_end = max(_ELF_HEADER, int(elf.header.e_phoff + elf.header.e_phnum * _PROGRAM_HEADER))
    rest = content[table_end:end]
    first = table_end + len(rest) - len(rest.lstrip(b"\0"))
    padded = first & ~0xFF  # a vector table is aligned, and its first byte may itself be 0
    return min(end, max(padded, table_end)) - start


def _section(elf: Any, name: str) -> bytes:
    section = elf.get_section_by_name(name)
    return bytes(section.data()) if section and section["sh_type"] != "SHT_NOBITS" else b""


def _symbols(elf: Any) -> list[Symbol]:
    table = elf.get_section_by_name(".symtab")
    found = []
    for entry in table.iter_symbols() if table else ():
        kind = {"STT_FUNC": "function", "STT_OBJECT": "object", "STT_NOTYPE": "label"}.get(entry["st_info"]["type"])
        if not kind or not entry.name or entry["st_shndx"] in ("SHN_UNDEF", "SHN_ABS") or entry.name.startswith("$"):
            continue  # $t, $d and $a mark code and data inside functions
        address = entry["st_value"] & ~1 if kind == "function" else entry["st_value"]
        is_global = entry["st_info"]["bind"] != "STB_LOCAL"
        found.append(Symbol(entry.name, address, entry["st_size"], kind, is_global))
    return found


def _build_facts(text: str) -> dict[str, str]:
    """Lines `name: value` or `name=value`; of a name said more than once, the first."""
    facts: dict[str, str] = {}
    for line in re.split(r"[\0\n]", text):
        if match := re.match(r"\s*([\w-]+)\s*[:=]\s*(.*\S)", line):
            facts.setdefault(match[1], match[2])
    return facts


def _line_rows(elf: Any, segments: tuple[Segment, ...], symbols: Symbols) -> Iterator[Row]:
    """Of the code that the linker kept: what it dropped stays in the tables, at address 0 or beyond all memory."""
    if not elf.has_dwarf_info():
        return
    dwarf = elf.get_dwarf_info()
    runs = [(s.run_address, s.run_address + len(s.data)) for s in segments if s.data]
    at_zero = symbols.at(0)
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        if program is None:
            continue
        files = _file_names(program.header)
        previous = None
        first = True
        for entry in program.get_entries():
            state = entry.state
            if state is None:
                continue
            dropped = first and state.address == 0 and at_zero is None
            if previous is not None and previous.address < state.address and previous.line:
                yield previous.address, state.address, files.get(previous.file, "?"), previous.line
            inside = any(start <= state.address < end for start, end in runs)
            first = state.end_sequence
            previous = state if inside and not dropped and not state.end_sequence else None


def _file_names(header: Any) -> dict[int, str]:
    """The line program's file numbers: from 0 in DWARF 5, from 1 before."""
    first = 0 if header.version >= 5 else 1
    folders = [bytes(folder).decode(errors="replace") for folder in header.include_directory]
    names = {}
    for number, file in enumerate(header.file_entry, first):
        name, folder = bytes(file.name).decode(errors="replace"), file.dir_index - first
        names[number] = name if name.startswith("/") or not 0 <= folder < len(folders) else f"{folders[folder]}/{name}"
    return names
