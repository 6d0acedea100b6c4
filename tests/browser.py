"""A headless Chromium for tests, driven by its DevTools protocol: what a page asks for, says and looks like."""

import json
import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import websocket

from xtl.base.errors import UserError
from xtl.report.pdf import FLAGS, chromium

WAIT = 300  # seconds at most for a browser to start and for an answer; a busy machine may need some of them


@contextmanager
def browser(profile: Path):
    """A running browser with a fresh profile, or a skipped test on a machine without Chromium."""
    try:
        program = chromium()
    except UserError as error:
        pytest.skip(f"browser tests need Chromium: {error}")
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    command = [program, *FLAGS, *root, f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank"]
    with open(profile.with_suffix(".log"), "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield _address(profile / "DevToolsActivePort", process)
    finally:
        process.kill()
        process.wait()


def _address(path: Path, process) -> str:
    """The address at which the browser listens, as soon as it has said so."""
    log = path.parent.with_suffix(".log")
    _until(lambda: process.poll() is not None or path.is_file() and path.read_text().count("\n"))
    assert process.poll() is None, f"Chromium did not start: {log.read_text()[-500:]}"
    port, place = path.read_text().split()
    return f"ws://127.0.0.1:{port}{place}"


def _until(condition):
    """The first true value of a condition that is asked again and again."""
    end = time.monotonic() + WAIT
    while not (value := condition()):
        assert time.monotonic() < end, f"nothing happened within {WAIT} s"
        time.sleep(0.05)
    return value


class Page:
    """One tab. Every request but for the page's own file is stopped and kept in `requests`; errors are in `errors`."""

    def __init__(self, address: str):
        self.socket = websocket.create_connection(address, timeout=WAIT, suppress_origin=True)
        self.session, self.number = None, 0
        self.requests: list[str] = []
        self.errors: list[str] = []
        target = _until(lambda: [t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page"])[0]
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Fetch.enable", patterns=[{"urlPattern": "*"}])

    def call(self, method: str, **parameters) -> dict:
        """Ask the browser for something and return its answer."""
        number = self._send(method, parameters)
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self._event(answer)

    def _event(self, message: dict) -> None:
        kind, said = message.get("method"), message.get("params", {})
        if kind == "Fetch.requestPaused":
            own = said["resourceType"] == "Document" and said["request"]["url"].startswith("file:")
            if not own:
                self.requests.append(said["request"]["url"])
            which = {"requestId": said["requestId"]}
            if own:
                self._send("Fetch.continueRequest", which)
            else:
                self._send("Fetch.failRequest", which | {"errorReason": "BlockedByClient"})
        elif kind == "Runtime.exceptionThrown":
            self.errors.append(said["exceptionDetails"]["text"])
        elif kind == "Runtime.consoleAPICalled":
            self.errors.append(f"console.{said['type']}: {said['args']}")
        elif kind == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.errors.append(said["entry"]["text"])
        elif kind == "Page.javascriptDialogOpening":
            self.errors.append(f"dialog: {said['message']}")
            self._send("Page.handleJavaScriptDialog", {"accept": True})

    def _send(self, method: str, parameters: dict) -> int:
        """Send a message without waiting for its answer; returns the number that the answer will have."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        self.socket.send(json.dumps(message | ({"sessionId": self.session} if self.session else {})))
        return self.number

    def open(self, path: Path, width: int = 1200, height: int = 900, dark: bool = False, fragment: str = "") -> None:
        """Load a file in a window of this size and wait until everything in it is there."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        url = path.absolute().as_uri() + fragment
        for address in ("about:blank", url):  # the former so that another fragment of the same file is loaded anew
            self.call("Page.navigate", url=address)
            _until(lambda a=address: self.run(f"document.readyState == 'complete' && location.href == {json.dumps(a)}"))

    def run(self, script: str):
        """The value of a JavaScript expression in the page (the page itself may run none)."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press and release a key."""
        codes = {"Tab": 9, "Enter": 13}
        text = {"Enter": "\r"}.get(key, "")
        where = {"key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **where)
        self.call("Input.dispatchKeyEvent", type="keyUp", **where)
