"""Fixtures shared by all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

_SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public files kept beside the checkout; the test is skipped where it is missing."""
    if not _SHARED_DATA.is_dir():
        pytest.skip(f"needs the public files in {_SHARED_DATA}")
    return _SHARED_DATA
