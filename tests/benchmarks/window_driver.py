"""Opens the window as the program does, does what a person does with it, and prints figures as JSON:
``python -m tests.benchmarks.window_driver BEGAN TASK LIBRARY [FOLDER]``, where BEGAN is the time the process was
started at. Imports nothing that the program does not import to get there."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from desktop_rag.gui.shell.window import MainWindow

_PATIENCE_S = 300.0
_TYPED = ("harbour bridge", "letter from the market", "winter garden", "cathedral")
_KEY_EVERY_S = 0.15
_ANSWERS = 4
_ANSWERING_S, _READING_S = 6.0, 6.0


def main(began: float, task: str, library: Path, *more: str) -> None:
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QApplication

    from desktop_rag.gui.shell.app import open_window

    painted: list[float] = []

    class Eye(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and not painted:
                painted.append(time.time())
            return super().eventFilter(watched, event)

    def instead_of_exec(*_: object) -> int:
        from desktop_rag.gui.shell.window import MainWindow

        application = QApplication.instance()
        assert isinstance(application, QApplication)
        eye = Eye()
        application.installEventFilter(eye)
        window = next(widget for widget in application.topLevelWidgets() if isinstance(widget, MainWindow))
        _until(lambda: bool(painted))
        application.removeEventFilter(eye)
        figures = {"paint_s": painted[0] - began}
        figures |= _TASKS[task](window, began, *more)
        print(json.dumps(figures))
        return 0

    QApplication.exec = instead_of_exec  # type: ignore[method-assign]
    open_window(library)


def _until(condition: Callable[[], bool]) -> None:
    from PySide6.QtWidgets import QApplication

    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("The window did not get there.")
        QApplication.processEvents()
        time.sleep(0.001)


def _start(window: MainWindow, began: float) -> dict[str, Any]:
    page: Any = window.page("ask")
    page.ask("Which notes speak of the harbour?")
    _until(lambda: not page.is_answering)
    return {"answer_s": time.time() - began}


def _busy(window: MainWindow, _began: float, folder: str) -> dict[str, Any]:
    from tests.gui.stalls import watched

    bridge = window.mediator.bridge
    page: Any = window.page("ask")
    for name in ("search", "library", "ask"):
        window.show_page(name)
    _until(lambda: bridge.status is not None)
    page.ask("What of the harbour?")
    _pass(_ANSWERING_S)
    page.stop()
    _until(lambda: not page.is_answering)
    before = bridge.status.documents if bridge.status is not None else 0
    with watched() as stalls:
        window.add([Path(folder)])
        for _ in range(_ANSWERS):
            page.ask("Which notes speak of the harbour?")
            _pass(_ANSWERING_S)  # reading waits for it: this shows the stream alone
            page.stop()
            _until(lambda: not page.is_answering)
            _pass(_READING_S)
        bridge.refresh()
        _until(lambda: bridge.status is not None and bridge.status.documents > before)
    print(stalls.where, file=sys.stderr)
    read = bridge.status.documents - before if bridge.status is not None else 0
    return {"stall_ms": stalls.longest_s * 1000, "read": read, "mb": _mb()}


def _pass(seconds: float) -> None:
    end = time.monotonic() + seconds
    _until(lambda: time.monotonic() > end)


def _type(window: MainWindow, _began: float) -> dict[str, Any]:
    from desktop_rag.gui.search.page import SearchPage
    from tests.gui.stalls import watched

    _until(lambda: window.mediator.bridge.status is not None)
    window.show_page("search")
    page = window.page("search")
    assert isinstance(page, SearchPage)
    times: list[float] = []
    shown: list[str] = []
    page.controller.found.connect(lambda found: shown.append(found.query.text))
    page.begin("bridge", None)
    _until(lambda: bool(shown))
    with watched() as stalls:
        for text in _TYPED:
            for end in range(1, len(text) + 1):
                typed = text[:end].strip()
                shown.clear()
                start = time.perf_counter()
                page.field.setText(text[:end])
                if text[:end] == typed:
                    _until(lambda typed=typed: typed in shown)  # type: ignore[misc]
                    times.append(time.perf_counter() - start)
                _until(lambda start=start: time.perf_counter() - start > _KEY_EVERY_S)  # type: ignore[misc]
    print(stalls.where, file=sys.stderr)
    times.sort()
    return {
        "p50_ms": times[len(times) // 2] * 1000,
        "p95_ms": times[int(len(times) * 0.95)] * 1000,
        "stall_ms": stalls.longest_s * 1000,
        "mb": _mb(),
    }


def _mb() -> float:
    import psutil

    return float(psutil.Process().memory_info().rss) / 1e6


_TASKS: dict[str, Callable[..., dict[str, Any]]] = {"start": _start, "busy": _busy, "type": _type}


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
