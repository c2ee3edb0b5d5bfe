"""Spreadsheets: XLSX and its kin, XLSB, XLS and ODS."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from desktop_rag.errors import Damaged, Encrypted, FileProblem, Unsupported
from desktop_rag.messages import say
from desktop_rag.parsing.archive import (
    GET_A_FRESH_COPY,
    OLE_MAGIC,
    SAVE_WITHOUT_PASSWORD,
    Archive,
    open_archive,
    refuse_large,
)
from desktop_rag.parsing.office.drawing import drawing_paragraphs, drawing_texts
from desktop_rag.parsing.office.embedded import unwrap_streams
from desktop_rag.parsing.office.odf import odf_metadata, refuse_encrypted
from desktop_rag.parsing.office.ole import chains_end, ole_metadata
from desktop_rag.parsing.office.ooxml import Package
from desktop_rag.parsing.source import Source, over_cap
from desktop_rag.parsing.text.tables import Row, row_segments
from desktop_rag.types import Attachment, Cells, Entry, ParseItem, Segment, Whole

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

_OLD_EXCEL = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")
"""How files of Excel 2, 3 and 4 begin."""
_WORKBOOKS = ("Workbook", "Book")
_EXACT_DIGITS = 15
"""Digits that a spreadsheet keeps and shows."""

Value = int | float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta


def parse_spreadsheet(source: Source) -> Iterator[ParseItem]:
    """Sheet by sheet a segment per row, under the sheet's name; then comments, text boxes, charts, embedded files.

    Columns are named by the header row where there is one. Formulas are given by the values last computed.
    """
    with source.open() as stream:
        start = stream.read(4)
    if start.startswith(b"PK"):
        with open_archive(source) as archive:
            yield from _zipped(source, archive)
        return
    if start in _OLD_EXCEL:
        raise Unsupported(
            say("parsing.made-version-excel-before-1993", name=source.name),
            say("parsing.open-excel-libreoffice-save-xlsx"),
        )
    refuse_large(source)
    if start == OLE_MAGIC[: len(start)]:
        _check_container(source)
    sheets = _Workbook(source)
    yield ole_metadata(source, "spreadsheet")
    yield from sheets.read()
    if start == OLE_MAGIC[: len(start)]:
        import olefile

        with source.open() as stream, olefile.OleFileIO(stream) as ole:
            for name, data in unwrap_streams(ole):
                yield Attachment(name, "", data, Entry(name))


def _zipped(source: Source, archive: Archive) -> Iterator[ParseItem]:
    if "content.xml" in archive:
        refuse_encrypted(archive)
        workbook = _Workbook(source)
        yield odf_metadata(archive, "spreadsheet")
        yield from workbook.read()
        return
    workbook = _Workbook(source)
    package = Package(archive)
    main = package.main_part("xl/workbook.xml")
    yield package.metadata("spreadsheet")
    yield from workbook.read()
    parts = _sheet_parts(package, main)
    for name, part in parts.items():
        yield from _around_cells(package, part, name)
    yield from package.attachments(list(parts.values()))
    yield from package.problems()


def _check_container(source: Source) -> None:
    """Raise ``Damaged`` if the workbook is not whole in its container: calamine goes astray in a broken one.

    Raises ``Encrypted`` if it holds a protected workbook of a newer Excel.
    """
    import olefile

    try:
        with source.open() as stream, olefile.OleFileIO(stream) as ole:
            if ole.exists("EncryptedPackage"):
                raise Encrypted(say("parsing.protected-password", name=source.name), SAVE_WITHOUT_PASSWORD)
            name = next((name for name in _WORKBOOKS if ole.exists(name)), "")
            whole = bool(name) and len(ole.openstream(name).read()) == ole.get_size(name) and chains_end(ole)
    except (OSError, ValueError, IndexError, TypeError):
        whole = False
    if not whole:
        raise Damaged(say("parsing.damaged-workbook-cannot-found", name=source.name), GET_A_FRESH_COPY)


class _Workbook:
    """The cells of a workbook, of any of the formats."""

    def __init__(self, source: Source) -> None:
        from python_calamine import CalamineError, PasswordError, load_workbook

        self._source = source
        self._error = CalamineError
        try:
            self._book = load_workbook(str(source.path) if source.path else io.BytesIO(source.read()))
        except PasswordError as error:
            raise Encrypted(say("parsing.protected-password", name=source.name), SAVE_WITHOUT_PASSWORD) from error
        except (CalamineError, OSError, ValueError) as error:
            raise Damaged(
                say("parsing.cannot-opened-spreadsheet", name=source.name, reason=error), GET_A_FRESH_COPY
            ) from error

    def read(self) -> Iterator[ParseItem]:
        for name in self._book.sheet_names:
            try:
                sheet = self._book.get_sheet_by_name(name)
                yield from self._sheet(sheet, name)
            except (self._error, ValueError, OverflowError) as error:
                # A chart's own sheet has no cells, and is no damage.
                if "worksheet" not in str(error).lower():
                    yield FileProblem.as_problem(
                        Damaged(
                            say("parsing.sheet-cannot-read", sheet=name, name=self._source.name, reason=error),
                            GET_A_FRESH_COPY,
                        )
                    )

    def _sheet(self, sheet: CalamineSheet, name: str) -> Iterator[ParseItem]:
        cap = self._source.limits.rows
        first = sheet.start[0] + 1 if sheet.start else 1
        rows: list[Row] = []
        for number, values in enumerate(sheet.iter_rows(), first):
            texts = [cell_text(value) for value in values]
            if not any(texts):
                continue
            if len(rows) == cap:
                yield over_cap(say("parsing.only-first-rows-sheet-read", count=cap, sheet=name))
                break
            rows.append((number, texts))
        yield from row_segments(_without_empty_columns(rows), lambda number: Cells(name, number, number), (name,))


def _without_empty_columns(rows: Sequence[Row]) -> list[Row]:
    """The rows without the columns that are empty on the left."""
    margin = min((next(i for i, text in enumerate(texts) if text) for _, texts in rows), default=0)
    return [(number, texts[margin:]) for number, texts in rows]


def cell_text(value: Value) -> str:
    """A cell's value as text: dates in ISO form, numbers as a spreadsheet shows them without a format."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.{_EXACT_DIGITS}g}"
        case datetime.datetime():
            value = _whole_seconds(value)
            midnight = value.time() == datetime.time()
            return value.date().isoformat() if midnight else value.isoformat(" ", timespec="seconds")
        case datetime.date():
            return value.isoformat()
        case datetime.time():
            return _whole_seconds(datetime.datetime.combine(datetime.date(2000, 1, 1), value)).time().isoformat()
        case _:
            return " ".join(str(value).split())


def _whole_seconds(value: datetime.datetime) -> datetime.datetime:
    """Rounded: as fractions of days, times come out a few microseconds short."""
    if value.microsecond >= 500_000 and value < datetime.datetime.max.replace(microsecond=0):
        value += datetime.timedelta(seconds=1)
    return value.replace(microsecond=0)


def _sheet_parts(package: Package, main: str) -> dict[str, str]:
    """The parts of the sheets, by the names of the sheets."""
    links = package.links(main)
    found = {}
    for node in package.archive.xml(main).iter("{*}sheet"):
        key = next((str(value) for name, value in node.attrib.items() if str(name).endswith("}id")), "")
        if key in links and links[key].target in package.archive:
            found[str(node.get("name", ""))] = links[key].target
    return found


def _around_cells(package: Package, part: str, sheet: str) -> Iterator[Segment]:
    """Comments with their cells; the text of boxes, charts and diagrams that lie over a sheet."""
    threads = [*package.parts(part, "threadedcomment"), *package.parts(part, "comments")]
    seen = set()
    for comments in threads:
        root = package.root(comments)
        for node in root.iter("{*}comment", "{*}threadedComment") if root is not None else ():
            cell = node.get("ref", "")
            row = int("".join(filter(str.isdecimal, cell)) or 1)
            text = " ".join("".join(str(t) for t in node.itertext()).split())
            if text and not (text.startswith("[Threaded comment]") and cell in seen):
                seen.add(cell)
                yield Segment(f"Comment on {cell}: {text}", Cells(sheet, row, row), (sheet,))
    for drawing in package.parts(part, "drawing"):
        root = package.root(drawing)
        texts = drawing_paragraphs(root) if root is not None else []
        if texts:
            yield Segment("\n".join(texts), Whole(), (sheet,))
        for text in drawing_texts(package, drawing):
            yield Segment(text, Whole(), (sheet,))
