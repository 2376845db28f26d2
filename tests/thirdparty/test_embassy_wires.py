"""Programs of ours on the drivers of embassy-stm32 0.6.0: serial ports, I2C, SPI, camera and display, by what is on the wires."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from examples import Listener, edges, gaps, phases, play, words

pytestmark = [pytest.mark.jit, pytest.mark.slow]

BIT = Fraction(1, 115_200)
BYTE = 10 * BIT


def sent(board) -> list[tuple[Fraction, int]]:
    """A list that grows by (seconds, byte) as the last stop bit of a byte ends."""
    seen: list[tuple[Fraction, int]] = []
    board.machine.soc.usart1.transmitted.append(lambda byte: seen.append((board.seconds, byte)))
    return seen


def text(seen: list[tuple[Fraction, int]]) -> bytes:
    return bytes(byte for _, byte in seen)


def test_usart_dma_echoes_what_has_come_when_the_line_falls_silent(embassy):
    board = embassy("usart_dma")
    board.run("time:5ms")
    seen = sent(board)
    for at, message in ((5, b"hello"), (15, b"!"), (25, b"and again")):
        board.run(f"time:{at}ms")
        del seen[:]
        board.usart1.write(message)
        begun = board.seconds
        board.run(f"time:{at + 9}ms")
        assert text(seen) == message
        # The message, a silent line for as long as a byte, the driver's way, and the first byte back.
        assert 0 < seen[0][0] - begun - (len(message) + 2) * BYTE < Fraction(30, 10**6)
        assert gaps(seconds for seconds, _ in seen) == pytest.approx([float(BYTE)] * (len(message) - 1), rel=0.01)


def test_usart_dma_echoes_a_full_buffer_at_once(embassy):
    board = embassy("usart_dma")
    board.run("time:5ms")
    seen = sent(board)
    message = bytes(range(64))
    board.usart1.write(message)
    begun = board.seconds
    board.run("time:20ms")
    assert text(seen) == message
    assert float(seen[0][0] - begun) == pytest.approx(float(65 * BYTE), rel=0.005)


def test_usart_ring_loses_nothing_of_a_stream_that_goes_round_it_many_times(embassy):
    board = embassy("usart_ring")
    board.run("time:5ms")
    seen = sent(board)
    message = random.Random(1).randbytes(777)
    board.usart1.write(message)
    begun = board.seconds
    board.run("time:90ms")
    assert text(seen) == message
    # Half of the ring is full before anything comes back; the line's end does not wait for a half.
    assert 17 * BYTE < seen[0][0] - begun < 18 * BYTE
    assert seen[-1][0] - begun < (777 + 22) * BYTE


def test_usart_buffered_gives_lines_back_in_capitals(embassy):
    board = embassy("usart_buffered")
    board.run("time:5ms")
    seen = sent(board)
    board.usart1.write("Hello, world\nthis line is longer than each of both buffers\nno end")
    board.run("time:25ms")
    assert text(seen) == b"HELLO, WORLD\nTHIS LINE IS LONGER THAN EACH OF BOTH BUFFERS\n"
    board.usart1.write("\n")
    board.run("time:30ms")
    assert text(seen).endswith(b"\nNO END\n")


def test_rs485_answers_on_its_pins_with_parity_and_drives_the_line_around_it(embassy):
    board = embassy("rs485")
    tx, enable = edges(board, "PC6"), edges(board, "PG8")
    board.pin("PC7").drive(True)
    board.run("time:5ms")
    bit = Fraction(1, 57_600)
    messages = ((b"abc", False, b"cba"), (b"\x00\x07\xfe", False, b"\xfe\x07\x00"), (b"x", True, b"P"))
    for number, (message, damaged, answer) in enumerate(messages):
        frames = [byte | (byte.bit_count() + damaged & 1) << 8 | 3 << 9 for byte in message]
        levels = [level for frame in frames for level in (0, *(frame >> n & 1 for n in range(11)))]
        play(board, "PC7", [(n * bit, bool(level)) for n, level in enumerate(levels)])
        del tx[:], enable[:]
        begun = board.seconds
        board.run(f"time:{10 + 5 * number}ms")
        sent_words = words([(begun, True), *tx], bit, 11)
        assert [word for _, word in sent_words] == [byte | (byte.bit_count() & 1) << 8 | 3 << 9 for byte in answer]
        assert gaps(start for start, _ in sent_words) == pytest.approx([float(12 * bit)] * (len(answer) - 1), rel=1e-3)
        # The driver is on for a bit before and a bit after; embassy 0.6.0 gives the assertion's time to both.
        (on, _), (off, _) = enable
        assert float(sent_words[0][0] - on) == pytest.approx(float(bit), rel=0.01)
        assert float(off - sent_words[-1][0]) == pytest.approx(float(13 * bit), rel=0.01)


def test_usart_flow_stops_both_sides(embassy):
    board = embassy("usart_flow")
    ready, unit = edges(board, "PG12"), board.machine.soc.usarts["USART6"]
    seen: list[tuple[Fraction, int]] = []
    unit.transmitted.append(lambda byte: seen.append((board.seconds, byte)))
    clear = board.pin("PG13")
    clear.drive(False)
    board.run("time:5ms")
    unit.receive(b"abcdef")
    board.run("time:12ms")
    assert text(seen) == b"abcdef"
    assert gaps(seconds for seconds, _ in seen)[1:] == pytest.approx([0.001035] * 4, abs=2e-5)
    # One byte is taken at once, the next one waits in the receiver, and RTS is high as long as it does.
    assert phases(ready, True)[1:] == pytest.approx([0.001025] * 5, abs=2e-5)
    assert ready[-1][1] is False
    clear.drive(True)
    unit.receive(b"gh")
    board.run("time:16ms")
    assert text(seen) == b"abcdef"
    clear.drive(False)
    cleared = board.seconds
    board.run("time:20ms")
    assert text(seen) == b"abcdefgh"
    assert [float((seconds - cleared) * 1_000_000) for seconds, _ in seen[6:]] == pytest.approx([10, 20], abs=0.1)


def test_i2c_reads_who_is_on_both_buses(embassy):
    board = embassy("i2c_identities")
    board.run("time:20ms")
    assert board.serial.splitlines() == [
        "camera [96, 57, 7F, A2]",
        "nobody Err(Nack)",
        "touch [51]",
        "codec [89, 94]",
        "nobody Err(Nack)",
    ]


def test_spi_exchanges_bytes_by_dma_and_halfwords_without(embassy):
    board = embassy("spi")
    device = Listener(board, "SPI2", "PA8", lambda words: (words[-1] ^ 0x5A) if len(words) % 2 else len(words))
    board.run("time:15ms")
    assert [bytes(words) for words in device.transfers[:1]] == [b"sixteen of these"]
    assert bytes(device.transfers[1][:3]) == b"out" and len(device.transfers[1]) == 7
    assert device.transfers[2] == [0x1234, 0xABCD]
    answers = [[word ^ 0x5A if n % 2 == 0 else n + 1 for n, word in enumerate(words)] for words in device.transfers]
    assert board.serial.splitlines() == [
        "[" + ", ".join(f"{word:02X}" for word in answers[0]) + "]",
        "[" + ", ".join(f"{word:02X}" for word in answers[1][3:]) + "]",
        "[" + ", ".join(f"{word:04X}" for word in answers[2]) + "]",
    ]
    # 54 MHz / 32 is the fastest that is not above 1.7 MHz; DMA leaves no gaps.
    word = 8 * Fraction(32, 54_000_000)
    assert gaps(device.times[:16]) == pytest.approx([float(word)] * 15, rel=0.01)


def test_camera_frames_are_the_fed_pictures_pixel_by_pixel(embassy):
    board = embassy("camera_frames")
    first, second = np.random.default_rng(2).integers(0, 256, (2, 120, 160, 3), np.uint8)
    board.camera.feed(first)
    board.usart1.expect(r"us Ok\(\(\)\)\n", within="1s")
    board.camera.feed(second)
    board.usart1.expect(r"us Ok\(\(\)\)\n", within="1s")
    size = 160 * 120 * 2
    for place, picture in zip((0, size), (first, second), strict=True):
        words = np.frombuffer(board.mem.read(board.mem.address("FRAMES") + place, size), "<u2").reshape(120, 160)
        red, green, blue = (picture[..., n].astype(np.uint16) for n in range(3))
        assert (words == (red >> 3 << 11 | green >> 2 << 5 | blue >> 3)).all()
    ends = [int(line.split()[0]) * Fraction(1, 10**6) for line in board.serial.splitlines()]
    frames = (ends[1] - ends[0]) / board.camera.frame_seconds
    assert float(frames) == pytest.approx(round(frames), abs=0.001)
    assert round(frames) in (1, 2)


WIDTH, HEIGHT, SIDE = 480, 272, 32
FRAME = Fraction((41 + 13 + WIDTH + 32) * (10 + 2 + HEIGHT + 2), 9_000_000)


def test_lcd_shows_a_layer_of_256_colours_and_a_window_that_changes_each_frame(embassy):
    board = embassy("lcd_clut")
    seen = edges(board, "PI1")
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    index = (x ^ y) & 0xFF
    whole = np.stack([index, 5 * index & 0xFF, 255 - index], -1)
    y, x = np.mgrid[:SIDE, :SIDE]
    none = np.zeros_like(x)
    # Five and six bits become eight by their upper ones again.
    windows = (
        np.stack([x << 3 | x >> 2, none, y << 3 | y >> 2], -1),
        np.stack([y << 3 | y >> 2, (2 * x) << 2 | (2 * x) >> 4, none], -1),
    )
    shown = set()
    board.run("time:60ms")
    for _ in range(4):
        board.run(f"time:{float(board.seconds + FRAME) * 1e6:.0f}us")
        picture = whole.copy()
        picture[50 : 50 + SIDE, 100 : 100 + SIDE] = windows[(len(seen) - 1) % 2]
        assert board.lcd.lit
        assert (board.lcd.pixels == picture).all()
        shown.add((len(seen) - 1) % 2)
    assert shown == {0, 1}
    assert gaps(seconds for seconds, _ in seen) == pytest.approx([float(FRAME)] * (len(seen) - 1), abs=3e-6)
    assert all(before[1] != after[1] for before, after in pairwise(seen))
