"""The Qt that is installed is one that this Python can live with."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtWidgets import QApplication, QLabel

_CALLS = 200


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is not counted there")
def test_calls_do_not_use_none_up(qapp: QApplication) -> None:
    """A build of PySide6 for newer Pythons alone takes a reference to None with each call, until the process dies."""
    label = QLabel()
    before = sys.getrefcount(None)
    for number in range(_CALLS):
        label.setText(str(number))
        qapp.processEvents()
    assert abs(sys.getrefcount(None) - before) < _CALLS / 2
