"""A headless Chromium, driven through its debugging protocol."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 60.0  # seconds


class Browser:
    """One page of one browser; its profile lies in `folder`."""

    def __init__(self, folder: Path) -> None:
        assert PROGRAM is not None
        command = [PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"]
        command += [f"--user-data-dir={folder}", "about:blank"]
        self._open = ExitStack()
        self._process = self._open.enter_context(
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        self._open.callback(self._process.terminate)
        port = self._until(lambda: (folder / "DevToolsActivePort").read_text().splitlines()[0])
        pages = self._until(lambda: self._pages(port))
        self._socket = self._open.enter_context(connect(pages[0]["webSocketDebuggerUrl"], max_size=None))
        self._numbers = itertools.count(1)

    def _pages(self, port: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            return [page for page in json.load(answer) if page["type"] == "page"] or None

    @staticmethod
    def _until(look: Any) -> Any:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                found = look()
            except (OSError, IndexError):
                found = None
            if found:
                return found
            time.sleep(0.05)
        raise TimeoutError("the browser did not start")

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=PATIENCE))
            if message.get("id") == number:
                assert "error" not in message, message
                return dict(message["result"])

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.wait(f"location.href === {url!r} && document.readyState === 'complete'")

    def evaluate(self, script: str) -> Any:
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, script: str) -> Any:
        """The script's value, as soon as it is true."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            value = self.evaluate(script)
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"{script} did not become true; the page says {self.evaluate('document.body.innerText')}")

    def centre(self, selector: str) -> tuple[float, float]:
        x, y = self.evaluate(
            f"(() => {{const e = document.querySelector({selector!r}); e.scrollIntoView(); const b = e.getBoundingClientRect();"
            " return [b.x + b.width / 2, b.y + b.height / 2];})()"
        )
        return float(x), float(y)

    def drop(self, selector: str, path: Path) -> None:
        """Drag a file from outside onto an element and let it go, as a mouse does."""
        x, y = self.centre(selector)
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.call("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def mouse(self, kind: str, x: float, y: float) -> None:
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, path: Path) -> None:
        import base64

        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def close(self) -> None:
        self._open.close()
