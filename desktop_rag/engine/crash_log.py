"""Whose fault a crash was: a file or model that brought the process down twice is set aside.

While something dangerous goes on, ``at-work.json`` in the library names it. A crash in native code leaves its trace in
``crash.log`` (written by ``faulthandler`` in the last moment; the supervisor adds what only it can see, such as a kill
for lack of memory). A process that finds both when it opens the library counts one crash for each name. Suspects are
then indexed one at a time, so that the second crash points at one of them. A process killed from outside leaves no
trace, and nobody is blamed.
"""

from __future__ import annotations

import faulthandler
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import msgspec

from desktop_rag import __version__
from desktop_rag.engine.service.supervisor import TRACE_NAME
from desktop_rag.errors import ModelError
from desktop_rag.messages import say
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.commit import SeenFile, note_file
from desktop_rag.types import FileState, Problem

_AT_WORK_NAME = "at-work.json"
_SETTING = "crashes"
_TWICE = 2
_MODEL = "model:"


class CrashLog:
    """The record of one library, for the process that owns it.

    ``look_back`` comes first; ``close`` at an orderly end.
    """

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        self._catalog = catalog
        self._at_work_path = folder / _AT_WORK_NAME
        self._trace_path = folder / TRACE_NAME
        self._trace: TextIO | None = None
        self._guard = threading.Lock()
        self._at_work: dict[str, tuple[str, ...]] = {}
        self._counts: dict[str, int] = {}

    @property
    def suspects(self) -> frozenset[str]:
        """Paths of files that were being indexed when the process crashed."""
        with self._guard:
            return frozenset(name for name in self._counts if not name.startswith(_MODEL))

    def look_back(self, recipe: str) -> list[str]:
        """Find out how the last owner ended, and set aside files that crashed it twice; returns their paths.

        ``recipe`` is noted with them: another version of the program tries them again.
        """
        text = self._catalog.setting(_SETTING)
        self._counts = {} if text is None else msgspec.json.decode(text, type=dict[str, int])
        trace, names = _read(self._trace_path), self._left_at_work()
        condemned: list[str] = []
        if trace and names:
            logging.getLogger("desktop_rag").error("The last process crashed.\n%s", trace)
            for name in names:
                self._counts[name] = self._counts.get(name, 0) + 1
            for path in [path for path in self.suspects if self._counts[path] >= _TWICE]:
                self._set_aside(path, recipe)
                del self._counts[path]
                condemned.append(path)
            self._save()
        for leftover in (self._trace_path, self._at_work_path):
            with suppress(OSError):
                leftover.unlink(missing_ok=True)
        self._start_trace()
        return condemned

    def close(self) -> None:
        """An orderly end: nothing is left to blame."""
        if self._trace is not None:
            faulthandler.disable()
            self._trace.close()
            self._trace = None
            with suppress(OSError):
                self._trace_path.unlink(missing_ok=True)

    def working_on(self, names: Sequence[str], activity: str = "indexing") -> None:
        """Say what ``activity`` is dangerously busy with; [] when it is done. What it was busy with before has
        survived."""
        with self._guard:
            survived = set(self._at_work.get(activity, ())) - set(names)
            if names:
                self._at_work[activity] = tuple(names)
            else:
                self._at_work.pop(activity, None)
            everything = [name for group in self._at_work.values() for name in group]
            with suppress(OSError):
                if everything:
                    self._at_work_path.write_bytes(msgspec.json.encode(everything))
                else:
                    self._at_work_path.unlink(missing_ok=True)
            cleared = survived & self._counts.keys()
            for name in cleared:
                del self._counts[name]
        if cleared:
            self._save()

    @contextmanager
    def loading(self, model: str) -> Iterator[None]:
        """Around the loading of a model. Raises ``ModelError`` for one that crashed the process twice."""
        name = f"{_MODEL}{model} with {__version__}"
        if self._counts.get(name, 0) >= _TWICE:
            raise ModelError(
                say("engine.model-disabled-because-loading-crashed-program", model=model),
                say("engine.update-program-graphics-driver-then-run"),
            )
        self.working_on([name], activity=name)
        try:
            yield
        finally:
            self.working_on([], activity=name)

    def clear(self) -> None:
        """Forget all crashes: everything is tried again."""
        with self._guard:
            self._counts = {}
        self._save()

    def _start_trace(self) -> None:
        if faulthandler.is_enabled():  # somebody else wants the traces, a test runner say
            return
        with suppress(OSError):
            self._trace = self._trace_path.open("a", encoding="utf-8")
            faulthandler.enable(self._trace, all_threads=False)

    def _left_at_work(self) -> list[str]:
        try:
            return msgspec.json.decode(self._at_work_path.read_bytes(), type=list[str])
        except (OSError, msgspec.MsgspecError):  # cut short by the end of the process
            return []

    def _save(self) -> None:
        with self._guard:
            counts = msgspec.json.encode(self._counts).decode()
        self._catalog.set_setting(_SETTING, counts)

    def _set_aside(self, path: str, recipe: str) -> None:
        known = self._catalog.file(path)
        root = known.root if known else next((root for root in self._catalog.roots() if path.startswith(root)), "")
        try:
            status = Path(path).stat()
        except OSError:
            return
        if root:
            problem = Problem(
                "crashed",
                say("engine.indexing-crashed-program-twice", name=Path(path).name),
                say("engine.skipped-until-changes-until-index-force"),
            )
            seen = SeenFile(path, root, status.st_size, status.st_mtime_ns, "", recipe)
            note_file(self._catalog, seen, FileState.FAILED, problem)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
