"""Engines in processes of their own, and changes to what runs in them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_rag.engine.service.opening import stop_engine
from desktop_rag.errors import ConfigError, EngineGone


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "boat.txt").write_text("The boat is moored at the second jetty.", encoding="utf-8")
    return folder


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "config.toml").write_text("quiet_s = 0.1\n", encoding="utf-8")
    yield folder
    with contextlib.suppress(EngineGone, ConfigError):
        stop_engine(folder)


@pytest.fixture
def patched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Has this code run at the start of each process from now on; what stands for ``{folder}`` in it is a folder for
    its notes, which is returned."""

    def patch(code: str) -> Path:
        folder = tmp_path / "patch"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(code.replace("{folder}", str(folder)), encoding="utf-8")
        monkeypatch.syspath_prepend(str(folder))
        return folder

    return patch
