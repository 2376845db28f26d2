"""Firmware files: what is flashed, what is known of it, and what each kind of bad input is told."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_firmware import FLASH, NO_OP_LOOP, RAM, STACK, elf, intel_hex, record, vectors

from simulator.firmware import FirmwareError, check, load
from simulator.symbols import Symbol, Symbols, demangle


@dataclass(frozen=True)
class Memory:
    name: str
    base: int
    size: int
    kind: str = "ram"


MEMORIES = (
    Memory("flash", FLASH, 1 << 20, "flash"),
    Memory("DTCM", RAM, 64 << 10),
    Memory("SRAM1", RAM + (64 << 10), 240 << 10),
    Memory("SRAM2", RAM + (304 << 10), 16 << 10),
)
FUNCTION, OBJECT, LABEL = 2, 1, 0


@pytest.fixture
def file(tmp_path):
    def write(content: bytes | str, name: str = "fw.elf") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def complaint(path: Path, **options: int) -> str:
    """The message about a bad file: one sentence that begins with its path."""
    with pytest.raises(FirmwareError) as caught:
        check(load(path, **options), MEMORIES)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message.replace(str(path), "FW")


def test_initialised_data_is_flashed_at_its_load_address(file):
    text = vectors()
    firmware = load(file(elf([(FLASH, FLASH, text, len(text)), (RAM, FLASH + 0x100, b"data", 64)])))
    assert [(s.address, s.data, s.memory_size, s.run_address) for s in firmware.segments] == [
        (FLASH, text, len(text), FLASH),
        (FLASH + 0x100, b"data", 64, RAM),
    ]


def test_run_addresses_serve_where_a_linker_wrote_no_load_addresses(file):
    firmware = load(file(elf([(FLASH, 0, vectors(), len(vectors()))])))
    assert [s.address for s in firmware.segments] == [FLASH]


@pytest.mark.parametrize("sections", [None, {".comment": b"x\0"}])
def test_the_elf_headers_that_a_linker_maps_are_not_flashed(file, sections):
    firmware = load(file(elf(sections=sections, with_headers=True)))
    assert [(s.address, s.data) for s in firmware.segments] == [(FLASH, vectors())]


def test_the_reset_vector_is_at_the_lowest_address_in_flash(file):
    low, high = vectors(NO_OP_LOOP * 2, table=FLASH + 0x8000), b"other code"
    firmware = load(
        file(elf([(FLASH + 0x9000, FLASH + 0x9000, high, 10), (FLASH + 0x8000, FLASH + 0x8000, low, len(low))]))
    )
    vector = check(firmware, MEMORIES)
    assert (vector.table, vector.stack_pointer, vector.program_counter) == (FLASH + 0x8000, STACK, FLASH + 0x8041)


def test_zeroed_data_may_span_adjoining_memories(file):
    text = vectors()
    firmware = load(file(elf([(FLASH, FLASH, text, len(text)), (RAM, RAM, b"", 320 << 10)])))
    assert check(firmware, MEMORIES).table == FLASH


def test_an_elf_without_section_headers_loads_without_symbols(file):
    firmware = load(file(elf()))
    assert len(firmware.symbols) == 0
    assert firmware.compiler is None
    assert firmware.line(FLASH + 64) is None
    assert firmware.notes == []


def test_compilers_are_read_from_comment_without_the_linker(file):
    comment = b"Debian clang version 19.1.7\0Linker: Debian LLD 19.1.7\0GCC: 12.2.1\0Debian clang version 19.1.7\0"
    assert load(file(elf(sections={".comment": comment}))).compiler == "Debian clang version 19.1.7; GCC: 12.2.1"


def test_our_own_builds_say_what_they_are(file):
    text = b"compiler: GCC 10.2.1\nflags: -Os -DNDEBUG=1\nkernels=cmsis_nn\0kernels=other\n"
    firmware = load(file(elf(sections={".m7sim.build": text, ".comment": b"GCC: 10\0"})))
    assert firmware.compiler == "GCC 10.2.1"
    assert firmware.build == {"compiler": "GCC 10.2.1", "flags": "-Os -DNDEBUG=1", "kernels": "cmsis_nn"}


def test_a_damaged_symbol_table_costs_symbols_and_a_note_but_not_the_run(file):
    content = bytearray(elf(symbols=[("main", FLASH + 65, 4, FUNCTION)]))
    names = content.rindex(b".symtab")
    section_table = struct.unpack_from("<I", content, 32)[0]
    assert names < section_table
    struct.pack_into("<I", content, section_table + 40 + 16, 1 << 30)  # .symtab's offset
    firmware = load(file(bytes(content)))
    assert list(firmware.symbols) == []
    assert len(firmware.notes) == 1
    assert firmware.notes[0].startswith("symbol table of")


def test_symbols_have_no_thumb_bit_and_no_mapping_symbols(file):
    firmware = load(
        file(elf(symbols=[("$t", FLASH + 64, 0, LABEL), ("main", FLASH + 65, 4, FUNCTION), ("n", RAM, 4, OBJECT)]))
    )
    assert [(s.name, s.address, s.kind) for s in firmware.symbols] == [
        ("main", FLASH + 64, "function"),
        ("n", RAM, "object"),
    ]


def test_hex_and_raw_images_hold_the_same_bytes_as_the_elf(file):
    data = vectors(NO_OP_LOOP * 20)
    from_hex = load(file(intel_hex(FLASH, data, start=FLASH + 65), "fw.hex"))
    raw = load(file(data, "fw.bin"), base=FLASH)
    assert (from_hex.kind, raw.kind) == ("hex", "bin")
    assert from_hex.segments == raw.segments
    assert check(raw, MEMORIES) == check(from_hex, MEMORIES)
    assert raw.sha256 != from_hex.sha256


def test_a_hex_file_crosses_64_kb_and_may_be_out_of_order(file):
    low, high = intel_hex(FLASH + 0xFFF0, bytes(range(32))).splitlines()[:-1], intel_hex(FLASH, vectors()).splitlines()
    firmware = load(file("\r\n".join(low + high), "fw.hex"))
    assert [(s.address, s.data) for s in firmware.segments] == [(FLASH, vectors()), (FLASH + 0xFFF0, bytes(range(32)))]


def test_segmented_hex_addresses_count_in_sixteens(file):
    lines = [record(2, 0, b"\x10\x00"), record(0, 4, b"abcd"), record(1, 0, b"")]
    assert load(file("\n".join(lines), "fw.hex")).segments[0].address == 0x10004


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "FW is empty"),
        (b"int main(void) { return 0; }\n", "FW is a text file, not firmware"),
        ("ünïcödé".encode(), "FW is a text file, not firmware"),
        (random.Random(1).randbytes(5000), "FW is neither an ELF nor an Intel HEX file"),
        (b"\x7fELF\x01\x01", "FW is cut short: an ELF header has 52 bytes, and the file 6"),
        (elf(machine=62), "FW is an ELF for Advanced Micro Devices X86-64, not for Arm Cortex-M"),
        (elf(machine=0xBEEF), "FW is an ELF for the unknown machine 48879, not for Arm Cortex-M"),
        (elf(kind=1), "FW is an object file that is not linked yet"),
        (
            elf(kind=3),
            "FW is a shared object or position-independent executable: link it statically, at fixed addresses",
        ),
        (elf(kind=4), "FW is a core dump"),
        (elf([(RAM, RAM, b"", 4)]), "FW is an ELF without anything to load: it has no loadable segment with data"),
        (elf([(RAM, RAM, vectors(), 4096)]), "FW puts nothing into flash, so the core finds no reset vector"),
        (
            elf([(0x6000_0000, 0x6000_0000, vectors(), 68)]),
            "FW puts 68 bytes at 0x6000_0000, where this board has no memory",
        ),
        (
            elf([(FLASH, FLASH, vectors(), 68), (RAM, RAM, b"", 400_000)]),
            "FW puts 400,000 bytes at 0x2000_0000, and SRAM2 ends at 0x2004_FFFF: 72,320 bytes too many",
        ),
        (
            elf([(FLASH, FLASH, vectors(), 60)]),
            "FW is a damaged ELF: its segment for 0x0800_0000 holds more bytes than it takes",
        ),
        (
            elf([(FLASH, FLASH, vectors(), 68), (RAM, FLASH + 8, b"data", 4)]),
            "FW is a damaged ELF: two segments hold the byte at 0x0800_0008",
        ),
        (
            elf([(FLASH, FLASH, vectors(thumb=0), 68)]),
            "the vector table of FW at 0x0800_0000 has the reset handler 0x0800_0040, which is no Thumb address (bit 0 is clear)",
        ),
        (
            elf([(FLASH, FLASH, vectors(stack=0x1234_5678), 68)]),
            "the vector table of FW at 0x0800_0000 starts with 0x1234_5678, which is no stack pointer into this board's RAM",
        ),
        (
            elf([(FLASH, FLASH, vectors(b""), 64)]),
            "the vector table of FW at 0x0800_0000 has the reset handler 0x0800_0040, where the file holds no code",
        ),
        (elf([(FLASH, FLASH, b"1234", 4)]), "FW has no vector table at 0x0800_0000, its lowest address in flash"),
    ],
)
def test_bad_content_is_told_apart(file, content, expected):
    assert complaint(file(content)).startswith(expected)


def test_a_big_endian_elf_is_told_so(file):
    content = bytearray(elf())
    content[5] = 2
    content[18:20] = b"\x00\x28"
    assert complaint(file(bytes(content))) == "FW is a big-endian ELF, and the board's core is little-endian"


def test_a_segment_outside_the_file_is_told_with_both_ends(file):
    assert (
        complaint(file(elf()[:120]))
        == "FW is cut short: its segment for 0x0800_0000 reaches byte 152, and the file ends at 120"
    )


def test_a_missing_section_table_is_told_as_cut_short(file):
    content = elf(sections={".comment": b"GCC\0"})
    assert complaint(file(content[:-1])).startswith("FW is cut short: its section table reaches byte")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([record(0, 0, b"ab")], "the end record is missing: the file is cut short"),
        ([record(0, 0, b"ab")[:-1] + "0", record(1, 0, b"")], "line 1 has a wrong checksum"),
        ([record(0, 0, b"ab")[:-2], record(1, 0, b"")], "line 1 is not as long as its length byte says"),
        ([record(1, 0, b""), record(0, 0, b"ab")], "line 2 follows the end record"),
        (["hello"], "line 1 does not begin with ':'"),
        ([":0000000x"], "line 1 holds something else than hexadecimal digits"),
        ([record(9, 0, b"")], "line 1 is of the unknown record type 9"),
        ([record(4, 0, b"\x08"), record(1, 0, b"")], "line 1 has 1 data bytes, and its record type 4 takes 2"),
        ([record(0, 0, b"ab"), record(0, 1, b"c"), record(1, 0, b"")], "two records hold the byte at 0x0000_0001"),
    ],
)
def test_a_bad_hex_file_is_told_its_line(file, lines, expected):
    assert complaint(file("\n".join(lines), "fw.hex")) == f"FW is no valid Intel HEX file: {expected}"


def test_a_hex_file_without_data_is_told_so(file):
    assert complaint(file(record(1, 0, b""), "fw.hex")) == "FW is an Intel HEX file without data"


def test_files_that_are_none(tmp_path):
    assert complaint(tmp_path) == "FW is a directory, not firmware"
    assert complaint(tmp_path / "nothing.elf") == "FW does not exist"
    assert complaint(Path("/dev/null")) == "FW is a device, not firmware"
    assert complaint(tmp_path / ("x" * 300)).startswith("FW cannot be read: File name too long")


def test_random_bytes_at_a_base_address_are_no_vector_table(file):
    assert "which is no stack pointer" in complaint(file(random.Random(2).randbytes(4096), "fw.bin"), base=FLASH)


def test_a_base_address_is_refused_where_the_file_holds_its_own(file):
    assert complaint(file(elf()), base=FLASH) == "FW holds its own addresses: a base address is for raw images only"


def test_damage_anywhere_is_a_sentence_or_harmless(file):
    """Each byte of the headers changed in several ways, and each length cut: never another exception."""
    whole = elf(
        [(FLASH, FLASH, vectors(), 68), (RAM, FLASH + 0x100, b"data", 64)], symbols=[("main", FLASH + 65, 4, FUNCTION)]
    )
    dice = random.Random(3)
    damaged = [whole[:length] for length in range(0, len(whole), 7)]
    for position in [*range(116), *range(len(whole) - 5 * 40, len(whole))]:
        for value in (0, 0xFF, dice.randrange(256)):
            damaged.append(whole[:position] + bytes([value]) + whole[position + 1 :])
    refused = 0
    for content in damaged:
        path = file(content)
        try:
            firmware = load(path)
            check(firmware, MEMORIES)
            firmware.symbols.at(FLASH)
            firmware.line(FLASH)
            assert firmware.compiler is None or isinstance(firmware.compiler, str)
        except FirmwareError:
            refused += 1
    assert 100 < refused < len(damaged)


NAMES = Symbols(
    [
        Symbol("_ZN6tflite16MicroInterpreter6InvokeEv", 0x100, 0x20, "function"),
        Symbol("_ZN1a3runEi", 0x200, 0x10, "function"),
        Symbol("_ZN1a3runEf", 0x210, 0x10, "function"),
        Symbol("alias", 0x300, 8, "function", is_global=False),
        Symbol("strong", 0x300, 8, "function"),
        Symbol("inside", 0x302, 0, "label"),
        Symbol("label", 0x308, 0, "label"),
        Symbol("table", 0x400, 16, "object"),
    ]
)


def test_symbols_are_found_by_mangled_and_by_readable_names():
    invoke = NAMES.find("_ZN6tflite16MicroInterpreter6InvokeEv")
    assert invoke is not None
    assert invoke.text == "tflite::MicroInterpreter::Invoke()"
    assert NAMES.find("tflite::MicroInterpreter::Invoke()") is invoke
    assert NAMES.find("tflite::MicroInterpreter::Invoke") is invoke


def test_a_name_that_means_two_functions_finds_none():
    assert NAMES.find("a::run") is None
    assert NAMES.find("a::run(int)") is not None
    assert NAMES.suggest("a::run") == ["a::run", "a::run(int)", "a::run(float)"]


def test_an_address_belongs_to_what_holds_it():
    names = {
        address: symbol.name if (symbol := NAMES.at(address)) else None
        for address in (0xFF, 0x100, 0x11E, 0x120, 0x304, 0x350, 0x40F, 0x410)
    }
    assert names == {
        0xFF: None,
        0x100: "_ZN6tflite16MicroInterpreter6InvokeEv",
        0x11E: "_ZN6tflite16MicroInterpreter6InvokeEv",
        0x120: None,
        0x304: "strong",
        0x350: "label",
        0x40F: "table",
        0x410: None,
    }


def test_names_beyond_the_demangler_stay_as_they_are():
    assert demangle("main") == "main"
    assert demangle("_ZZ4mainE3foo") == "_ZZ4mainE3foo"
    assert demangle("_Znonsense") == "_Znonsense"
    assert demangle("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE") == "core::fmt::Formatter::pad"


COMPILERS = {
    "gcc": ["arm-none-eabi-gcc", "-gdwarf-4"],
    "gcc, DWARF 5": ["arm-none-eabi-gcc", "-gdwarf-5"],
    "clang": ["clang-19", "--target=thumbv7em-none-eabi", "-fuse-ld=lld", "-g"],
}
SOURCE = """int kept = 7;
int dropped(int x) { return x * kept; }
int reset(void)
{
    kept += 3;
    return kept;
}
"""
SCRIPT = """ENTRY(reset)
MEMORY { FLASH (rx) : ORIGIN = 0x08000000, LENGTH = 1M  RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 320K }
SECTIONS {
  .text : { LONG(0x20050000) LONG(reset | 1) *(.text*) } > FLASH
  .data : { *(.data*) } > RAM AT> FLASH
}
"""


@pytest.mark.parametrize("compiler", COMPILERS)
def test_source_lines_come_from_the_code_that_the_linker_kept(tmp_path, compiler):
    command = COMPILERS[compiler]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    (tmp_path / "main.c").write_text(SOURCE)
    (tmp_path / "fw.ld").write_text(SCRIPT)
    options = [
        "-mcpu=cortex-m7",
        "-mthumb",
        "-O1",
        "-ffunction-sections",
        "-nostdlib",
        "-Wl,--gc-sections",
        "-Wl,-T,fw.ld",
    ]
    subprocess.run([*command, *options, "main.c", "-o", "fw.elf"], cwd=tmp_path, check=True, capture_output=True)
    firmware = load(tmp_path / "fw.elf")
    vector = check(firmware, MEMORIES)
    reset = firmware.symbols.find("reset")
    assert reset is not None
    assert vector.program_counter == reset.address + 1
    lines = [firmware.line(address) for address in range(reset.address, reset.address + reset.size - 8, 2)]
    assert {Path(name).name for name, _ in lines if name} == {"main.c"}
    assert {number for _, number in lines} <= {4, 5, 6, 7}
    assert firmware.line(0) is None
    assert firmware.line(FLASH) is None
    assert "GCC" in firmware.compiler or "clang" in firmware.compiler
