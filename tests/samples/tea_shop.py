"""What all samples of office formats tell of, and how they are written."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
TROUBLED = HERE.parent / "parsing" / "troubled"
_TROUBLED_NAMES = (
    "password.pdf", "scanned.pdf", "protected.docx", "protected.odt", "protected.epub", "protected.doc", "word95.doc",
    "word2003-xml.doc", "protected.ppt", "no-directory.ppt",
)  # fmt: skip

WRITTEN = datetime(2024, 3, 5, 9, 30, tzinfo=UTC)
TITLE, AUTHOR = "Tea shop handbook", "Mira Okafor"
HEADER = ("Tea", "Origin", "Price", "Since")
TEAS = (("Assam", "India", 4.5, date(2021, 5, 1)), ("Sencha", "Japan", 6.0, date(2022, 11, 15)))
OPENING = "The shop opens at eight in the morning and closes at half past six."
RETURNS = "Unopened tins are taken back within thirty days."
NOTE = "Agreed with the landlord in 2023."
FOOTNOTE = "On Sundays at ten."
_ZIP_TIME = (2024, 3, 5, 9, 30, 0)


def write(made: Mapping[str, bytes]) -> None:
    """Write files into the folders beside this one, each into that of its suffix; those that give no text apart."""
    for name, data in made.items():
        folder = TROUBLED if name in _TROUBLED_NAMES else HERE / name.rpartition(".")[2]
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)


def repack(data: bytes, without: tuple[str, ...] = ()) -> bytes:
    """A ZIP container with fixed times, so that the same input gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename not in without:
                new.writestr(zipfile.ZipInfo(info.filename, _ZIP_TIME), old.read(info), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def zipped(members: dict[str, str | bytes]) -> bytes:
    """A ZIP container; a member called "mimetype" is stored first and plain, as its readers expect."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as container:
        for name, data in members.items():
            method = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            container.writestr(zipfile.ZipInfo(name, _ZIP_TIME), data, method)
    return out.getvalue()
