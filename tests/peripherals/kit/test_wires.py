"""Lines, requests, pins."""

from __future__ import annotations

from peripherals.kit.wires import AnyOf, Line, Pin, Request


def test_a_line_tells_its_listeners_of_changes_only() -> None:
    line = Line("irq")
    heard: list[bool] = []
    line.listen(heard.append)
    for level in (False, True, True, False):
        line.set(level)
    assert heard == [True, False]


def test_a_shared_line_is_high_while_any_input_is() -> None:
    output = Line("IRQ54")
    shared = AnyOf(output)
    timer, converter = shared.input(), shared.input()
    timer.set(True)
    converter.set(True)
    timer.set(False)
    assert output.level
    converter.set(False)
    assert not output.level


def test_a_request_is_acknowledged_by_whoever_serves_it() -> None:
    request = Request("TIM2_UP")
    request.acknowledged = lambda: request.set(False)
    request.set(True)
    request.acknowledge()
    assert not request.level


def test_the_chip_wins_over_the_board_and_the_board_over_the_pull() -> None:
    pin = Pin("PA0")
    assert not pin.level
    pin.pull(True)
    assert pin.level
    pin.drive(False)
    assert not pin.level
    pin.output(True)
    assert pin.level
    pin.output(None)
    pin.drive(None)
    assert pin.level
