"""A process that is killed at any moment loses and doubles nothing, brings nothing back, and does nothing again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash import killing


@pytest.mark.slow
def test_a_killed_engine_goes_on_where_it_was(tmp_path: Path) -> None:
    found = killing.run(tmp_path, kills=7, seed=1, real=40, notes=60, messages=700)
    assert found.ok, found.details()
    assert found.at_work
    assert found.kept


@pytest.mark.slow
def test_a_killed_command_goes_on_where_it_was(tmp_path: Path) -> None:
    found = killing.run(tmp_path, kills=4, seed=2, real=20, notes=40, messages=700, command=True)
    assert found.ok, found.details()
    assert found.at_work
    assert found.kept
