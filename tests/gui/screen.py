"""A screen in memory, with a mouse and a keyboard: what a person does, and what a person reads off the screen."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image, ImageGrab

SIZE = (1280, 800)
PATIENCE_S = 90.0


class Screen:
    """Xvfb, xdotool, and text recognition. ``close`` ends it and all programs started on it."""

    def __init__(self) -> None:
        reading, writing = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-nolisten", "tcp"],
            pass_fds=[writing],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as told:
            self.display = f":{told.readline().strip()}"
        self._programs: list[subprocess.Popen[bytes]] = []

    def start(self, command: list[str], **environment: str) -> subprocess.Popen[bytes]:
        """A program on this screen."""
        env = {name: value for name, value in os.environ.items() if name not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")}
        program = subprocess.Popen(
            command,
            env=env | {"DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb", **environment},
            stdin=subprocess.DEVNULL,
        )
        self._programs.append(program)
        return program

    def close(self) -> None:
        for process in (*self._programs, self._server):
            process.terminate()
        for process in (*self._programs, self._server):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # --- hands ---

    def do(self, *arguments: str | int) -> None:
        subprocess.run(
            ["xdotool", *map(str, arguments)],
            env=os.environ | {"DISPLAY": self.display},
            check=True,
            capture_output=True,
        )

    def click(self, text: str, *, which: int = 0) -> None:
        """Click on a text that is on the screen, the first from the top unless another is asked for."""
        x, y = self.wait_for(text)[which]
        self.do("mousemove", x, y, "click", 1)

    def type(self, text: str) -> None:
        self.do("type", "--delay", 5, text)

    def press(self, key: str) -> None:
        self.do("key", key)

    def drag(self, begin: tuple[int, int], end: tuple[int, int]) -> None:
        """Press at one place and move to the other, in steps as a hand does; the button stays down."""
        self.do("mousemove", *begin, "mousedown", 1)
        for step in range(1, 13):
            x, y = (round(a + (b - a) * step / 12) for a, b in zip(begin, end, strict=True))
            self.do("mousemove", x, y)
            time.sleep(0.05)

    def drop(self) -> None:
        self.do("mouseup", 1)

    # --- eyes ---

    def picture(self) -> Image.Image:
        return ImageGrab.grab(xdisplay=self.display)

    def read(self) -> list[tuple[str, tuple[int, int]]]:
        """The lines of text on the screen, from the top, with the middle of each."""
        import numpy as np

        found: Any = self._recognition(np.asarray(self.picture().convert("RGB"))[:, :, ::-1])
        if found.boxes is None:
            return []
        lines = [
            (str(text), (round(float(box[:, 0].mean())), round(float(box[:, 1].mean()))))
            for text, box in zip(found.txts, found.boxes, strict=True)
        ]
        return sorted(lines, key=lambda line: line[1][1])

    def places(self, text: str) -> list[tuple[int, int]]:
        """Where a text stands, whatever its spaces and case: recognition is not sure of these."""
        return [place for line, place in self.read() if _plain(text) in _plain(line)]

    def wait_for(self, text: str) -> list[tuple[int, int]]:
        """Where a text stands once it is on the screen."""
        found: list[tuple[int, int]] = self.until(lambda: self.places(text), f"“{text}” did not come on the screen")
        return found

    def until(self, condition: Callable[[], Any], why: str) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while not (found := condition()):
            if time.monotonic() > deadline:
                where = Path("build") / "screen-failed.png"
                where.parent.mkdir(exist_ok=True)
                self.picture().save(where)
                raise AssertionError(f"{why}; it shows: {[line for line, _ in self.read()]}")
            time.sleep(0.1)
        return found

    @cached_property
    def _recognition(self) -> Any:
        from rapidocr import RapidOCR

        return RapidOCR()


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
