"""What every writer of samples needs: text files with fixed line ends, archives without the hour they were made."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from textwrap import dedent

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_text(path: Path, text: str, newline: str = "\n") -> None:
    """Write ``text`` (indentation and the blank line at the top removed) as UTF-8 with the given line end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip("\n"), encoding="utf-8", newline=newline)


def without_times(archive: bytes) -> bytes:
    """The same ZIP archive with every member dated 1980, so that two runs give the same bytes."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            info = zipfile.ZipInfo(member.filename, _ZIP_EPOCH)
            info.compress_type = member.compress_type
            info.external_attr = member.external_attr
            new.writestr(info, old.read(member))
    return result.getvalue()
