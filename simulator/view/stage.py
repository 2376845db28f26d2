"""A running board on its live page: what the page shows is taken from the machine, and what people do there is done to it.

Reference: docs/architecture.md. Called in the run's own thread only. Not here: how the page looks, and HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from peripherals.parts.camera_source import SceneError
from simulator.driver import Driver
from simulator.machine import Machine, Stop
from simulator.view.desk import Button, Desk, Dropped, Scene, Touch, Typed
from simulator.view.drops import Drops
from simulator.view.pace import PACES, RATE, Pace

WAIT = 1 / RATE  # host seconds between two looks while nothing moves


class Stage:
    """Puts a machine on a desk, at one of simulator/view/pace.py's PACES.

    Raises ValueError for a board without display, camera and touch panel.
    """

    def __init__(self, machine: Machine, driver: Driver, desk: Desk, *, pace: str, camera: str) -> None:
        for part in ("lcd", "camera", "touch", "button", "led"):
            if not hasattr(machine.soc, part):
                raise ValueError(f"the board {machine.board} has no {part} to show")
        self.machine, self.driver, self.desk = machine, driver, desk
        self._board: Any = machine.soc
        self._pace: Pace = PACES[pace](lambda: machine.clock.seconds)
        self._drops = Drops()
        self._camera, self._note = camera, ""
        self._scene = Scene()
        self._speed = 0.0
        self._last = (time.monotonic(), Fraction(0))
        machine.on_serial.append(lambda data: desk.print(data.decode(errors="replace")))
        machine.on_semihosting.append(lambda data: desk.print(data.decode(errors="replace")))
        desk.on_action, desk.every = driver.nudge, self._pace.every_picture
        driver.polls.append(self.look)
        driver.period = 1 / RATE
        self._otherwise: Callable[[], bool] = driver.on_idle
        driver.on_idle = self._wait
        self._tick()

    def _tick(self) -> None:
        """A look each step of the pace, in the board's time: at whole multiples of it, whatever the core's clock does meanwhile."""
        clock, step = self.machine.clock, self._pace.step
        self.driver.nudge()
        clock.after_seconds((clock.seconds // step + 1) * step - clock.seconds, self._tick)

    def _wait(self) -> bool:
        """Where the firmware sleeps for ever, people may still do something."""
        self._otherwise()
        self.look()
        self.desk.publish(self._scene_now())
        time.sleep(WAIT)
        return True

    def look(self) -> None:
        """Do what people have done, keep to the pace, and show how the board stands now if a picture is due."""
        for action in self.desk.take():
            self._do(action)
        self._pace.wait()
        for _ in range(self._pace.due()):
            self.desk.publish(self._scene_now(picture=1))

    def end(self, stop: Stop) -> None:
        """The last picture, with the sentence why the run is over."""
        self._scene = self._scene_now(ended=f"stopped ({stop.reason}): {stop.detail}")
        self.desk.publish(self._scene)

    def close(self) -> None:
        self._drops.close()

    def _do(self, action: object) -> None:
        if isinstance(action, Dropped):
            self._feed(action)
        elif isinstance(action, Touch):
            if action.down:
                self._board.touch.press((action.x, action.y))
            else:
                self._board.touch.release()
        elif isinstance(action, Button):
            (self._board.button.press if action.down else self._board.button.release)()
        elif isinstance(action, Typed):
            self.machine.serial_input(action.text.encode())

    def _feed(self, dropped: Dropped) -> None:
        try:
            self._board.camera.show(self._drops.scene(dropped, self._tell))
        except SceneError as error:
            self._tell(f"{error}; the camera still looks at what it did")
            return
        self._camera, self._note = dropped.name, ""

    def _tell(self, note: str) -> None:
        self._note = note

    def _scene_now(self, *, picture: int = 0, ended: str = "") -> Scene:
        machine, before = self.machine, self._scene
        speed, pixels = self._measured(), self._board.lcd.pixels
        moved = before.number == 0 or not np.array_equal(pixels, before.lcd)
        self._scene = Scene(
            number=before.number + 1,
            picture=before.picture + picture,
            lcd_number=before.lcd_number + moved,
            lcd=pixels if moved else before.lcd,
            leds={"LD1 green": bool(self._board.led.on)},
            cycles=machine.cycle,
            instructions=machine.instructions,
            hertz=machine.clock.frequency,
            seconds=float(machine.clock.seconds),
            speed=speed,
            pace=self._pace.words(speed),
            causes=machine.causes(),
            camera=self._camera,
            note=self._note,
            ended=ended,
        )
        return self._scene

    def _measured(self) -> float:
        """Simulated seconds a second, over the last second."""
        now, (then, seconds) = time.monotonic(), self._last
        if now - then >= 1:
            reached = self.machine.clock.seconds
            self._speed = float(reached - seconds) / (now - then)
            self._last = now, reached
        return self._speed
