"""The hook that refuses commits with too long a first line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "packaging" / "check_subject.py"


@pytest.mark.parametrize(
    ("message", "refused"),
    [
        ("x" * 72, False),
        ("x" * 73, True),
        ("ü" * 72 + "\n\n" + "A body may have longer lines. " * 9, False),
        ("# A comment of git that is long " * 9 + "\n\nShort\n", False),
        ("\n\n" + "x" * 73, True),
        ("fixup! " + "x" * 70, False),
        ("Merge branch '" + "x" * 70 + "'", False),
        ("", False),
    ],
)
def test_the_first_line_of_a_commit_is_short(tmp_path: Path, message: str, refused: bool) -> None:
    path = tmp_path / "COMMIT_EDITMSG"
    path.write_text(message, encoding="utf-8")
    result = subprocess.run([sys.executable, SCRIPT, path], capture_output=True, text=True, check=False)
    assert result.returncode == int(refused)
    assert ("The first line has 73 characters" in result.stderr) == refused
