"""A port's pins."""

from __future__ import annotations

import pytest

from peripherals.stm32f7.gpio import PORT_A, PORT_B, Gpio

MODER, OTYPER, OSPEEDR, PUPDR, IDR, ODR, BSRR, LCKR, AFRL, AFRH = range(0x00, 0x28, 4)
OUTPUT, ALTERNATE, ANALOG = 1, 2, 3
KEY = 1 << 16


@pytest.fixture
def port() -> Gpio:
    return Gpio("GPIOI")


def test_ports_a_and_b_wake_up_with_the_debug_pins() -> None:
    a, b = Gpio("GPIOA", PORT_A), Gpio("GPIOB", PORT_B)
    assert [a.read(r, 4) for r in (MODER, OSPEEDR, PUPDR)] == [0xA800_0000, 0x0C00_0000, 0x6400_0000]
    assert [b.read(r, 4) for r in (MODER, OSPEEDR, PUPDR)] == [0x0000_0280, 0x0000_00C0, 0x0000_0100]
    assert a.alternate_function(13) == 0
    assert a.alternate_function(0) is None


def test_idr_shows_what_the_board_drives(port: Gpio) -> None:
    port.pins[11].drive(True)
    assert port.read(IDR, 4) == 1 << 11
    port.pins[11].drive(False)
    assert port.read(IDR, 4) == 0


def test_an_output_drives_its_pin_and_idr_shows_it(port: Gpio) -> None:
    port.write(MODER, 4, OUTPUT << 2)
    port.write(ODR, 4, 0xFFFF_FFFF)
    assert port.read(ODR, 4) == 0xFFFF
    assert port.pins[1].level
    assert port.read(IDR, 4) == 1 << 1


def test_bsrr_sets_and_resets_and_setting_wins(port: Gpio) -> None:
    port.write(BSRR, 4, 0x0000_000F)
    port.write(BSRR, 4, 0x0003_0001)
    assert port.read(ODR, 4) == 0xD
    assert port.read(BSRR, 4) == 0


def test_bsrr_s_halves_may_be_written_alone(port: Gpio) -> None:
    port.write(BSRR, 2, 0x00F0)
    port.write(BSRR + 2, 2, 0x0030)
    assert port.read(ODR, 4) == 0xC0


def test_listeners_hear_a_pin_toggle(port: Gpio) -> None:
    heard: list[bool] = []
    port.write(MODER, 4, OUTPUT << 2)
    port.pins[1].listen(heard.append)
    port.write(BSRR, 4, 1 << 1)
    port.write(BSRR, 4, 1 << 17)
    assert heard == [True, False]


def test_an_open_drain_that_is_off_lets_the_pull_up_win(port: Gpio) -> None:
    port.write(MODER, 4, OUTPUT)
    port.write(OTYPER, 4, 1)
    port.write(PUPDR, 4, 1)
    assert not port.pins[0].level
    port.write(ODR, 4, 1)
    assert port.pins[0].level
    port.pins[0].drive(False)
    assert port.read(IDR, 4) & 1 == 0


def test_an_analog_pin_reads_zero(port: Gpio) -> None:
    port.pins[0].drive(True)
    port.write(MODER, 4, ANALOG)
    assert port.read(IDR, 4) == 0


def test_alternate_functions_are_chosen_in_two_words(port: Gpio) -> None:
    port.write(MODER, 4, ALTERNATE << 14 | ALTERNATE << 18)
    port.write(AFRL, 4, 7 << 28)
    port.write(AFRH, 4, 12 << 4)
    assert [port.alternate_function(pin) for pin in (7, 9, 8)] == [7, 12, None]


def lock(port: Gpio, pins: int) -> None:
    for key in (KEY, 0, KEY):
        port.write(LCKR, 4, key | pins)


def test_a_locked_pin_keeps_its_configuration_until_reset(port: Gpio) -> None:
    lock(port, 0x0002)
    assert port.read(LCKR, 4) == KEY | 0x0002
    port.write(MODER, 4, 0x5555_5555)
    port.write(AFRL, 4, 0xFFFF_FFFF)
    port.write(AFRH, 4, 0xFFFF_FFFF)
    assert port.read(MODER, 4) == 0x5555_5551
    assert port.read(AFRL, 4) == 0xFFFF_FF0F
    assert port.read(AFRH, 4) == 0xFFFF_FFFF
    port.reset()
    port.write(MODER, 4, 0x5555_5555)
    assert port.read(MODER, 4) == 0x5555_5555


def test_a_locked_pin_still_has_its_output(port: Gpio) -> None:
    port.write(MODER, 4, OUTPUT)
    lock(port, 0x0001)
    port.write(ODR, 4, 1)
    assert port.pins[0].level


def test_a_broken_lock_sequence_locks_nothing(port: Gpio) -> None:
    for word in (KEY | 2, 2, KEY | 3):
        port.write(LCKR, 4, word)
    assert port.read(LCKR, 4) == 3
    for word in (3, KEY | 3):
        port.write(LCKR, 4, word)
    assert port.read(LCKR, 4) == KEY | 3


def test_a_reset_lets_the_pins_go(port: Gpio) -> None:
    port.write(MODER, 4, OUTPUT)
    port.write(ODR, 4, 1)
    port.reset()
    assert not port.pins[0].level
