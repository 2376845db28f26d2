"""The live page's server: one page, one WebSocket, on the loopback address only.

To the browser: text messages are JSON (state, serial text), binary ones the LCD as RGBA, row by row, before the state of the first
picture that shows it. From it: JSON actions, and a dropped file as one binary message whose first line is its name. A WebSocket from
any other page is refused by its Origin.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from simulator.view.desk import Action, Button, Desk, Dropped, Scene, Touch, Typed

PAGE = Path(__file__).with_name("page.html")
LARGEST = 256 * 1024 * 1024  # bytes of a file that is dropped
LINE = 4096  # bytes of its name
RATE = 30  # looks a second at the serial port's text where no scene comes
QUIET = ("lcd", "number", "lcd_number")


class Server:
    """Serves one desk until it is closed; `url` is where."""

    def __init__(self, desk: Desk, port: int = 0) -> None:
        self.desk = desk
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/"
        config = uvicorn.Config(
            self._application(), log_level="error", ws_per_message_deflate=False, ws_max_size=LARGEST + LINE
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="live page", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])

    def close(self) -> None:
        """Pages get what is left, and the port is free."""
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()

    def _application(self) -> Starlette:
        return Starlette(routes=[Route("/", self._page), WebSocketRoute("/live", self._live)])

    async def _page(self, request: Request) -> Response:
        return HTMLResponse(PAGE.read_text("utf-8").replace("{LARGEST}", str(LARGEST)))

    async def _live(self, live: WebSocket) -> None:
        if live.headers.get("origin") not in (f"http://127.0.0.1:{self.port}", f"http://localhost:{self.port}"):
            await live.close(code=1008)
            return
        await live.accept()
        sending = asyncio.create_task(self._send(live))
        try:
            while True:
                action = _action(await live.receive())
                if action is not None:
                    self.desk.act(action)
        except WebSocketDisconnect:
            return
        finally:
            sending.cancel()

    async def _send(self, live: WebSocket) -> None:
        lcd, position = -1, 0
        loop, news = asyncio.get_running_loop(), asyncio.Event()
        feed = self.desk.open(lambda: _wake(loop, news))
        try:
            while True:
                text, position = self.desk.serial_from(position)
                if text:
                    await live.send_text(json.dumps({"serial": text}))
                scene = self.desk.next(feed)
                if scene is None:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(news.wait(), 1 / RATE)
                    news.clear()
                    continue
                if scene.lcd_number != lcd:
                    lcd = scene.lcd_number
                    await live.send_bytes(_rgba(scene))
                await live.send_text(json.dumps({"state": _state(scene)}))
        finally:
            self.desk.close(feed)


def _wake(loop: asyncio.AbstractEventLoop, news: asyncio.Event) -> None:
    with suppress(RuntimeError):  # the server has gone
        loop.call_soon_threadsafe(news.set)


def _state(scene: Scene) -> dict[str, Any]:
    height, width, _ = scene.lcd.shape
    state = {key: value for key, value in asdict(scene).items() if key not in QUIET}
    return {**state, "width": width, "height": height}


def _rgba(scene: Scene) -> bytes:
    height, width, _ = scene.lcd.shape
    opaque = np.full((height, width, 4), 255, np.uint8)
    opaque[:, :, :3] = scene.lcd
    return opaque.tobytes()


def _action(message: Any) -> Action | None:
    """What a message asks for; None for one that makes no sense. Raises WebSocketDisconnect at the end."""
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    data = message.get("bytes")
    if data is not None:
        name, _, content = data.partition(b"\n")
        return Dropped(name.decode(errors="replace"), content)
    try:
        wish = json.loads(message["text"])
        kind = wish["do"]
        if kind == "touch":
            return Touch(int(wish["x"]), int(wish["y"]), bool(wish["down"]))
        if kind == "button":
            return Button(bool(wish["down"]))
        return Typed(str(wish["text"])) if kind == "type" else None
    except (ValueError, KeyError, TypeError):
        return None
