"""A library of the sample files, indexed once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_rag.engine.engine import Engine
from desktop_rag.paths import resources_dir


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample files."""
    return Path(shutil.copytree(resources_dir() / "samples", tmp_path_factory.mktemp("home") / "samples"))


@pytest.fixture(scope="session")
def engine(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An open library that holds the samples; tests do not change it."""
    with Engine(tmp_path_factory.mktemp("library")) as opened:
        opened.index([samples])
        yield opened
