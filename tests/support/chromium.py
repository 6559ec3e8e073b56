"""A headless Chromium that shows files and tells what they did.

Spoken to over a pipe: no port is opened. What a page writes to the console, violates of its content policy or asks of
the network is collected, from before it is loaded.
"""

import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

ANSWER_S = 60
QUIET_S = 0.2


def path():
    return shutil.which("chromium")


class Chromium:
    """Use as a context: the browser and its profile are gone afterwards."""

    def __init__(self):
        self.messages = []
        self.requests = []
        self._pending = b""
        self._number = 0

    def __enter__(self):
        self._profile = tempfile.TemporaryDirectory()
        command_read, self._to = os.pipe()
        self._from, answer_write = os.pipe()
        arguments = [path(), "--headless=new", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
                     "--disable-background-networking", "--disable-dev-shm-usage", "--disable-component-update",
                     "--hide-scrollbars", f"--user-data-dir={self._profile.name}", "about:blank"]
        if os.geteuid() == 0:
            arguments.insert(1, "--no-sandbox")

        def place_pipes():
            # Kept away from 3 and 4 first, which either of them may be.
            low, high = os.dup2(command_read, 103), os.dup2(answer_write, 104)
            os.dup2(low, 3)
            os.dup2(high, 4)

        self._process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL, preexec_fn=place_pipes, close_fds=False)
        os.close(command_read)
        os.close(answer_write)
        target = self._call("Target.createTarget", {"url": "about:blank"}, None)["targetId"]
        attached = self._call("Target.attachToTarget", {"targetId": target, "flatten": True}, None)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime", "Audits"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        try:
            self._call("Browser.close", {}, None)
        except (OSError, RuntimeError):
            pass
        os.close(self._to)
        os.close(self._from)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        # Its last children may still be writing there for a moment.
        for _ in range(20):
            try:
                self._profile.cleanup()
                return
            except OSError:
                time.sleep(0.1)

    def call(self, method, **parameters):
        return self._call(method, parameters, self._session)

    def show(self, file, width=1280, height=900, dark=False):
        """Loads a file; what it says and asks for is in `messages` and `requests`, the file itself apart."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.messages.clear()
        self.requests.clear()
        url = pathlib.Path(file).resolve().as_uri()
        self._loaded = False
        self.call("Page.navigate", url=url)
        deadline = time.monotonic() + ANSWER_S
        while not self._loaded:
            self._receive(deadline)
        # What a page does right after it was loaded.
        quiet = time.monotonic() + QUIET_S
        while time.monotonic() < quiet:
            self._receive(quiet, may_end=True)
        self.requests[:] = [asked for asked in self.requests if asked != url]

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", expression))
        return answer["result"].get("value")

    def screenshot(self, file, clip=None):
        """The page, or its part (x, y, width, height), as a PNG."""
        names = ("x", "y", "width", "height")
        part = {"clip": {**dict(zip(names, clip)), "scale": 1}} if clip else {}
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=True, **part)
        pathlib.Path(file).write_bytes(base64.b64decode(answer["data"]))

    def print(self, file):
        """The page on A4, as a PDF."""
        answer = self.call("Page.printToPDF", preferCSSPageSize=True)
        pathlib.Path(file).write_bytes(base64.b64decode(answer["data"]))

    def _call(self, method, parameters, session):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + ANSWER_S
        while True:
            answer = self._receive(deadline)
            if answer is not None and answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def _receive(self, deadline, may_end=False):
        """The next message, events noted; None where it ended without one and may."""
        while b"\0" not in self._pending:
            readable, _, _ = select.select([self._from], [], [], max(0, deadline - time.monotonic()))
            if not readable:
                if may_end:
                    return None
                raise RuntimeError(f"the browser did not answer within {ANSWER_S} s")
            part = os.read(self._from, 1 << 20)
            if not part:
                raise RuntimeError("the browser ended")
            self._pending += part
        text, self._pending = self._pending.split(b"\0", 1)
        message = json.loads(text)
        self._note(message)
        return message

    def _note(self, message):
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Runtime.consoleAPICalled":
            self.messages.append(str(parameters["args"]))
        elif method == "Runtime.exceptionThrown":
            self.messages.append(parameters["exceptionDetails"]["text"])
        elif method == "Log.entryAdded":
            self.messages.append(parameters["entry"]["text"])
        elif method == "Audits.issueAdded":
            self.messages.append(parameters["issue"]["code"])
