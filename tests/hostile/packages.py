"""Office files, books and pictures made to harm: bombs, liars, loops, and numbers far too large."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import partial

from tests.hostile.forms import Hostile
from tests.hostile.texts import LAUGHS, OUTSIDE

_MB = 1_000_000
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_O = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
)
_ODT = "application/vnd.oasis.opendocument.text"
_ODS = "application/vnd.oasis.opendocument.spreadsheet"


def package(members: Mapping[str, str | bytes], level: int = 6) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, data in members.items():
            archive.writestr(name, data, zipfile.ZIP_STORED if name == "mimetype" else None)
    return out.getvalue()


def _docx(body: str, before: str = "", more: Mapping[str, str | bytes] | None = None) -> bytes:
    document = f"{before}<w:document {_W}><w:body>{body}</w:body></w:document>"
    return package({"word/document.xml": document, **(more or {})})


def _paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def _odt(body: str, before: str = "") -> bytes:
    content = (
        f"{before}<office:document-content {_O}><office:body><office:text>{body}</office:text></office:body>"
        "</office:document-content>"
    )
    return package({"mimetype": _ODT, "content.xml": content})


def _ods(rows: str) -> bytes:
    content = (
        f'<office:document-content {_O}><office:body><office:spreadsheet><table:table table:name="s">{rows}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    return package({"mimetype": _ODS, "content.xml": content})


def _xlsx(rows: str, strings: str = "<si><t>Seen</t></si>", before: str = "") -> bytes:
    return package(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
            "_rels/.rels": f'<Relationships xmlns="{_RELS}"><Relationship Id="r" Type="{_R}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook {_S} xmlns:r="{_R}"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets>'
            "</workbook>",
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELS}"><Relationship Id="r1" Type="{_R}/worksheet" '
            f'Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{_R}/sharedStrings" '
            'Target="sharedStrings.xml"/></Relationships>',
            "xl/sharedStrings.xml": f"{before}<sst {_S}>{strings}</sst>",
            "xl/worksheets/sheet1.xml": f"<worksheet {_S}><sheetData>{rows}</sheetData></worksheet>",
        }
    )


def _epub(spine: int, chapter: str, before: str = "") -> bytes:
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="book.opf"/></rootfiles></container>'
    )
    chapters = '<itemref idref="c"/>' * spine
    book = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
        '<item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>'
        f"<spine>{chapters}</spine></package>"
    )
    page = f'{before}<html xmlns="http://www.w3.org/1999/xhtml"><body>{chapter}</body></html>'
    members = {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "book.opf": book}
    return package(members | {"c.xhtml": page})


def _overlapping(names: list[str], size: int = 10 * _MB) -> bytes:
    """Many members that share one piece of compressed data (as David Fifield has shown)."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = squeeze.compress(b"a" * size) + squeeze.flush()
    check = zlib.crc32(b"a" * size)
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 0x21, check, len(data), size, len(names[0]), 0)
    body = local + names[0].encode() + data
    entry = struct.Struct("<IHHHHHHIIIHHHHHII")
    sizes = (20, 20, 0, 8, 0, 0x21, check, len(data), size)
    directory = b"".join(entry.pack(0x02014B50, *sizes, len(name), *[0] * 6) + name.encode() for name in names)
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, len(names), len(names), len(directory), len(body), 0)
    return body + directory + end


def _lying(members: Mapping[str, str | bytes], name: str, size: int) -> bytes:
    """A package that says of one member that it unpacks to ``size`` bytes."""
    data = bytearray(package(members))
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(name.encode()))
    struct.pack_into("<I", data, at + 24, size)
    return bytes(data)


def _nested(depth: int) -> bytes:
    data, name = b"Seen at the bottom.", "bottom.txt"
    for _ in range(depth):
        rels = (
            f'<Relationships xmlns="{_RELS}"><Relationship Id="r" Type="{_R}/package" '
            f'Target="embeddings/{name}"/></Relationships>'
        )
        more: dict[str, str | bytes] = {f"word/embeddings/{name}": data, "word/_rels/document.xml.rels": rels}
        data, name = _docx(_paragraph("Seen"), more=more), "inner.docx"
    return data


def _matryoshka(depth: int) -> bytes:
    data = b"x" * 1000
    for _ in range(depth):
        data = package({"inner.zip": data})
    return data


def _climbing() -> bytes:
    rels = (
        f'<Relationships xmlns="{_RELS}"><Relationship Id="r" Type="{_R}/package" Target="../../../../evil.txt"/>'
        f'<Relationship Id="s" Type="{_R}/oleObject" Target="file:///etc/passwd" TargetMode="External"/>'
        f'<Relationship Id="t" Type="{_R}/package" Target="C:\\evil.txt"/></Relationships>'
    )
    more = {"../../../../evil.txt": "climbed", "C:\\evil.txt": "climbed", "word/_rels/document.xml.rels": rels}
    return _docx(_paragraph("Seen"), more=more)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge_png() -> bytes:
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(10 * _MB), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _huge_tiff() -> bytes:
    tags = (
        (256, 100_000),
        (257, 100_000),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, 100_000),
        (279, 0xFFFFFFFF),
    )
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + directory + struct.pack("<I", 8)  # the next one is itself


_USES = "".join(f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 20))
_HUGE_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="100000" height="100000" viewBox="0 0 1e9 1e9">'
    '<defs><g id="a0"><text>Seen</text></g>'
    f"{_USES}"
    '</defs><use href="#a19"/><image href="file:///etc/passwd"/></svg>'
)

_BIG_TEXT = "a " * (32 * _MB)


def _bomb(make: Callable[[str], bytes]) -> bytes:
    return make(_BIG_TEXT)


def _far_cells() -> str:
    return '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="1048576"><c r="XFD1048576" t="s"><v>0</v></c></row>'


def _wide_row(count: int) -> str:
    """Cells without references are numbered on, as far as one likes."""
    return f"<row>{'<c><v>1</v></c>' * count}</row>"


_REPEATED = (
    '<table:table-row table:number-rows-repeated="2000000000"><table:table-cell '
    'table:number-columns-repeated="2000000000" office:value-type="string"><text:p>Seen</text:p></table:table-cell>'
    "</table:table-row>"
)
_ANY = ("damaged", "over-cap", "parser-stopped")

PACKAGES = (
    Hostile("bomb.docx", partial(_bomb, lambda text: _docx(_paragraph(text))), ("over-cap",)),
    Hostile("bomb.odt", partial(_bomb, lambda text: _odt(f"<text:p>{text}</text:p>")), ("over-cap",)),
    Hostile("bomb.epub", partial(_bomb, lambda text: _epub(1, f"<p>{text}</p>")), ("over-cap",)),
    Hostile("bomb.xlsx", partial(_bomb, lambda text: _xlsx("", f"<si><t>{text}</t></si>")), ("over-cap",)),
    *(
        Hostile(f"overlap.{suffix}", partial(_overlapping, [name, *(f"m/{n}" for n in range(5_000))]), ("over-cap",))
        for suffix, name in (
            ("docx", "word/document.xml"),
            ("pptx", "ppt/presentation.xml"),
            ("xlsx", "xl/workbook.xml"),
            ("epub", "META-INF/container.xml"),
            ("odt", "content.xml"),
            ("ods", "content.xml"),
        )
    ),
    Hostile("overlap.zip", partial(_overlapping, [f"m/{n}" for n in range(5_000)]), ("unsupported",)),
    Hostile("nested.zip", partial(_matryoshka, 100), ("unsupported",)),
    Hostile("nested.docx", partial(_nested, 20), ("over-cap",), "Seen"),
    Hostile(
        "less_than_it_is.docx",
        lambda: _lying(
            {"word/document.xml": f"<w:document {_W}><w:body>{_paragraph('Seen ' * _MB)}</w:body></w:document>"},
            "word/document.xml",
            1000,
        ),
        ("damaged",),
    ),
    Hostile(
        "more_than_it_is.docx",
        lambda: _lying(
            {"word/document.xml": f"<w:document {_W}><w:body>{_paragraph('Seen')}</w:body></w:document>"},
            "word/document.xml",
            0x7FFFFFFF,
        ),
        ("over-cap",),
    ),
    Hostile(
        "members.docx",
        lambda: package(
            {"word/document.xml": f"<w:document {_W}><w:body>{_paragraph('Seen')}</w:body></w:document>"}
            | {f"m/{n}": "" for n in range(30_000)},
            0,
        ),
        (),
        "Seen",
    ),
    Hostile("climbing.docx", _climbing, (), "Seen"),
    Hostile("laughs.docx", partial(_docx, _paragraph("Seen &a11;"), LAUGHS), ("damaged", ""), "Seen"),
    Hostile("outside.docx", partial(_docx, _paragraph("Seen &f;"), OUTSIDE), ("damaged", ""), "Seen"),
    Hostile("laughs.odt", partial(_odt, "<text:p>Seen &a11;</text:p>", LAUGHS), ("damaged", ""), "Seen"),
    Hostile(
        "laughs.xlsx",
        partial(_xlsx, '<row r="1"><c r="A1" t="s"><v>0</v></c></row>', "<si><t>Seen &a11;</t></si>", LAUGHS),
        ("damaged", ""),
    ),
    Hostile("laughs.epub", partial(_epub, 1, "<p>Seen &a11;</p>", LAUGHS), ("damaged", ""), "Seen"),
    Hostile("deep.docx", partial(_docx, _paragraph("Seen") + "<w:sdt><w:sdtContent>" * 50_000), ("damaged",)),
    Hostile(
        "deep_tables.docx",
        partial(
            _docx, _paragraph("Seen") + "<w:tbl><w:tr><w:tc>" * 80 + _paragraph("deep") + "</w:tc></w:tr></w:tbl>" * 80
        ),
        ("damaged", ""),
        "Seen",
    ),
    Hostile(
        "wide.docx",
        partial(
            _docx,
            '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="999999999"/></w:tcPr>'
            + _paragraph("Seen")
            + "</w:tc></w:tr></w:tbl>",
        ),
        (),
        "Seen",
    ),
    Hostile("paragraphs.docx", partial(_docx, _paragraph("Seen") * 50_000), (), "Seen"),
    Hostile(
        "one_table.docx",
        partial(_docx, "<w:tbl><w:tr>" + f"<w:tc>{_paragraph('Seen')}</w:tc>" * 50_000 + "</w:tr></w:tbl>"),
        (),
        "Seen",
    ),
    Hostile("deep.odt", partial(_odt, "<text:p>Seen</text:p>" + "<text:section>" * 50_000), ("damaged",)),
    Hostile("spaces.odt", partial(_odt, '<text:p>Seen<text:s text:c="2000000000"/>here</text:p>'), (), "Seen"),
    Hostile("repeated.odt", partial(_odt, f"<table:table>{_REPEATED}</table:table>"), (), "Seen"),
    Hostile("repeated.ods", partial(_ods, _REPEATED), (*_ANY, "")),
    Hostile(
        "repeated_rows.ods",
        partial(_ods, _REPEATED.replace('table:number-columns-repeated="2000000000"', "")),
        (*_ANY, ""),
    ),
    Hostile("far.xlsx", partial(_xlsx, _far_cells()), (*_ANY, "")),
    Hostile("columns.xlsx", lambda: _xlsx(_wide_row(1_000_000)), (*_ANY, "")),
    Hostile(
        "shared.xlsx",
        partial(_xlsx, "<row>" + '<c t="s"><v>0</v></c>' * 100_000 + "</row>", f"<si><t>{'Seen ' * 200_000}</t></si>"),
        _ANY,
    ),
    Hostile("strings.xlsx", partial(_xlsx, '<row r="1"><c r="A1" t="s"><v>4294967295</v></c></row>'), (*_ANY, "")),
    Hostile("deep.xlsx", partial(_xlsx, "<row>" * 50_000), (*_ANY, "")),
    Hostile("spine.epub", partial(_epub, 100_000, "<p>Seen</p>"), ("over-cap",), "Seen"),
    Hostile("spine_long.epub", partial(_epub, 20_000, f"<p>Seen {'word ' * 1_000}</p>" * 10), ("over-cap",), "Seen"),
    Hostile("deep.epub", partial(_epub, 1, "<p>Seen</p>" + "<div>" * 100_000), ("damaged", ""), "Seen"),
    Hostile("huge.png", huge_png, ("over-cap",)),
    Hostile("huge.tiff", _huge_tiff, ("over-cap", "damaged")),
    Hostile("huge.svg", _HUGE_SVG.encode, ("damaged",), "Seen"),
    Hostile(
        "picture.docx",
        lambda: _docx(_paragraph("Seen"), more={"word/media/huge.png": huge_png()}),
        ("over-cap", ""),
        "Seen",
    ),
)
