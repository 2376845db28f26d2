"""Programs of ours on embassy's drivers: flash, random numbers, checksums, calendar, converters, by memory, text and voltages."""

from __future__ import annotations

import binascii
import random
import re
import zlib
from fractions import Fraction

import pytest
from examples import gaps, said

from peripherals.stm32f7.adc import Adc
from peripherals.stm32f7.dac import Dac

pytestmark = [pytest.mark.jit, pytest.mark.slow]

MICROSECONDS = 10**6


def heard(board) -> list[tuple[Fraction, str]]:
    """A list that grows by (seconds, letter) as the serial port sends."""
    seen: list[tuple[Fraction, str]] = []
    board.machine.soc.usart1.transmitted.append(lambda byte: seen.append((board.seconds, chr(byte))))
    return seen


def test_flash_is_erased_programmed_and_read_back_in_its_time(embassy):
    board = embassy("flash")
    sector, size, place = 0x0801_8000, 0x8000, 0x0801_9000
    board.mem.write(sector - 16, b"\x33" * (size + 32))
    board.run("time:0.6s")
    data = bytes((n * n + 7 * n) & 0xFF for n in range(512))
    both = bytes(byte & 0x55 for byte in data[:32])
    assert board.mem.read(place, 512) == both + data[32:]
    assert board.mem.read(sector, place - sector) == b"\xff" * (place - sector)
    assert board.mem.read(place + 512, sector + size - place - 512) == b"\xff" * (sector + size - place - 512)
    assert board.mem.read(sector - 16, 16) == board.mem.read(sector + size, 16) == b"\x33" * 16
    erase, write, *others = board.serial.splitlines()
    # DS10916: 32 KB by bytes in 400 ms, a word in 16 us.
    assert int(re.fullmatch(r"erase Ok\(\(\)\) (\d+) us", erase)[1]) == pytest.approx(400_000, abs=50)
    assert 128 * 16 <= int(re.fullmatch(r"write Ok\(\(\)\) (\d+) us", write)[1]) < 128 * 16 * 1.1
    assert others == [
        "read Ok(()) true",
        "again Ok(()) Ok(()) true",
        "half a sector Err(Unaligned)",
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_rng_gives_the_generators_words_but_the_first(embassy, seed):
    board = embassy("rng", seed=seed)
    board.run("time:15ms")
    source = random.Random(seed)
    words = [f"{source.getrandbits(32):08x}" for _ in range(9)]
    assert board.serial.split() == words[1:]


def test_crc_computes_what_others_do(embassy):
    board = embassy("crc")
    board.run("time:10ms")
    text = b"The quick brown fox jumps over the lazy dog."
    ethernet = f"{zlib.crc32(text):08x}"
    assert board.serial.split() == [ethernet, ethernet, f"{binascii.crc_hqx(text, 0):04x}", f"{_crc8(text):02x}"]


def _crc8(data: bytes) -> int:
    """Of SMBus: x^8 + x^2 + x + 1, from zero."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 * (crc >> 7)) & 0xFF
    return crc


def test_rtc_goes_into_the_new_year_and_through_a_reset(embassy):
    board = embassy("rtc")
    seen = heard(board)
    board.usart1.expect_exact("start 2\n", within="10s")
    board.usart1.expect_exact("00:00:02 Saturday\n", within="5s")
    times, lines = zip(*said(seen), strict=True)
    assert list(lines) == [
        "start 1",
        "2027-12-31 23:59:58 Friday",
        "2027-12-31 23:59:59 Friday",
        "2028-01-01 00:00:00 Saturday",
        "2028-01-01 00:00:01 Saturday",
        "start 2",
        "2028-01-01 00:00:01 Saturday",
        "2028-01-01 00:00:02 Saturday",
    ]
    # The program looks each millisecond.
    assert gaps(times[2:5]) == pytest.approx([1, 1], abs=0.0012)


def test_sd_card_is_read_and_written_by_blocks(embassy):
    board = embassy("sd_card")
    image = bytearray(random.Random(4).randbytes(8 << 20))
    before = bytes(image)
    board.machine.soc.card.insert(image)
    board.run("time:60ms")
    block = bytes(7 * n & 0xFF for n in range(512))
    sums = [sum(before[512 * n : 512 * n + 512]) for n in range(2, 5)] + [sum(block)]
    assert board.serial.splitlines() == [
        f"{8 << 20} bytes",
        f"block 3: {sums[1]}",
        f"blocks 2 to 5: {sums}",
    ]
    expected = bytearray(before)
    expected[512 * 5 : 512 * 6] = block
    expected[512 * 100 : 512 * 104] = expected[512 * 2 : 512 * 6]
    assert image == expected


def test_qspi_flash_is_erased_programmed_read_and_mapped(embassy):
    board = embassy("qspi")
    place = 0x9012_3000
    board.mem.write(place - 16, b"\x77" * (4096 + 32))
    board.run("time:400ms")
    pages = bytes(3 * n & 0xFF for n in range(256)) + bytes(5 * n & 0xFF for n in range(256))
    assert board.serial.splitlines() == ["identity [20, BA, 18]", "second page read true", "mapped true"]
    assert board.mem.read(place - 16, 4096 + 32) == b"\x77" * 16 + pages + b"\xff" * (4096 - 512) + b"\x77" * 16


def test_adc_measures_voltages_one_by_one_and_by_a_scan(embassy):
    board = embassy("adc")
    unit = board.machine.soc.peripherals["ADC"]
    assert isinstance(unit, Adc)
    first, _, third = unit.converters
    started = []

    def rising() -> Fraction:
        started.append(board.seconds)
        return Fraction(len(started))  # 1, 2 and 3 V

    first.inputs[0] = rising
    third.inputs[8], third.inputs[7] = (lambda: Fraction(1, 2)), (lambda: Fraction(31, 10))
    board.run("time:80ms")
    lines = board.serial.splitlines()
    numbers = [tuple(int(number) for number in re.findall(r" (\d+) mV", line)) for line in lines]
    assert [line.split()[0] for line in lines] == ["A0"] * 3 + ["A1"] * 4
    assert [a0 for a0, _ in numbers[:3]] == pytest.approx([1000, 2000, 3000], abs=1)
    assert [reference for _, reference in numbers[:3]] == pytest.approx([1210] * 3, abs=1)
    assert [a1 for a1, _ in numbers[3:]] == pytest.approx([500] * 4, abs=1)
    assert [a2 for _, a2 in numbers[3:]] == pytest.approx([3100] * 4, abs=1)
    assert len(started) == 3


def test_dac_makes_two_ramps_a_step_each_ten_microseconds(embassy):
    board = embassy("dac")
    unit = board.machine.soc.peripherals["DAC"]
    assert isinstance(unit, Dac)
    steps: dict[int, list[tuple[Fraction, int]]] = {1: [], 2: []}
    unit.changed.append(lambda channel, code: steps[channel].append((board.seconds, code)))
    board.run("time:8ms")
    rising, falling = ([step for step in steps[channel] if step[1] & 15 == 0] for channel in (1, 2))
    ramp = [code << 4 for code in range(256)]
    assert [code for _, code in rising][-256:] == ramp
    assert [code for _, code in falling][-256:] == ramp[::-1]
    times = [seconds for seconds, _ in rising][-256:]
    assert gaps(times[1:]) == pytest.approx([10e-6] * 254, abs=2e-6)
    assert float(times[-1] - times[0]) == pytest.approx(255 * 10e-6, abs=2e-6)
    assert unit.volts(1) == Fraction(33, 10) * 0x123 / 4095
    assert unit.volts(2) == Fraction(33, 10) * 0xABC / 4095
