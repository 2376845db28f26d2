"""Option bytes move the vector table from the next reset on, are seen in their memory, and nothing boots where no memory is."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from programs import CODE, leave, load, move, store, wait_until_set
from small_firmware import FLASH, STACK, elf

from simulator.exit_codes import FAULT, of_stop
from simulator.firmware import load as load_firmware
from simulator.machine import Machine, Stop
from simulator.until import UntilExit

pytestmark = pytest.mark.jit

OPTKEYR, SR, OPTCR, OPTCR1 = 0x4002_3C08, 0x4002_3C0C, 0x4002_3C14, 0x4002_3C18
AIRCR, SYSRESETREQ, VTOR = 0xE000_ED0C, 0x05FA_0004, 0xE000_ED08
UNLOCKED = 0xC0FF_AAFC
SECOND, SEEN, SRAM1 = 0x0804_0000, 0x2000_0000, 0x2001_0000
OPTION_BYTES = 0x1FFF_0000


def boot_from(field: int, *, start: bool = True) -> bytes:
    """BOOT_ADD0, with OPTSTRT or without, and a reset by software."""
    code = store(0x0819_2A3B, OPTKEYR) + store(0x4C5D_6E7F, OPTKEYR) + store(0x0040_0000 | field, OPTCR1)
    code += store(UNLOCKED | 2, OPTCR) if start else b""
    return code + wait_until_clear(SR, 1 << 16) + store(SYSRESETREQ, AIRCR) + b"\xfe\xe7"


def wait_until_clear(address: int, mask: int) -> bytes:
    return wait_until_set(address, mask)[:-2] + b"\xfc\xd1"


def image(code: bytes, at: int) -> bytes:
    return struct.pack("<2I", STACK, at + 8 | 1) + code


def machine(code: bytes, second: bytes, folder: Path) -> Machine:
    path = folder / "boot.elf"
    vectors = struct.pack("<112I", STACK, CODE | 1, *[CODE | 1] * 110)
    first = vectors + code
    other = image(second, SECOND)
    path.write_bytes(elf([(FLASH, FLASH, first, len(first)), (SECOND, SECOND, other, len(other))]))
    return Machine(load_firmware(path))


def ran(board: Machine) -> Stop:
    return board.run(UntilExit(), max_cycles=20_000_000)


KEEP_VTOR = load(VTOR) + move(1, SEEN) + b"\x08\x60"


@pytest.mark.parametrize("field", [0x2010, 0x0090], ids=["AXI", "ITCM"])
def test_the_next_reset_boots_from_what_was_programmed(tmp_path: Path, field: int) -> None:
    board = machine(boot_from(field), KEEP_VTOR + leave(7), tmp_path)
    stop = ran(board)
    assert (stop.reason, stop.exit_code) == ("exit", 7)
    assert read(board, SEEN) == field << 14
    assert not board.limits.describe()


def test_it_boots_from_ram_that_was_filled(tmp_path: Path) -> None:
    code = b"".join(
        store(int.from_bytes(word, "little"), SRAM1 + k)
        for k, word in enumerate_words(image(KEEP_VTOR + leave(9), SRAM1))
    )
    board = machine(code + boot_from(0x8004), leave(1), tmp_path)
    stop = ran(board)
    assert (stop.reason, stop.exit_code) == ("exit", 9)


def enumerate_words(data: bytes) -> list[tuple[int, bytes]]:
    data += bytes(-len(data) % 4)
    return [(k, data[k : k + 4]) for k in range(0, len(data), 4)]


def test_without_optstrt_nothing_moves(tmp_path: Path) -> None:
    count = load(SEEN) + b"\x01\x30\x08\x60"  # ++*SEEN
    board = machine(count + boot_from(0x2010, start=False), leave(7), tmp_path)
    board.run(max_cycles=20_000)
    assert read(board, SEEN) > 2, "there were resets"
    assert board.soc.system_control.vtor == 0x0020_0000


def test_an_erased_place_has_no_reset_vector_and_the_run_says_so(tmp_path: Path) -> None:
    stop = ran(machine(boot_from(0x2020), leave(1), tmp_path))
    assert stop.reason == "boot"
    assert stop.detail == ("a reset boots from 0x0808_0000, where no reset vector is (0xffff_ffff, 0xffff_ffff)")
    assert of_stop(stop.reason, None) == FAULT


def test_where_no_boot_memory_is_the_flash_is_booted_and_a_sentence_says_why(tmp_path: Path) -> None:
    code = load(OPTCR1) + move(1, SEEN) + b"\x08\x60" + boot_from(0x3000)
    board = machine(code, leave(1), tmp_path)
    board.run(max_cycles=5_000_000)
    assert read(board, SEEN) == 0x0040_3000, "the reset has loaded it"
    assert board.soc.system_control.vtor == 0x0020_0000
    assert [e["sentence"] for e in board.limits.describe()] == [
        "BOOT_ADD0 is 0x3000, and no boot memory is at 0x0c00_0000: resets boot from 0x0020_0000"
    ]


def test_the_option_bytes_memory_shows_what_was_programmed(tmp_path: Path) -> None:
    board = machine(boot_from(0x2010), leave(0), tmp_path)
    words = [0x5500_AAFF, 0x3F00_C0FF, 0xFF7F_0080, 0xFFBF_0040]
    assert [read(board, OPTION_BYTES + 8 * k) for k in range(4)] == words
    ran(board)
    words[2] = 0xDFEF_2010
    assert [read(board, OPTION_BYTES + 8 * k) for k in range(4)] == words


def read(board: Machine, address: int) -> int:
    return int.from_bytes(board.read(address, 4), "little")


def test_a_reset_takes_the_vectors_that_flash_holds_then(tmp_path: Path) -> None:
    board = machine(store(SYSRESETREQ, AIRCR), KEEP_VTOR + leave(5), tmp_path)
    board.write(FLASH + 4, (SECOND + 8 | 1).to_bytes(4, "little"))
    stop = ran(board)
    assert (stop.reason, stop.exit_code) == ("exit", 5)
