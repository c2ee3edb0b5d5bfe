"""Fixtures shared by all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# How long an example takes says more about the machine, and what else it is doing, than about the code.
hypothesis.settings.register_profile("desktop-rag", deadline=None)
hypothesis.settings.load_profile("desktop-rag")

_SLOW_S = 1200
"""A slow test may take as long before it is ended; how long the others may, pyproject.toml says."""
_SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_SLOW_S))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public files kept beside the checkout; the test is skipped where it is missing."""
    if not _SHARED_DATA.is_dir():
        pytest.skip(f"needs the public files in {_SHARED_DATA}")
    return _SHARED_DATA


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that the test starts load nothing but their own: coverage is not counted in them."""
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def no_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No model that the person who runs the tests has installed is used by them."""
    with pytest.MonkeyPatch.context() as patches:
        for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
            patches.setenv(name, str(tmp_path_factory.mktemp("data")))
        yield
