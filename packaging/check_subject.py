"""Refuses a commit whose first line is longer than ``MOST`` characters: ``check_subject.py FILE``, as git calls it."""

from __future__ import annotations

import sys
from pathlib import Path

MOST = 72
_GITS_OWN = ("Merge ", "Revert ", "fixup! ", "squash! ", "amend! ")
"""What git writes by itself may be longer; the last three do not stay."""


def fault_of(message: str) -> str:
    """What is wrong with a commit's message, or ""."""
    lines = [line for line in message.splitlines() if not line.startswith("#")]
    subject = next((line.rstrip() for line in lines if line.strip()), "")
    if subject.startswith(_GITS_OWN) or len(subject) <= MOST:
        return ""
    return f"The first line has {len(subject)} characters; the most is {MOST}. It would end here:\n{subject[:MOST]}|"


def main() -> None:
    if fault := fault_of(Path(sys.argv[1]).read_text(encoding="utf-8")):
        sys.exit(fault)


if __name__ == "__main__":
    main()
